//! DeepSeek: thinking is on or off, contents are strings, and tools are functions.

use serde_json::{Value, json};

use super::super::Refusal;
use super::super::call::Call;
use super::super::messages::{part_type, parts, role, text_of};
use super::small::{fill_reasoning, is_assistant};
use crate::models::Capability;

pub(super) fn parameters(call: &mut Call<'_, '_>) -> Result<(), Refusal> {
    let effort = call.body.remove("reasoning_effort");
    let thinking = call.body.remove("thinking").and_then(|text| serde_json::from_str::<Value>(&text).ok());
    let kind = thinking.as_ref().map(part_type).filter(|kind| matches!(*kind, "enabled" | "disabled"));
    let kind =
        kind.or_else(|| effort.as_deref().map(|effort| if effort == "\"none\"" { "disabled" } else { "enabled" }));
    if let Some(kind) = kind {
        call.set("thinking", &json!({"type": kind}));
    }
    keep_functions(call);
    Ok(())
}

/// Tools that are no functions are left out, and a choice that points to one of them.
fn keep_functions(call: &mut Call<'_, '_>) {
    let Some(Ok(tools)) = call.body.get("tools").map(serde_json::from_str::<Vec<Value>>) else { return };
    let functions: Vec<&Value> = tools.iter().filter(|tool| part_type(tool) == "function").collect();
    if functions.len() == tools.len() {
        return;
    }
    if functions.is_empty() {
        call.body.retain(|name, _| !matches!(name, "tools" | "tool_choice" | "parallel_tool_calls"));
        return;
    }
    let choice = call.body.get("tool_choice").and_then(|text| serde_json::from_str::<Value>(text).ok());
    let name = |value: &Value| value.get("function")?.get("name").cloned();
    let is_dangling = choice.as_ref().filter(|choice| choice.is_object()).is_some_and(|choice| {
        let wanted = name(choice);
        part_type(choice) != "function" || wanted.is_none() || !functions.iter().any(|tool| name(tool) == wanted)
    });
    if is_dangling {
        call.body.remove("tool_choice");
    }
    call.set("tools", &functions);
}

/// Whether this request thinks: the model can, and the request says so.
pub(super) fn thinks(call: &Call<'_, '_>) -> bool {
    call.body.get("thinking").is_some_and(|text| text.contains("\"enabled\"")) && call.rules.can(Capability::Reasoning)
}

pub(super) fn messages(call: &Call<'_, '_>, messages: &mut [Value]) {
    let sees = call.rules.can(Capability::Vision);
    for message in messages.iter_mut() {
        if sees && role(message) == "user" && shows_image(message) {
            continue;
        }
        let text = text_of(message);
        if let Some(fields) = message.as_object_mut().filter(|_| !text.is_empty()) {
            fields.insert("content".to_owned(), Value::from(text));
        }
    }
    // A thinking model wants its own thoughts back on every turn; a space is the least it accepts.
    if thinks(call) {
        messages.iter_mut().filter(|message| is_assistant(message)).for_each(fill_reasoning);
    }
}

/// Text and images only, and at least one image.
fn shows_image(message: &Value) -> bool {
    let is_sound = |part: &Value| match part_type(part) {
        "text" => part.get("text").is_some_and(Value::is_string),
        "image_url" => part.get("image_url").is_some_and(|image| image.is_string() || image.get("url").is_some()),
        _ => false,
    };
    parts(message)
        .is_some_and(|parts| parts.iter().all(is_sound) && parts.iter().any(|part| part_type(part) == "image_url"))
}
