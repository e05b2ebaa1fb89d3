//! Tokens of text and of chat requests, counted as LiteLLM counts them.
//!
//! Exact for models of OpenAI; for all others an estimate in OpenAI's older vocabulary, as LiteLLM's without
//! downloads. Knows no prices, no deployment, and fetches nothing: an image behind a URL has a standard size.

mod chat;
mod content;
mod estimator;
mod image;
mod text;
mod tools;
mod vocabulary;

use serde_json::Value;

use crate::json::Object;
use text::Counter;

pub use chat::Uncountable;
pub use estimator::Estimator;

/// Tokens of `text` for `model`, the provider's name of a model with or without its prefix.
///
/// Beyond four million characters sixteen samples are counted and the rest follows from them (LiteLLM's rule).
pub fn count_text(model: &str, text: &str) -> u64 {
    Counter::new(model).text(text)
}

/// Tokens of a chat request: its `messages`, `tools` and `tool_choice`, and the three that begin the answer.
///
/// # Errors
/// When `messages` are no list, or one of them is of a shape that LiteLLM does not count either.
pub fn count_chat(model: &str, request: &Object<'_>) -> Result<u64, Uncountable> {
    let field = |name| request.given(name).map_or(Value::Null, |text| serde_json::from_str(text).unwrap_or_default());
    chat::count(&Counter::new(model), &field("messages"), &field("tools"), &field("tool_choice"))
}

/// Tokens of what a completion, an embedding or a moderation reads: a text, a list of texts, token numbers or lists of
/// them. Each number is a token; texts are counted one by one, as the provider reads them.
pub fn count_input(model: &str, input: &str) -> u64 {
    let input: Value = serde_json::from_str(input).unwrap_or_default();
    count_value(&Counter::new(model), &input)
}

fn count_value(counter: &Counter, input: &Value) -> u64 {
    match input {
        Value::String(text) => counter.text(text),
        Value::Number(_) => 1,
        Value::Array(items) => items.iter().map(|item| count_value(counter, item)).sum(),
        // A document of a rerank.
        Value::Object(fields) => fields.get("text").map_or(0, |text| count_value(counter, text)),
        _ => 0,
    }
}

#[cfg(test)]
mod tests;
