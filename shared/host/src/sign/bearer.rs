//! Access tokens that one request to one issuer gives: IBM Cloud and Databricks.
//!
//! Also reads what every OAuth issuer answers. Knows no source of credentials.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, header};
use serde_json::Value;
use tollgate_core::Secret;
use tollgate_core::sign::SignError;

use super::cache::Timed;
use super::outside::{Outside, header_value};

pub type Found = Result<Timed<Secret>, SignError>;

/// An IBM Cloud token for an API key, by the IAM Identity Services API.
///
/// # Errors
/// When IBM gives none.
pub async fn ibm(outside: &Outside, token_url: &str, api_key: &Secret) -> Found {
    let form = [("grant_type", "urn:ibm:params:oauth:grant-type:apikey"), ("apikey", api_key.expose())];
    let answer = outside.submit(token_url, HeaderMap::new(), &form).await?;
    token(&answer, token_url)
}

/// A token of a Databricks service principal.
///
/// # Errors
/// When the workspace gives none.
pub async fn databricks(outside: &Outside, token_url: &str, id: &str, secret: &Secret) -> Found {
    let mut headers = HeaderMap::new();
    headers.insert(header::AUTHORIZATION, header_value(&basic(id, secret.expose()))?);
    let form = [("grant_type", "client_credentials"), ("scope", "all-apis")];
    let answer = outside.submit(token_url, headers, &form).await?;
    token(&answer, token_url)
}

/// The value of a header for a name and a password.
pub fn basic(name: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{name}:{password}")))
}

/// The access token of an answer; `expires_in` and Azure's `expires_on` are numbers, or texts of numbers.
///
/// # Errors
/// When the answer has none.
pub fn token(answer: &Value, issuer: &str) -> Found {
    let token = answer.get("access_token").and_then(Value::as_str).filter(|token| !token.is_empty());
    let Some(token) = token else {
        let host = issuer.split('/').nth(2).unwrap_or(issuer);
        return Err(SignError::Unreachable(format!("{host} answered without an access token")));
    };
    let lasts_s = seconds(answer, "expires_in").map(|seconds| SystemTime::now() + Duration::from_secs(seconds));
    let until = || seconds(answer, "expires_on").map(|seconds| UNIX_EPOCH + Duration::from_secs(seconds));
    Ok(Timed { value: Secret::new(token.to_owned()), expires: lasts_s.or_else(until) })
}

fn seconds(answer: &Value, name: &str) -> Option<u64> {
    let value = answer.get(name)?;
    let seconds = value.as_u64().or_else(|| value.as_str()?.parse().ok())?;
    // Beyond a century no clock can be told the time.
    Some(seconds.min(10_000_000_000))
}
