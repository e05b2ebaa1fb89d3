//! What a stream has said so far, as far as it is counted. Knows no format.

use serde_json::{Map, Value};

use crate::chat::{self, Chunk};
use crate::usage::{Source, Usage, tokens_of};

/// Counts of one stream.
#[derive(Debug, Default)]
pub struct Tally {
    pub prompt_bytes: u64,
    pub content_bytes: u64,
    pub reasoning_bytes: u64,
    /// The provider's own counts.
    pub counted: Option<chat::Usage>,
}

impl Tally {
    /// Notes what a chunk says.
    pub fn note(&mut self, chunk: &Chunk) {
        for choice in &chunk.choices {
            let delta = &choice.delta;
            self.content_bytes += length(delta.content.as_deref());
            self.reasoning_bytes += length(delta.reasoning_content.as_deref());
            for call in delta.tool_calls.iter().flatten() {
                self.content_bytes += length(call.function.arguments.as_deref());
            }
        }
        if let Some(usage) = &chunk.usage {
            self.counted = Some(usage.clone());
        }
    }

    /// The three counts, by the provider or estimated.
    pub fn usage(&self) -> Usage {
        match &self.counted {
            Some(counted) => Usage {
                prompt_tokens: counted.prompt_tokens,
                completion_tokens: counted.completion_tokens,
                total_tokens: counted.total_tokens,
                source: Source::Provider,
                is_partial: false,
            },
            None => Usage::estimate(self.prompt_bytes, self.content_bytes + self.reasoning_bytes),
        }
    }

    /// The usage as clients see it: LiteLLM always adds how much of it was reasoning.
    pub fn shown(&self) -> chat::Usage {
        if let Some(counted) = &self.counted
            && counted.completion_tokens_details.is_some()
        {
            return counted.clone();
        }
        let usage = self.usage();
        let is_plain = usage.source == Source::Provider && self.reasoning_bytes == 0;
        let reasoning = if is_plain { 0 } else { tokens_of(self.reasoning_bytes).min(usage.completion_tokens) };
        let details = [("reasoning_tokens", reasoning), ("text_tokens", usage.completion_tokens - reasoning)];
        let details: Map<String, Value> =
            details.into_iter().map(|(name, count)| (name.to_owned(), count.into())).collect();
        chat::Usage {
            completion_tokens: usage.completion_tokens,
            prompt_tokens: usage.prompt_tokens,
            total_tokens: usage.total_tokens,
            completion_tokens_details: Some(details),
            ..self.counted.clone().unwrap_or_default()
        }
    }
}

fn length(text: Option<&str>) -> u64 {
    text.map_or(0, |text| text.len() as u64)
}
