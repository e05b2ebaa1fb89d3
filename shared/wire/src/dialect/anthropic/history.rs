//! The history of a request in Anthropic's own form: rewritten where a host refuses something in it.
//!
//! Parsed only if a cheap look at the text finds something to rewrite. Knows no tool and no parameter.

use memchr::memmem;
use serde_json::{Value, json};

use super::ability::{self, Ability};
use super::host::Host;
use super::system::NOTE;
use super::thinking::Subject;
use crate::prepare::Call;

const BILLING: &str = "x-anthropic-billing-header:";
const FOREIGN_SIGNATURE: &str = "litellm_encrypted_reasoning:";

/// Rewrites `messages` and `system`, if anything in them calls for it.
pub(super) fn prepare(call: &mut Call<'_, '_>, subject: Subject<'_>) {
    let text = call.body.given("messages").unwrap_or_default();
    let has = |needle: &str| memmem::find(text.as_bytes(), needle.as_bytes()).is_some();
    let is_cloud = subject.host != Host::Anthropic;
    let keeps_advisor = call.body.given("tools").is_some_and(|tools| tools.contains("\"advisor_20260301\""));
    let has_advisor = !keeps_advisor && has("\"advisor\"");
    let has_foreign = has(FOREIGN_SIGNATURE);
    let has_marks = is_cloud && has("\"cache_control\"") && (has("\"scope\"") || has("\"ttl\""));
    let has_system = is_cloud && has("\"system\"");
    if has_advisor || has_foreign || has_marks || has_system {
        let Ok(mut messages) = serde_json::from_str::<Vec<Value>>(text) else { return };
        if has_advisor {
            messages.iter_mut().for_each(strip_advisor);
        }
        if has_foreign {
            messages.iter_mut().for_each(strip_foreign);
        }
        if has_marks {
            messages.iter_mut().for_each(|message| plain_marks(&mut message["content"], subject));
        }
        if has_system {
            place_system(call, subject, &mut messages);
        }
        call.set("messages", &messages);
    }
    if is_cloud {
        clean_system(call, subject);
        clean_tools(call, subject);
    }
}

fn blocks(message: &mut Value) -> Option<&mut Vec<Value>> {
    message.get_mut("content").and_then(Value::as_array_mut)
}

/// The advisor's turns are refused without its tool.
fn strip_advisor(message: &mut Value) {
    if message["role"] != "assistant" {
        return;
    }
    let Some(blocks) = blocks(message) else { return };
    blocks.retain(|block| {
        let is_use = block["type"] == "server_tool_use" && block["name"] == "advisor";
        !is_use && block["type"] != "advisor_tool_result"
    });
}

/// Thoughts of other providers cannot be verified here.
fn strip_foreign(message: &mut Value) {
    let is_foreign =
        |block: &Value, name: &str| block[name].as_str().is_some_and(|text| text.starts_with(FOREIGN_SIGNATURE));
    let Some(blocks) = blocks(message) else { return };
    blocks.retain(|block| match block["type"].as_str() {
        Some("thinking") => !is_foreign(block, "signature"),
        Some("redacted_thinking") => !is_foreign(block, "data"),
        _ => true,
    });
}

/// Clouds know no `scope` of a cache, and Bedrock's older models no `ttl`.
fn plain_marks(content: &mut Value, subject: Subject<'_>) {
    for block in content.as_array_mut().into_iter().flatten() {
        plain_mark(block, subject);
    }
}

fn plain_mark(block: &mut Value, subject: Subject<'_>) {
    let Some(mark) = block.get_mut("cache_control").and_then(Value::as_object_mut) else { return };
    mark.shift_remove("scope");
    if subject.host != Host::Bedrock {
        return;
    }
    let is_known = matches!(mark.get("ttl").and_then(Value::as_str), Some("5m" | "1h"));
    if !(is_known && ability::caches_for_an_hour(subject.model)) {
        mark.shift_remove("ttl");
    }
}

/// Leading system messages join the system prompt; later ones stay or become the user's.
fn place_system(call: &mut Call<'_, '_>, subject: Subject<'_>, messages: &mut Vec<Value>) {
    let is_system = |message: &Value| message["role"] == "system";
    let leading = messages.iter().take_while(|message| is_system(message)).count();
    let hoisted: Vec<Value> = messages.drain(..leading).collect();
    if !hoisted.is_empty() {
        let own = call.body.given("system").and_then(|text| serde_json::from_str::<Value>(text).ok());
        let contents = hoisted.into_iter().map(|mut message| message["content"].take());
        let prompt: Vec<Value> = own.into_iter().chain(contents).flat_map(as_blocks).collect();
        call.set("system", &prompt);
    }
    if !messages.iter().any(is_system) || subject.can(Ability::MidConversationSystem) {
        return;
    }
    let mut placed = Vec::with_capacity(messages.len());
    let mut waiting: Vec<Value> = Vec::new();
    for mut message in messages.drain(..) {
        if is_system(&message) {
            let content: Vec<Value> =
                as_blocks(NOTE.into()).into_iter().chain(as_blocks(message["content"].take())).collect();
            waiting.push(json!({"role": "user", "content": content}));
            continue;
        }
        // A result has to follow its call.
        let is_result =
            message["role"] == "user" && message.pointer("/content/0/type").is_some_and(|kind| kind == "tool_result");
        if is_result {
            placed.push(message);
            placed.append(&mut waiting);
        } else {
            placed.append(&mut waiting);
            placed.push(message);
        }
    }
    placed.append(&mut waiting);
    *messages = placed;
}

fn as_blocks(content: Value) -> Vec<Value> {
    match content {
        Value::Null => Vec::new(),
        Value::Array(blocks) => blocks,
        Value::String(text) => vec![json!({"type": "text", "text": text})],
        other => vec![other],
    }
}

/// Lines that Claude Code adds for Anthropic's bookkeeping are refused by others.
fn clean_system(call: &mut Call<'_, '_>, subject: Subject<'_>) {
    let Some(Ok(mut system)) = call.body.given("system").map(serde_json::from_str::<Value>) else { return };
    let before = system.clone();
    let is_billing = |text: &Value| text.as_str().is_some_and(|text| text.starts_with(BILLING));
    if is_billing(&system) {
        system = Value::Null;
    }
    if let Some(blocks) = system.as_array_mut() {
        blocks.retain(|block| !(block["type"] == "text" && is_billing(&block["text"])));
    }
    plain_marks(&mut system, subject);
    let is_empty = system.is_null() || system.as_array().is_some_and(Vec::is_empty);
    if is_empty {
        call.body.remove("system");
    } else if system != before {
        call.set("system", &system);
    }
}

fn clean_tools(call: &mut Call<'_, '_>, subject: Subject<'_>) {
    let Some(text) = call.body.given("tools").filter(|_| subject.host == Host::Bedrock) else { return };
    if !text.contains("\"cache_control\"") {
        return;
    }
    let Ok(mut tools) = serde_json::from_str::<Value>(text) else { return };
    plain_marks(&mut tools, subject);
    call.set("tools", &tools);
}
