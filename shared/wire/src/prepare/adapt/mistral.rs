//! Mistral: its schema forbids what it does not know, so messages are rebuilt field by field.

use serde_json::{Map, Value, json};

use super::super::Refusal;
use super::super::call::Call;
use super::super::messages::{join_text, part_type, parts, role};
use super::super::supported::is_magistral;
use crate::json::raw;
use crate::models;

/// Schemas are cleaned no deeper (LiteLLM's `DEFAULT_MAX_RECURSE_DEPTH`).
const DEPTH_MAX: usize = 100;

/// The system prompt of Mistral's reasoning models, from the model card of Magistral Small 2506.
const REASONING_PROMPT: &str = include_str!("magistral.txt");

pub(super) fn parameters(call: &mut Call<'_, '_>) -> Result<(), Refusal> {
    let choice = call.body.get("tool_choice").map(str::to_owned);
    match choice.as_deref() {
        None | Some("\"auto\"" | "\"none\"") => {}
        Some(choice) if choice.starts_with('"') => call.set("tool_choice", &"any"),
        // A named tool cannot be demanded.
        Some(_) => {
            call.body.remove("tool_choice");
        }
    }
    call.rename("seed", "random_seed");
    clean_tools(call);
    call.body.remove("client_metadata");
    if is_magistral(&call.rules.settings.model) {
        call.adds_reasoning_prompt = call.body.get("reasoning_effort").is_some() || call.body.get("thinking").is_some();
        call.body.retain(|name, _| name != "reasoning_effort" && name != "thinking");
    } else {
        accept_effort(call);
    }
    Ok(())
}

/// The weakest effort of the map's list that is no weaker than the one asked for, else the strongest.
fn accept_effort(call: &mut Call<'_, '_>) {
    const LADDER: [&str; 6] = ["minimal", "low", "medium", "high", "xhigh", "max"];
    let step = |effort: &str| LADDER.iter().position(|known| *known == effort);
    let Some(asked) = call.body.string("reasoning_effort").map(|effort| effort.into_owned()) else { return };
    let Some(facts) = models::lookup(call.rules.provider().name, &call.rules.settings.model) else { return };
    let Some(wanted) = step(&asked).filter(|_| !facts.efforts().any(|effort| effort == asked)) else { return };
    let known = || facts.efforts().filter_map(step);
    let accepted = known().filter(|place| *place >= wanted).min().or_else(|| known().max());
    if let Some(place) = accepted {
        call.set("reasoning_effort", &LADDER[place]);
    }
}

fn clean_tools(call: &mut Call<'_, '_>) {
    let text = call.body.get("tools").filter(|text| text.contains("\"$id\"") || text.contains("\"$schema\""));
    let Some(Ok(mut tools)) = text.map(serde_json::from_str::<Vec<Value>>) else { return };
    tools.iter_mut().for_each(|tool| drop_references(tool, DEPTH_MAX));
    call.body.set("tools", raw(&tools));
}

fn drop_references(value: &mut Value, depth_left: usize) {
    let Some(depth_left) = depth_left.checked_sub(1) else { return };
    match value {
        Value::Object(fields) => {
            fields.shift_remove("$id");
            fields.shift_remove("$schema");
            fields.values_mut().for_each(|inner| drop_references(inner, depth_left));
        }
        Value::Array(items) => items.iter_mut().for_each(|inner| drop_references(inner, depth_left)),
        _ => {}
    }
}

pub(super) fn messages(call: &Call<'_, '_>, messages: &mut Vec<Value>) {
    if call.adds_reasoning_prompt {
        add_reasoning_prompt(messages);
    }
    for fields in messages.iter_mut().filter(|message| role(message) == "assistant").filter_map(Value::as_object_mut) {
        fields.shift_remove("reasoning_content");
        fields.shift_remove("thinking_blocks");
    }
    let has_media = |message: &Value| {
        parts(message).is_some_and(|parts| parts.iter().any(|part| matches!(part_type(part), "image_url" | "file")))
    };
    if messages.iter().any(has_media) {
        messages.iter_mut().for_each(name_files);
        return;
    }
    for message in messages.iter_mut() {
        join_text(message);
        if let Some(fields) = message.as_object_mut() {
            rebuild(fields);
        }
    }
    messages.retain(|message| !is_silent(message));
}

/// Names are for tool answers, tool calls have three fields, and nulls are forbidden.
fn rebuild(fields: &mut Map<String, Value>) {
    let is_tool = fields.get("role").and_then(Value::as_str) == Some("tool");
    let is_blank = fields.get("name").and_then(Value::as_str).is_some_and(|name| name.trim().is_empty());
    if !is_tool || is_blank {
        fields.shift_remove("name");
    }
    for call in fields.get_mut("tool_calls").and_then(Value::as_array_mut).into_iter().flatten() {
        *call = json!({"id": call.get("id"), "type": "function", "function": call.get("function")});
    }
    fields.retain(|_, value| !value.is_null());
}

/// A message that says nothing is refused, so it is left out.
fn is_silent(message: &Value) -> bool {
    const FIELDS: [&str; 8] = [
        "content",
        "name",
        "tool_calls",
        "function_call",
        "reasoning_content",
        "reasoning_items",
        "thinking_blocks",
        "cache_control",
    ];
    let is_empty = |name: &&str| match message.get(name) {
        None | Some(Value::Null) => true,
        Some(value) => *name == "content" && value == "",
    };
    FIELDS.iter().all(is_empty)
}

/// Files are named by their id alone.
fn name_files(message: &mut Value) {
    for part in message.get_mut("content").and_then(Value::as_array_mut).into_iter().flatten() {
        let id = part.get("file").and_then(|file| file.get("file_id")).filter(|id| id.is_string()).cloned();
        if let (Some(id), Some(fields)) = (id, part.as_object_mut().filter(|fields| fields.contains_key("file"))) {
            fields.shift_remove("file");
            fields.insert("file_id".to_owned(), id);
        }
    }
}

/// The prompt goes before the first system message, or is one.
fn add_reasoning_prompt(messages: &mut Vec<Value>) {
    let Some(system) = messages.iter_mut().find(|message| role(message) == "system") else {
        messages.insert(0, json!({"role": "system", "content": REASONING_PROMPT}));
        return;
    };
    let Some(fields) = system.as_object_mut() else { return };
    let content = match fields.get("content") {
        Some(Value::Array(parts)) => {
            let mut all = vec![json!({"type": "text", "text": format!("{REASONING_PROMPT}\n\n")})];
            all.extend(parts.iter().cloned());
            Value::from(all)
        }
        other => Value::from(format!("{REASONING_PROMPT}\n\n{}", other.and_then(Value::as_str).unwrap_or_default())),
    };
    fields.insert("content".to_owned(), content);
}
