//! Tokens of one call: what the provider counted, or an estimate where it said nothing.
//!
//! Knows no prices.

mod details;

use serde::Deserialize;

use crate::json::Object;

pub use details::{Details, Parts, Searches, Served, WrittenFor};

/// Bytes of text that stand for one token where a provider counts nothing.
const BYTES_PER_TOKEN: u64 = 4;

/// Token counts of one call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    pub prompt_tokens: u64,
    pub completion_tokens: u64,
    pub total_tokens: u64,
    pub source: Source,
    /// Whether the provider's object lacks one of OpenAI's three counts.
    pub is_partial: bool,
    /// What else the provider counted; nothing where it said nothing or the gateway estimated.
    pub details: Details,
}

/// Who counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Source {
    Provider,
    #[default]
    Estimate,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Counts {
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    total_tokens: Option<u64>,
}

impl Usage {
    /// Reads a provider's `usage` object, in OpenAI's chat form or its newer input/output form.
    ///
    /// `None` where it is no object or holds no count.
    pub fn parse(text: &str) -> Option<Self> {
        let counts: Counts = serde_json::from_str(text).ok()?;
        let prompt = counts.prompt_tokens.or(counts.input_tokens);
        let completion = counts.completion_tokens.or(counts.output_tokens);
        let is_partial =
            counts.prompt_tokens.is_none() || counts.completion_tokens.is_none() || counts.total_tokens.is_none();
        let known = prompt.is_some() || completion.is_some() || counts.total_tokens.is_some();
        let (prompt_tokens, completion_tokens) = (prompt.unwrap_or(0), completion.unwrap_or(0));
        let sum = prompt_tokens.saturating_add(completion_tokens);
        let total_tokens = counts.total_tokens.unwrap_or(sum);
        let source = Source::Provider;
        let details = || serde_json::from_str(text).map(|usage| Details::of_object(&usage)).unwrap_or_default();
        known.then(|| Self { prompt_tokens, completion_tokens, total_tokens, source, is_partial, details: details() })
    }

    /// What a chat's usage says, all of it.
    pub fn of_chat(usage: &crate::chat::Usage) -> Self {
        Self {
            prompt_tokens: usage.prompt_tokens,
            completion_tokens: usage.completion_tokens,
            total_tokens: usage.total_tokens,
            source: Source::Provider,
            is_partial: false,
            details: Details::of_chat(usage),
        }
    }

    /// OpenAI's three counts.
    pub fn counts(&self) -> serde_json::Value {
        serde_json::json!({
            "completion_tokens": self.completion_tokens,
            "prompt_tokens": self.prompt_tokens,
            "total_tokens": self.total_tokens,
        })
    }

    /// A guess from the bytes of text on either side.
    pub const fn estimate(prompt_bytes: u64, completion_bytes: u64) -> Self {
        Self::counted(tokens_of(prompt_bytes), tokens_of(completion_bytes))
    }

    /// Counts that the gateway made, where the provider made none.
    pub const fn counted(prompt_tokens: u64, completion_tokens: u64) -> Self {
        let total_tokens = prompt_tokens.saturating_add(completion_tokens);
        let (source, details) = (Source::Estimate, Details::NONE);
        Self { prompt_tokens, completion_tokens, total_tokens, source, is_partial: true, details }
    }
}

/// Estimated tokens in that many bytes of text, rounded up.
pub const fn tokens_of(bytes: u64) -> u64 {
    bytes.div_ceil(BYTES_PER_TOKEN)
}

/// Bytes of the request that the provider is going to read as prompt.
pub(crate) fn prompt_bytes(request: &Object<'_>) -> u64 {
    let fields = ["messages", "prompt", "input", "tools", "query", "documents"];
    fields.iter().filter_map(|name| request.get(name)).map(|text| text.len() as u64).sum()
}

#[cfg(test)]
mod tests;
