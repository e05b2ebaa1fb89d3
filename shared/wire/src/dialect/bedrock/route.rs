//! Which of Bedrock's interfaces a model is asked by, and whose body it takes.
//!
//! LiteLLM's `get_bedrock_route` and `get_bedrock_invoke_provider`. Knows no address and no body.

use super::name;
use crate::models;

/// An interface of Bedrock's runtime.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// One body for all models.
    Converse,
    /// Each family's own body.
    Invoke(Family),
    /// Interfaces beyond the runtime (`agent/`, `agentcore/`, `mantle/`, …), by the prefix that names them.
    Other(&'static str),
}

/// Whose body a model takes where it is invoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    Claude,
    Llama,
    Mistral,
    Titan,
    Cohere,
    Ai21,
    Nova,
    DeepSeekR1,
    Qwen2,
    Qwen3,
    Moonshot,
    OpenAi,
    /// A family that LiteLLM cannot ask either.
    Unknown,
}

/// Prefixes that name an interface, in LiteLLM's order.
const EXPLICIT: [&str; 10] = [
    "invoke/",
    "claude_platform/",
    "converse_like/",
    "converse/",
    "agent/",
    "agentcore/",
    "async_invoke/",
    "openai/",
    "mantle/",
    "chat_completions/",
];
/// LiteLLM's names of families, in its order: the first that occurs in a name is taken.
const FAMILIES: [(&str, Family); 15] = [
    ("cohere", Family::Cohere),
    ("anthropic", Family::Claude),
    ("mistral", Family::Mistral),
    ("amazon", Family::Titan),
    ("meta", Family::Llama),
    ("llama", Family::Llama),
    ("ai21", Family::Ai21),
    ("nova", Family::Nova),
    ("deepseek_r1", Family::DeepSeekR1),
    ("qwen3", Family::Qwen3),
    ("qwen2", Family::Qwen2),
    ("twelvelabs", Family::Unknown),
    ("openai", Family::OpenAi),
    ("stability", Family::Unknown),
    ("moonshot", Family::Moonshot),
];
/// Models that converse although the map has them among those that are invoked, or not at all.
const CONVERSING: [&str; 26] = [
    "anthropic.claude-opus-4-6-v1:0",
    "anthropic.claude-3-5-haiku-20241022-v1:0",
    "anthropic.claude-3-5-sonnet-20241022-v2:0",
    "anthropic.claude-3-5-sonnet-20240620-v1:0",
    "anthropic.claude-3-opus-20240229-v1:0",
    "anthropic.claude-3-sonnet-20240229-v1:0",
    "anthropic.claude-3-haiku-20240307-v1:0",
    "anthropic.claude-v2",
    "anthropic.claude-v2:1",
    "anthropic.claude-v1",
    "anthropic.claude-instant-v1",
    "ai21.jamba-instruct-v1:0",
    "ai21.jamba-1-5-mini-v1:0",
    "ai21.jamba-1-5-large-v1:0",
    "meta.llama3-70b-instruct-v1:0",
    "meta.llama3-8b-instruct-v1:0",
    "meta.llama3-1-8b-instruct-v1:0",
    "meta.llama3-1-70b-instruct-v1:0",
    "meta.llama3-1-405b-instruct-v1:0",
    "mistral.mistral-large-2407-v1:0",
    "mistral.mistral-large-2402-v1:0",
    "mistral.mistral-small-2402-v1:0",
    "meta.llama3-2-1b-instruct-v1:0",
    "meta.llama3-2-3b-instruct-v1:0",
    "meta.llama3-2-11b-instruct-v1:0",
    "meta.llama3-2-90b-instruct-v1:0",
];

/// The interface of a model as its deployment names it.
pub(super) fn route(model: &str) -> Route {
    match EXPLICIT.iter().find(|prefix| has_prefix(model, prefix)) {
        Some(&"invoke/") => return Route::Invoke(family(model)),
        Some(&"openai/") => return Route::Invoke(Family::OpenAi),
        // What LiteLLM sends to the OpenAI-shaped interface is understood by the other one too.
        Some(&"converse/" | &"converse_like/" | &"chat_completions/") => return Route::Converse,
        Some(other) => return Route::Other(other),
        None => {}
    }
    let is_custom_nova = model.starts_with("nova/") || model.starts_with("nova-2/");
    if is_custom_nova || model.contains(":application-inference-profile/") || converses(model) {
        return Route::Converse;
    }
    Route::Invoke(family(model))
}

/// Whether the prefix is a segment of its own in the name.
fn has_prefix(model: &str, prefix: &str) -> bool {
    let is_inner = |place: usize| model[..place].ends_with('/');
    model.starts_with(prefix) || model.match_indices(prefix).any(|(place, _)| is_inner(place))
}

fn converses(model: &str) -> bool {
    let base = name::base(model);
    let is_listed = |name: &str| {
        CONVERSING.contains(&name) || models::find(name).is_some_and(|facts| facts.provider == "bedrock_converse")
    };
    let is_openai = base.starts_with("openai.") || base.contains(".openai.") || base.contains("/openai.");
    is_listed(base) || is_listed(name::without_prefixes(model)) || is_openai
}

/// Whose body the model takes.
pub(super) fn family(model: &str) -> Family {
    let model = model.strip_prefix("invoke/").unwrap_or(model);
    if model.to_ascii_lowercase().contains("nova") {
        return Family::Nova;
    }
    let named = |name: &str| FAMILIES.iter().find(|(own, _)| *own == name).map(|(_, family)| *family);
    let by_vendor = named(model.split('.').next().unwrap_or(model));
    let by_path = || named(model.split('/').next().unwrap_or(model));
    let by_part = || FAMILIES.iter().find(|(own, _)| model.contains(own)).map(|(_, family)| *family);
    by_vendor.or_else(by_path).or_else(by_part).unwrap_or(Family::Unknown)
}
