//! Messages asked of OpenAI itself: through `/v1/responses`, which alone tells its reasoning.
//!
//! Follows LiteLLM's `LiteLLMAnthropicToResponsesAPIAdapter`. Knows no other provider.

mod items;
mod request;
mod stream;
mod whole;

pub use request::{count_request, request};
pub use stream::decoder;
pub use whole::message;

use serde::Deserialize;

use super::usage::MessageUsage;
use crate::chat;

/// Between two parts of a summary.
const PART_SEPARATOR: &str = "\n\n";

/// Counts in the form of responses.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
struct Counts {
    input_tokens: u64,
    output_tokens: u64,
    total_tokens: Option<u64>,
    input_tokens_details: Option<Details>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
struct Details {
    cached_tokens: Option<u64>,
    cache_creation_tokens: Option<u64>,
    cache_write_tokens: Option<u64>,
}

impl Counts {
    fn cache(&self) -> [u64; 2] {
        let details = self.input_tokens_details.unwrap_or_default();
        let created = details.cache_creation_tokens.or(details.cache_write_tokens);
        [created.unwrap_or(0), details.cached_tokens.unwrap_or(0)]
    }

    fn shown(&self) -> MessageUsage {
        MessageUsage::counted(self.input_tokens, self.output_tokens, self.cache())
    }

    fn chat(&self) -> chat::Usage {
        let [created, read] = self.cache();
        chat::Usage {
            prompt_tokens: self.input_tokens,
            completion_tokens: self.output_tokens,
            total_tokens: self.total_tokens.unwrap_or_else(|| self.input_tokens.saturating_add(self.output_tokens)),
            cache_creation_input_tokens: Some(created),
            cache_read_input_tokens: Some(read),
            ..chat::Usage::default()
        }
    }
}
