//! Errors as LiteLLM's clients parse them.
//!
//! The one place where an error becomes a status and a body. Adds nothing that the error does not say.

use serde_json::{Value, json};
use tollgate_core::Error;
use tollgate_core::denial::{Denial, Form};
use tollgate_wire::failure::{google_error, messages_error};
use tollgate_wire::{Format, Operation};

/// The body of the answer on the route of this operation; `request_id` is the client's own `x-request-id`.
///
/// LiteLLM finds out who asks, and whether the body is JSON, before it looks at the route: those refusals read
/// alike everywhere. All others have the route's own form (see `Failure::body_for`).
pub fn body_for(error: &Error, operation: Operation, request_id: Option<&str>) -> Vec<u8> {
    if precedes_the_route(error) {
        return body(error);
    }
    if operation == Operation::CountContentTokens {
        return google_error(error.status(), &client_message(error)).to_string().into_bytes();
    }
    let format = operation.format();
    if let Error::Provider(failure) = error {
        return failure.body_for(format, request_id);
    }
    if format != Format::Messages {
        return body(error);
    }
    let text = error.to_string();
    let fields = matches!(error, Error::UnknownModel { .. }).then(|| json!({ "error": text }));
    messages_error(error.status(), &text, fields.as_ref(), request_id).to_string().into_bytes()
}

fn client_message(error: &Error) -> String {
    match error {
        Error::Provider(failure) => failure.client_message(),
        other => other.to_string(),
    }
}

fn precedes_the_route(error: &Error) -> bool {
    matches!(
        error,
        Error::MissingKey
            | Error::MalformedKey
            | Error::UnknownKey
            | Error::Denied(_)
            | Error::ForbiddenField(_)
            | Error::BadBody(_)
            | Error::BodyTooLarge { .. }
            | Error::HeaderTooLarge { .. }
            | Error::Overloaded { .. }
            | Error::NoSuchRoute
            | Error::WrongMethod
    )
}

/// The body of the answer where no route is known, or one of OpenAI's; its status is the error's own.
///
/// Most are `{"error":{"message","type","param","code"}}` with `code` a string. What LiteLLM's
/// framework answers before its handlers run has the form `{"detail":…}`.
pub fn body(error: &Error) -> Vec<u8> {
    let text = error.to_string();
    let value = match error {
        Error::Provider(failure) => return failure.body(),
        Error::Denied(denial) => denied(error, denial),
        Error::InvalidField { fault, place, name, item } => {
            let mut location = vec![Value::from(*place), Value::from(*name)];
            location.extend(item.map(Value::from));
            json!({ "detail": [{ "type": fault.kind(), "loc": location, "msg": fault.to_string() }] })
        }
        Error::NoResponse(_) => fields(error, &text, "invalid_request_error", &Value::Null),
        Error::PreviousResponse(_) => json!({ "error": {
            "message": text,
            "type": "invalid_request_error",
            "param": "previous_response_id",
            "code": "previous_response_not_found",
        } }),
        Error::UnmappedModel(_) => json!({ "detail": { "error": text } }),
        Error::NothingToCount | Error::NoSuchRoute | Error::WrongMethod | Error::ModelNotListed(_) => {
            json!({ "detail": text })
        }
        Error::DeploymentNotListed(_) => json!({ "detail": { "error": text } }),
        Error::MissingFile => json!({ "detail": [{ "type": "missing", "loc": ["body", "file"], "msg": text }] }),
        Error::MissingFormFields(names) => json!({ "detail": names.iter().map(missing).collect::<Vec<_>>() }),
        Error::NeedsSocket => fields(error, &text, "invalid_request_error", &Value::Null),
        Error::Invalid { param, .. } => fields(error, &text, "invalid_request_error", &(*param).into()),
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
        Error::PathEscapes | Error::NoGroup(_) | Error::AgentsDisabled => {
            fields(error, &text, "invalid_request_error", &Value::Null)
        }
        Error::NoDeployment(refusal) => fields(error, &text, refusal.error_type(), &Value::Null),
        Error::UploadSpent
        | Error::PassThroughUnset { .. }
        | Error::PassThroughBroken(_)
        | Error::PassThroughTimedOut { .. }
        | Error::ShuttingDown
        | Error::Overloaded { .. } => fields(error, &text, "internal_server_error", &Value::Null),
        Error::UnknownModel { .. } | Error::MockTestingDisabled(_) => {
            let mut value = fields(error, &text, "invalid_request_error", &Value::Null);
            value["error"]["provider_specific_fields"] = json!({ "error": text });
            value
        }
    };
    value.to_string().into_bytes()
}

fn missing(name: &&'static str) -> Value {
    json!({ "type": "missing", "loc": ["body", name], "msg": "Field required" })
}

/// A refusal in the shape that it asks for.
fn denied(error: &Error, denial: &Denial) -> Value {
    match &denial.form {
        Form::Envelope => fields(error, &denial.message, denial.kind, &denial.param.as_deref().into()),
        Form::Broken => json!({ "error": { "message": denial.message, "type": denial.kind } }),
        Form::Detail(detail) => json!({ "detail": detail }),
    }
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
