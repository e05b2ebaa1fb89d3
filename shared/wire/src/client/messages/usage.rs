//! Token counts in Anthropic's form: what the cache read or wrote is not part of the input. Knows no provider.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::chat;
use crate::usage::Usage;

/// `usage` of a message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct MessageUsage {
    input_tokens: u64,
    output_tokens: u64,
    #[serde(skip_serializing_if = "is_none")]
    cache_creation_input_tokens: u64,
    #[serde(skip_serializing_if = "is_none")]
    cache_read_input_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    server_tool_use: Option<ServerToolUse>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct ServerToolUse {
    web_search_requests: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference in")]
const fn is_none(count: &u64) -> bool {
    *count == 0
}

impl MessageUsage {
    /// A chat's counts.
    pub fn of(usage: &chat::Usage) -> Self {
        let details = usage.prompt_tokens_details.as_ref();
        let read = positive(usage.cache_read_input_tokens).or_else(|| first(details, &["cached_tokens"]));
        let created = positive(usage.cache_creation_input_tokens)
            .or_else(|| first(details, &["cache_creation_tokens", "cache_write_tokens"]));
        let searches = usage.extra.get("server_tool_use").and_then(Value::as_object);
        let searches = first(searches, &["web_search_requests"]).or_else(|| first(details, &["web_search_requests"]));
        Self::counted(usage.prompt_tokens, usage.completion_tokens, [created.unwrap_or(0), read.unwrap_or(0)])
            .with_searches(searches)
    }

    /// Counts that include the cache: `[created, read]` are taken out of the prompt's.
    pub fn counted(prompt_tokens: u64, output_tokens: u64, [created, read]: [u64; 2]) -> Self {
        Self {
            input_tokens: prompt_tokens.saturating_sub(read).saturating_sub(created),
            output_tokens,
            cache_creation_input_tokens: created,
            cache_read_input_tokens: read,
            server_tool_use: None,
        }
    }

    fn with_searches(mut self, web_search_requests: Option<u64>) -> Self {
        self.server_tool_use = web_search_requests.map(|web_search_requests| ServerToolUse { web_search_requests });
        self
    }
}

impl From<Usage> for MessageUsage {
    fn from(usage: Usage) -> Self {
        Self::counted(usage.prompt_tokens, usage.completion_tokens, [0, 0])
    }
}

fn positive(count: Option<u64>) -> Option<u64> {
    count.filter(|count| *count > 0)
}

fn first(details: Option<&Map<String, Value>>, names: &[&str]) -> Option<u64> {
    names.iter().find_map(|name| positive(details?.get(*name)?.as_u64()))
}
