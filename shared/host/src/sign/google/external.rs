//! Workload identity federation: a token of another issuer is exchanged for one of Google's, by AIP-4117.
//!
//! Knows where the other token is: in a file, at an address, or made by signing for AWS.

use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use serde_json::Value;
use tollgate_core::Secret;
use tollgate_core::sign::SignError;

use super::{SCOPE, aws, impersonated, lacks, needed, text};
use crate::sign::bearer::{self, Found};
use crate::sign::outside::{ISSUER_TIMEOUT, Outside, header_value, request};

pub async fn token(outside: &Outside, value: &Value) -> Found {
    let subject = subject(outside, value).await?;
    let address = needed(value, "token_url")?;
    let mut form = vec![
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("audience", needed(value, "audience")?),
        ("scope", SCOPE),
        ("requested_token_type", "urn:ietf:params:oauth:token-type:access_token"),
        ("subject_token_type", needed(value, "subject_token_type")?),
        ("subject_token", subject.expose()),
    ];
    let pool_project = text(value, "workforce_pool_user_project").map(|name| format!(r#"{{"userProject":"{name}"}}"#));
    let mut headers = HeaderMap::new();
    match (text(value, "client_id"), &pool_project) {
        (Some(id), _) => {
            let secret = text(value, "client_secret").unwrap_or_default();
            headers.insert(header::AUTHORIZATION, header_value(&bearer::basic(id, secret))?);
        }
        (None, Some(options)) => form.push(("options", options)),
        (None, None) => {}
    }
    let answer = outside.submit(address, headers, &form).await?;
    let own = bearer::token(&answer, address)?;
    match text(value, "service_account_impersonation_url") {
        Some(address) => impersonated(outside, address, &own.value, None).await,
        None => Ok(own),
    }
}

/// The token of the other issuer.
async fn subject(outside: &Outside, value: &Value) -> Result<Secret, SignError> {
    let source = value.get("credential_source").ok_or_else(|| lacks("credential_source"))?;
    if text(source, "environment_id").is_some_and(|id| id.contains("aws")) {
        return aws::subject(outside, value, source).await;
    }
    let content = match (text(source, "file"), text(source, "url")) {
        (Some(path), _) => outside.file(path, "credential_source")?,
        (None, Some(address)) => fetched(outside, address, source.get("headers")).await?,
        (None, None) => {
            let text = "credential_source of the vertex credentials names no file, url or AWS environment: executables are not run";
            return Err(SignError::Refused(text.to_owned()));
        }
    };
    let format = source.get("format");
    if format.and_then(|format| text(format, "type")) != Some("json") {
        return Ok(Secret::new(content));
    }
    let field = format.map_or_else(|| Err(lacks("format")), |format| needed(format, "subject_token_field_name"))?;
    let answer: Option<Value> = serde_json::from_str(&content).ok();
    let token = answer.as_ref().and_then(|answer| text(answer, field)).map(str::to_owned);
    let refuse = || SignError::Refused(format!("credential_source of the vertex credentials gives no field `{field}`"));
    token.map(Secret::new).ok_or_else(refuse)
}

async fn fetched(outside: &Outside, address: &str, headers: Option<&Value>) -> Result<String, SignError> {
    let mut request = request(Method::GET, address)?;
    for (name, value) in headers.and_then(Value::as_object).into_iter().flatten() {
        let name = HeaderName::try_from(name.as_str()).ok();
        let value = value.as_str().and_then(|value| HeaderValue::try_from(value).ok());
        if let (Some(name), Some(value)) = (name, value) {
            request.headers_mut().insert(name, value);
        }
    }
    let answer = outside.ask(request, ISSUER_TIMEOUT).await?;
    answer.success(address)?;
    Ok(answer.text())
}
