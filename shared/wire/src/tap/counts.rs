//! Counts of tokens under the names that each provider gives them, gathered over a whole answer.
//!
//! Keeps what the providers call their counts, and reads it as the dialect of whoever speaks so does. Knows no place
//! where they stand.

use serde_json::{Map, Value};

use crate::dialect::{anthropic_usage, gemini_usage};
use crate::usage::{Source, Usage};

/// What usage objects are made of, wherever it says something of a price; anything else is let go.
const NAMES: [&str; 43] = [
    // OpenAI and those who speak like it.
    "prompt_tokens",
    "completion_tokens",
    "total_tokens",
    "prompt_tokens_details",
    "completion_tokens_details",
    "input_tokens_details",
    "output_tokens_details",
    "prompt_cache_hit_tokens",
    "reasoning_tokens",
    "citation_tokens",
    "server_side_tool_usage_details",
    "cost",
    // Anthropic; the first two are those of OpenAI's responses, too.
    "input_tokens",
    "output_tokens",
    "cache_creation_input_tokens",
    "cache_read_input_tokens",
    "cache_creation",
    "server_tool_use",
    "service_tier",
    "speed",
    "inference_geo",
    "iterations",
    // Gemini.
    "promptTokenCount",
    "candidatesTokenCount",
    "totalTokenCount",
    "thoughtsTokenCount",
    "cachedContentTokenCount",
    "toolUsePromptTokenCount",
    "responseTokenCount",
    "promptTokensDetails",
    "cacheTokensDetails",
    "candidatesTokensDetails",
    "responseTokensDetails",
    // Bedrock's Converse, and what its invoke counts beside the model.
    "inputTokens",
    "outputTokens",
    "cacheReadInputTokens",
    "cacheWriteInputTokens",
    "cacheReadInputTokenCount",
    "cacheWriteInputTokenCount",
    "inputTokenCount",
    "outputTokenCount",
    // Cohere.
    "tokens",
    "billed_units",
];

/// What has been counted so far; a later count takes the place of an earlier one.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    said: Map<String, Value>,
}

impl Counts {
    /// Takes over what a usage object of any provider says; anything else is left alone.
    pub fn add(&mut self, json: &[u8]) {
        let Ok(later) = serde_json::from_slice::<Map<String, Value>>(json) else { return };
        let known = later.into_iter().filter(|(name, value)| NAMES.contains(&name.as_str()) && !value.is_null());
        self.said.extend(known);
    }

    /// The same in one form; `None` where nothing was counted. `searches`: those of Gemini's, which stand elsewhere.
    pub fn usage(&self, searches: Option<u64>) -> Option<Usage> {
        let has = |names: &[&str]| names.iter().any(|name| self.said.contains_key(*name));
        if has(&["promptTokenCount", "candidatesTokenCount", "totalTokenCount"]) {
            return gemini_usage(&self.said, searches).map(|usage| Usage::of_chat(&usage));
        }
        if has(&["prompt_tokens", "completion_tokens", "total_tokens", "input_tokens_details"]) {
            return Usage::parse(&Value::Object(self.said.clone()).to_string());
        }
        if has(&["input_tokens", "output_tokens"]) {
            return Some(Usage::of_chat(&anthropic_usage(&self.said)));
        }
        if let Some(counts) = self.amazons() {
            return Some(Usage::of_chat(&anthropic_usage(&counts)));
        }
        // Cohere says what it counted, and what of it it charges.
        let counted = self.said.get("tokens").or_else(|| self.said.get("billed_units"))?;
        let count = |name: &str| counted.get(name).and_then(Value::as_f64).map(|count| count as u64);
        let (prompt, completion) = (count("input_tokens"), count("output_tokens"));
        prompt.or(completion)?;
        let usage = Usage::counted(prompt.unwrap_or(0), completion.unwrap_or(0));
        Some(Usage { source: Source::Provider, ..usage })
    }

    /// Amazon counts as Anthropic does, under names of its own.
    fn amazons(&self) -> Option<Map<String, Value>> {
        let first = |names: [&str; 2]| names.iter().find_map(|name| self.said.get(*name)).cloned();
        let (input, output) = (first(["inputTokens", "inputTokenCount"]), first(["outputTokens", "outputTokenCount"]));
        if input.is_none() && output.is_none() {
            return None;
        }
        let named = [
            ("input_tokens", input),
            ("output_tokens", output),
            ("cache_read_input_tokens", first(["cacheReadInputTokens", "cacheReadInputTokenCount"])),
            ("cache_creation_input_tokens", first(["cacheWriteInputTokens", "cacheWriteInputTokenCount"])),
        ];
        Some(named.into_iter().filter_map(|(name, count)| Some((name.to_owned(), count?))).collect())
    }
}
