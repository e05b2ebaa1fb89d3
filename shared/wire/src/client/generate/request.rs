//! A request of Gemini's format as a chat: what is asked for beside the conversation.
//!
//! Names are read in camel and in snake case, as Google reads them. Knows no provider.

use serde_json::{Map, Value, json};

use super::messages;
use crate::json::{Object, raw};
use crate::prepare::{Refusal, Rules};

/// Fields that are for the gateway, or mean the same in a chat.
const KEPT: [&str; 4] = ["model", "stream", "metadata", "extra_headers"];
/// Parameters of the configuration and their names in a chat.
const PARAMETERS: [(&str, &str); 7] = [
    ("temperature", "temperature"),
    ("maxOutputTokens", "max_tokens"),
    ("topP", "top_p"),
    ("stopSequences", "stop"),
    ("seed", "seed"),
    ("presencePenalty", "presence_penalty"),
    ("frequencyPenalty", "frequency_penalty"),
];
/// Those that are left out in silence where the provider does not take them, because LiteLLM never passes them on.
const OPTIONAL: [&str; 3] = ["seed", "presence_penalty", "frequency_penalty"];
/// Schemas are followed no deeper.
const DEPTH_MAX: usize = 100;

/// The chat, and whether the client wants to see thoughts.
///
/// # Errors
/// Where a field is of another type than Google's.
pub(super) fn to_chat(rules: &Rules, body: &Object<'_>) -> Result<(Object<'static>, bool), Refusal> {
    let mut chat = Object::default();
    for name in KEPT {
        if let Some(text) = body.given(name) {
            chat.set_text(name, text.to_owned());
        }
    }
    let system = field(body, &["systemInstruction", "system_instruction"])?;
    let contents = field(body, &["contents"])?.unwrap_or(Value::Null);
    chat.set("messages", raw(&messages::messages(system.as_ref(), &contents)?));
    let config = field(body, &["config", "generationConfig", "generation_config"])?.unwrap_or(Value::Null);
    for (name, parameter) in PARAMETERS {
        let is_wanted = !OPTIONAL.contains(&parameter) || rules.supports(parameter);
        if let Some(value) = either(&config, name).filter(|_| is_wanted) {
            chat.set(parameter, raw(value));
        }
    }
    if let Some(format) = response_format(&config).filter(|_| rules.supports("response_format")) {
        chat.set("response_format", raw(&format));
    }
    if let Some(tools) = field(body, &["tools"])?.as_ref().and_then(tools) {
        chat.set("tools", raw(&tools));
    }
    if let Some(choice) = field(body, &["toolConfig", "tool_config"])?.as_ref().and_then(tool_choice) {
        chat.set("tool_choice", raw(&choice));
    }
    let thinking = either(&config, "thinkingConfig");
    let wants_thoughts = thinking.and_then(|config| either(config, "includeThoughts")).and_then(Value::as_bool);
    Ok((chat, wants_thoughts.unwrap_or(false)))
}

fn field(body: &Object<'_>, names: &[&str]) -> Result<Option<Value>, Refusal> {
    let Some((name, text)) = names.iter().find_map(|name| Some((name, body.given(name)?))) else { return Ok(None) };
    let parsed = serde_json::from_str(text).map_err(|error| Refusal::bad(format!("{name}: {error}")))?;
    Ok(Some(parsed))
}

/// A field by its name in camel case, or the same in snake case.
pub(super) fn either<'v>(value: &'v Value, camel: &str) -> Option<&'v Value> {
    let found = value.get(camel).or_else(|| {
        let mut snake = String::with_capacity(camel.len() + 4);
        for letter in camel.chars() {
            if letter.is_ascii_uppercase() {
                snake.push('_');
            }
            snake.push(letter.to_ascii_lowercase());
        }
        value.get(&snake)
    });
    found.filter(|value| !value.is_null())
}

/// JSON by a schema, where the schema is an object's; nothing else can be asked of every provider.
fn response_format(config: &Value) -> Option<Value> {
    let kind = either(config, "responseMimeType");
    if kind.is_some_and(|kind| kind != "application/json") {
        return None;
    }
    let schema = either(config, "responseJsonSchema").or_else(|| either(config, "responseSchema"))?;
    let mut schema = lowercase_types(schema, 0);
    if schema.get("type").and_then(Value::as_str) != Some("object") {
        return None;
    }
    remove_ordering(&mut schema);
    Some(json!({ "type": "json_schema", "json_schema": { "name": "response", "schema": schema } }))
}

/// `STRING` is `string` everywhere but at Google.
fn lowercase_types(schema: &Value, depth: usize) -> Value {
    const TYPES: [&str; 7] = ["BOOLEAN", "STRING", "ARRAY", "OBJECT", "NUMBER", "INTEGER", "NULL"];
    if depth >= DEPTH_MAX {
        return schema.clone();
    }
    match schema {
        Value::Array(items) => items.iter().map(|item| lowercase_types(item, depth + 1)).collect(),
        Value::Object(fields) => {
            let convert = |(name, value): (&String, &Value)| {
                let text = value.as_str().filter(|text| name == "type" && TYPES.contains(text));
                let value = match text {
                    Some(text) => text.to_ascii_lowercase().into(),
                    None => lowercase_types(value, depth + 1),
                };
                (name.clone(), value)
            };
            Value::Object(fields.iter().map(convert).collect::<Map<_, _>>())
        }
        other => other.clone(),
    }
}

fn remove_ordering(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.shift_remove("propertyOrdering");
            fields.shift_remove("property_ordering");
            fields.values_mut().for_each(remove_ordering);
        }
        Value::Array(items) => items.iter_mut().for_each(remove_ordering),
        _ => {}
    }
}

/// Declared functions; Google's own tools have no equal.
fn tools(tools: &Value) -> Option<Vec<Value>> {
    let declared = tools.as_array()?.iter().filter_map(|tool| either(tool, "functionDeclarations")?.as_array());
    let functions: Vec<Value> = declared.flatten().map(function).collect();
    (!functions.is_empty()).then_some(functions)
}

fn function(declared: &Value) -> Value {
    let mut function = json!({ "name": declared.get("name").cloned().unwrap_or_else(|| "".into()) });
    if let Some(description) = declared.get("description") {
        function["description"] = description.clone();
    }
    let parameters = either(declared, "parametersJsonSchema").or_else(|| declared.get("parameters"));
    if let Some(parameters) = parameters.filter(|parameters| parameters.is_object()) {
        function["parameters"] = lowercase_types(parameters, 0);
    }
    json!({ "type": "function", "function": function })
}

fn tool_choice(config: &Value) -> Option<Value> {
    let config = either(config, "functionCallingConfig");
    let mode = config.and_then(|config| config.get("mode")).and_then(Value::as_str).unwrap_or("AUTO");
    let allowed = config.and_then(|config| either(config, "allowedFunctionNames")).and_then(Value::as_array);
    Some(match (mode, allowed.map(Vec::as_slice)) {
        ("ANY", Some([only])) => json!({ "type": "function", "function": { "name": only } }),
        ("ANY", _) => "required".into(),
        ("NONE", _) => "none".into(),
        _ => "auto".into(),
    })
}
