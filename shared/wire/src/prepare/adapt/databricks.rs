//! Databricks: Claude behind OpenAI's wire keeps Anthropic's ideas of thinking and of empty text.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use super::super::call::Call;
use super::super::messages::{part_type, role};
use super::super::rules::Rules;
use super::super::{JSON_TOOL, Refusal};
use super::azure::{ForcedTool, schema_of};
use crate::models::{self, Capability};
use crate::python;

/// Added to a thinking budget where the request has no limit (LiteLLM's `DEFAULT_MAX_TOKENS`).
const TOKENS_BESIDE_THINKING: u64 = 4096;
/// LiteLLM's `DEFAULT_REASONING_EFFORT_…_THINKING_BUDGET`.
const BUDGETS: [(&str, u64); 6] =
    [("minimal", 1024), ("low", 1024), ("medium", 2048), ("high", 4096), ("xhigh", 8192), ("max", 16384)];

fn is_claude(rules: &Rules) -> bool {
    rules.settings.model.contains("claude")
}

fn takes_thinking(rules: &Rules) -> bool {
    let name = rules.settings.model.to_ascii_lowercase().replace('.', "-");
    name.contains("claude") || models::supports("databricks", &name, Capability::AnthropicThinkingPayload)
}

pub(super) fn parameters(call: &mut Call<'_, '_>) -> Result<(), Refusal> {
    let had_limit = call.body.get("max_tokens").is_some() || call.body.get("max_completion_tokens").is_some();
    let forced = if thinks_or_must(call) { ForcedTool::Offered } else { ForcedTool::Chosen };
    if is_claude(call.rules) {
        rebuild_tools(call);
        schema_as_tool(call, forced);
        adapt_thinking(call);
    }
    if takes_thinking(call.rules) {
        effort_as_thinking(call)?;
    }
    if !had_limit && thinks_or_must(call) {
        let budget = thinking(call).and_then(|thinking| thinking.get("budget_tokens").and_then(Value::as_u64));
        if let Some(budget) = budget {
            call.set("max_tokens", &(budget + TOKENS_BESIDE_THINKING));
        }
    }
    Ok(())
}

fn thinking(call: &Call<'_, '_>) -> Option<Value> {
    call.body.get("thinking").and_then(|text| serde_json::from_str(text).ok())
}

fn thinks(call: &Call<'_, '_>) -> bool {
    thinking(call).is_some_and(|thinking| thinking.get("type").and_then(Value::as_str) == Some("enabled"))
}

/// Models that think as much as they see fit are given an effort instead of a budget.
fn adapt_thinking(call: &mut Call<'_, '_>) {
    let is_adaptive = call.rules.can(Capability::AdaptiveThinking) && !call.rules.can(Capability::LegacyThinking);
    if !is_adaptive || !thinks(call) {
        return;
    }
    let budget = thinking(call).and_then(|thinking| thinking.get("budget_tokens")?.as_u64()).unwrap_or_default();
    let effort = match budget {
        4096.. => "high",
        2048.. => "medium",
        _ => "low",
    };
    call.set("thinking", &json!({"type": "adaptive"}));
    call.set("output_config", &json!({"effort": effort}));
}

fn thinks_or_must(call: &Call<'_, '_>) -> bool {
    thinks(call) || call.body.get("reasoning_effort").is_some()
}

/// Claude's tools pass through Anthropic's form, which keeps name, description and schema alone.
fn rebuild_tools(call: &mut Call<'_, '_>) {
    let Some(Ok(tools)) = call.body.get("tools").map(serde_json::from_str::<Vec<Value>>) else { return };
    let rebuilt: Vec<Value> = tools.iter().map(rebuild).collect();
    call.set("tools", &rebuilt);
}

fn rebuild(tool: &Value) -> Value {
    let Some(function) = tool.get("function").filter(|_| part_type(tool) == "function") else { return tool.clone() };
    let empty = || json!({"type": "object", "properties": {}});
    let mut rebuilt = Map::new();
    rebuilt.insert("name".to_owned(), function.get("name").cloned().unwrap_or_default());
    let parameters = function.get("parameters").and_then(Value::as_object);
    rebuilt.insert("parameters".to_owned(), parameters.map_or_else(empty, input_schema));
    if let Some(description) = function.get("description") {
        rebuilt.insert("description".to_owned(), description.clone());
    }
    json!({"type": "function", "function": rebuilt})
}

/// What Anthropic reads of a schema at its top.
fn input_schema(schema: &Map<String, Value>) -> Value {
    const READ: [&str; 6] = ["type", "properties", "additionalProperties", "required", "$defs", "strict"];
    let mut input = schema.clone();
    input.retain(|name, _| READ.contains(&name.as_str()));
    if !input.contains_key("type") {
        input.insert("type".to_owned(), Value::from("object"));
    }
    Value::Object(input)
}

/// Claude has no `response_format` here: a schema becomes a tool, which is forced unless the model thinks.
fn schema_as_tool(call: &mut Call<'_, '_>, forced: ForcedTool) {
    let Some(Ok(format)) = call.body.remove("response_format").map(|text| serde_json::from_str::<Value>(&text)) else {
        return;
    };
    let Some(Value::Object(schema)) = schema_of(&format).filter(|_| part_type(&format) != "text") else {
        return;
    };
    let mut input = Map::new();
    input.insert("type".to_owned(), Value::from("object"));
    input.extend(schema.clone());
    let mut tools: Vec<Value> =
        call.body.get("tools").and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    tools.push(json!({"type": "function", "function": {"name": JSON_TOOL, "parameters": input}}));
    call.set("tools", &tools);
    call.prepared.json_tool = true;
    if forced == ForcedTool::Chosen {
        call.set("tool_choice", &json!({"type": "function", "function": {"name": JSON_TOOL}}));
    }
}

fn effort_as_thinking(call: &mut Call<'_, '_>) -> Result<(), Refusal> {
    let Some(text) = call.body.remove("reasoning_effort") else { return Ok(()) };
    let effort = crate::json::parse_string(&text).map(Cow::into_owned).unwrap_or_default();
    if effort == "none" {
        call.body.remove("thinking");
        return Ok(());
    }
    let Some((_, budget)) = BUDGETS.iter().find(|(name, _)| *name == effort) else { return Err(unmapped(call, &text)) };
    if call.rules.can(Capability::AdaptiveThinking) {
        call.set("thinking", &json!({"type": "adaptive", "display": "summarized"}));
        let effort = if effort == "minimal" { "low" } else { effort.as_str() };
        call.set("output_config", &json!({"effort": effort}));
    } else {
        call.set("thinking", &json!({"type": "enabled", "budget_tokens": budget}));
    }
    Ok(())
}

fn unmapped(call: &Call<'_, '_>, text: &str) -> Refusal {
    const EFFORTS: &str = "'minimal', 'low', 'medium', 'high', 'xhigh', 'max', 'none'";
    let value = python::repr(&serde_json::from_str::<Value>(text).unwrap_or_default());
    Refusal::bad(match call.rules.can(Capability::AdaptiveThinking) {
        true => format!("Invalid reasoning_effort: {value}. Must be one of: {EFFORTS}"),
        false => format!("Unmapped reasoning effort: {value}. Must be one of: {EFFORTS}."),
    })
}

pub(super) fn messages(rules: &Rules, messages: &mut Vec<Value>) {
    for message in messages.iter_mut() {
        if role(message) != "user" {
            remove(message, "name");
        }
        for name in ["thinking_blocks", "reasoning_content", "provider_specific_fields"] {
            remove(message, name);
        }
        move_mark(message);
        drop_empty_text(message);
    }
    messages.retain(|message| !is_bare_assistant(message));
    if !is_claude(rules) {
        messages.iter_mut().for_each(collapse_single_text);
        *messages = split_parallel_calls(merge_systems(std::mem::take(messages)));
    }
}

fn remove(message: &mut Value, name: &str) {
    if let Some(fields) = message.as_object_mut() {
        fields.shift_remove(name);
    }
}

/// A mark beside a text moves into it: Anthropic knows marks on parts only.
fn move_mark(message: &mut Value) {
    let Some(fields) = message.as_object_mut() else { return };
    let Some(Value::String(text)) = fields.get("content") else { return };
    let text = text.clone();
    if let Some(mark) = fields.shift_remove("cache_control") {
        fields.insert("content".to_owned(), json!([{"type": "text", "text": text, "cache_control": mark}]));
    }
}

fn drop_empty_text(message: &mut Value) {
    let Some(fields) = message.as_object_mut() else { return };
    let is_empty_text = |part: &Value| {
        part_type(part) == "text" && part.get("text").and_then(Value::as_str).unwrap_or_default().trim().is_empty()
    };
    let is_empty = match fields.get_mut("content") {
        Some(Value::String(text)) => text.trim().is_empty(),
        Some(Value::Array(parts)) => {
            parts.retain(|part| !is_empty_text(part));
            parts.is_empty()
        }
        Some(Value::Null) => true,
        _ => false,
    };
    if is_empty {
        fields.shift_remove("content");
    }
}

fn is_bare_assistant(message: &Value) -> bool {
    let is_set = |name: &str| match message.get(name) {
        None | Some(Value::Null) => false,
        Some(Value::Array(list)) => !list.is_empty(),
        Some(_) => true,
    };
    role(message) == "assistant" && !["content", "tool_calls", "function_call"].into_iter().any(is_set)
}

/// A single text part is sent as a string: checks of other models read nothing else.
fn collapse_single_text(message: &mut Value) {
    let Some(content) = message.get_mut("content") else { return };
    if let Some([Value::Object(part)]) = content.as_array().map(Vec::as_slice)
        && part.len() == 2
        && part.get("type").and_then(Value::as_str) == Some("text")
        && let Some(text @ Value::String(_)) = part.get("text").cloned()
    {
        *content = text;
    }
}

/// Neighbouring system messages become one.
fn merge_systems(messages: Vec<Value>) -> Vec<Value> {
    let mut out: Vec<Value> = Vec::with_capacity(messages.len());
    for message in messages {
        match out.last_mut() {
            Some(last) if role(last) == "system" && role(&message) == "system" => merge(last, &message),
            _ => out.push(message),
        }
    }
    out
}

fn merge(first: &mut Value, second: &Value) {
    let as_parts = |content: &Value| match content {
        Value::Array(parts) => parts.clone(),
        text => vec![json!({"type": "text", "text": text})],
    };
    let merged = match (first.get("content"), second.get("content")) {
        (Some(Value::String(first)), Some(Value::String(second))) => Value::from(format!("{first}\n\n{second}")),
        (Some(first), Some(second)) => {
            let mut parts = as_parts(first);
            parts.extend(as_parts(second));
            Value::from(parts)
        }
        (None, Some(second)) => second.clone(),
        _ => return,
    };
    if let Some(fields) = first.as_object_mut() {
        fields.insert("content".to_owned(), merged);
    }
}

/// A tool's answer must follow the message with its call: several calls of one turn are told one by one.
fn split_parallel_calls(messages: Vec<Value>) -> Vec<Value> {
    let mut out = Vec::with_capacity(messages.len());
    let mut rest = messages.as_slice();
    while let Some((message, after)) = rest.split_first() {
        let answers = after.iter().take_while(|message| role(message) == "tool").count();
        match pairs(message, &after[..answers]) {
            Some(pairs) => {
                out.extend(pairs);
                rest = &after[answers..];
            }
            None => {
                out.push(message.clone());
                rest = after;
            }
        }
    }
    out
}

/// `None` where there is nothing to split or calls and answers do not match.
fn pairs(message: &Value, answers: &[Value]) -> Option<Vec<Value>> {
    let calls = message.get("tool_calls")?.as_array().filter(|calls| calls.len() > 1)?;
    if role(message) != "assistant" || calls.len() != answers.len() {
        return None;
    }
    let mut out = Vec::with_capacity(answers.len() * 2);
    for (place, answer) in answers.iter().enumerate() {
        let call = calls.iter().find(|call| call.get("id") == answer.get("tool_call_id"))?;
        let mut teller = if place == 0 { message.clone() } else { json!({"role": "assistant"}) };
        teller.as_object_mut()?.insert("tool_calls".to_owned(), json!([call]));
        out.push(teller);
        out.push(answer.clone());
    }
    Some(out)
}
