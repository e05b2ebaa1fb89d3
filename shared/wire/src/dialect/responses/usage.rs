//! Token counts of a response in the words of a chat. Knows no item.

use serde_json::{Map, Value};

use crate::chat::Usage;

/// Counts of the details, in the order in which they are written.
const PROMPT_DETAILS: [&str; 7] = [
    "cached_tokens",
    "audio_tokens",
    "text_tokens",
    "image_tokens",
    "video_tokens",
    "cache_write_tokens",
    "web_search_requests",
];
const COMPLETION_DETAILS: [&str; 4] = ["reasoning_tokens", "text_tokens", "audio_tokens", "image_tokens"];
const RENAMED: [&str; 5] =
    ["input_tokens", "output_tokens", "total_tokens", "input_tokens_details", "output_tokens_details"];

/// The counts in the form of a chat. Fields of the provider's own stay.
pub(super) fn usage(mut counts: Map<String, Value>) -> Usage {
    let count = |name: &str| counts.get(name).and_then(Value::as_u64).unwrap_or(0);
    let (prompt_tokens, completion_tokens) = (count("input_tokens"), count("output_tokens"));
    let prompt_tokens_details = details(&counts, "input_tokens_details", &PROMPT_DETAILS);
    let completion_tokens_details = details(&counts, "output_tokens_details", &COMPLETION_DETAILS);
    counts.retain(|name, value| !RENAMED.contains(&name.as_str()) && !value.is_null());
    Usage {
        prompt_tokens,
        completion_tokens,
        total_tokens: prompt_tokens.saturating_add(completion_tokens),
        prompt_tokens_details,
        completion_tokens_details,
        extra: counts,
        ..Usage::default()
    }
}

fn details(counts: &Map<String, Value>, name: &str, known: &[&str]) -> Option<Map<String, Value>> {
    let given = counts.get(name)?.as_object()?;
    let kept = known.iter().filter_map(|name| Some(((*name).to_owned(), given.get(*name)?.clone())));
    let kept: Map<String, Value> = kept.filter(|(_, value)| value.is_u64()).collect();
    (!kept.is_empty()).then_some(kept)
}
