//! Whether the operator's routes have a place beside the gateway's own.
//!
//! LiteLLM leaves a route out in silence whose path is taken; here it is refused, by name and line.

use http::Method;
use tollgate_core::config::PassThroughEndpoint;
use tollgate_core::pass::METHODS;

use super::{Found, find};

/// Checks every route of the operator's.
///
/// # Errors
/// A line for each whose requests would never reach it, and what to do about it.
pub fn check_free(endpoints: &[PassThroughEndpoint]) -> Result<(), String> {
    let line = |(endpoint, reason): (&PassThroughEndpoint, String)| {
        format!("{}:{}: {reason}", endpoint.place.file, endpoint.place.line)
    };
    let lines: Vec<String> = collisions(endpoints).map(line).collect();
    if lines.is_empty() { Ok(()) } else { Err(lines.join("\n")) }
}

/// Every route of the operator's whose requests would never reach it, and what to do about it.
pub fn collisions(endpoints: &[PassThroughEndpoint]) -> impl Iterator<Item = (&PassThroughEndpoint, String)> {
    endpoints.iter().enumerate().filter_map(|(number, endpoint)| {
        let reason = taken(endpoint, &endpoints[..number])?;
        Some((endpoint, format!("pass-through route `{}` {reason}", endpoint.path)))
    })
}

fn taken(endpoint: &PassThroughEndpoint, before: &[PassThroughEndpoint]) -> Option<String> {
    let path = endpoint.path.trim_end_matches('/');
    let below = format!("{path}/-");
    for method in methods(endpoint) {
        let below = if endpoint.include_subpath { find(&method, &below) } else { Found::Nothing };
        for found in [find(&method, path), below] {
            if let Found::Route(route, _) = found {
                return Some(format!("collides with the gateway's own `{method} {}`: choose another path", route.path));
            }
        }
        let same =
            |other: &&PassThroughEndpoint| other.path.trim_end_matches('/') == path && methods(other).contains(&method);
        if let Some(other) = before.iter().find(same) {
            let line = other.place.line;
            return Some(format!("is there twice for {method}, first in line {line}: choose other `methods` or paths"));
        }
    }
    None
}

fn methods(endpoint: &PassThroughEndpoint) -> Vec<Method> {
    if endpoint.methods.is_empty() {
        return METHODS.to_vec();
    }
    endpoint.methods.iter().filter_map(|name| Method::from_bytes(name.as_bytes()).ok()).collect()
}
