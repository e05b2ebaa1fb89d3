//! Structured output: Anthropic's `output_format` as a chat's `response_format`. Knows no provider.

use serde_json::{Map, Value, json};

/// Levels of a schema that are looked at; deeper ones stay as they are.
const DEPTH_MAX: usize = 64;

/// The response format; `None` where the client wants none that a chat knows.
pub fn response_format(output_format: &Value) -> Option<Value> {
    if output_format.get("type")? != "json_schema" {
        return None;
    }
    let mut schema = output_format.get("schema").filter(|schema| is_given(schema))?.clone();
    close(&mut schema, DEPTH_MAX);
    Some(json!({
        "type": "json_schema",
        "json_schema": { "name": "structured_output", "schema": schema, "strict": true },
    }))
}

/// The format that the client asked for, in either of the two places where Anthropic takes it.
pub fn wanted(output_format: Option<Value>, output_config: Option<&Value>) -> Option<Value> {
    output_format.filter(is_given).or_else(|| output_config?.get("format").filter(|format| is_given(format)).cloned())
}

fn is_given(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Object(fields) => !fields.is_empty(),
        _ => true,
    }
}

/// OpenAI's strict schemas list every property as required and allow no other.
fn close(schema: &mut Value, depth: usize) {
    let (Some(fields), Some(depth)) = (schema.as_object_mut(), depth.checked_sub(1)) else { return };
    close_object(fields, depth);
    if let Some(items) = fields.get_mut("items") {
        close(items, depth);
    }
    for name in ["anyOf", "oneOf", "allOf"] {
        for inner in fields.get_mut(name).and_then(Value::as_array_mut).into_iter().flatten() {
            close(inner, depth);
        }
    }
    for name in ["$defs", "definitions"] {
        for (_, inner) in fields.get_mut(name).and_then(Value::as_object_mut).into_iter().flatten() {
            close(inner, depth);
        }
    }
}

fn close_object(fields: &mut Map<String, Value>, depth: usize) {
    if fields.get("type").is_none_or(|kind| kind != "object") {
        return;
    }
    let Some(properties) = fields.get_mut("properties").and_then(Value::as_object_mut) else { return };
    properties.values_mut().for_each(|property| close(property, depth));
    let names: Vec<Value> = properties.keys().map(|name| name.as_str().into()).collect();
    fields.insert("additionalProperties".to_owned(), false.into());
    fields.insert("required".to_owned(), names.into());
}
