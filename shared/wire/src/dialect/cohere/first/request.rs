//! A chat request as Cohere's first version reads it: one message, and the history before it.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::super::request::RENAMED;
use crate::chat::{Called, Function, Message};
use crate::json::{Object, raw};
use crate::prepare::{Call, Prepared, Refusal};

#[derive(Serialize)]
#[serde(tag = "role")]
enum Turn<'a> {
    #[serde(rename = "USER")]
    User { message: String },
    #[serde(rename = "SYSTEM")]
    System { message: String },
    #[serde(rename = "CHATBOT")]
    Chatbot { message: String, tool_calls: Vec<Invoked<'a>> },
    #[serde(rename = "TOOL")]
    Tool { tool_results: Vec<Outcome<'a>> },
}

/// A tool that was called.
#[derive(Serialize)]
struct Invoked<'a> {
    name: Cow<'a, str>,
    parameters: Value,
}

/// What a called tool answered.
#[derive(Serialize)]
struct Outcome<'a> {
    call: Invoked<'a>,
    outputs: [Value; 1],
}

pub(super) fn chat(mut call: Call<'_, '_>) -> Result<Prepared, Refusal> {
    for (name, cohere) in RENAMED {
        call.rename(name, cohere);
    }
    call.absorb_extra_body();
    let messages: Result<Vec<Message<'_>>, _> = serde_json::from_str(call.body.get("messages").unwrap_or("[]"));
    let messages = messages.map_err(|error| Refusal::bad(format!("messages: {error}: send a list of messages")))?;
    let Some((last, before)) = messages.split_last() else {
        return Err(Refusal::bad("`messages` is empty: send at least one message"));
    };
    let history = history(&messages, before)?;
    let mut out = Object::default();
    out.set("model", raw(&call.rules.settings.model.replace("v1/", "")));
    for (name, text) in call.body.iter() {
        match name {
            "model" | "messages" | "stream" | "tool_choice" => {}
            "tools" => out.set("tools", raw(&tools(text)?)),
            name => out.set_text(name, text.to_owned()),
        }
    }
    out.set("stream", raw(&call.prepared.upstream_stream));
    match &*last.role {
        "tool" => out.set("tool_results", raw(&[outcome(&messages, last)?])),
        _ => out.set("message", raw(&last.content.text())),
    }
    // A history that ends with the user's words may not be followed by tool results of several steps.
    if matches!(history.last(), Some(Turn::User { .. })) {
        out.set("force_single_step", raw(&true));
    }
    out.set("chat_history", raw(&history));
    Ok(Prepared { body: out.to_vec(), ..call.prepared })
}

/// The messages before the last one; neighbours of one role become one turn.
fn history<'a>(all: &'a [Message<'_>], before: &'a [Message<'_>]) -> Result<Vec<Turn<'a>>, Refusal> {
    let mut turns: Vec<Turn<'a>> = Vec::new();
    for message in before {
        let text = message.content.text();
        match (&*message.role, turns.last_mut()) {
            ("user", Some(Turn::User { message })) | ("system" | "developer", Some(Turn::System { message })) => {
                message.push_str(&text);
            }
            ("user" | "system" | "developer", _) if text.is_empty() => {}
            ("user", _) => turns.push(Turn::User { message: text.into_owned() }),
            ("system" | "developer", _) => turns.push(Turn::System { message: text.into_owned() }),
            ("assistant", Some(Turn::Chatbot { message: said, tool_calls })) => {
                said.push_str(&text);
                tool_calls.extend(invoked(message)?);
            }
            ("assistant", _) => {
                let tool_calls = invoked(message)?;
                if !text.is_empty() || !tool_calls.is_empty() {
                    turns.push(Turn::Chatbot { message: text.into_owned(), tool_calls });
                }
            }
            ("tool" | "function", Some(Turn::Tool { tool_results })) => tool_results.push(outcome(all, message)?),
            ("tool" | "function", _) => turns.push(Turn::Tool { tool_results: vec![outcome(all, message)?] }),
            (role, _) => return Err(Refusal::bad(format!("Invalid Message passed in: role `{role}` is unknown"))),
        }
    }
    Ok(turns)
}

fn invoked<'a>(message: &'a Message<'_>) -> Result<Vec<Invoked<'a>>, Refusal> {
    let calls = message.tool_calls.iter().filter_map(|called| called.function.as_ref());
    calls.chain(&message.function_call).map(invoke).collect()
}

fn invoke<'a>(function: &'a Function<'_>) -> Result<Invoked<'a>, Refusal> {
    let name = function.name.as_deref().unwrap_or_default();
    let text = function.arguments_text();
    let parameters = if text.trim().is_empty() { Ok(json!({})) } else { serde_json::from_str(&text) };
    let parameters = parameters.map_err(|error| {
        Refusal::bad(format!("arguments of the tool call `{name}` are no JSON: {error}: send them as the model did"))
    })?;
    Ok(Invoked { name: Cow::Borrowed(name), parameters })
}

/// A tool's answer, with the call that it answers.
fn outcome<'a>(all: &'a [Message<'_>], message: &'a Message<'_>) -> Result<Outcome<'a>, Refusal> {
    let text = message.content.text();
    let output = match serde_json::from_str(&text) {
        _ if text.is_empty() => json!({}),
        Ok(value) => value,
        Err(_) => json!({ "result": text }),
    };
    let call = match called(all, message).and_then(|called| called.function.as_ref()) {
        Some(function) => invoke(function)?,
        None => {
            let name = message.name.as_deref().unwrap_or_default();
            Invoked { name: Cow::Borrowed(name), parameters: json!({}) }
        }
    };
    Ok(Outcome { call, outputs: [output] })
}

fn called<'a>(all: &'a [Message<'_>], message: &Message<'_>) -> Option<&'a Called<'a>> {
    let id = message.tool_call_id.as_deref()?;
    all.iter().flat_map(|other| &other.tool_calls).find(|called| called.id.as_deref() == Some(id))
}

/// OpenAI's tools in Cohere's form: a flat list of parameters.
fn tools(text: &str) -> Result<Vec<Value>, Refusal> {
    let tools: Result<Vec<Value>, _> = serde_json::from_str(text);
    let tools = tools.map_err(|error| Refusal::bad(format!("tools: {error}: send a list of tools")))?;
    Ok(tools.iter().map(tool).collect())
}

fn tool(tool: &Value) -> Value {
    let function = &tool["function"];
    let empty = Map::new();
    let required = function.pointer("/parameters/required").and_then(Value::as_array);
    let is_required = |name: &str| required.is_some_and(|names| names.iter().any(|other| other == name));
    let properties = function.pointer("/parameters/properties").and_then(Value::as_object).unwrap_or(&empty);
    let text = |value: Option<&Value>| value.cloned().unwrap_or_else(|| "".into());
    let definitions: Map<String, Value> = properties
        .iter()
        .map(|(name, schema)| {
            let definition = json!({
                "description": text(schema.get("description")),
                "type": text(schema.get("type")),
                "required": is_required(name),
            });
            (name.clone(), definition)
        })
        .collect();
    json!({
        "name": text(function.get("name")),
        "description": text(function.get("description")),
        "parameter_definitions": definitions,
    })
}
