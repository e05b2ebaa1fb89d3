//! What a stream has said so far, as far as it is counted. Knows no format.

use std::cell::OnceCell;

use serde_json::{Map, Value};

use crate::chat::{self, Chunk};
use crate::generated::Generated;
use crate::tokens::Estimator;
use crate::usage::Usage;

/// Counts of one stream.
#[derive(Debug, Default)]
pub struct Tally {
    /// Counts what the provider does not; absent where the counts are known from elsewhere.
    estimator: Option<Estimator>,
    /// Counted once, and only if the provider does not count.
    estimate: OnceCell<Usage>,
    generated: Generated,
    /// The provider's own counts.
    pub counted: Option<chat::Usage>,
    /// Whether anything that was generated has come, or the end of it.
    pub has_content: bool,
}

impl Tally {
    pub fn new(estimator: Estimator) -> Self {
        Self { estimator: Some(estimator), ..Self::default() }
    }

    /// Notes what a chunk says.
    pub fn note(&mut self, chunk: &Chunk) {
        for choice in &chunk.choices {
            let delta = &choice.delta;
            self.generated.content.add(delta.content.as_deref().unwrap_or(""));
            self.generated.reasoning.add(delta.reasoning_content.as_deref().unwrap_or(""));
            let calls_tools = delta.tool_calls.as_ref().is_some_and(|calls| !calls.is_empty());
            self.has_content |= calls_tools || choice.finish_reason.is_some();
            for call in delta.tool_calls.iter().flatten() {
                self.generated.content.add(call.function.arguments.as_deref().unwrap_or(""));
            }
        }
        self.has_content |= !self.generated.is_empty();
        if let Some(usage) = &chunk.usage {
            self.counted = Some(usage.clone());
        }
    }

    /// The three counts, by the provider or estimated.
    pub fn usage(&self) -> Usage {
        match &self.counted {
            Some(counted) => Usage::of_chat(counted),
            None => *self.estimate.get_or_init(|| match &self.estimator {
                Some(estimator) => estimator.usage(&self.generated),
                None => Usage::default(),
            }),
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
        let reasoning = Estimator::reasoning_tokens(&self.generated.reasoning).min(usage.completion_tokens);
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
