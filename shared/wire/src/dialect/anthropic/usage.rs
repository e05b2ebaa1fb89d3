//! Anthropic's counts of tokens in OpenAI's form, with LiteLLM's details.
//!
//! Anthropic counts the cache apart from the prompt; OpenAI counts it in. Knows no message.

use serde_json::{Map, Value, json};

use crate::chat::Usage;

/// What the counts do not say themselves.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Answered {
    /// Tokens of the thoughts that were shown; `None` where they are counted elsewhere.
    pub reasoning_tokens: Option<u64>,
    /// Whether the model thought, be it hidden.
    pub has_thoughts: bool,
    /// Searches for tools among the answer's blocks.
    pub tool_searches: u64,
}

/// The counts as clients read them (LiteLLM's `calculate_usage`).
pub(super) fn usage(counts: &Map<String, Value>, answered: Answered) -> Usage {
    let iterations: Vec<&Value> = counts.get("iterations").and_then(Value::as_array).into_iter().flatten().collect();
    let sum = |name: &str| match iterations.as_slice() {
        [] => counts.get(name).map_or(0, whole),
        some => some.iter().map(|iteration| whole(&iteration[name])).fold(0, u64::saturating_add),
    };
    let (written, read) = (sum("cache_creation_input_tokens"), sum("cache_read_input_tokens"));
    let (fresh, completion) = (sum("input_tokens"), sum("output_tokens"));
    let prompt = fresh.saturating_add(written).saturating_add(read);
    let mut details = Map::new();
    for (name, count) in [
        ("cache_write_tokens", written),
        ("cached_tokens", read),
        ("text_tokens", fresh),
        ("cache_creation_tokens", written),
    ] {
        details.insert(name.to_owned(), count.into());
    }
    if let Some(by_age) = cache_details(counts, &iterations) {
        details.insert("cache_creation_token_details".to_owned(), by_age);
    }
    Usage {
        completion_tokens: completion,
        prompt_tokens: prompt,
        total_tokens: prompt.saturating_add(completion),
        completion_tokens_details: completion_details(counts, &iterations, completion, answered),
        prompt_tokens_details: Some(details),
        cache_creation_input_tokens: Some(written),
        cache_read_input_tokens: Some(read),
        extra: extras(counts, answered),
    }
}

/// What a `usage` says that stands alone.
pub(crate) fn anthropic_usage(counts: &Map<String, Value>) -> Usage {
    usage(counts, Answered::default())
}

fn whole(value: &Value) -> u64 {
    value.as_u64().or_else(|| value.as_f64().map(|number| number as u64)).unwrap_or_default()
}

/// How long what went into the cache is kept.
fn cache_details(counts: &Map<String, Value>, iterations: &[&Value]) -> Option<Value> {
    let breakdowns: Vec<&Value> = iterations
        .iter()
        .filter_map(|iteration| iteration.get("cache_creation").filter(|found| found.is_object()))
        .collect();
    if breakdowns.is_empty() {
        let found = counts.get("cache_creation").filter(|found| found.is_object())?;
        return Some(json!({
            "ephemeral_5m_input_tokens": found.get("ephemeral_5m_input_tokens"),
            "ephemeral_1h_input_tokens": found.get("ephemeral_1h_input_tokens"),
        }));
    }
    let sum = |name: &str| breakdowns.iter().map(|found| whole(&found[name])).fold(0, u64::saturating_add);
    let (short, long) = (sum("ephemeral_5m_input_tokens"), sum("ephemeral_1h_input_tokens"));
    let total: u64 = iterations.iter().map(|iteration| whole(&iteration["cache_creation_input_tokens"])).sum();
    let unsaid = total.saturating_sub(short.saturating_add(long));
    Some(json!({"ephemeral_5m_input_tokens": short + unsaid, "ephemeral_1h_input_tokens": long}))
}

fn completion_details(
    counts: &Map<String, Value>,
    iterations: &[&Value],
    completion: u64,
    answered: Answered,
) -> Option<Map<String, Value>> {
    let of = |details: Option<&Value>| details.and_then(|details| details["thinking_tokens"].as_u64());
    let each: Vec<u64> = iterations.iter().filter_map(|one| of(one.get("output_tokens_details"))).collect();
    let is_told = !iterations.is_empty() && each.len() == iterations.len();
    let told = if is_told { Some(each.iter().sum()) } else { of(counts.get("output_tokens_details")) };
    let reasoning = match (told, answered.has_thoughts) {
        (Some(told), _) => told,
        (None, true) => answered.reasoning_tokens?,
        (None, false) => 0,
    };
    let reasoning = reasoning.min(completion);
    let mut details = Map::new();
    details.insert("reasoning_tokens".to_owned(), reasoning.into());
    details.insert("text_tokens".to_owned(), (completion - reasoning).into());
    Some(details)
}

fn extras(counts: &Map<String, Value>, answered: Answered) -> Map<String, Value> {
    let mut extra = Map::new();
    for name in ["iterations", "inference_geo", "speed", "service_tier"] {
        if let Some(value) = counts.get(name).filter(|value| !value.is_null()) {
            extra.insert(name.to_owned(), value.clone());
        }
    }
    let served = counts.get("server_tool_use");
    let told = |name: &str| served.and_then(|served| served.get(name)).filter(|count| !count.is_null()).cloned();
    let searches =
        told("tool_search_requests").or_else(|| (answered.tool_searches > 0).then(|| answered.tool_searches.into()));
    let web_searches = told("web_search_requests");
    if searches.is_some() || web_searches.is_some() {
        let used = json!({"web_search_requests": web_searches, "tool_search_requests": searches});
        extra.insert("server_tool_use".to_owned(), used);
    }
    extra
}
