//! The rules for Azure OpenAI, whose content filter explains itself. Source: `_map_azure_exception` of LiteLLM.

use serde_json::{Value, json};

use super::FailureClass::{self, *};
use super::mapped::Mapped;
use super::openai::ENCRYPTED_HINT;
use super::origin::Origin;
use super::phrases;
use super::said::Said;
use crate::Operation;

pub(super) fn map(origin: &Origin, said: &Said) -> Mapped {
    let words = said.words.as_str();
    let code = policy_code(said.body.as_ref());
    if words.contains("Internal server error") {
        return plain(InternalServer, 500, " Internal server error", said);
    }
    if words.contains("This model's maximum context length is") {
        return plain(ContextWindow, said.status.unwrap_or(400), " ContextWindowExceededError", said);
    }
    if words.contains("DeploymentNotFound") {
        return plain(NotFound, said.status.unwrap_or(404), " NotFoundError", said);
    }
    if code == Some("content_policy_violation") || phrases::is_azure_policy(words) {
        let mut mapped = policy(said);
        // These two routes drop what the filter found.
        if matches!(origin.operation, Operation::Speech | Operation::ImageGeneration) {
            mapped.provider_specific_fields = None;
        }
        return mapped;
    }
    if code == Some("invalid_encrypted_content") || words.contains("could not be verified") {
        let text = format!("AzureException - {}\n\n{ENCRYPTED_HINT}", said.message);
        return Mapped::new(BadRequest, said.status.unwrap_or(400), text).carrying(said);
    }
    if words.contains("invalid_request_error") && matches!(said.status, None | Some(400)) {
        return plain(BadRequest, said.status.unwrap_or(400), " BadRequestError", said).carrying(said);
    }
    if words.contains("Connection error") {
        return plain(Connection, 500, " APIConnectionError", said);
    }
    said.status.map_or_else(|| plain(Connection, 500, " APIConnectionError", said), |status| by_status(status, said))
}

fn plain(class: FailureClass, status: u16, label: &str, said: &Said) -> Mapped {
    Mapped::new(class, status, format!("AzureException{label} - {}", said.message))
}

fn by_status(status: u16, said: &Said) -> Mapped {
    match status {
        400 => plain(BadRequest, status, "", said).carrying(said),
        401 => plain(Authentication, status, " AuthenticationError", said),
        404 => plain(NotFound, status, " NotFoundError", said),
        408 | 504 => plain(Timeout, status, " Timeout", said),
        422 => plain(BadRequest, status, " BadRequestError", said),
        429 => plain(RateLimit, status, " RateLimitError", said),
        502 => plain(BadGateway, status, " BadGatewayError", said),
        503 => plain(ServiceUnavailable, status, " ServiceUnavailableError", said),
        _ => plain(Other, status, " APIError", said),
    }
}

/// Azure hides a refusal by policy below other codes.
fn policy_code(body: Option<&Value>) -> Option<&str> {
    let body = body?.as_object()?;
    let Some(nested) = body.get("error").and_then(Value::as_object) else { return body.get("code")?.as_str() };
    let inner = nested.get("inner_error").or_else(|| nested.get("innererror"));
    let inner_code = inner.and_then(|inner| inner.get("code")).and_then(Value::as_str);
    if inner_code == Some("ResponsibleAIPolicyViolation") {
        return Some("content_policy_violation");
    }
    nested.get("code")?.as_str()
}

/// The filter's findings go to the client whole, under their old and their new name.
fn policy(said: &Said) -> Mapped {
    let empty = Value::Object(serde_json::Map::new());
    let body = said.body.as_ref().filter(|body| body.is_object()).unwrap_or(&empty);
    let error = body.get("error").filter(|error| error.is_object()).unwrap_or(body);
    let given = |name: &str| error.get(name).filter(|value| !value.is_null());
    let inner = given("inner_error").or_else(|| given("innererror")).cloned();
    let message = given("message").and_then(Value::as_str).unwrap_or(&said.message);
    let mut mapped = Mapped::new(ContentPolicy, said.status.unwrap_or(400), message.to_owned());
    mapped.carried = Some(json!({ "type": given("type").cloned().unwrap_or_else(|| json!("invalid_request_error")) }));
    let azure_error = error.as_object().is_some_and(|error| !error.is_empty()).then(|| error.clone());
    mapped.provider_specific_fields =
        Some(json!({ "innererror": inner.clone(), "inner_error": inner, "azure_error": azure_error }));
    mapped
}
