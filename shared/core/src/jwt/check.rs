//! The registered claims (RFC 7519, 4.1), checked in the order and the words of the library that LiteLLM uses.
//!
//! A token that names no expiry has none, as with LiteLLM.

use serde_json::{Map, Value};

use super::JwtError;
use crate::config::{JwtIssuer, JwtSettings};

/// Whom a token must be from and for; nothing is asked where nothing is said.
#[derive(Debug)]
pub struct Expected<'a> {
    pub issuer: Option<&'a str>,
    pub audiences: &'a [String],
}

impl<'a> Expected<'a> {
    pub fn of(issuer: &'a JwtIssuer) -> Self {
        Self { issuer: Some(&issuer.issuer), audiences: &issuer.audiences }
    }

    pub fn global(settings: &'a JwtSettings) -> Self {
        Self { issuer: settings.issuer.as_deref(), audiences: settings.audience.as_slice() }
    }
}

/// # Errors
/// [`JwtError::Expired`], or what else is wrong.
pub fn claims(
    claims: &Map<String, Value>,
    expected: &Expected<'_>,
    now_seconds: u64,
    leeway_seconds: u64,
) -> Result<(), JwtError> {
    let (now, leeway) = (i128::from(now_seconds), i128::from(leeway_seconds));
    if time(claims, "iat", "Issued At")?.is_some_and(|issued| now + leeway < issued) {
        return invalid("The token is not yet valid (iat)");
    }
    if time(claims, "nbf", "Not Before")?.is_some_and(|begins| now + leeway < begins) {
        return invalid("The token is not yet valid (nbf)");
    }
    if time(claims, "exp", "Expiration Time")?.is_some_and(|ends| ends <= now - leeway) {
        return Err(JwtError::Expired);
    }
    expected.issuer.map_or(Ok(()), |issuer| issued_by(claims, issuer))?;
    if !expected.audiences.is_empty() {
        meant_for(claims, expected.audiences)?;
    }
    for (name, fault) in [("sub", "Subject must be a string"), ("jti", "JWT ID must be a string")] {
        if claims.get(name).is_some_and(|value| !value.is_string()) {
            return invalid(fault);
        }
    }
    Ok(())
}

/// Seconds since 1970; also written as a string.
fn time(claims: &Map<String, Value>, name: &str, meaning: &str) -> Result<Option<i128>, JwtError> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    let seconds = match value {
        Value::Number(number) => {
            let whole = number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from));
            whole.or_else(|| number.as_f64().filter(|seconds| seconds.abs() < 1e15).map(|seconds| seconds as i128))
        }
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    seconds.map(Some).ok_or_else(|| JwtError::Invalid(format!("{meaning} claim ({name}) must be an integer.")))
}

fn issued_by(claims: &Map<String, Value>, issuer: &str) -> Result<(), JwtError> {
    match claims.get("iss") {
        None => invalid("Token is missing the \"iss\" claim"),
        Some(Value::String(said)) if said == issuer => Ok(()),
        Some(Value::String(_)) => invalid("Invalid issuer"),
        Some(_) => invalid("Payload Issuer (iss) must be a string"),
    }
}

fn meant_for(claims: &Map<String, Value>, audiences: &[String]) -> Result<(), JwtError> {
    let said = match claims.get("aud") {
        None | Some(Value::Null) => return invalid("Token is missing the \"aud\" claim"),
        Some(Value::String(said)) if said.is_empty() => return invalid("Token is missing the \"aud\" claim"),
        Some(Value::Array(said)) if said.is_empty() => return invalid("Token is missing the \"aud\" claim"),
        Some(Value::Array(said)) => said.as_slice(),
        Some(said) => std::slice::from_ref(said),
    };
    if said.iter().any(|value| !value.is_string()) {
        return invalid("Invalid claim format in token");
    }
    let is_ours = said.iter().filter_map(Value::as_str).any(|said| audiences.iter().any(|ours| ours == said));
    if is_ours { Ok(()) } else { invalid("Audience doesn't match") }
}

fn invalid<T>(fault: &str) -> Result<T, JwtError> {
    Err(JwtError::Invalid(fault.to_owned()))
}
