//! A stream that broke after it had begun: cut, stalled, damaged, or ended by an error of the provider.
//!
//! Knows no frame and no socket: a decoder has found the error, here it gets its class and its words.

use serde_json::Value;

use super::Failure;
use super::fault::status_in;
use super::origin::{Origin, Rules, Transport};
use super::said::Said;
use crate::python;

/// How a stream broke after it had begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Break<'a> {
    /// The connection ended before the last chunk.
    Cut,
    /// The connection was reset.
    Reset,
    /// Nothing came for too long.
    Stalled,
    /// The provider sent an error in an event: the event's data.
    Error(&'a str),
    /// An event's data, which is no JSON; of AWS's event stream, what is wrong with the frame.
    Garbage(&'a str),
}

/// The failure that the last event of a broken stream tells of.
pub(super) fn in_stream(origin: &Origin, broken: &Break) -> Failure {
    let origin = &spoken(origin);
    const CUT: &str = "Response payload is not completed: <TransferEncodingError: 400, message='Not enough data to \
                       satisfy transfer length header.'>";
    let words = match broken {
        Break::Cut => CUT.to_owned(),
        Break::Reset => format!("{CUT}. ConnectionResetError(104, 'Connection reset by peer')"),
        Break::Stalled => "Timeout on reading data from socket".to_owned(),
        Break::Garbage(fault) if matches!(origin.rules(), Rules::Bedrock | Rules::SageMaker) => {
            // Frames of AWS's event stream: the fault is told in words already.
            return streamed(origin, Some(502), (*fault).to_owned());
        }
        Break::Garbage(data) => python::fault(data).unwrap_or_else(|| "the event is no JSON".to_owned()),
        Break::Error(data) => return error_event(origin, data),
    };
    streamed(origin, None, words)
}

/// Inside a stream LiteLLM calls whoever speaks Anthropic's format by its name; Bedrock packs it into frames of its own.
fn spoken<'a>(origin: &Origin<'a>) -> Origin<'a> {
    let is_anthropic = origin.reads_claude() && origin.rules() != Rules::Bedrock;
    Origin { provider: if is_anthropic { "anthropic" } else { origin.provider }, ..*origin }
}

fn streamed(origin: &Origin, status: Option<u16>, words: String) -> Failure {
    // Inside a stream LiteLLM calls every provider behind OpenAI's client by OpenAI's name.
    let client = origin.transport() != Transport::Handler && origin.rules() == Rules::OpenAi;
    let provider = match origin.rules() {
        _ if client => "openai",
        // And every Gemini by that of its beta on Vertex AI.
        Rules::Vertex => "vertex_ai_beta",
        _ => origin.provider,
    };
    Origin { provider, ..*origin }.map(Said { in_stream: true, ..Said::plain(status, words) })
}

fn error_event(origin: &Origin, data: &str) -> Failure {
    let event: Value = serde_json::from_str(data).unwrap_or(Value::Null);
    // Cohere's last event holds the error deeper inside.
    let error = event.get("error").or_else(|| event.pointer("/delta/error")).unwrap_or(&event);
    if is_anthropic(origin, &event, error) {
        let origin = Origin { provider: "anthropic", ..*origin };
        // Whatever its type, an error inside a stream is one of the server.
        return streamed(&origin, Some(500), python::display(error.get("message").unwrap_or(error)));
    }
    if origin.rules() == Rules::Vertex {
        return google_event(origin, error);
    }
    let unexpected = match origin.rules() {
        Rules::OpenAiLike => Some("Databricks"),
        Rules::OpenRouter if event.get("error").is_none() => Some("OpenRouter"),
        _ => None,
    };
    if let Some(name) = unexpected {
        let words = format!("KeyError: 'choices', Got unexpected response from {name}: {}", python::repr(&event));
        return streamed(origin, Some(400), words);
    }
    if origin.transport() != Transport::Handler {
        let given = error.get("message").and_then(Value::as_str).filter(|message| !message.is_empty());
        return streamed(origin, None, given.unwrap_or("An error occurred during streaming").to_owned());
    }
    let message = python::display(error.get("message").unwrap_or(error));
    if origin.rules() == Rules::OpenRouter {
        return streamed(origin, Some(status_in(error)), open_router_words(error, &message));
    }
    streamed(origin, Some(status_in(error)), message)
}

fn open_router_words(error: &Value, message: &str) -> String {
    let metadata = error.get("metadata").map_or_else(|| "{}".to_owned(), python::repr);
    let user = error.get("user_id").map_or_else(String::new, python::display);
    format!("Message: {message}, Metadata: {metadata}, User ID: {user}")
}

/// Claude speaks Anthropic's format behind other providers too, where it is the only one with types of errors.
fn is_anthropic(origin: &Origin, event: &Value, error: &Value) -> bool {
    let typed = event.get("type").is_some_and(|kind| kind == "error") || error.get("code").is_none();
    match origin.provider {
        "anthropic" | "anthropic_text" => true,
        "azure_ai" | "vertex_ai" => typed && error.get("type").is_some(),
        _ => false,
    }
}

fn google_event(origin: &Origin, error: &Value) -> Failure {
    let Some(message) = error.get("message") else {
        let words = format!("Unexpected error format in mid-stream chunk: {}", python::display(error));
        return streamed(origin, Some(500), words);
    };
    let name = error.get("status").map_or_else(|| "UNKNOWN".to_owned(), python::display);
    streamed(origin, Some(status_in(error)), format!("{name} - {}", python::display(message)))
}
