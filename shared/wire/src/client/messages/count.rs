//! Counts of a message's tokens: the provider's in Anthropic's form, or the gateway's own.
//!
//! Beside the count LiteLLM tells who counted. Knows no provider.

use serde_json::{Map, Value, json};

use crate::answer::Garbage;
use crate::json::{Object, raw};
use crate::tokens::{self, Uncountable};

/// Whose count it is, in LiteLLM's words.
const BY_PROVIDER: &str = "provider";
const BY_GATEWAY: &str = "local_estimate";

/// The provider's count, which each provider calls otherwise, in Anthropic's form.
///
/// # Errors
/// Where the body holds no count.
pub fn counted(body: &[u8]) -> Result<(Vec<u8>, u64), Garbage> {
    let answer: Map<String, Value> = serde_json::from_slice(body).map_err(|error| Garbage(error.to_string()))?;
    let names = ["input_tokens", "inputTokens", "totalTokens"];
    let count = names.iter().find_map(|name| answer.get(*name)?.as_u64());
    let count = count.ok_or_else(|| Garbage("the answer has no count of tokens".to_owned()))?;
    Ok((shown(count, BY_PROVIDER), count))
}

/// The gateway's own count of a request for `model`, in Anthropic's form.
///
/// # Errors
/// Where messages or tools are of a shape that cannot be counted.
pub fn count_here(model: &str, body: &Object<'_>) -> Result<Vec<u8>, Uncountable> {
    let mut chat = Object::default();
    for name in ["messages", "tools"] {
        if let Some(text) = body.given(name) {
            chat.set_text(name, text.to_owned());
        }
    }
    if let Some(system) = body.given("system").filter(|text| !matches!(*text, "\"\"" | "[]")) {
        let turns = body.given("messages").and_then(|text| serde_json::from_str::<Vec<Value>>(text).ok());
        let mut turns = turns.unwrap_or_default();
        let content: Value = serde_json::from_str(system).unwrap_or_default();
        turns.insert(0, json!({ "role": "system", "content": content }));
        chat.set("messages", raw(&turns));
    }
    Ok(shown(tokens::count_chat(model, &chat)?, BY_GATEWAY))
}

fn shown(count: u64, source: &str) -> Vec<u8> {
    json!({ "input_tokens": count, "litellm_count_source": source }).to_string().into_bytes()
}
