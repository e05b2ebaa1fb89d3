//! What a provider's failure means to an OpenAI client: class, status and sentence.
//!
//! Equal to what LiteLLM 1.106.2 answers, tracebacks and object addresses left out. Knows no header, no fallback
//! policy and no clock.

mod anthropic;
mod azure;
mod bedrock;
mod broken;
mod by_status;
mod class;
mod databricks;
mod fault;
mod mapped;
mod openai;
mod openrouter;
mod origin;
mod outcome;
mod phrases;
mod providers;
mod redact;
mod relayed;
mod said;
mod shown;
mod smaller;
mod vertex;

pub use broken::Break;
pub use class::FailureClass;
pub use fault::Fault;
pub use origin::{Origin, Reader};
pub use outcome::{Explanation, Outcome};
pub use shown::{Begun, google_error, messages_error};

use std::borrow::Cow;

use serde_json::Value;

use crate::Operation;

/// A failure as the client will read it.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    pub class: FailureClass,
    /// The HTTP status, 400 to 599; also `error.code`.
    pub status: u16,
    /// The whole sentence, beginning with `litellm.<Class>: `. [`Failure::client_message`] is what may be shown.
    pub message: String,
    /// `error.type`; `None` is sent as null.
    pub kind: Option<Cow<'static, str>>,
    /// `error.param`: the parameter the provider complained of.
    pub param: Option<String>,
    /// What Azure's content filter found.
    pub provider_specific_fields: Option<Box<Value>>,
}

impl Failure {
    /// A failure of the gateway's own making, with the class's usual status and type.
    ///
    /// `sentence` stands after `litellm.<Class>: `.
    pub fn new(class: FailureClass, sentence: &str) -> Self {
        let status = class.status();
        Self {
            class,
            status,
            message: format!("{}{sentence}", class.prefix()),
            kind: class.kind().or_else(|| Some(kind_of_status(status))).map(Cow::Borrowed),
            param: None,
            provider_specific_fields: None,
        }
    }

    /// A failure of the gateway's own making on behalf of a call: as [`Failure::new`], with the route's own type.
    pub(crate) fn told(origin: &Origin, class: FailureClass, sentence: &str) -> Self {
        let said = said::Said::plain(Some(class.status()), String::new());
        mapped::Mapped::new(class, class.status(), sentence.to_owned()).finish(origin, &said)
    }

    /// What the provider's rules make of `words`, as if it had said them with this status.
    pub(crate) fn from_words(origin: &Origin, status: Option<u16>, words: &str) -> Self {
        origin.map(said::Said::plain(status, words.to_owned()))
    }

    /// The provider answered with a status that is no success; `body` is what it said.
    pub fn from_answer(origin: &Origin, status: u16, body: &[u8]) -> Self {
        origin.map(said::Said::answered(origin, status, body))
    }

    /// No answer came: see [`Fault`].
    pub fn from_fault(origin: &Origin, fault: &Fault) -> Self {
        fault::fail(origin, fault)
    }

    /// The provider answered 200 with a body that is no answer.
    pub fn from_garbage(origin: &Origin, body: &[u8]) -> Self {
        fault::garbage(origin, body)
    }

    /// A stream broke. The failure carries no explanation of fallbacks: none can be tried any more.
    pub fn in_stream(origin: &Origin, broken: &Break) -> Self {
        broken::in_stream(origin, broken)
    }

    /// The sentence without secrets, internal addresses and tracebacks.
    pub fn client_message(&self) -> String {
        redact::redact(&self.message)
    }
}

/// OpenAI's `error.type` for a status, where neither class nor provider gave one.
const fn kind_of_status(status: u16) -> &'static str {
    match status {
        401 => "authentication_error",
        403 => "permission_error",
        429 => "rate_limit_error",
        500.. => "internal_server_error",
        _ => "invalid_request_error",
    }
}

/// Whether LiteLLM's handler of the route leaves `error.type` null where the failure carries none.
const fn leaves_kind_null(operation: Operation) -> bool {
    matches!(
        operation,
        Operation::TextCompletion | Operation::Moderation | Operation::Speech | Operation::Transcription
    )
}

#[cfg(test)]
mod tests;
