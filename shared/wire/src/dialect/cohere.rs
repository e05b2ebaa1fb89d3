//! Cohere's own wire: chat in its second and first version, and embeddings.
//!
//! Follows Cohere's API reference, and LiteLLM in what becomes of OpenAI's parameters. Knows no key.

mod answer;
mod embedding;
mod first;
mod request;
mod stream;

use bytes::Bytes;

pub(super) use first::CohereFirst;

use super::{Context, Decoder, Dialect, Framing, Mode, Unreadable};
use crate::Operation;
use crate::chat::Completion;
use crate::json::Object;
use crate::prepare::{self, Call, Prepared, Refusal, Rules, Settings};
use crate::provider::{self, Parameters, UrlError};

const BASE: &str = "https://api.cohere.com";
const CHAT: Parameters = Parameters::of(&[
    "stream",
    "temperature",
    "max_tokens",
    "max_completion_tokens",
    "top_p",
    "frequency_penalty",
    "presence_penalty",
    "stop",
    "n",
    "tools",
    "tool_choice",
    "seed",
]);

/// `cohere` and `cohere_chat`.
#[derive(Debug)]
pub(crate) struct Cohere;

impl Dialect for Cohere {
    fn supported(&self, _settings: &Settings) -> Parameters {
        CHAT
    }

    fn url(&self, settings: &Settings, operation: Operation, _mode: Mode) -> Result<String, UrlError> {
        match operation {
            Operation::Embedding => Ok(url(settings, "/v2/embed")),
            Operation::ChatCompletion => Ok(url(settings, "/v2/chat")),
            _ => provider::url(settings.provider, settings.api_base.as_deref(), None, &settings.model, operation),
        }
    }

    fn chat(&self, call: Call<'_, '_>) -> Result<Prepared, Refusal> {
        request::chat(call)
    }

    fn other(&self, operation: Operation, rules: &Rules, body: Object<'_>) -> Result<Prepared, Refusal> {
        match operation {
            Operation::Embedding => embedding::request(rules, body),
            Operation::Rerank => prepare::rerank(rules, body),
            _ => Err(Refusal::NotOffered { provider: rules.provider().name, operation }),
        }
    }

    fn answer(&self, context: &Context, body: &[u8]) -> Result<Completion, Unreadable> {
        answer::answer(context, body)
    }

    fn other_answer(&self, operation: Operation, context: &Context, bodies: &[Bytes]) -> Result<Vec<u8>, Unreadable> {
        let body = bodies.first().map(Bytes::as_ref).unwrap_or_default();
        match operation {
            Operation::Embedding => embedding::answer(context, body),
            // Reranking is Cohere's own shape on both sides.
            _ => Ok(body.to_vec()),
        }
    }

    fn framing(&self) -> Framing {
        Framing::Lines
    }

    fn decoder(&self, _context: &Context) -> Box<dyn Decoder> {
        Box::new(stream::Stream::default())
    }
}

/// A base that names a path is the whole address, as with LiteLLM; a bare host gets the operation's path.
fn url(settings: &Settings, path: &str) -> String {
    let base = settings.api_base.as_deref().unwrap_or(BASE);
    let after_scheme = base.split_once("://").map_or(base, |(_, rest)| rest).trim_end_matches('/');
    if after_scheme.contains('/') { base.to_owned() } else { format!("{}{path}", base.trim_end_matches('/')) }
}
