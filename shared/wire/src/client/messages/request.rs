//! A request for a message as the request of a chat.
//!
//! Follows LiteLLM's `translate_anthropic_to_openai`: what a chat names otherwise is renamed, everything else is
//! handed on. Knows no provider's wire.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::turns::{CacheControl, chat, text_of};
use super::{clean, effort, schema, system, tools};
use crate::chat::{Content, Message, Text};
use crate::json::{Object, raw};
use crate::models::{self, Capability};
use crate::prepare::{Refusal, Rules};

/// Fields that a chat has under another name or in another form, or that no chat has.
const TRANSLATED: [&str; 14] = [
    "messages",
    "system",
    "metadata",
    "litellm_metadata",
    "tools",
    "tool_choice",
    "thinking",
    "output_format",
    "output_config",
    "stop_sequences",
    "context_management",
    "safeguards",
    "stream_options",
    "model",
];
/// Longest key of a cache that OpenAI takes.
const CACHE_KEY_LETTERS_MAX: usize = 64;

/// A chat's request, and the names of tools that were cut for it.
#[derive(Debug)]
pub struct ChatRequest {
    pub body: Object<'static>,
    pub names: Map<String, Value>,
}

/// Writes the chat's request.
///
/// # Errors
/// Where messages or tools are of a shape that cannot be read.
pub fn chat_request(rules: &Rules, body: &Object<'_>) -> Result<ChatRequest, Refusal> {
    let target = Target::of(rules);
    let mut out = Object::default();
    for (name, text) in body.iter().filter(|(name, text)| !TRANSLATED.contains(name) && *text != "null") {
        out.set_text(name, text.to_owned());
    }
    let (system, turns) = conversation(rules, body)?;
    out.set("messages", text_of(&chat(&system, &turns, target.cache)));
    match out.is_true("stream") {
        true => out.set("stream_options", raw(&json!({ "include_usage": true }))),
        // LiteLLM does not spell `false` out here, as it does for a chat.
        false => out.set_text("stream", "null".to_owned()),
    }
    let names = set_tools(body, &target, &mut out)?;
    set_user(rules, body, &mut out);
    set_thinking(rules, body, &target, &mut out);
    if let Some(stops) = given_list(body, "stop_sequences") {
        out.set_text("stop", stops.to_owned());
    }
    let format = schema::wanted(value(body, "output_format"), value(body, "output_config").as_ref());
    if let Some(format) = format.as_ref().and_then(schema::response_format) {
        out.set("response_format", raw(&format));
    }
    Ok(ChatRequest { body: out, names })
}

/// The system prompt and the turns, cleaned, as the target can read them.
///
/// # Errors
/// Where they are of a shape that cannot be read.
pub fn conversation<'b>(rules: &Rules, body: &'b Object<'_>) -> Result<(Content<'b>, Vec<Message<'b>>), Refusal> {
    let (system, mut turns) = cleaned(body)?;
    let (provider, model) = (rules.provider().name, &rules.settings.model);
    if !models::supports(provider, model, Capability::MidConversationSystem) {
        turns = system::convert(turns);
    }
    Ok((system, turns))
}

/// The same with system messages where the client put them.
///
/// # Errors
/// Where they are of a shape that cannot be read.
pub fn cleaned<'b>(body: &'b Object<'_>) -> Result<(Content<'b>, Vec<Message<'b>>), Refusal> {
    let refuse = |name: &str, error: &serde_json::Error| {
        Refusal::bad(format!(
            "`{name}` cannot be read as Anthropic's: {error}; send turns of strings or content blocks"
        ))
    };
    let system = body.given("system").map_or(Ok(Content::Nothing), serde_json::from_str);
    let system = system.map_err(|error| refuse("system", &error))?;
    let turns = serde_json::from_str(body.given("messages").unwrap_or("[]"));
    let mut turns: Vec<Message<'b>> = turns.map_err(|error| refuse("messages", &error))?;
    if turns.is_empty() {
        return Err(Refusal::bad("Bad Request: messages is required for Anthropic Messages Request"));
    }
    clean::clean(&mut turns);
    Ok((system, turns))
}

/// What is asked, as far as its name decides.
#[derive(Clone, Copy, Debug)]
struct Target {
    cache: CacheControl,
    is_claude: bool,
    is_bedrock: bool,
}

impl Target {
    fn of(rules: &Rules) -> Self {
        let name = format!("{}/{}", rules.provider().name, rules.settings.model).to_ascii_lowercase();
        let is_profile = name.contains("arn:") && name.contains(":bedrock:");
        let is_claude = name.contains("anthropic") || name.contains("claude") || is_profile;
        let reads_cache = is_claude || name.contains("gemini");
        let cache = if reads_cache { CacheControl::Kept } else { CacheControl::Dropped };
        Self { cache, is_claude, is_bedrock: name.starts_with("bedrock/") }
    }
}

fn set_tools(body: &Object<'_>, target: &Target, out: &mut Object<'_>) -> Result<Map<String, Value>, Refusal> {
    if let Some(choice) = body.given("tool_choice").filter(|text| *text != "{}") {
        out.set("tool_choice", raw(&tools::choice(choice)?));
    }
    let Some(given) = given_list(body, "tools") else { return Ok(Map::new()) };
    let tools = tools::tools(given, target.cache)?;
    if tools.searches_web {
        out.set("web_search_options", raw(&json!({})));
    }
    if !tools.tools.is_empty() {
        out.set("tools", raw(&tools.tools));
    }
    Ok(tools.names)
}

#[derive(Deserialize)]
struct Metadata<'a> {
    #[serde(default, borrow)]
    user_id: Option<Text<'a>>,
}

/// The user as the client names it; empty where it names none.
pub fn user_id<'b>(body: &'b Object<'_>) -> Option<Cow<'b, str>> {
    serde_json::from_str::<Metadata<'b>>(body.given("metadata")?).ok()?.user_id.map(|text| text.0)
}

#[derive(Deserialize)]
struct Session {
    session_id: String,
}

/// The conversation that Claude Code packs into the user's id: a key for the provider's cache.
pub fn cache_key(user_id: &str) -> Option<String> {
    let session: Session = serde_json::from_str(user_id).ok()?;
    Some(session.session_id.chars().take(CACHE_KEY_LETTERS_MAX).collect()).filter(|key: &String| !key.is_empty())
}

fn set_user(rules: &Rules, body: &Object<'_>, out: &mut Object<'_>) {
    let Some(user) = user_id(body) else { return };
    out.set("user", raw(&user));
    // What stands behind another gateway may not know the key.
    let takes_key = rules.supports("prompt_cache_key") && rules.provider().name != "litellm_proxy";
    if let Some(key) = cache_key(&user).filter(|_| takes_key && out.get("prompt_cache_key").is_none()) {
        out.set("prompt_cache_key", raw(&key));
    }
}

/// Claude takes `thinking` as it is; all others an effort.
fn set_thinking(rules: &Rules, body: &Object<'_>, target: &Target, out: &mut Object<'_>) {
    let Some(text) = body.given("thinking").filter(|text| *text != "{}") else { return };
    let config = value(body, "output_config");
    if target.is_claude {
        out.set_text("thinking", text.to_owned());
        if target.is_bedrock {
            return set_output_config(config, out);
        }
        if !rules.supports("reasoning_effort") {
            return;
        }
    }
    let Ok(thinking) = serde_json::from_str::<effort::Thinking<'_>>(text) else { return };
    let declared =
        config.as_ref().and_then(|config| config.get("effort")?.as_str()).filter(|_| thinking.kind() == "adaptive");
    let effort = match (declared, thinking.kind()) {
        (Some(declared), _) => declared,
        _ if target.is_claude => return,
        (None, "disabled") => "none",
        (None, "enabled") => effort::of_budget(thinking.budget_tokens),
        (None, "adaptive") => "medium",
        _ => return,
    };
    let effort = effort::lowered(effort, rules.provider().name, &rules.settings.model);
    let summary = thinking.summary.as_deref().filter(|summary| !summary.is_empty() && thinking.kind() != "disabled");
    match summary.filter(|_| rules.provider().name == "litellm_proxy" && !target.is_claude) {
        Some(summary) => out.set("reasoning_effort", raw(&json!({ "effort": effort, "summary": summary }))),
        None => out.set("reasoning_effort", raw(&effort)),
    }
}

/// The rest of `output_config` steers Claude's effort; its format has become the response format.
fn set_output_config(config: Option<Value>, out: &mut Object<'_>) {
    if let Some(Value::Object(mut fields)) = config {
        fields.remove("format");
        if !fields.is_empty() {
            out.set("output_config", raw(&fields));
        }
    }
}

/// A list that is not empty.
fn given_list<'b>(body: &'b Object<'_>, name: &str) -> Option<&'b str> {
    body.given(name).filter(|text| text.strip_prefix('[').is_none_or(|rest| !rest.trim_start().starts_with(']')))
}

/// A field, parsed; for those that are small and have to be looked into.
pub fn value(body: &Object<'_>, name: &str) -> Option<Value> {
    body.given(name).and_then(|text| serde_json::from_str(text).ok())
}
