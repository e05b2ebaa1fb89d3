//! A chat's answer as a response: its items, its status, and what of the request it repeats. Knows no stream.

use serde_json::{Map, Value, json};

use super::request::tool_choice;
use super::tools::{Called, Names};
use super::{own_id, shown, usage};
use crate::answer::Answer;
use crate::chat::{self, Choice, Completion, Reply};
use crate::client::Wanted;
use crate::dialect::{Context, Stamp};
use crate::generated::Generated;
use crate::prepare::is_signed;
use crate::usage::Usage;

pub(super) fn answer(context: &Context, wanted: &Wanted, completion: &Completion) -> Answer {
    let counted = completion.usage.clone();
    let usage = match &counted {
        Some(counted) => Usage::of_chat(counted),
        None => wanted.estimator.usage(&generated(completion)),
    };
    let shown_usage = counted.unwrap_or_else(|| chat::Usage {
        prompt_tokens: usage.prompt_tokens,
        completion_tokens: usage.completion_tokens,
        total_tokens: usage.total_tokens,
        ..chat::Usage::default()
    });
    let mut stamp = context.stamp.clone();
    let head = Head {
        id: shown(context.ids.as_ref(), &own_id(context)),
        created_s: if completion.created == 0 { context.stamp.created_s } else { completion.created },
        model: &wanted.model,
    };
    let output = items(&completion.choices, &wanted.echo, &mut stamp);
    let finish_reason = completion.choices.first().and_then(|choice| choice.finish_reason.as_deref());
    let mut body = response(&head, &wanted.echo, Ended { finish_reason, output, usage: &shown_usage });
    // Of whole answers LiteLLM shows these fields of Claude's alone.
    let own = completion.choices.first().and_then(|choice| choice.message.provider_specific_fields.as_ref());
    if let Some(own) = own.filter(|own| own.contains_key("thinking_blocks") || own.contains_key("citations")) {
        body["provider_specific_fields"] = own.clone().into();
    }
    Answer { body: body.to_string().into_bytes(), usage }
}

fn generated(completion: &Completion) -> Generated {
    let mut generated = Generated::default();
    for message in completion.choices.iter().map(|choice| &choice.message) {
        generated.content.add(message.content.as_deref().unwrap_or_default());
        generated.reasoning.add(message.reasoning_content.as_deref().unwrap_or_default());
        for call in message.tool_calls.iter().flatten() {
            generated.content.add(&call.function.arguments);
        }
    }
    generated
}

/// Who answers, and when.
pub(super) struct Head<'a> {
    pub id: String,
    pub created_s: u64,
    pub model: &'a str,
}

/// What the answer came to.
pub(super) struct Ended<'a> {
    pub finish_reason: Option<&'a str>,
    pub output: Vec<Value>,
    pub usage: &'a chat::Usage,
}

/// The response as it ended.
pub(super) fn response(head: &Head<'_>, echo: &Map<String, Value>, ended: Ended<'_>) -> Value {
    let given = |name: &str| echo.get(name).cloned().unwrap_or_default();
    let or = |name: &str, default: Value| echo.get(name).cloned().unwrap_or(default);
    json!({
        "id": head.id,
        "object": "response",
        "created_at": head.created_s,
        "status": status(ended.finish_reason),
        "error": null,
        "incomplete_details": incomplete(&ended, echo),
        "instructions": given("instructions"),
        "max_output_tokens": given("max_output_tokens"),
        "metadata": or("metadata", json!({})),
        "model": head.model,
        "output": ended.output,
        "parallel_tool_calls": or("parallel_tool_calls", false.into()),
        "previous_response_id": given("previous_response_id"),
        "reasoning": given("reasoning"),
        "store": given("store"),
        "temperature": given("temperature"),
        "text": or("text", json!({})),
        "tool_choice": shown_choice(echo),
        "tools": or("tools", json!([])),
        "top_p": given("top_p"),
        "truncation": given("truncation"),
        "usage": usage::usage(ended.usage),
        "user": given("user"),
    })
}

/// The choice in this format; one that is only a chat's is rewritten.
pub(super) fn shown_choice(echo: &Map<String, Value>) -> Value {
    let Some(choice) = echo.get("tool_choice") else { return "auto".into() };
    let is_nested = choice.get("function").is_some() || choice.get("custom").is_some();
    if !is_nested {
        return choice.clone();
    }
    let kind = choice.get("type").cloned().unwrap_or_default();
    match tool_choice(choice.clone()) {
        Value::String(word) => word.into(),
        chat => json!({ "type": kind, "name": chat["function"]["name"] }),
    }
}

pub(super) fn status(finish_reason: Option<&str>) -> &'static str {
    match finish_reason {
        None | Some("length" | "content_filter" | "refusal") => "incomplete",
        _ => "completed",
    }
}

fn incomplete(ended: &Ended<'_>, echo: &Map<String, Value>) -> Value {
    let limit = echo.get("max_output_tokens").and_then(Value::as_u64);
    let reason = match ended.finish_reason {
        Some("length") => "max_output_tokens",
        Some("content_filter" | "refusal") => "content_filter",
        None if limit.is_some_and(|limit| ended.usage.completion_tokens >= limit) => "max_output_tokens",
        _ => return Value::Null,
    };
    json!({ "reason": reason })
}

/// The items: reasoning, messages and pictures, calls.
pub(super) fn items(choices: &[Choice], echo: &Map<String, Value>, stamp: &mut Stamp) -> Vec<Value> {
    let mut items: Vec<Value> = choices.iter().find_map(|choice| reasoning(choice, stamp)).into_iter().collect();
    for choice in choices {
        add_message(choice, stamp, &mut items);
    }
    let names = Names::of(echo.get("tools").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default());
    for choice in choices {
        for call in choice.message.tool_calls.iter().flatten() {
            let (name, arguments) = (&call.function.name, &call.function.arguments);
            let called = Called { id: &call.id, name, arguments, is_completed: true };
            let mut item = names.item(&called);
            if let Some(own) = &call.provider_specific_fields {
                item["provider_specific_fields"] = own.clone().into();
            }
            items.push(item);
        }
    }
    items
}

/// A new id of an item, in the form of a random UUID.
pub(super) fn item_id(prefix: &str, stamp: &mut Stamp) -> String {
    let hex = stamp.next_hex(32);
    let (a, b, c, d, e) = (&hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..32]);
    format!("{prefix}{a}-{b}-4{c}-8{d}-{e}")
}

fn reasoning(choice: &Choice, stamp: &mut Stamp) -> Option<Value> {
    let message = &choice.message;
    let text = message.reasoning_content.as_deref().unwrap_or_default();
    let encrypted = signed_text(message);
    if text.is_empty() && encrypted.is_none() {
        return None;
    }
    let content =
        if text.is_empty() { json!([]) } else { json!([{ "type": "output_text", "text": text, "annotations": [] }]) };
    let mut item = json!({
        "type": "reasoning",
        "id": item_id("rs_", stamp),
        "status": status(choice.finish_reason.as_deref()),
        "role": "assistant",
        "summary": [],
        "content": content,
    });
    if let Some(encrypted) = encrypted {
        item["encrypted_content"] = encrypted.into();
    }
    Some(item)
}

/// Blocks whose maker can check them, to be brought back by the next turn.
fn signed_text(message: &Reply) -> Option<String> {
    let signed: Vec<&Value> = message.thinking_blocks.iter().flatten().filter(|block| is_signed(block)).collect();
    (!signed.is_empty()).then(|| serde_json::to_string(&signed).unwrap_or_default())
}

fn add_message(choice: &Choice, stamp: &mut Stamp, items: &mut Vec<Value>) {
    let message = &choice.message;
    let images = message.images.as_deref().unwrap_or_default();
    for image in images {
        let address = image.pointer("/image_url/url").and_then(Value::as_str).unwrap_or_default();
        let data =
            if address.starts_with("data:") { address.split_once(',').map(|(_, data)| data) } else { Some(address) };
        if let Some(data) = data.filter(|data| !data.is_empty()) {
            let status = match choice.finish_reason.as_deref() {
                Some("length") => "incomplete",
                Some("content_filter" | "error") => "failed",
                _ => "completed",
            };
            let id = item_id("ig_", stamp);
            items.push(json!({ "type": "image_generation_call", "id": id, "status": status, "result": data }));
        }
    }
    let Some(text) = message.content.as_deref().filter(|_| images.is_empty()) else { return };
    items.push(json!({
        "type": "message",
        "id": item_id("msg_", stamp),
        "status": status(choice.finish_reason.as_deref()),
        "role": if message.role.is_empty() { "assistant" } else { message.role.as_str() },
        "content": [{ "type": "output_text", "text": text, "annotations": annotations(message.annotations.as_deref()) }],
    }));
}

/// Citations of addresses without the level that a chat puts them on.
pub(super) fn annotations(given: Option<&[Value]>) -> Vec<Value> {
    let cited = given.unwrap_or_default().iter().filter(|one| one["type"] == "url_citation");
    let flat = cited.filter_map(|one| {
        let citation = one.get("url_citation")?;
        let field = |name: &str| citation.get(name).cloned().unwrap_or_default();
        Some(json!({
            "type": "url_citation",
            "start_index": field("start_index"),
            "end_index": field("end_index"),
            "url": field("url"),
            "title": field("title"),
        }))
    });
    flat.collect()
}

/// The response before it says anything.
pub(super) fn started(id: &str, context: &Context, echo: &Map<String, Value>) -> Value {
    let given = |name: &str| echo.get(name).cloned().unwrap_or_default();
    json!({
        "id": id,
        "object": "response",
        "created_at": context.stamp.created_s,
        "status": "in_progress",
        "error": null,
        "incomplete_details": null,
        "instructions": given("instructions"),
        "max_output_tokens": null,
        "metadata": given("metadata"),
        "model": context.model,
        "output": [],
        "parallel_tool_calls": true,
        "previous_response_id": null,
        "reasoning": { "effort": null, "summary": null },
        "store": true,
        "temperature": given("temperature"),
        "text": given("text"),
        "tool_choice": shown_choice(echo),
        "tools": echo.get("tools").cloned().unwrap_or_else(|| json!([])),
        "top_p": echo.get("top_p").cloned().unwrap_or_else(|| json!(1.0)),
        "truncation": given("truncation"),
        "usage": null,
        "user": given("user"),
    })
}

/// Adds a piece of a block of thinking: pieces belong together until the signature.
pub(super) fn add_block(blocks: &mut Vec<Value>, piece: &Value) {
    let is_open = |block: &Value| block["type"] == "thinking" && block.get("signature").is_none_or(Value::is_null);
    let text = piece.get("thinking").and_then(Value::as_str).unwrap_or_default();
    match blocks.last_mut().filter(|last| is_open(last) && piece["type"] == "thinking") {
        Some(last) => {
            let joined = format!("{}{text}", last["thinking"].as_str().unwrap_or_default());
            last["thinking"] = joined.into();
            if let Some(signature) = piece.get("signature").filter(|signature| !signature.is_null()) {
                last["signature"] = signature.clone();
            }
        }
        None => blocks.push(piece.clone()),
    }
}
