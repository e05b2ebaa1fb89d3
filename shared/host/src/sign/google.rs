//! Google access tokens for the scope `cloud-platform`, from JSON credentials or the application's default ones.
//!
//! By Google's AIP-4110 and its siblings. Executables as a source of tokens are not run.

mod aws;
mod external;
mod machine;
mod service_account;

use http::{HeaderMap, Method};
use serde_json::{Value, json};
use tollgate_core::Secret;
use tollgate_core::sign::SignError;
use tollgate_core::upstream::BoxFuture;

use super::bearer::{self, Found};
use super::cache::Timed;
use super::instant;
use super::outside::{ISSUER_TIMEOUT, Outside, request, set};

pub const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";
const TOKEN_URL: &str = "https://oauth2.googleapis.com/token";
/// Longest chain of credentials that act for another.
const DEPTH_MAX: usize = 4;

/// A token for credentials, which are JSON or the path of a file of it; without them, for the default ones.
///
/// # Errors
/// When there are no credentials, they cannot be read, or nobody issues a token for them.
pub async fn token(outside: &Outside, credentials: Option<&Secret>) -> Found {
    match credentials {
        Some(given) => of_credentials(outside, &parsed(outside, given.expose())?, 0).await,
        None => match default_file(outside) {
            Some(path) => of_credentials(outside, &parsed(outside, &path)?, 0).await,
            None => machine::token(outside).await,
        },
    }
}

/// The project that credentials name, where a file or JSON holds them.
pub fn project(outside: &Outside, credentials: Option<&str>) -> Option<String> {
    let credentials = credentials.map(str::to_owned).or_else(|| default_file(outside))?;
    let value = parsed(outside, &credentials).ok()?;
    ["project_id", "quota_project_id"].iter().find_map(|name| text(&value, name)).map(str::to_owned)
}

/// Where default credentials are: the file that a variable names, else the one of Google's command line.
fn default_file(outside: &Outside) -> Option<String> {
    if let Some(path) = outside.variable("GOOGLE_APPLICATION_CREDENTIALS") {
        return Some(path);
    }
    let home = || outside.variable("HOME").map(|home| format!("{home}/.config/gcloud"));
    let folder = outside.variable("CLOUDSDK_CONFIG").or_else(home)?;
    let path = format!("{folder}/application_default_credentials.json");
    std::path::Path::new(&path).is_file().then_some(path)
}

fn parsed(outside: &Outside, credentials: &str) -> Result<Value, SignError> {
    let is_inline = credentials.trim_start().starts_with('{');
    let content = if is_inline { credentials.to_owned() } else { outside.file(credentials, "vertex_credentials")? };
    let refuse = || {
        SignError::Refused(
            "Unable to load vertex credentials: they are no JSON object; look for line breaks in private_key"
                .to_owned(),
        )
    };
    serde_json::from_str(&content).ok().filter(Value::is_object).ok_or_else(refuse)
}

fn of_credentials<'a>(outside: &'a Outside, value: &'a Value, depth: usize) -> BoxFuture<'a, Found> {
    Box::pin(async move {
        match text(value, "type").unwrap_or("service_account") {
            "service_account" => service_account::token(outside, value).await,
            "authorized_user" => authorized_user(outside, value).await,
            "external_account" => external::token(outside, value).await,
            "impersonated_service_account" if depth < DEPTH_MAX => {
                let source = value.get("source_credentials").ok_or_else(|| lacks("source_credentials"))?;
                let own = of_credentials(outside, source, depth + 1).await?;
                let address = needed(value, "service_account_impersonation_url")?;
                impersonated(outside, address, &own.value, value.get("delegates")).await
            }
            other => Err(SignError::Refused(format!(
                "vertex credentials of type `{other}` are not supported: use a service account, an authorized user or workload identity federation"
            ))),
        }
    })
}

async fn authorized_user(outside: &Outside, value: &Value) -> Found {
    let form = [
        ("grant_type", "refresh_token"),
        ("client_id", needed(value, "client_id")?),
        ("client_secret", needed(value, "client_secret")?),
        ("refresh_token", needed(value, "refresh_token")?),
    ];
    let address = text(value, "token_uri").unwrap_or(TOKEN_URL);
    let answer = outside.submit(address, HeaderMap::new(), &form).await?;
    bearer::token(&answer, address)
}

/// A token of a service account for which `own` may act, by the IAM Service Account Credentials API.
async fn impersonated(outside: &Outside, address: &str, own: &Secret, delegates: Option<&Value>) -> Found {
    let mut request = request(Method::POST, address)?;
    set(&mut request, "authorization", &format!("Bearer {}", own.expose()))?;
    set(&mut request, "content-type", "application/json")?;
    let body = json!({ "delegates": delegates.unwrap_or(&json!([])), "scope": [SCOPE], "lifetime": "3600s" });
    *request.body_mut() = body.to_string().into();
    let answer = outside.ask(request, ISSUER_TIMEOUT).await?.json(address)?;
    let token = needed(&answer, "accessToken")
        .map_err(|_| SignError::Unreachable("impersonation gives no token".to_owned()))?;
    let expires = text(&answer, "expireTime").and_then(instant::parse);
    Ok(Timed { value: Secret::new(token.to_owned()), expires })
}

fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}

fn needed<'a>(value: &'a Value, name: &str) -> Result<&'a str, SignError> {
    text(value, name).ok_or_else(|| lacks(name))
}

fn lacks(name: &str) -> SignError {
    SignError::Refused(format!("vertex credentials lack `{name}`: download them again"))
}

#[cfg(test)]
mod tests;
