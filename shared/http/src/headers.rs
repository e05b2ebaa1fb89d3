//! Response headers: LiteLLM's names, the provider's own under a prefix, and what keeps browsers safe.
//!
//! Never repeats a request header except the call's id.

use std::time::{Duration, Instant};

use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use tollgate_core::call::ServedBy;
use tollgate_core::deployment::Shown;

/// The LiteLLM version whose answers are given; clients test for it.
pub const LITELLM_VERSION: &str = "1.106.2";

const PROVIDER_PREFIX: &str = "llm_provider-";
/// Shown to the client without the prefix as well, as LiteLLM does.
const SHOWN_PLAIN: [&str; 6] = [
    "x-ratelimit-limit-requests",
    "x-ratelimit-limit-tokens",
    "x-ratelimit-remaining-requests",
    "x-ratelimit-remaining-tokens",
    "x-ratelimit-reset-requests",
    "x-ratelimit-reset-tokens",
];
/// A provider may send more; these are what one answer passes on.
const PROVIDER_HEADERS_MAX: usize = 64;

const CALL_ID: HeaderName = HeaderName::from_static("x-litellm-call-id");
const VERSION: HeaderName = HeaderName::from_static("x-litellm-version");
const OWN_VERSION: HeaderName = HeaderName::from_static("x-tollgate-version");
/// Names the fields of a request that nothing acted on: they are not ignored in silence.
const UNHEEDED: HeaderName = HeaderName::from_static("x-tollgate-unheeded");
const MODEL_ID: HeaderName = HeaderName::from_static("x-litellm-model-id");
const MODEL_GROUP: HeaderName = HeaderName::from_static("x-litellm-model-group");
const MODEL_NAME: HeaderName = HeaderName::from_static("x-litellm-model-name");
const MODEL_API_BASE: HeaderName = HeaderName::from_static("x-litellm-model-api-base");
const COST: HeaderName = HeaderName::from_static("x-litellm-response-cost");
const RETRIES: HeaderName = HeaderName::from_static("x-litellm-attempted-retries");
const FALLBACKS: HeaderName = HeaderName::from_static("x-litellm-attempted-fallbacks");
const MAX_RETRIES: HeaderName = HeaderName::from_static("x-litellm-max-retries");
const DURATION: HeaderName = HeaderName::from_static("x-litellm-response-duration-ms");
const OVERHEAD: HeaderName = HeaderName::from_static("x-litellm-overhead-duration-ms");
/// Room for what an answer usually carries, in all and beyond the template.
const HEADERS_EXPECTED: usize = 32;
const HEADERS_ADDED: usize = 20;

/// Puts the security headers on any answer that does not have them yet.
pub fn secure(headers: &mut HeaderMap) {
    if headers.contains_key(header::X_FRAME_OPTIONS) {
        return;
    }
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("frame-ancestors 'none'"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
}

/// Whether the call went well, for the headers that only one of the two has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Served,
    Failed,
}

/// Describes a call: its id, the deployment, the times, and the provider's own headers.
pub fn describe(headers: &mut HeaderMap, call_id: &str, started: Instant, served_by: &ServedBy, outcome: Outcome) {
    let template = served_by
        .deployment
        .as_ref()
        .map(|deployment| deployment.shown.headers.get_or_init(|| template_of(Some(&deployment.shown))).clone());
    let own = std::mem::replace(headers, template.unwrap_or_else(|| template_of(None)));
    headers.reserve(HEADERS_ADDED);
    headers.extend(own);
    insert(headers, CALL_ID, call_id);
    if served_by.deployment.is_some() {
        let total = started.elapsed();
        insert(headers, DURATION, &milliseconds(total));
        insert(headers, OVERHEAD, &milliseconds(total.saturating_sub(served_by.waited)));
    }
    if let Some(most) = served_by.retries_max {
        headers.insert(RETRIES, served_by.retries.into());
        headers.insert(MAX_RETRIES, most.into());
    }
    if served_by.fallbacks > 0 {
        headers.insert(FALLBACKS, served_by.fallbacks.into());
    }
    if !served_by.unheeded.is_empty() {
        insert(headers, UNHEEDED, &served_by.unheeded.join(", "));
    }
    copy_provider_headers(headers, &served_by.headers, outcome);
    for (name, value) in &served_by.governed {
        headers.insert(name, value.clone());
    }
}

/// Describes a passed-on request beside the provider's own headers, as far as it is known.
pub fn describe_passed(headers: &mut HeaderMap, call_id: &str, started: Instant, api_base: &str, cost: Option<f64>) {
    headers.extend(template_of(None));
    insert(headers, CALL_ID, call_id);
    if !api_base.is_empty() {
        insert(headers, MODEL_API_BASE, api_base);
        insert(headers, DURATION, &milliseconds(started.elapsed()));
    }
    if let Some(cost) = cost {
        insert(headers, COST, &cost.to_string());
    }
}

/// What all answers of a deployment have in common: copying it costs less than putting it together.
fn template_of(shown: Option<&Shown>) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(HEADERS_EXPECTED);
    secure(&mut headers);
    headers.insert(VERSION, HeaderValue::from_static(LITELLM_VERSION));
    headers.insert(OWN_VERSION, HeaderValue::from_static(env!("CARGO_PKG_VERSION")));
    if let Some(shown) = shown {
        headers.insert(MODEL_ID, shown.id.clone());
        headers.insert(MODEL_GROUP, shown.group.clone());
        headers.insert(MODEL_NAME, shown.model.clone());
        headers.insert(MODEL_API_BASE, shown.api_base.clone());
        headers.insert(RETRIES, HeaderValue::from_static("0"));
        headers.insert(FALLBACKS, HeaderValue::from_static("0"));
    }
    headers
}

fn copy_provider_headers(headers: &mut HeaderMap, provider: &HeaderMap, outcome: Outcome) {
    for (name, value) in provider.iter().take(PROVIDER_HEADERS_MAX) {
        // Cookies would be set for the gateway's own host.
        if name == header::SET_COOKIE {
            continue;
        }
        if let Some(prefixed) = prefixed(name) {
            headers.append(prefixed, value.clone());
        }
        if outcome == Outcome::Served && SHOWN_PLAIN.contains(&name.as_str()) {
            headers.insert(name.clone(), value.clone());
        }
    }
}

/// The prefixed name of a provider's header; those that come with every answer are made beforehand.
fn prefixed(name: &HeaderName) -> Option<HeaderName> {
    let known = PREFIXED.iter().find(|(plain, _)| *plain == name.as_str());
    match known {
        Some((_, prefixed)) => Some(prefixed.clone()),
        None => HeaderName::try_from([PROVIDER_PREFIX, name.as_str()].concat()).ok(),
    }
}

static PREFIXED: [(&str, HeaderName); 25] = [
    ("content-type", HeaderName::from_static("llm_provider-content-type")),
    ("content-length", HeaderName::from_static("llm_provider-content-length")),
    ("date", HeaderName::from_static("llm_provider-date")),
    ("server", HeaderName::from_static("llm_provider-server")),
    ("x-request-id", HeaderName::from_static("llm_provider-x-request-id")),
    ("openai-processing-ms", HeaderName::from_static("llm_provider-openai-processing-ms")),
    ("openai-organization", HeaderName::from_static("llm_provider-openai-organization")),
    ("openai-version", HeaderName::from_static("llm_provider-openai-version")),
    ("openai-model", HeaderName::from_static("llm_provider-openai-model")),
    ("openai-project", HeaderName::from_static("llm_provider-openai-project")),
    ("x-ratelimit-limit-requests", HeaderName::from_static("llm_provider-x-ratelimit-limit-requests")),
    ("x-ratelimit-limit-tokens", HeaderName::from_static("llm_provider-x-ratelimit-limit-tokens")),
    ("x-ratelimit-remaining-requests", HeaderName::from_static("llm_provider-x-ratelimit-remaining-requests")),
    ("x-ratelimit-remaining-tokens", HeaderName::from_static("llm_provider-x-ratelimit-remaining-tokens")),
    ("x-ratelimit-reset-requests", HeaderName::from_static("llm_provider-x-ratelimit-reset-requests")),
    ("x-ratelimit-reset-tokens", HeaderName::from_static("llm_provider-x-ratelimit-reset-tokens")),
    ("cf-ray", HeaderName::from_static("llm_provider-cf-ray")),
    ("cf-cache-status", HeaderName::from_static("llm_provider-cf-cache-status")),
    ("connection", HeaderName::from_static("llm_provider-connection")),
    ("transfer-encoding", HeaderName::from_static("llm_provider-transfer-encoding")),
    ("via", HeaderName::from_static("llm_provider-via")),
    ("strict-transport-security", HeaderName::from_static("llm_provider-strict-transport-security")),
    ("x-content-type-options", HeaderName::from_static("llm_provider-x-content-type-options")),
    ("alt-svc", HeaderName::from_static("llm_provider-alt-svc")),
    ("access-control-expose-headers", HeaderName::from_static("llm_provider-access-control-expose-headers")),
];

/// A value that is no header value is left out: it came from outside.
fn insert(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::try_from(value) {
        headers.insert(name, value);
    }
}

/// Milliseconds with three decimals, by whole numbers.
fn milliseconds(duration: Duration) -> String {
    let microseconds = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
    let mut digits = itoa::Buffer::new();
    let mut text = String::with_capacity(16);
    text.push_str(digits.format(microseconds / 1000));
    // A leading 1 keeps the zeros; it gives its place to the point.
    text.push('.');
    text.push_str(&digits.format(1000 + microseconds % 1000)[1..]);
    text
}

#[cfg(test)]
mod tests;
