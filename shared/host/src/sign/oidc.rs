//! Tokens of other issuers: by LiteLLM's `oidc/<issuer>/<audience>` references, from a file, or as they are.
//!
//! Knows nothing of what a token is exchanged for.

use std::path::{Path, PathBuf};

use http::Method;
use tollgate_core::sign::SignError;

use super::form::escape;
use super::outside::{ISSUER_TIMEOUT, METADATA_TIMEOUT, Outside, request, set};

const GOOGLE: &str =
    "http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/identity?audience=";
/// Where `oidc/file/…` may read, unless `LITELLM_OIDC_ALLOWED_CREDENTIAL_DIRS` says otherwise.
const FOLDERS: &str = "/var/run/secrets,/run/secrets";

/// The token that `reference` stands for.
///
/// # Errors
/// When it cannot be had. The texts do not repeat the reference: it may be a token.
pub async fn token(outside: &Outside, reference: &str) -> Result<String, SignError> {
    let Some((issuer, rest)) = reference.strip_prefix("oidc/").map(|rest| rest.split_once('/').unwrap_or((rest, "")))
    else {
        // A path may hold no dots where a token has two.
        return if reference.starts_with('/') {
            outside.file(reference, "web identity token")
        } else {
            Ok(reference.to_owned())
        };
    };
    match issuer {
        "file" => file(outside, rest),
        "env" => variable(outside, rest),
        "env_path" => outside.file(&variable(outside, rest)?, "oidc/env_path"),
        "azure" => outside.file(&variable(outside, "AZURE_FEDERATED_TOKEN_FILE")?, "AZURE_FEDERATED_TOKEN_FILE"),
        "circleci" => variable(outside, "CIRCLE_OIDC_TOKEN"),
        "circleci_v2" => variable(outside, "CIRCLE_OIDC_TOKEN_V2"),
        "google" => google(outside, rest).await,
        "github" => github(outside, rest).await,
        _ => {
            let text = "oidc/… names no issuer that is known: use file, env, env_path, azure, google, github, circleci or circleci_v2";
            Err(SignError::Refused(text.to_owned()))
        }
    }
}

fn variable(outside: &Outside, name: &str) -> Result<String, SignError> {
    outside.variable(name).ok_or_else(|| {
        SignError::Refused(format!("oidc/…: variable {name} is not set: set it to the token, or its file"))
    })
}

/// Only from folders that are meant for credentials, so that a reference cannot read any file of the machine.
fn file(outside: &Outside, path: &str) -> Result<String, SignError> {
    let folders = outside.variable("LITELLM_OIDC_ALLOWED_CREDENTIAL_DIRS").unwrap_or_else(|| FOLDERS.to_owned());
    let real = |path: &str| Path::new(path).canonicalize().unwrap_or_else(|_| PathBuf::from(path));
    let wanted = real(path);
    let is_allowed = path.starts_with('/')
        && folders.split(',').map(str::trim).any(|folder| !folder.is_empty() && wanted.starts_with(real(folder)));
    if !is_allowed {
        let text = format!(
            "oidc/file: {path} is outside of the folders for credentials: add its folder to LITELLM_OIDC_ALLOWED_CREDENTIAL_DIRS"
        );
        return Err(SignError::Refused(text));
    }
    outside.file(path, "oidc/file")
}

async fn google(outside: &Outside, audience: &str) -> Result<String, SignError> {
    let host = outside.variable("GCE_METADATA_HOST").unwrap_or_else(|| "metadata.google.internal".to_owned());
    let address = format!("{}{}", GOOGLE.replace("metadata.google.internal", &host), escape(audience));
    let mut request = request(Method::GET, &address)?;
    set(&mut request, "metadata-flavor", "Google")?;
    let answer = outside.ask(request, METADATA_TIMEOUT.saturating_mul(3)).await?;
    answer.success(&address)?;
    Ok(answer.text())
}

async fn github(outside: &Outside, audience: &str) -> Result<String, SignError> {
    let address = variable(outside, "ACTIONS_ID_TOKEN_REQUEST_URL")?;
    let joint = if address.contains('?') { '&' } else { '?' };
    let mut request = request(Method::GET, &format!("{address}{joint}audience={}", escape(audience)))?;
    let own = variable(outside, "ACTIONS_ID_TOKEN_REQUEST_TOKEN")?;
    set(&mut request, "authorization", &format!("Bearer {own}"))?;
    set(&mut request, "accept", "application/json; api-version=2.0")?;
    let value = outside.ask(request, ISSUER_TIMEOUT).await?.json(&address)?;
    let token = value.get("value").and_then(serde_json::Value::as_str).map(str::to_owned);
    token.ok_or_else(|| SignError::Unreachable("GitHub gives no token".to_owned()))
}
