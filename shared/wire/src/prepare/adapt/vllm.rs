//! vLLM: thinking budgets become efforts, custom tools become functions, assistant contents become strings.

use serde_json::{Value, json};

use super::super::Refusal;
use super::super::call::Call;
use super::super::messages::{part_type, remove_everywhere, role};
use crate::json::raw;

pub(super) fn parameters(call: &mut Call<'_, '_>) -> Result<(), Refusal> {
    tools(call);
    let Some(Ok(thinking)) = call.body.remove("thinking").map(|text| serde_json::from_str::<Value>(&text)) else {
        return Ok(());
    };
    if part_type(&thinking) == "enabled" && call.body.get("reasoning_effort").is_none() {
        let budget = thinking.get("budget_tokens").and_then(Value::as_u64).unwrap_or_default();
        call.set("reasoning_effort", &effort_of(budget));
    }
    Ok(())
}

/// LiteLLM's thresholds.
fn effort_of(budget_tokens: u64) -> &'static str {
    match budget_tokens {
        4096.. => "high",
        2048.. => "medium",
        1024.. => "low",
        _ => "minimal",
    }
}

fn tools(call: &mut Call<'_, '_>) {
    let touched = ["\"additionalProperties\"", "\"strict\"", "\"custom\""];
    let text = call.body.get("tools").filter(|text| touched.iter().any(|mark| text.contains(mark)));
    let Some(Ok(mut tools)) = text.map(serde_json::from_str::<Vec<Value>>) else { return };
    for (place, tool) in tools.iter_mut().enumerate() {
        open_schema(tool);
        remove_everywhere(tool, "strict");
        if part_type(tool) == "custom" {
            *tool = function_of(tool, place);
        }
    }
    call.body.set("tools", raw(&tools));
}

/// `additionalProperties: false` is dropped wherever it stands.
fn open_schema(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            if fields.get("additionalProperties") == Some(&Value::Bool(false)) {
                fields.shift_remove("additionalProperties");
            }
            fields.values_mut().for_each(open_schema);
        }
        Value::Array(items) => items.iter_mut().for_each(open_schema),
        _ => {}
    }
}

/// A custom tool as a function of one text.
fn function_of(tool: &Value, place: usize) -> Value {
    let custom = tool.get("custom").filter(|custom| custom.is_object());
    let find = |name: &str| custom.and_then(|custom| custom.get(name)).or_else(|| tool.get(name)).cloned();
    let name = find("name").unwrap_or_else(|| Value::from(format!("custom_tool_{place}")));
    let free_text = || {
        json!({
            "type": "object",
            "properties": {"input": {"type": "string", "description": "Raw tool input payload."}},
            "required": ["input"],
        })
    };
    let parameters = find("input_schema").filter(Value::is_object).unwrap_or_else(free_text);
    let mut function = json!({"name": name, "parameters": parameters});
    if let (Some(description), Some(fields)) = (find("description").filter(Value::is_string), function.as_object_mut())
    {
        fields.insert("description".to_owned(), description);
    }
    json!({"type": "function", "function": function})
}

pub(super) fn messages(messages: &mut [Value]) {
    for message in messages {
        match role(message) {
            "assistant" => assistant(message),
            "user" => videos(message),
            _ => {}
        }
    }
}

/// Texts are joined by line; Anthropic's tool calls move to OpenAI's place.
fn assistant(message: &mut Value) {
    let Some(fields) = message.as_object_mut() else { return };
    fields.shift_remove("thinking_blocks");
    if fields.get("reasoning_content").is_some_and(|thoughts| !thoughts.is_string()) {
        fields.shift_remove("reasoning_content");
    }
    let Some(Value::Array(parts)) = fields.get("content") else { return };
    let (calls, kept): (Vec<&Value>, Vec<&Value>) = parts.iter().partition(|part| part_type(part) == "tool_use");
    let texts = kept.iter().filter(|part| part_type(part) == "text");
    let texts: Vec<&str> = texts.map(|part| part.get("text").and_then(Value::as_str).unwrap_or_default()).collect();
    let content = if texts.len() == kept.len() { Value::from(texts.join("\n")) } else { json!(kept) };
    let known = fields.get("tool_calls").and_then(Value::as_array).cloned().unwrap_or_default();
    let is_new = |call: &&Value| !known.iter().any(|other| other.get("id") == call.get("id"));
    let mut all: Vec<Value> = calls.into_iter().filter(is_new).map(tool_call).collect();
    fields.insert("content".to_owned(), content);
    if !all.is_empty() {
        let mut known = known;
        known.append(&mut all);
        fields.insert("tool_calls".to_owned(), Value::from(known));
    }
}

fn tool_call(part: &Value) -> Value {
    let input = part.get("input").cloned().unwrap_or_else(|| json!({}));
    let arguments = input.as_str().map_or_else(|| input.to_string(), str::to_owned);
    let function = json!({"name": part.get("name"), "arguments": arguments});
    json!({"id": part.get("id"), "type": "function", "function": function})
}

/// Videos sent as files are sent by address.
fn videos(message: &mut Value) {
    for part in message.get_mut("content").and_then(Value::as_array_mut).into_iter().flatten() {
        let Some(file) = part.get("file").filter(|_| part_type(part) == "file") else { continue };
        let field = |name: &str| file.get(name).and_then(Value::as_str);
        let is_video = field("format").is_some_and(|format| format.starts_with("video/"))
            || field("file_data").is_some_and(|data| data.starts_with("data:video/"))
            || field("file_id")
                .is_some_and(|id| [".mp4", ".mov", ".webm", ".mkv", ".avi"].iter().any(|end| id.ends_with(end)));
        if let Some(url) = field("file_id").or_else(|| field("file_data")).filter(|_| is_video) {
            *part = json!({"type": "video_url", "video_url": {"url": url}});
        }
    }
}
