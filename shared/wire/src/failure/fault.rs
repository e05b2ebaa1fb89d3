//! Failures without a usable answer: no connection, no time, no JSON.
//!
//! The sentences are those of the HTTP libraries below LiteLLM, since clients and alerts know them. Knows no socket.

use serde_json::Value;

use super::mapped::Mapped;
use super::origin::{Origin, Rules, Transport, listed};
use super::providers::{QUOTED_GARBAGE, TRANSLATED, WRAPPED_GARBAGE};
use super::said::Said;
use super::{Failure, FailureClass};
use crate::{Operation, python};

/// A longer body is not searched a second time for Python's view of its fault.
const SEARCHED_BYTES_MAX: usize = 1024 * 1024;
/// Of an unreadable answer no more is quoted.
const QUOTED_CHARACTERS_MAX: usize = 64 * 1024;

/// Why no answer came.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault<'a> {
    /// Nobody listens. `address` is `host:port`.
    Refused { address: &'a str },
    /// The name of the host is not known.
    Unresolved { address: &'a str },
    /// No secure connection; `reason` is the TLS library's.
    Insecure { address: &'a str, reason: &'a str },
    /// The connection ended before the answer's head.
    Closed,
    /// The connection was reset before the answer's head.
    Reset,
    /// The body ended early; both in bytes.
    Short { received: u64, announced: u64 },
    /// What came was not HTTP.
    NotHttp,
    /// The answer was not there in time; both in seconds.
    TimedOut { limit_s: f64, taken_s: f64 },
}

pub(super) fn fail(origin: &Origin, fault: &Fault) -> Failure {
    let handler = origin.transport() == Transport::Handler;
    let (status, words) = match *fault {
        Fault::TimedOut { limit_s, taken_s } if handler => {
            let taken_s = rounded(taken_s, 1_000.0);
            let sentence = format!(
                "litellm.Timeout: Connection timed out. Timeout passed={limit_s:?}, time taken={taken_s:?} seconds"
            );
            if lets_time_out_through(origin) {
                let bare = sentence.trim_start_matches(FailureClass::Timeout.prefix()).to_owned();
                return Mapped::new(FailureClass::Timeout, 408, bare).finish(origin, &Said::plain(None, sentence));
            }
            (Some(408), sentence)
        }
        Fault::TimedOut { limit_s, taken_s } => (None, client_timeout(origin, limit_s, taken_s)),
        fault if handler => (handler_status(origin), handler_sentence(&fault)),
        _ => (client_status(origin), "Connection error.".to_owned()),
    };
    origin.map(Said::plain(status, words))
}

/// OpenAI's client tells how long it waited only where LiteLLM asks it: in chats, and not in its own streams.
fn client_timeout(origin: &Origin, limit_s: f64, taken_s: f64) -> String {
    let is_text = origin.operation == Operation::TextCompletion && origin.transport() == Transport::Client;
    let is_chat = origin.is_chat() || is_text;
    if !is_chat || (origin.streamed && origin.rules() != Rules::Azure) {
        return "Request timed out.".to_owned();
    }
    format!("Request timed out. - timeout value={limit_s:?}, time taken={:?} seconds", rounded(taken_s, 100.0))
}

fn rounded(seconds: f64, parts: f64) -> f64 {
    (seconds * parts).round() / parts
}

/// LiteLLM gives some failed connections status 500, and with it another class.
fn client_status(origin: &Origin) -> Option<u16> {
    let texts = [Operation::TextCompletion, Operation::Embedding];
    (origin.is_chat() || texts.contains(&origin.operation)).then_some(500)
}

/// Some handlers show the time-out as it is, without the provider's name.
fn lets_time_out_through(origin: &Origin) -> bool {
    let is_own = !origin.reads_claude() && matches!(origin.rules(), Rules::Vertex | Rules::NlpCloud);
    is_own || is_converse(origin)
}

/// Bedrock's own API of chats, which LiteLLM sends by an older handler; streams go by the newer one.
fn is_converse(origin: &Origin) -> bool {
    origin.provider == "bedrock" && !origin.streamed && !origin.reads_claude()
}

/// Some of LiteLLM's handlers make up a status for a connection that failed; with it comes another class.
fn handler_status(origin: &Origin) -> Option<u16> {
    let made_up = match origin.rules() {
        Rules::Bedrock => !is_converse(origin),
        Rules::Vertex => origin.reads_claude(),
        Rules::Azure => origin.operation == Operation::Responses,
        Rules::SageMaker => !origin.streamed,
        Rules::OpenAi | Rules::OpenAiLike | Rules::Anthropic | Rules::Cohere | Rules::HuggingFace => true,
        _ => false,
    };
    made_up.then_some(500)
}

fn handler_sentence(fault: &Fault) -> String {
    match fault {
        Fault::Refused { address } => format!("Cannot connect to host {address} [Connection refused]"),
        Fault::Unresolved { address } => format!("Cannot connect to host {address} [Name or service not known]"),
        Fault::Insecure { address, reason } => format!("Cannot connect to host {address} [{reason}]"),
        Fault::Closed => "Server disconnected".to_owned(),
        Fault::Reset => "[Errno 104] Connection reset by peer".to_owned(),
        Fault::Short { received, announced } => format!(
            "Response payload is not completed: <ContentLengthError: 400, message='Not enough data to satisfy content \
             length header (received {received} of {announced} bytes).'>",
        ),
        Fault::NotHttp => "the upstream did not answer in HTTP".to_owned(),
        Fault::TimedOut { .. } => "Request timed out.".to_owned(),
    }
}

/// An answer with status 200 that holds no answer.
pub(super) fn garbage(origin: &Origin, body: &[u8]) -> Failure {
    let text = String::from_utf8_lossy(body);
    match serde_json::from_str::<Value>(&text) {
        Err(error) => {
            let fault = if text.len() > SEARCHED_BYTES_MAX { None } else { python::fault(&text) };
            unreadable(origin, &text, &fault.unwrap_or_else(|| error.to_string()))
        }
        Ok(Value::Object(fields)) if origin.rules() == Rules::Bedrock && !held_back(&fields).is_empty() => {
            origin.map(Said::plain(Some(400), held_back(&fields)))
        }
        Ok(Value::Object(mut fields)) => match fields.remove("error") {
            Some(error) if !error.is_null() => refused(origin, &error),
            _ => incomplete(origin, &Value::Object(fields)),
        },
        Ok(other) => {
            let words = format!(
                "Empty or invalid response from LLM endpoint. Received: {}. Check the reverse proxy or model server \
                 configuration.",
                python::repr(&other),
            );
            origin.map(Said::plain(garbage_status(origin), words))
        }
    }
}

/// Why Stability's filters show no image; empty where they held nothing back.
fn held_back(answer: &serde_json::Map<String, Value>) -> String {
    let reasons = answer.get("finish_reasons").and_then(Value::as_array).into_iter().flatten();
    reasons.filter_map(Value::as_str).collect::<Vec<_>>().join("; ")
}

fn unreadable(origin: &Origin, text: &str, fault: &str) -> Failure {
    let azure_embedding = origin.rules() == Rules::Azure && origin.operation == Operation::Embedding;
    let quoted = origin.is_chat() && (origin.reads_claude() || listed(WRAPPED_GARBAGE, origin.provider));
    let relayed = origin.reads_claude() && origin.operation == Operation::Messages;
    let (status, words) = match origin.transport() {
        _ if azure_embedding => (Some(500), format!("Failed to parse raw Azure embedding response: {fault}")),
        Transport::Handler if converts(origin) => {
            (Some(422), format!("Error converting to valid response block={fault}"))
        }
        Transport::Handler if relayed || listed(QUOTED_GARBAGE, origin.provider) => (Some(200), shown(text)),
        Transport::Handler if quoted => {
            let words = format!("Unable to get json response - {fault}, Original Response: {}", shown(text));
            // The status was 200: LiteLLM has no class for it.
            (Some(200), words)
        }
        _ => (garbage_status(origin), fault.to_owned()),
    };
    origin.map(Said::plain(status, words))
}

fn shown(text: &str) -> String {
    text.chars().take(QUOTED_CHARACTERS_MAX).collect()
}

/// LiteLLM's oldest translations blame the answer, not the connection.
fn converts(origin: &Origin) -> bool {
    let converse = origin.provider == "bedrock" || origin.rules() == Rules::Vertex;
    converse && origin.is_chat() && !origin.reads_claude()
}

fn garbage_status(origin: &Origin) -> Option<u16> {
    match origin.transport() {
        Transport::Handler if origin.rules() == Rules::OpenAiLike => Some(500),
        Transport::Handler => None,
        Transport::Client | Transport::ClientText => client_status(origin),
    }
}

/// Some providers say 200 and put the error into the body.
fn refused(origin: &Origin, error: &Value) -> Failure {
    if listed(TRANSLATED, origin.provider) {
        let message = error.get("message").unwrap_or(error);
        return origin.map(Said::plain(Some(status_in(error)), python::display(message)));
    }
    let Some(message) = error.get("message") else {
        let mut failure = origin.map(Said::plain(Some(422), "Error in response object".to_owned()));
        // Behind its own handlers LiteLLM loses the status on the way.
        if origin.transport() == Transport::Handler || origin.rules() == Rules::Azure {
            failure.status = 400;
        }
        return failure;
    };
    origin.map(Said::plain(Some(status_in(error)), python::display(message)))
}

fn incomplete(origin: &Origin, answer: &Value) -> Failure {
    let names: Vec<Value> =
        answer.as_object().into_iter().flat_map(|fields| fields.keys().cloned().map(Value::String)).collect();
    let keys = python::repr(&Value::Array(names));
    let words = if listed(TRANSLATED, origin.provider) {
        format!("the provider's answer has none of the fields of its format. Raw keys: {keys}")
    } else {
        format!("LiteLLM: provider returned a response with no 'choices'. Raw keys: {keys}")
    };
    Mapped::new(FailureClass::Other, 500, words).finish(origin, &Said::plain(Some(500), String::new()))
}

pub(super) fn status_in(error: &Value) -> u16 {
    let code = error.get("code").and_then(Value::as_u64).and_then(|code| u16::try_from(code).ok());
    code.filter(|code| (400..600).contains(code)).unwrap_or(500)
}
