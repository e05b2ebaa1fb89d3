//! Bedrock's counts in OpenAI's form, with LiteLLM's details. Knows no text.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::chat::Usage;

/// `usage` of an answer, and of a stream's `metadata`; Nova's own body spells the cached ones otherwise.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Counts {
    input_tokens: u64,
    output_tokens: u64,
    total_tokens: Option<u64>,
    #[serde(alias = "cacheReadInputTokenCount")]
    cache_read_input_tokens: u64,
    #[serde(alias = "cacheWriteInputTokenCount")]
    cache_write_input_tokens: u64,
    cache_details: Vec<CacheDetail>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct CacheDetail {
    input_tokens: u64,
    ttl: String,
}

/// What is known of the tokens that a model thought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Thought {
    /// Whether there was any reasoning.
    pub ran: bool,
    /// As the provider counts it.
    pub told: Option<u64>,
    /// As its text counts.
    pub counted: u64,
}

impl Counts {
    /// The counts in OpenAI's form.
    pub fn to_openai(&self, thought: Thought) -> Usage {
        let (read, written) = (self.cache_read_input_tokens, self.cache_write_input_tokens);
        let prompt_tokens = self.input_tokens.saturating_add(read).saturating_add(written);
        let mut prompt = json!({
            "cached_tokens": read,
            "text_tokens": self.input_tokens,
            "cache_creation_tokens": written,
            "cache_write_tokens": written,
        });
        if let Some(details) = self.cache_details() {
            prompt["cache_creation_token_details"] = details;
        }
        Usage {
            completion_tokens: self.output_tokens,
            prompt_tokens,
            total_tokens: self.total_tokens.unwrap_or(prompt_tokens.saturating_add(self.output_tokens)),
            completion_tokens_details: Some(self.completion_details(thought)),
            prompt_tokens_details: prompt.as_object().cloned(),
            cache_creation_input_tokens: Some(written),
            cache_read_input_tokens: Some(read),
            extra: Map::new(),
        }
    }

    fn completion_details(&self, thought: Thought) -> Map<String, Value> {
        let reasoning = thought.told.map_or(thought.counted, |told| told.min(self.output_tokens));
        // Thought that nobody counted is not said to be none.
        if reasoning == 0 && thought.ran {
            return Map::new();
        }
        let text = self.output_tokens.saturating_sub(reasoning);
        let details = [("reasoning_tokens", reasoning), ("text_tokens", text)];
        details.into_iter().map(|(name, count)| (name.to_owned(), count.into())).collect()
    }

    /// What was cached for how long, where it adds up.
    fn cache_details(&self) -> Option<Value> {
        let sum = |ttl: &str| {
            let of_ttl = self.cache_details.iter().filter(|detail| detail.ttl == ttl);
            of_ttl.map(|detail| detail.input_tokens).fold(0, u64::saturating_add)
        };
        let (short, long) = (sum("5m"), sum("1h"));
        let adds_up = !self.cache_details.is_empty() && short.saturating_add(long) == self.cache_write_input_tokens;
        adds_up.then(|| json!({ "ephemeral_5m_input_tokens": short, "ephemeral_1h_input_tokens": long }))
    }
}

/// The thinking that Claude counts, out of the fields that were asked for beside the answer.
pub(super) fn told(fields: Option<&Value>) -> Option<u64> {
    let details = fields?.get("usage")?.get("output_tokens_details")?;
    details.get("thinking_tokens")?.as_u64()
}

/// OpenAI's word for the reason why an answer ends (LiteLLM's `map_finish_reason`).
pub(in crate::dialect::bedrock) fn finish_reason(reason: &str) -> &'static str {
    match reason {
        "max_tokens" | "length" | "MAX_TOKENS" | "compaction" => "length",
        "tool_use" | "tool_calls" => "tool_calls",
        "content_filtered" | "guardrail_intervened" | "content_filter" | "refusal" | "ERROR_TOXIC" => "content_filter",
        _ => "stop",
    }
}
