//! The usage of a call whose provider tells none.
//!
//! Nothing is counted before it is asked for, so that only such calls pay. Knows no stream and no answer.

use bytes::Bytes;
use serde_json::Value;

use super::text::Counter;
use super::{chat, count_value};
use crate::generated::{Gathered, Generated};
use crate::json::Object;
use crate::usage::{Usage, prompt_bytes, tokens_of};

/// Requests up to this size are kept until their usage is known; the tokens of longer ones follow from their bytes.
const REQUEST_BYTES_MAX: usize = 1024 * 1024;
/// Texts up to this length are counted whole: the count is made between two frames of other calls.
const EXACT_CHARACTERS_MAX: usize = 128 * 1024;

/// Counts what a provider read and wrote.
#[derive(Clone, Debug)]
pub struct Estimator {
    counter: Counter,
    prompt: Prompt,
}

#[derive(Clone, Debug)]
enum Prompt {
    /// The client's request, as it came.
    Request(Bytes),
    Bytes(u64),
}

impl Default for Estimator {
    /// Of a call whose request is not known.
    fn default() -> Self {
        Self { counter: Counter::new("").exact_up_to(EXACT_CHARACTERS_MAX), prompt: Prompt::Bytes(0) }
    }
}

impl Estimator {
    /// For a call to `model`, the provider's name of it; `object` is what `request` holds.
    pub fn new(model: &str, request: &Bytes, object: &Object<'_>) -> Self {
        let prompt = if request.len() <= REQUEST_BYTES_MAX {
            Prompt::Request(request.clone())
        } else {
            Prompt::Bytes(prompt_bytes(object))
        };
        Self { counter: Counter::new(model).exact_up_to(EXACT_CHARACTERS_MAX), prompt }
    }

    /// A guess for operations that are not paid by tokens, and so are not worth counting.
    pub(crate) fn guess(&self) -> Usage {
        let bytes = match &self.prompt {
            Prompt::Request(request) => Object::parse(request).map_or(0, |object| prompt_bytes(&object)),
            Prompt::Bytes(bytes) => *bytes,
        };
        Usage::estimate(bytes, 0)
    }

    /// Tokens of the prompt and of what was generated.
    pub(crate) fn usage(&self, generated: &Generated) -> Usage {
        let completion_tokens = self.gathered(&generated.content) + Self::reasoning_tokens(&generated.reasoning);
        Usage::counted(self.prompt_tokens(), completion_tokens)
    }

    /// Tokens of reasoning; LiteLLM counts it without looking at the model.
    pub(crate) fn reasoning_tokens(reasoning: &Gathered) -> u64 {
        Self::default().gathered(reasoning)
    }

    /// Tokens of the prompt alone.
    pub fn prompt_tokens(&self) -> u64 {
        match &self.prompt {
            Prompt::Bytes(bytes) => tokens_of(*bytes),
            Prompt::Request(request) => self.request_tokens(request).unwrap_or_else(|| tokens_of(request.len() as u64)),
        }
    }

    /// `None` where the request has a shape that cannot be counted.
    fn request_tokens(&self, request: &[u8]) -> Option<u64> {
        let object = Object::parse(request).ok()?;
        let field = |name| object.given(name).and_then(|text| serde_json::from_str(text).ok()).unwrap_or(Value::Null);
        if object.given("messages").is_some() {
            return chat::count(&self.counter, &field("messages"), &field("tools"), &field("tool_choice")).ok();
        }
        Some(
            ["prompt", "input", "query", "documents"].map(|name| count_value(&self.counter, &field(name))).iter().sum(),
        )
    }

    fn gathered(&self, gathered: &Gathered) -> u64 {
        if gathered.is_empty() {
            return 0;
        }
        match gathered.text() {
            // What was not kept is taken to be like what was.
            Some(text) if gathered.kept_bytes() > 0 => {
                self.counter.text(&text) * gathered.bytes() / gathered.kept_bytes()
            }
            _ => tokens_of(gathered.bytes()),
        }
    }
}

#[cfg(test)]
mod tests;
