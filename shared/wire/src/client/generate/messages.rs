//! Gemini's contents as messages of a chat.
//!
//! LiteLLM's rules: calls are named after their functions, results are messages of their own. Knows no parameter.

use serde_json::{Value, json};

use super::request::either;
use crate::prepare::Refusal;

/// System instruction and contents as messages.
///
/// # Errors
/// Where contents are neither a list nor one content, or a role is unknown.
pub(super) fn messages(system: Option<&Value>, contents: &Value) -> Result<Vec<Value>, Refusal> {
    let mut out = Vec::new();
    if let Some(text) = system.map(instruction).filter(|text| !text.is_empty()) {
        out.push(json!({ "role": "system", "content": text }));
    }
    let list = match contents {
        Value::Array(list) => list.as_slice(),
        one @ Value::Object(_) => std::slice::from_ref(one),
        Value::String(text) => {
            out.push(json!({ "role": "user", "content": text }));
            &[]
        }
        Value::Null => &[],
        _ => return Err(Refusal::bad("contents: send a list of contents")),
    };
    for content in list {
        match content.get("role").and_then(Value::as_str).unwrap_or("user") {
            "user" | "function" => user(content, &mut out),
            "model" => out.push(model(content)),
            role => return Err(Refusal::bad(format!("contents: role `{role}` is unknown: send `user` or `model`"))),
        }
    }
    Ok(out)
}

/// The text of a system instruction, which is a text, or a content of one part or several.
fn instruction(system: &Value) -> String {
    match (system, system.get("parts")) {
        (Value::String(text), _) => text.clone(),
        (_, Some(part @ Value::Object(_))) => text_of(part).to_owned(),
        _ => parts(system).map(text_of).collect(),
    }
}

fn text_of(part: &Value) -> &str {
    part.as_str().or_else(|| part.get("text")?.as_str()).unwrap_or_default()
}

fn parts(content: &Value) -> impl Iterator<Item = &Value> {
    content.get("parts").and_then(Value::as_array).into_iter().flatten()
}

fn user(content: &Value, out: &mut Vec<Value>) {
    let (mut said, mut results, mut names) = (Vec::new(), Vec::new(), Vec::new());
    for part in parts(content) {
        if let Some(answered) = either(part, "functionResponse") {
            results.push(result(answered, &mut names));
        } else {
            said.extend(user_part(part));
        }
    }
    match said.as_slice() {
        [] => {}
        [only] if only.get("type") == Some(&Value::from("text")) => {
            out.push(json!({ "role": "user", "content": only.get("text") }));
        }
        _ => out.push(json!({ "role": "user", "content": said })),
    }
    out.extend(results);
}

fn user_part(part: &Value) -> Option<Value> {
    if part.is_string() || part.get("text").is_some_and(Value::is_string) {
        return Some(json!({ "type": "text", "text": text_of(part) }));
    }
    let text = |value: &Value, name: &str| either(value, name).and_then(Value::as_str).map(str::to_owned);
    if let Some(inline) = either(part, "inlineData") {
        let kind = text(inline, "mimeType").unwrap_or_else(|| "image/jpeg".to_owned());
        return Some(medium(&kind, &standard_base64(&text(inline, "data").unwrap_or_default())));
    }
    let file = either(part, "fileData")?;
    let (uri, kind) = (text(file, "fileUri")?, text(file, "mimeType").unwrap_or_default());
    if kind.starts_with("image/") {
        return Some(json!({ "type": "image_url", "image_url": { "url": uri } }));
    }
    let mut file = json!({ "file_id": uri });
    if !kind.is_empty() {
        file["format"] = kind.into();
    }
    Some(json!({ "type": "file", "file": file }))
}

/// Base64 in the standard alphabet, padded. Google's SDKs write the URL-safe one, which Gemini alone reads.
fn standard_base64(data: &str) -> String {
    let mut standard = data.trim_end_matches('=').replace('-', "+").replace('_', "/");
    standard.extend(std::iter::repeat_n('=', standard.len().wrapping_neg() % 4));
    standard
}

/// Bytes within the request, each kind as a chat has it.
fn medium(kind: &str, data: &str) -> Value {
    let address = format!("data:{kind};base64,{data}");
    match kind.split('/').next() {
        Some("audio") => {
            let format = kind.strip_prefix("audio/").unwrap_or(kind).split(';').next().unwrap_or_default();
            json!({ "type": "input_audio", "input_audio": { "data": data, "format": format } })
        }
        Some("image") => json!({ "type": "image_url", "image_url": { "url": address } }),
        _ => json!({ "type": "file", "file": { "file_data": address } }),
    }
}

/// A name for the call of a function: the client's own, else the function's. Calls of one turn never share it.
fn call_id(call: &Value, names: &mut Vec<String>) -> String {
    if let Some(id) = call.get("id").and_then(Value::as_str).filter(|id| !id.is_empty()) {
        return id.to_owned();
    }
    let name = call.get("name").and_then(Value::as_str).unwrap_or("unknown");
    names.push(name.to_owned());
    match names.iter().filter(|other| *other == name).count() {
        1 => format!("call_{name}"),
        count => format!("call_{name}_{count}"),
    }
}

fn result(answered: &Value, names: &mut Vec<String>) -> Value {
    let response = answered.get("response").cloned().unwrap_or_else(|| json!({}));
    json!({ "role": "tool", "tool_call_id": call_id(answered, names), "content": spaced(&response) })
}

/// JSON as Python writes it, with a blank after every comma and colon: what LiteLLM sends on.
fn spaced(value: &Value) -> String {
    match value {
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(spaced).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(fields) => {
            let fields: Vec<String> = fields
                .iter()
                .map(|(name, value)| format!("{}: {}", Value::from(name.as_str()), spaced(value)))
                .collect();
            format!("{{{}}}", fields.join(", "))
        }
        other => other.to_string(),
    }
}

fn model(content: &Value) -> Value {
    let (mut text, mut calls, mut names) = (String::new(), Vec::new(), Vec::new());
    for part in parts(content) {
        if let Some(call) = either(part, "functionCall") {
            let arguments = call.get("args").map_or_else(|| "{}".to_owned(), Value::to_string);
            let function =
                json!({ "name": call.get("name").and_then(Value::as_str).unwrap_or_default(), "arguments": arguments });
            calls.push(json!({ "id": call_id(call, &mut names), "type": "function", "function": function }));
        } else if part.get("thought") != Some(&Value::Bool(true)) {
            // Thoughts stay behind: most providers refuse a message with fields beside its text.
            text.push_str(text_of(part));
        }
    }
    let content = if text.is_empty() { Value::Null } else { text.into() };
    let mut message = json!({ "role": "assistant", "content": content });
    if !calls.is_empty() {
        message["tool_calls"] = calls.into();
    }
    message
}
