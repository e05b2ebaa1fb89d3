//! A failure as each client's format shows it: the body of an answer, the event that ends a stream.
//!
//! Every form is LiteLLM's for the route. Knows no HTTP and no clock: what only a stream knows is handed in.

use serde_json::{Map, Value, json};

use super::Failure;
use crate::Format;
use crate::json::Object;

/// What a stream of `/v1/responses` had told of itself before it broke.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Begun {
    /// The response's id; empty where the stream broke before it had any. Then the caller makes one (`resp_…`).
    pub id: String,
    /// Seconds since 1970.
    pub created_s: u64,
    /// The model that the stream named; left out where it named none.
    pub model: Option<String>,
    /// The number that the failure itself gets: one above the last event's, 0 at the start.
    pub sequence_number: u64,
}

impl Begun {
    /// Takes what one event of the stream, as the client gets it, tells of the response.
    pub fn note(&mut self, event: &Object<'_>) {
        let number = event.given("sequence_number").and_then(|text| text.parse::<u64>().ok());
        self.sequence_number = self.sequence_number.max(number.map_or(0, |number| number.saturating_add(1)));
        let Some(response) = event.given("response").and_then(|text| Object::parse(text.as_bytes()).ok()) else {
            return;
        };
        let text = |name: &str| serde_json::from_str::<String>(response.given(name)?).ok();
        if let Some(id) = text("id") {
            self.id = id;
        }
        self.model = text("model").or(self.model.take());
        let created_s = response.given("created_at").and_then(|text| text.parse().ok());
        self.created_s = created_s.unwrap_or(self.created_s);
    }
}

impl Failure {
    /// The JSON body of the answer: `{"error":{"message","type","param","code"}}`.
    pub fn body(&self) -> Vec<u8> {
        self.body_for(Format::OpenAi, None)
    }

    /// The JSON body of an answer in this format.
    ///
    /// `request_id` is the client's own `x-request-id`, which Messages alone repeats. Only Messages has a form of its
    /// own (see [`messages_error`]): LiteLLM answers the other formats as it answers a chat.
    pub fn body_for(&self, format: Format, request_id: Option<&str>) -> Vec<u8> {
        let value = match format {
            Format::Messages => self.messages(request_id),
            Format::OpenAi | Format::Responses | Format::GenerateContent => json!({ "error": self.open_ai() }),
        };
        value.to_string().into_bytes()
    }

    /// The one event that ends a broken stream, blank line included; no `[DONE]` follows it.
    pub fn event(&self) -> Vec<u8> {
        self.event_for(Format::OpenAi, &Begun::default())
    }

    /// What ends a broken stream of this format, blank line included.
    ///
    /// `[DONE]` follows only in Responses, whose failure is an event like any other; it is part of what is returned.
    pub fn event_for(&self, format: Format, begun: &Begun) -> Vec<u8> {
        let text = match format {
            Format::OpenAi | Format::GenerateContent => format!("data: {}\n\n", json!({ "error": self.open_ai() })),
            Format::Messages => format!("event: error\ndata: {}\n\n", self.messages(None)),
            Format::Responses => {
                format!("event: response.failed\ndata: {}\n\ndata: [DONE]\n\n", self.response_failed(begun))
            }
        };
        text.into_bytes()
    }

    fn open_ai(&self) -> Value {
        let mut error = json!({
            "message": self.client_message(),
            "type": self.kind,
            "param": self.param,
            "code": self.status.to_string(),
        });
        if let (Some(fields), Value::Object(error)) = (&self.provider_specific_fields, &mut error) {
            error.insert("provider_specific_fields".to_owned(), fields.as_ref().clone());
        }
        error
    }

    fn messages(&self, request_id: Option<&str>) -> Value {
        messages_error(self.status, &self.client_message(), self.provider_specific_fields.as_deref(), request_id)
    }

    fn response_failed(&self, begun: &Begun) -> Value {
        let mut response = Map::new();
        response.insert("id".to_owned(), begun.id.as_str().into());
        response.insert("created_at".to_owned(), begun.created_s.into());
        let error = json!({ "code": responses_code(self.status), "message": self.client_message() });
        response.insert("error".to_owned(), error);
        if let Some(model) = &begun.model {
            response.insert("model".to_owned(), model.as_str().into());
        }
        response.insert("object".to_owned(), "response".into());
        response.insert("output".to_owned(), json!([]));
        response.insert("status".to_owned(), "failed".into());
        json!({ "type": "response.failed", "response": response, "sequence_number": begun.sequence_number })
    }
}

/// An error of `/v1/messages` and `/v1/messages/count_tokens`: `{"type":"error","error":{"type","message"}}`.
///
/// `fields` stand in the error as `provider_specific_fields`; `request_id` beside it, where the client sent one.
pub fn messages_error(status: u16, message: &str, fields: Option<&Value>, request_id: Option<&str>) -> Value {
    let mut error = json!({ "type": messages_kind(status), "message": message });
    if let (Some(fields), Value::Object(error)) = (fields, &mut error) {
        error.insert("provider_specific_fields".to_owned(), fields.clone());
    }
    let mut answer = json!({ "type": "error", "error": error });
    if let (Some(id), Value::Object(answer)) = (request_id.filter(|id| !id.is_empty()), &mut answer) {
        answer.insert("request_id".to_owned(), id.into());
    }
    answer
}

/// An error in Google's own form, which LiteLLM uses for `:countTokens` alone: `{"error":{"code","message","status"}}`.
pub fn google_error(status: u16, message: &str) -> Value {
    json!({ "error": { "code": status, "message": message, "status": google_status(status) } })
}

/// Anthropic's `error.type`; LiteLLM's map has these and calls everything else `api_error`.
const fn messages_kind(status: u16) -> &'static str {
    match status {
        400 => "invalid_request_error",
        401 => "authentication_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        529 => "overloaded_error",
        _ => "api_error",
    }
}

/// `response.error.code` of a failed response.
const fn responses_code(status: u16) -> &'static str {
    match status {
        401 => "authentication_error",
        403 => "permission_error",
        404 => "not_found_error",
        408 => "request_timeout",
        429 => "rate_limit_exceeded",
        400..=499 => "invalid_request_error",
        _ => "server_error",
    }
}

/// The name of google.rpc.Code that goes with an HTTP status.
const fn google_status(status: u16) -> &'static str {
    match status {
        400 => "INVALID_ARGUMENT",
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        409 => "ABORTED",
        429 => "RESOURCE_EXHAUSTED",
        499 => "CANCELLED",
        501 => "UNIMPLEMENTED",
        503 => "UNAVAILABLE",
        504 => "DEADLINE_EXCEEDED",
        500.. => "INTERNAL",
        _ => "FAILED_PRECONDITION",
    }
}

#[cfg(test)]
mod tests;
