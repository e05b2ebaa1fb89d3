//! A whole response as the answer of a chat: one choice, whatever the items. Knows no stream.

use serde_json::{Map, Value};

use super::item::{Item, Response};
use super::usage;
use crate::chat::{Choice, Completion, Reply, ToolCall};
use crate::dialect::Unreadable;

pub(super) fn answer(body: &[u8]) -> Result<Completion, Unreadable> {
    let response: Response<'_> = serde_json::from_slice(body).map_err(|error| Unreadable(error.to_string()))?;
    if let Some(error) = response.error.filter(|error| error.get() != "null") {
        return Err(Unreadable(format!("Error in response: {}", error.get())));
    }
    let cut_short = response.cut_short();
    let items = response.output.unwrap_or_default();
    let mut reply = reply(&items);
    let has_said = reply.content.is_some() || reply.tool_calls.is_some();
    if !has_said && cut_short.is_none() {
        return Err(Unreadable("the response has no message and no call".to_owned()));
    }
    let finish_reason = match (cut_short, &reply.tool_calls) {
        (Some(reason), _) => reason,
        (None, Some(_)) => "tool_calls",
        (None, None) => "stop",
    };
    if !has_said {
        reply.content = Some(String::new());
    }
    let choice = Choice { finish_reason: Some(finish_reason.to_owned()), message: reply, ..Choice::default() };
    let mut extra = Map::new();
    if let Some(tier) = response.service_tier {
        extra.insert("service_tier".to_owned(), tier.into());
    }
    Ok(Completion {
        id: response.id.unwrap_or_default().into_owned(),
        // Some gateways write it with a fraction.
        created: response.created_at.unwrap_or_default() as u64,
        object: "chat.completion".to_owned(),
        choices: vec![choice],
        usage: response.usage.map(usage::usage),
        extra,
        ..Completion::default()
    })
}

/// All items folded into one message: clients that read the first choice must see everything.
fn reply(items: &[Item<'_>]) -> Reply {
    let mut reply = Reply { role: "assistant".to_owned(), ..Reply::default() };
    let (mut calls, mut reasoning, mut reasoning_items) = (Vec::new(), Vec::new(), Vec::new());
    for item in items {
        match item.kind.as_ref() {
            "message" => add_message(item, &mut reply),
            "reasoning" => {
                reasoning.push(item.summary_text());
                reasoning_items.extend(item.reasoning());
            }
            "apply_patch_call" => {
                let operation = item.operation.as_ref().map(Value::to_string).unwrap_or_default();
                calls.push(ToolCall::function(item.call_id.as_deref().unwrap_or_default(), "apply_patch", operation));
            }
            _ if item.is_call() => {
                calls.push(ToolCall::function(item.call_id(), item.tool_name(), item.call_arguments()));
            }
            _ => {}
        }
    }
    reasoning.retain(|text| !text.is_empty());
    reply.reasoning_content = (!reasoning.is_empty()).then(|| reasoning.join(" "));
    reply.tool_calls = (!calls.is_empty()).then_some(calls);
    if !reasoning_items.is_empty() {
        reply.extra.insert("reasoning_items".to_owned(), reasoning_items.into());
    }
    reply
}

fn add_message(item: &Item<'_>, reply: &mut Reply) {
    for part in item.content.iter().flatten() {
        let content = reply.content.get_or_insert_default();
        let offset = content.chars().count();
        content.push_str(part.text.as_deref().unwrap_or_default());
        for annotation in part.annotations.iter().flatten() {
            reply.annotations.get_or_insert_default().push(shifted(annotation.clone(), offset));
        }
    }
}

/// Places in a part become places in the whole text.
fn shifted(mut annotation: Value, offset: usize) -> Value {
    for name in ["start_index", "end_index"] {
        if let Some(place) = annotation.get(name).and_then(Value::as_u64) {
            annotation[name] = place.saturating_add(offset as u64).into();
        }
    }
    annotation
}
