//! Counts of tokens under the names that each provider gives them, gathered over a whole answer.
//!
//! Knows no place where they stand.

use serde::Deserialize;

use crate::usage::{Details, Source, Usage};

/// What has been counted so far; a later count takes the place of an earlier one.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Counts {
    #[serde(alias = "input_tokens", alias = "inputTokens", alias = "promptTokenCount", alias = "inputTokenCount")]
    prompt_tokens: Option<u64>,
    #[serde(
        alias = "output_tokens",
        alias = "outputTokens",
        alias = "candidatesTokenCount",
        alias = "outputTokenCount"
    )]
    completion_tokens: Option<u64>,
    #[serde(alias = "totalTokens", alias = "totalTokenCount")]
    total_tokens: Option<u64>,
    /// Gemini counts thinking apart.
    #[serde(alias = "thoughtsTokenCount")]
    thought_tokens: Option<u64>,
    /// Anthropic and Bedrock count what went into or came out of their cache apart.
    #[serde(alias = "cacheWriteInputTokens", alias = "cacheWriteInputTokenCount")]
    cache_creation_input_tokens: Option<u64>,
    #[serde(alias = "cacheReadInputTokens", alias = "cacheReadInputTokenCount")]
    cache_read_input_tokens: Option<u64>,
}

impl Counts {
    /// Takes over what a usage object of any provider says; anything else is left alone.
    pub fn add(&mut self, json: &[u8]) {
        let Ok(later) = serde_json::from_slice::<Self>(json) else { return };
        self.prompt_tokens = later.prompt_tokens.or(self.prompt_tokens);
        self.completion_tokens = later.completion_tokens.or(self.completion_tokens);
        self.total_tokens = later.total_tokens.or(self.total_tokens);
        self.thought_tokens = later.thought_tokens.or(self.thought_tokens);
        self.cache_creation_input_tokens = later.cache_creation_input_tokens.or(self.cache_creation_input_tokens);
        self.cache_read_input_tokens = later.cache_read_input_tokens.or(self.cache_read_input_tokens);
    }

    /// The same in one form; `None` where nothing was counted.
    pub fn usage(&self) -> Option<Usage> {
        self.prompt_tokens.or(self.completion_tokens).or(self.total_tokens)?;
        let sum = |parts: &[Option<u64>]| parts.iter().fold(0u64, |sum, part| sum.saturating_add(part.unwrap_or(0)));
        let prompt = sum(&[self.prompt_tokens, self.cache_creation_input_tokens, self.cache_read_input_tokens]);
        let completion = sum(&[self.completion_tokens, self.thought_tokens]);
        let total = self.total_tokens.unwrap_or(0).max(prompt.saturating_add(completion));
        Some(Usage {
            prompt_tokens: prompt,
            completion_tokens: completion,
            total_tokens: total,
            source: Source::Provider,
            is_partial: true,
            details: Details {
                cached: self.cache_read_input_tokens.unwrap_or(0),
                written: self.cache_creation_input_tokens.unwrap_or(0),
                reasoning: self.thought_tokens.unwrap_or(0),
                ..Details::NONE
            },
        })
    }
}
