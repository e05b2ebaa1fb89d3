//! Ollama's own wire: `/api/chat`, and `/api/embed` for vectors.
//!
//! Follows Ollama's API documentation, and LiteLLM in what becomes of OpenAI's parameters. Knows no key.

mod answer;
mod embedding;
mod request;
mod stream;

use bytes::Bytes;

pub(super) use answer::split_thoughts;
pub(super) use request::{content_type, images, parameters};

use super::{Context, Decoder, Dialect, Framing, Mode, Unreadable};
use crate::Operation;
use crate::chat::Completion;
use crate::json::Object;
use crate::media::Remote;
use crate::prepare::{Call, Prepared, Refusal, Rules, Settings};
use crate::provider::{Parameters, UrlError};

const BASE: &str = "http://localhost:11434";
const CHAT: Parameters = Parameters::of(&[
    "max_tokens",
    "max_completion_tokens",
    "stream",
    "top_p",
    "temperature",
    "seed",
    "frequency_penalty",
    "stop",
    "tools",
    "tool_choice",
    "functions",
    "response_format",
    "reasoning_effort",
]);

/// `ollama_chat`, and the embeddings of `ollama`.
#[derive(Debug)]
pub(crate) struct Ollama;

impl Dialect for Ollama {
    fn supported(&self, _settings: &Settings) -> Parameters {
        CHAT
    }

    fn inlines(&self, _settings: &Settings, remote: &Remote<'_>) -> bool {
        remote.kind == "image_url"
    }

    fn url(&self, settings: &Settings, operation: Operation, _mode: Mode) -> Result<String, UrlError> {
        let path = if operation == Operation::Embedding { "/api/embed" } else { "/api/chat" };
        Ok(url(settings, path))
    }

    fn chat(&self, call: Call<'_, '_>) -> Result<Prepared, Refusal> {
        request::chat(call)
    }

    fn other(&self, operation: Operation, rules: &Rules, body: Object<'_>) -> Result<Prepared, Refusal> {
        match operation {
            Operation::Embedding => embedding::request(rules, body),
            _ => Err(Refusal::NotOffered { provider: rules.provider().name, operation }),
        }
    }

    fn answer(&self, context: &Context, body: &[u8]) -> Result<Completion, Unreadable> {
        answer::answer(context, body)
    }

    fn other_answer(&self, _operation: Operation, context: &Context, bodies: &[Bytes]) -> Result<Vec<u8>, Unreadable> {
        embedding::answer(context, bodies)
    }

    fn framing(&self) -> Framing {
        Framing::Lines
    }

    fn decoder(&self, context: &Context) -> Box<dyn Decoder> {
        Box::new(stream::Stream::new(context))
    }
}

/// The base with this path, which it may have already.
pub(super) fn url(settings: &Settings, path: &str) -> String {
    let base = settings.api_base.as_deref().unwrap_or(BASE).trim_end_matches('/');
    if base.ends_with(path) { base.to_owned() } else { format!("{base}{path}") }
}
