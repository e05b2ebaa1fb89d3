//! The parameters of a chat as those of a response. Knows no message.

use serde_json::{Map, Value, json};

use crate::json::{Object, raw};
use crate::prepare::RESPONSE_PARAMETERS;

/// Longest `user` that OpenAI takes, in characters.
const USER_CHARACTERS_MAX: usize = 64;

/// Copies what a response knows, renamed and reshaped.
pub(super) fn copy(chat: &Object<'_>, request: &mut Object<'static>) {
    let mut text = Map::new();
    let mut tools = Vec::new();
    for (name, value) in chat.iter().filter(|(_, value)| *value != "null") {
        let parsed = || serde_json::from_str::<Value>(value).unwrap_or_default();
        match name {
            "max_tokens" | "max_completion_tokens" => request.set_text("max_output_tokens", value.to_owned()),
            "tools" => tools.splice(0..0, flat_tools(parsed())).for_each(drop),
            "response_format" => text.extend(text_format(&parsed()).map(|format| ("format".to_owned(), format))),
            "verbosity" => drop(text.insert("verbosity".to_owned(), parsed())),
            "tool_choice" => request.set("tool_choice", raw(&flat_choice(parsed()))),
            "stream_options" => set_stream_options(&parsed(), request),
            "reasoning_effort" => request.set("reasoning", raw(&reasoning(parsed()))),
            "web_search_options" => tools.push(web_search(parsed())),
            "user" => request.set("user", raw(&shortened(parsed()))),
            "instructions" | "input" => {}
            name if RESPONSE_PARAMETERS.contains(&name) => request.set_text(name, value.to_owned()),
            _ => {}
        }
    }
    if !text.is_empty() {
        request.set("text", raw(&text));
    }
    if !tools.is_empty() {
        request.set("tools", raw(&tools));
    }
}

/// Only one of a chat's options is known to responses.
fn set_stream_options(options: &Value, request: &mut Object<'static>) {
    if let Some(obfuscates) = options.get("include_obfuscation").and_then(Value::as_bool) {
        request.set("stream_options", raw(&json!({ "include_obfuscation": obfuscates })));
    }
}

fn shortened(user: Value) -> Value {
    match user {
        Value::String(text) => text.chars().take(USER_CHARACTERS_MAX).collect::<String>().into(),
        other => other,
    }
}

fn reasoning(effort: Value) -> Value {
    if effort.is_object() { effort } else { json!({ "effort": effort }) }
}

fn web_search(options: Value) -> Value {
    let mut tool = json!({ "type": "web_search" });
    if let (Value::Object(options), Some(tool)) = (options, tool.as_object_mut()) {
        tool.extend(options);
    }
    tool
}

fn text_format(format: &Value) -> Option<Value> {
    match format.get("type")?.as_str()? {
        "json_schema" => {
            let given = format.get("json_schema").cloned().unwrap_or_default();
            let field = |name: &str, default: Value| given.get(name).cloned().unwrap_or(default);
            Some(json!({
                "type": "json_schema",
                "name": field("name", "response_schema".into()),
                "schema": field("schema", json!({})),
                "strict": field("strict", false.into()),
            }))
        }
        kind @ ("json_object" | "text") => Some(json!({ "type": kind })),
        _ => None,
    }
}

/// Functions without the level that a chat puts them on.
fn flat_tools(tools: Value) -> Vec<Value> {
    let Value::Array(tools) = tools else { return Vec::new() };
    tools.into_iter().map(flat_tool).collect()
}

fn flat_tool(tool: Value) -> Value {
    let kind = tool.get("type").and_then(Value::as_str).unwrap_or_default();
    match (kind, tool.get("function"), tool.get("custom")) {
        ("function", Some(function @ Value::Object(_)), _) => {
            let field = |name: &str| function.get(name).cloned().unwrap_or_default();
            json!({
                "type": "function",
                "name": field("name"),
                "parameters": field("parameters"),
                "strict": field("strict"),
                "description": field("description"),
            })
        }
        ("custom", _, Some(custom @ Value::Object(_))) => {
            let mut flat = json!({ "type": "custom", "name": custom.get("name").cloned().unwrap_or_default() });
            for name in ["description", "format"] {
                if let Some(value) = custom.get(name).filter(|value| !value.is_null()) {
                    flat[name] = if name == "format" { flat_format(value.clone()) } else { value.clone() };
                }
            }
            flat
        }
        _ => tool,
    }
}

/// A grammar without the level that a chat puts it on.
fn flat_format(format: Value) -> Value {
    match format.get("grammar") {
        Some(Value::Object(grammar)) => {
            let mut flat = json!({ "type": "grammar" });
            if let Some(flat) = flat.as_object_mut() {
                flat.extend(grammar.clone());
            }
            flat
        }
        _ => format,
    }
}

fn flat_choice(choice: Value) -> Value {
    let kind = choice.get("type").and_then(Value::as_str).unwrap_or_default();
    match kind {
        "auto" | "none" | "required" => kind.into(),
        "function" | "custom" => {
            let own = choice.get("name").and_then(Value::as_str).filter(|name| !name.is_empty());
            let nested = choice.get(kind).and_then(|nested| nested.get("name")).and_then(Value::as_str);
            match own.or(nested.filter(|name| !name.is_empty())) {
                Some(name) => json!({ "type": kind, "name": name }),
                None => choice,
            }
        }
        _ => choice,
    }
}
