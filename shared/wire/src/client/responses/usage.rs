//! Token counts of a chat in the words of a response. Knows no item.

use serde_json::{Map, Value, json};

use crate::chat::Usage;

/// The counts; details only where the chat has some.
pub(super) fn usage(counted: &Usage) -> Value {
    let mut usage = json!({ "input_tokens": counted.prompt_tokens });
    if let Some(details) = &counted.prompt_tokens_details {
        usage["input_tokens_details"] = input_details(details).into();
    }
    usage["output_tokens"] = counted.completion_tokens.into();
    if let Some(details) = &counted.completion_tokens_details {
        let names = ["audio_tokens", "text_tokens", "image_tokens"];
        usage["output_tokens_details"] = with(details, "reasoning_tokens", &names).into();
    }
    usage["total_tokens"] = counted.total_tokens.into();
    usage
}

fn input_details(details: &Map<String, Value>) -> Map<String, Value> {
    let names = [
        "text_tokens",
        "audio_tokens",
        "image_tokens",
        "video_tokens",
        "web_search_requests",
        "google_maps_grounding_requests",
    ];
    let mut input = with(details, "cached_tokens", &names);
    let count = |name: &str| details.get(name).filter(|value| value.is_u64());
    let nonzero = |value: &&Value| value.as_u64() != Some(0);
    let written = count("cache_write_tokens").filter(nonzero).or_else(|| count("cache_creation_tokens"));
    if let Some(written) = written {
        input.insert("cache_write_tokens".to_owned(), written.clone());
    }
    input
}

/// One count that is always told, and those that are there.
fn with(details: &Map<String, Value>, always: &str, names: &[&str]) -> Map<String, Value> {
    let mut out = Map::new();
    out.insert(always.to_owned(), details.get(always).filter(|value| value.is_u64()).cloned().unwrap_or(0.into()));
    for name in names {
        if let Some(value) = details.get(*name).filter(|value| !value.is_null()) {
            out.insert((*name).to_owned(), value.clone());
        }
    }
    out
}
