//! Messages that end a stream with an error: which they are, and which status they stand for.
//!
//! Statuses are those of the service model of Bedrock's runtime; the words are LiteLLM's: the exception's type, then
//! its payload.

use serde_json::json;

use super::Fault;
use super::headers::Headers;

/// Exceptions that AWS models, in headers as in the names of events.
const STATUSES: [(&str, u16); 6] = [
    ("internalServerException", 500),
    ("modelStreamErrorException", 424),
    ("validationException", 400),
    ("throttlingException", 429),
    ("modelTimeoutException", 408),
    ("serviceUnavailableException", 503),
];
/// The status of an exception that is not modelled (botocore's own).
const UNKNOWN_STATUS: u16 = 400;
/// Of a payload no more is quoted.
const QUOTED_BYTES_MAX: usize = 4 * 1024;

/// The fault that a message tells of; `None` where it is an event.
pub(super) fn fault(headers: &Headers<'_>, payload: &[u8]) -> Option<Fault> {
    let is_error = matches!(headers.message_type, "exception" | "error");
    let name = if is_error { headers.exception_type } else { headers.event_type };
    let modelled = STATUSES.iter().find(|(modelled, _)| *modelled == name).map(|(_, status)| *status);
    let status = if is_error { modelled.unwrap_or(UNKNOWN_STATUS) } else { modelled? };
    let text = String::from_utf8_lossy(&payload[..payload.len().min(QUOTED_BYTES_MAX)]);
    let message = match (name, text.as_ref()) {
        ("", "") => headers.error_message.to_owned(),
        ("", text) => text.to_owned(),
        (name, text) => format!("{name} {text}"),
    };
    Some(Fault::Provider(json!({ "message": message, "code": status }).to_string()))
}
