//! What a provider said, as each of LiteLLM's transports would hand it on. Knows no class.

use serde_json::Value;

use super::origin::{Origin, Transport};
use crate::python;

/// More of an error body than this is not read.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// The provider's words.
pub(super) struct Said {
    /// `None` where no status came, as inside a stream.
    pub status: Option<u16>,
    /// The text in which the rules look for phrases.
    pub words: String,
    /// The text that is shown.
    pub message: String,
    /// The error object, where the transport keeps it.
    pub body: Option<Value>,
    /// Inside a stream nothing but the class gives the error a type.
    pub in_stream: bool,
}

impl Said {
    pub fn plain(status: Option<u16>, words: String) -> Self {
        Self { status, message: words.clone(), words, body: None, in_stream: false }
    }

    /// An answer whose status is no success.
    pub fn answered(origin: &Origin, status: u16, body: &[u8]) -> Self {
        let body = &body[..body.len().min(BODY_BYTES_MAX)];
        let text = String::from_utf8_lossy(body);
        match origin.transport() {
            Transport::Handler => Self::plain(Some(status), text.into_owned()),
            Transport::ClientText => {
                let (words, parsed) = client_words(status, &text);
                // Moderations keep the object although they show the text.
                Self { body: parsed.map(error_object), ..Self::plain(Some(status), words) }.without_body(origin)
            }
            Transport::Client => {
                let (words, parsed) = client_words(status, &text);
                Self::from_object(Some(status), words, parsed.map(error_object))
            }
        }
    }

    /// The error object of an answer or event, taken apart as OpenAI's client does.
    pub fn from_object(status: Option<u16>, words: String, body: Option<Value>) -> Self {
        let message = body.as_ref().and_then(shown_message).unwrap_or_else(|| words.clone());
        Self { status, words, message, body, in_stream: false }
    }

    fn without_body(mut self, origin: &Origin) -> Self {
        if origin.operation != crate::Operation::Moderation {
            self.body = None;
        }
        self
    }
}

/// OpenAI's client quotes JSON in Python's notation, other text as it is.
fn client_words(status: u16, text: &str) -> (String, Option<Value>) {
    let text = text.trim();
    match serde_json::from_str::<Value>(text) {
        Ok(value) => (format!("Error code: {status} - {}", python::display(&value)), Some(value)),
        Err(_) if text.is_empty() => (format!("Error code: {status}"), None),
        Err(_) => (text.to_owned(), None),
    }
}

/// The member `error` of an object that has one, else the value itself.
fn error_object(value: Value) -> Value {
    match value {
        Value::Object(mut fields) if fields.contains_key("error") => fields.remove("error").unwrap_or_default(),
        other => other,
    }
}

fn shown_message(body: &Value) -> Option<String> {
    let fields = body.as_object()?;
    let own = fields.get("message").filter(|message| is_truthy(message));
    own.or_else(|| fields.get("error")?.as_object()?.get("message")).map(python::display)
}

fn is_truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
    }
}
