//! Providers with one quirk each, and what several of them share.

use serde_json::{Value, json};

use super::super::Refusal;
use super::super::call::Call;
use super::super::messages::{part_type, remove_everywhere, role};
use crate::models::Capability;

pub(super) fn is_assistant(message: &Value) -> bool {
    role(message) == "assistant"
}

/// Fields that LiteLLM and this gateway add to answers, and clients send back.
const INTERNAL: [&str; 2] = ["thinking_blocks", "provider_specific_fields"];

pub(super) fn drop_internal_fields(messages: &mut [Value]) {
    for message in messages.iter_mut().filter(|message| is_assistant(message)) {
        if let Some(fields) = message.as_object_mut() {
            fields.retain(|name, _| !INTERNAL.contains(&name.as_str()));
        }
    }
}

pub(super) fn drop_nulls_of_assistant(messages: &mut [Value]) {
    for message in messages.iter_mut().filter(|message| is_assistant(message)) {
        if let Some(fields) = message.as_object_mut() {
            fields.retain(|_, value| !value.is_null());
        }
    }
}

/// Names are for user messages alone.
pub(super) fn drop_names(messages: &mut [Value]) {
    for message in messages.iter_mut().filter(|message| role(message) != "user") {
        if let Some(fields) = message.as_object_mut() {
            fields.shift_remove("name");
        }
    }
}

/// Gives an assistant message its thoughts back, from where the gateway stored them, else a space.
pub(super) fn fill_reasoning(message: &mut Value) {
    let Some(fields) = message.as_object_mut() else { return };
    let is_filled = |value: Option<&Value>| value.and_then(Value::as_str).is_some_and(|text| !text.is_empty());
    if is_filled(fields.get("reasoning_content")) {
        return;
    }
    let stored = fields.get_mut("provider_specific_fields").and_then(Value::as_object_mut);
    let thoughts = stored.and_then(|stored| stored.shift_remove("reasoning_content"));
    let thoughts = thoughts.filter(|thoughts| is_filled(Some(thoughts))).unwrap_or_else(|| Value::from(" "));
    fields.insert("reasoning_content".to_owned(), thoughts);
}

/// xAI knows no strict tools, and no web search on this endpoint any more.
pub(super) fn xai(call: &mut Call<'_, '_>) -> Result<(), Refusal> {
    call.body.remove("web_search_options");
    let strict = call.body.get("tools").filter(|text| text.contains("\"strict\""));
    if let Some(Ok(mut tools)) = strict.map(serde_json::from_str::<Vec<Value>>) {
        tools.iter_mut().for_each(|tool| remove_everywhere(tool, "strict"));
        call.set("tools", &tools);
    }
    Ok(())
}

/// Values of `thinking` that Volcengine does not know are left out.
pub(super) fn volcengine(call: &mut Call<'_, '_>) -> Result<(), Refusal> {
    let thinking = call.body.get("thinking").and_then(|text| serde_json::from_str::<Value>(text).ok());
    let is_known = thinking.as_ref().is_some_and(|value| matches!(part_type(value), "enabled" | "disabled" | "auto"));
    if !is_known {
        call.body.remove("thinking");
    }
    Ok(())
}

/// TokenHub has `thinking` alone; some of its models adapt it themselves.
pub(super) fn tencent(call: &mut Call<'_, '_>) -> Result<(), Refusal> {
    let effort = call.body.remove("reasoning_effort");
    let thinking = call.body.remove("thinking").and_then(|text| serde_json::from_str::<Value>(&text).ok());
    let by_effort = || {
        let effort = effort.as_deref().and_then(crate::json::parse_string)?;
        Some(json!({"type": if effort == "none" { "disabled" } else { "enabled" }}))
    };
    let Some(mut thinking) = thinking.filter(Value::is_object).or_else(by_effort) else { return Ok(()) };
    if part_type(&thinking) == "enabled" && call.rules.can(Capability::AdaptiveThinking) {
        let budget = thinking.get("budget_tokens").filter(|budget| budget.is_i64()).cloned();
        thinking = json!({"type": "adaptive"});
        if let (Some(budget), Some(fields)) = (budget, thinking.as_object_mut()) {
            fields.insert("budget_tokens".to_owned(), budget);
        }
    }
    call.set("thinking", &thinking);
    Ok(())
}

/// Llama's own endpoint knows schemas, but no other format.
pub(super) fn meta_llama(call: &mut Call<'_, '_>) -> Result<(), Refusal> {
    let format = call.body.get("response_format").and_then(|text| serde_json::from_str::<Value>(text).ok());
    if format.is_some_and(|format| part_type(&format) != "json_schema") {
        call.body.remove("response_format");
    }
    Ok(())
}

/// A schema that stands beside `type` is put where OpenAI has it.
pub(super) fn lm_studio(call: &mut Call<'_, '_>) -> Result<(), Refusal> {
    let format = call.body.get("response_format").and_then(|text| serde_json::from_str::<Value>(text).ok());
    let Some(format) = format.filter(|format| part_type(format) == "json_schema") else { return Ok(()) };
    if let (None, Some(schema)) = (format.get("json_schema"), format.get("schema")) {
        call.set("response_format", &json!({"type": "json_schema", "json_schema": {"schema": schema}}));
    }
    Ok(())
}

/// SCX stays below a temperature of 2.
pub(super) fn scx_ai(call: &mut Call<'_, '_>) -> Result<(), Refusal> {
    const TEMPERATURE_MAX: f64 = 1.99;
    let is_hot = call
        .body
        .get("temperature")
        .is_some_and(|text| text.parse::<f64>().is_ok_and(|number| number > TEMPERATURE_MAX));
    if is_hot {
        call.set("temperature", &TEMPERATURE_MAX);
    }
    Ok(())
}
