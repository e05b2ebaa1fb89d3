//! A chat in tokens: what frames its messages, its tools and its choice of them.
//!
//! The arithmetic is LiteLLM's `token_counter`. Knows no vocabulary.

use serde_json::{Map, Value};

use super::text::Counter;
use super::{content, tools};
use crate::python::display;

/// Every answer begins with three tokens of the format.
const ANSWER_BEGINNING: u64 = 3;
const TOOLS_FRAME: u64 = 9;
/// A system message and tools share a part of their frames.
const TOOLS_AFTER_SYSTEM: u64 = 4;
const NO_TOOL: u64 = 1;
const NAMED_TOOL: u64 = 7;

/// A message whose shape has no known count; says which.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Uncountable(pub String);

/// What stands around each message.
#[derive(Clone, Copy, Debug)]
struct Frame {
    message: i64,
    name: i64,
}

impl Frame {
    const fn of(counter: &Counter) -> Self {
        // The one model whose format differs: a name replaces the role.
        if counter.is_oldest_chat { Self { message: 4, name: -1 } } else { Self { message: 3, name: 1 } }
    }
}

pub fn count(counter: &Counter, messages: &Value, tools: &Value, choice: &Value) -> Result<u64, Uncountable> {
    let Value::Array(messages) = messages else {
        return Err(Uncountable("`messages` are no list: send a list of objects".to_owned()));
    };
    let frame = Frame::of(counter);
    let mut tokens = ANSWER_BEGINNING;
    let mut has_system = false;
    for message in messages {
        let Value::Object(fields) = message else {
            return Err(Uncountable("a message is no object: give it a role and a content".to_owned()));
        };
        has_system |= fields.get("role").is_some_and(|role| role == "system");
        tokens += count_message(counter, frame, fields)?;
    }
    Ok(tokens + count_tools(counter, tools, has_system) + count_choice(counter, choice))
}

fn count_message(counter: &Counter, frame: Frame, fields: &Map<String, Value>) -> Result<u64, Uncountable> {
    let mut tokens = 0;
    let mut framing = frame.message;
    for (name, value) in fields {
        tokens += match (name.as_str(), value) {
            (_, Value::Null) => 0,
            ("tool_calls", calls) => count_calls(counter, calls)?,
            ("function_call", call) => count_function_call(counter, call)?,
            ("content", Value::Array(parts)) => content::count(counter, parts)?,
            ("search_results", Value::Array(results)) => counter.text(&search_results(results)),
            // Roles, ids and whatever a client adds: LiteLLM counts every string.
            (_, Value::String(text)) => counter.text(text),
            _ => 0,
        };
        if name == "name" && value.is_string() {
            framing += frame.name;
        }
    }
    Ok(tokens.saturating_add_signed(framing))
}

/// Names are counted where the tools are described.
fn count_calls(counter: &Counter, calls: &Value) -> Result<u64, Uncountable> {
    let odd =
        || Uncountable("`tool_calls` are no list of objects with a `function`: send them as OpenAI does".to_owned());
    let Value::Array(calls) = calls else { return Err(odd()) };
    let mut tokens = 0;
    for call in calls {
        let Some(Value::Object(function)) = call.get("function") else { return Err(odd()) };
        tokens += count_arguments(counter, function);
    }
    Ok(tokens)
}

fn count_function_call(counter: &Counter, call: &Value) -> Result<u64, Uncountable> {
    match call {
        Value::Object(function) => Ok(count_arguments(counter, function)),
        _ => Err(Uncountable("`function_call` is no object: send it as OpenAI does".to_owned())),
    }
}

fn count_arguments(counter: &Counter, function: &Map<String, Value>) -> u64 {
    function.get("arguments").map_or(0, |arguments| counter.text(&display(arguments)))
}

/// The texts of search results, one behind the other.
fn search_results(results: &[Value]) -> String {
    let mut text = String::new();
    for result in results {
        for name in ["source", "title"] {
            text.push_str(result.get(name).and_then(Value::as_str).unwrap_or(""));
        }
        for block in result.get("content").and_then(Value::as_array).into_iter().flatten() {
            text.push_str(block.get("text").and_then(Value::as_str).unwrap_or(""));
        }
        if let Some(citations) = result.get("citations").filter(|citations| !citations.is_null()) {
            text.push_str(&citations.to_string());
        }
    }
    text
}

fn count_tools(counter: &Counter, tools: &Value, has_system: bool) -> u64 {
    let Value::Array(tools) = tools else { return 0 };
    if tools.is_empty() {
        return 0;
    }
    let tokens = counter.text(&tools::describe(tools)) + TOOLS_FRAME;
    if has_system { tokens - TOOLS_AFTER_SYSTEM } else { tokens }
}

fn count_choice(counter: &Counter, choice: &Value) -> u64 {
    match choice {
        Value::String(word) if word == "none" => NO_TOOL,
        Value::Object(_) => {
            NAMED_TOOL + choice.pointer("/function/name").map_or(0, |name| counter.text(&display(name)))
        }
        _ => 0,
    }
}
