//! Errors as LiteLLM's clients parse them.
//!
//! The one place where an error becomes a status and a body. Adds nothing that the error does not say.

use serde_json::{Value, json};
use tollgate_core::Error;

/// The body of the answer; its status is the error's own.
///
/// Most are `{"error":{"message","type","param","code"}}` with `code` a string. What LiteLLM's
/// framework answers before its handlers run has the form `{"detail":…}`.
pub fn body(error: &Error) -> Vec<u8> {
    let text = error.to_string();
    let value = match error {
        Error::Provider(failure) => return failure.body(),
        Error::NoSuchRoute | Error::WrongMethod | Error::ModelNotListed(_) => json!({ "detail": text }),
        Error::DeploymentNotListed(_) => json!({ "detail": { "error": text } }),
        Error::MissingFile => json!({ "detail": [{ "type": "missing", "loc": ["body", "file"], "msg": text }] }),
        Error::MissingKey | Error::MalformedKey => unauthenticated(&text),
        Error::ForbiddenField(_) => unauthenticated(&format!("Rejected Request: {text}")),
        Error::UnknownKey => fields(error, &text, "no_db_connection", &Value::Null),
        Error::BadBody(_) => fields(error, &text, "invalid_request_error", &"request_body".into()),
        Error::MissingField { name, .. } => fields(error, &text, "invalid_request_error", &(*name).into()),
        Error::WrongType { name, .. } => fields(error, &text, "bad_request_error", &(*name).into()),
        Error::BodyTooLarge { .. } => fields(error, &text, "bad_request_error", &"content-length".into()),
        Error::NoProviderKey { .. } => fields(error, &text, "authentication_error", &Value::Null),
        Error::HeaderTooLarge { .. } => fields(error, &text, "bad_request_error", &"headers".into()),
        Error::NotOffered { .. } | Error::NoProvider { .. } => {
            fields(error, &text, "invalid_request_error", &Value::Null)
        }
        Error::ShuttingDown | Error::Overloaded { .. } => fields(error, &text, "internal_server_error", &Value::Null),
        Error::UnknownModel { .. } => {
            let mut value = fields(error, &text, "invalid_request_error", &Value::Null);
            value["error"]["provider_specific_fields"] = json!({ "error": text });
            value
        }
    };
    value.to_string().into_bytes()
}

fn unauthenticated(text: &str) -> Value {
    let message = format!("Authentication Error, {text}");
    json!({ "error": { "message": message, "type": "auth_error", "param": "None", "code": "401" } })
}

fn fields(error: &Error, message: &str, kind: &str, param: &Value) -> Value {
    json!({ "error": { "message": message, "type": kind, "param": param, "code": error.status().to_string() } })
}

#[cfg(test)]
mod tests;
