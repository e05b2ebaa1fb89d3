//! The request of a response as that of a chat: parameters renamed, the rest handed on. Knows no answer.

use serde_json::{Value, json};

use super::input::{self, Turn};
use super::tools;
use crate::json::{self, Object, raw};
use crate::prepare::{Refusal, Rules};

/// Fields that a chat has no place for, and those that are read here.
const TAKEN: [&str; 23] = [
    "include",
    "input",
    "instructions",
    "max_output_tokens",
    "prompt",
    "metadata",
    "parallel_tool_calls",
    "previous_response_id",
    "reasoning",
    "store",
    "background",
    "stream",
    "text",
    "text_format",
    "tool_choice",
    "tools",
    "truncation",
    "service_tier",
    "stream_options",
    "client_metadata",
    "extra_query",
    "reasoning_effort",
    "messages",
];

/// # Errors
/// What a chat cannot say.
pub(super) fn to_chat(rules: &Rules, body: &Object<'_>) -> Result<Object<'static>, Refusal> {
    let mut chat = Object::default();
    let (input, mut given_tools) = hoisted(body)?;
    let instructions = body.string("instructions").filter(|text| !text.is_empty());
    let mut turns: Vec<Turn<'_>> = instructions.map(Turn::system).into_iter().collect();
    input::turns(input.as_deref().or(body.given("input")).unwrap_or("\"\""), &mut turns)?;
    chat.set("messages", input::written(&input::with_reasoning(turns)));
    if let Some(own) = body.given("tools").and_then(|text| serde_json::from_str::<Vec<Value>>(text).ok()) {
        given_tools.splice(0..0, own);
    }
    set_tools(rules, body, &given_tools, &mut chat)?;
    if let Some(limit) = body.given("max_output_tokens") {
        chat.set_text("max_tokens", limit.to_owned());
    }
    if let Some(format) = body.given("text").and_then(response_format) {
        chat.set("response_format", raw(&format));
    }
    if let Some(effort) = effort(body) {
        chat.set("reasoning_effort", raw(&effort));
    }
    if body.is_true("stream") {
        chat.set("stream", raw(&true));
        // The last event tells the usage, whether or not anybody asked.
        chat.set("stream_options", raw(&json!({ "include_usage": true })));
    }
    if !chat.is_true("stream") {
        // Spelled out as nothing, so that nothing is spelled out to the provider.
        chat.set_text("stream", "null".to_owned());
    }
    for (name, text) in body.iter().filter(|(name, text)| !TAKEN.contains(name) && *text != "null") {
        chat.set_text(name, text.to_owned());
    }
    Ok(chat)
}

/// The input without items that only bring tools along, and these tools.
fn hoisted(body: &Object<'_>) -> Result<(Option<String>, Vec<Value>), Refusal> {
    let text = body.given("input").unwrap_or_default();
    if !text.contains("\"additional_tools\"") {
        return Ok((None, Vec::new()));
    }
    let items: Result<Vec<Value>, _> = serde_json::from_str(text);
    let Ok(items) = items else { return Ok((None, Vec::new())) };
    let brings = |item: &Value| item.get("type").is_some_and(|kind| kind == "additional_tools");
    let (bringing, kept): (Vec<Value>, Vec<Value>) = items.into_iter().partition(brings);
    let tools = bringing.iter().filter_map(|item| item.get("tools")?.as_array()).flatten().cloned();
    Ok((Some(raw(&kept).get().to_owned()), tools.collect()))
}

fn set_tools(rules: &Rules, body: &Object<'_>, given: &[Value], chat: &mut Object<'_>) -> Result<(), Refusal> {
    let converted = tools::of_chat(given)?;
    // A search that nobody but the client's format asks for is left out where the model has none.
    if let Some(options) = converted.web_search_options.filter(|_| rules.supports("web_search_options")) {
        chat.set("web_search_options", raw(&options));
    }
    if converted.tools.is_empty() {
        return Ok(());
    }
    chat.set("tools", raw(&converted.tools));
    if let Some(choice) = body.given("tool_choice").and_then(|text| serde_json::from_str(text).ok()) {
        chat.set("tool_choice", raw(&tool_choice(choice)));
    }
    if let Some(parallel) = body.given("parallel_tool_calls") {
        chat.set_text("parallel_tool_calls", parallel.to_owned());
    }
    Ok(())
}

/// A choice as a chat writes it; what is unknown stays.
pub(super) fn tool_choice(choice: Value) -> Value {
    let nested = |name: &str| choice.get(name)?.get("name")?.as_str().filter(|name| !name.is_empty());
    if choice.is_object() && nested("function").is_some() {
        return choice;
    }
    let own = choice.get("name").and_then(Value::as_str).filter(|name| !name.is_empty());
    match choice.get("type").and_then(Value::as_str) {
        Some(kind @ ("auto" | "none")) => kind.into(),
        Some("required" | "tool" | "any") => "required".into(),
        Some(kind @ ("function" | "custom")) => match own.or_else(|| nested(kind)) {
            Some(name) => json!({ "type": "function", "function": { "name": name } }),
            None => "required".into(),
        },
        _ => choice,
    }
}

fn response_format(text: &str) -> Option<Value> {
    let text: Value = serde_json::from_str(text).ok()?;
    let format = text.get("format")?;
    match format.get("type")?.as_str()? {
        "json_schema" => {
            let field = |name: &str, default: Value| format.get(name).cloned().unwrap_or(default);
            Some(json!({
                "type": "json_schema",
                "json_schema": {
                    "name": field("name", "response_schema".into()),
                    "schema": field("schema", json!({})),
                    "strict": field("strict", false.into()),
                },
            }))
        }
        "json_object" => Some(json!({ "type": "json_object" })),
        _ => None,
    }
}

/// How hard to think: a chat takes the word alone.
fn effort(body: &Object<'_>) -> Option<Value> {
    let Some(text) = body.given("reasoning") else {
        return serde_json::from_str(body.given("reasoning_effort")?).ok();
    };
    if let Some(effort) = json::parse_string(text) {
        return Some(effort.into_owned().into());
    }
    let reasoning: Value = serde_json::from_str(text).ok()?;
    reasoning.get("effort").filter(|effort| !effort.is_null()).cloned()
}
