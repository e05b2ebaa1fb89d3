//! Cohere's first version of chat, for deployments that name it: `cohere_chat/v1/<model>`.
//!
//! LiteLLM's `CohereChatConfig`. Unlike it, this names the model, and keeps turns that only call tools. Knows no key.

mod answer;
mod request;
mod stream;

use bytes::Bytes;

use super::{CHAT, Cohere, url};
use crate::Operation;
use crate::chat::Completion;
use crate::dialect::{Context, Decoder, Dialect, Framing, Mode, Unreadable};
use crate::json::Object;
use crate::prepare::{Call, Prepared, Refusal, Rules, Settings};
use crate::provider::{Parameters, UrlError};

/// `cohere_chat/v1/…`.
#[derive(Debug)]
pub(crate) struct CohereFirst;

impl Dialect for CohereFirst {
    fn supported(&self, _settings: &Settings) -> Parameters {
        CHAT
    }

    fn url(&self, settings: &Settings, operation: Operation, mode: Mode) -> Result<String, UrlError> {
        match operation {
            Operation::ChatCompletion => Ok(url(settings, "/v1/chat")),
            _ => Cohere.url(settings, operation, mode),
        }
    }

    fn chat(&self, call: Call<'_, '_>) -> Result<Prepared, Refusal> {
        request::chat(call)
    }

    fn other(&self, operation: Operation, rules: &Rules, body: Object<'_>) -> Result<Prepared, Refusal> {
        Cohere.other(operation, rules, body)
    }

    fn answer(&self, context: &Context, body: &[u8]) -> Result<Completion, Unreadable> {
        answer::answer(context, body)
    }

    fn other_answer(&self, operation: Operation, context: &Context, bodies: &[Bytes]) -> Result<Vec<u8>, Unreadable> {
        Cohere.other_answer(operation, context, bodies)
    }

    fn framing(&self) -> Framing {
        Framing::Lines
    }

    fn decoder(&self, context: &Context) -> Box<dyn Decoder> {
        Box::new(stream::Stream::new(context))
    }
}
