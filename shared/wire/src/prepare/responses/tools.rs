//! The tools of a response, cleaned of what OpenAI's check refuses. Knows no input.

use serde_json::Value;

use super::super::call::Call;
use super::super::{Refusal, adapt, messages, schema};
use crate::json::raw;
use crate::provider::Adapter;

/// Tools may hold tools; deeper ones are the provider's to judge.
const DEPTH_MAX: usize = 4;

/// # Errors
/// Where a tool's parameters are no object.
pub(super) fn clean(call: &mut Call<'_, '_>) -> Result<(), Refusal> {
    let Some(text) = call.body.get("tools") else { return Ok(()) };
    let has = |needle: &str| text.contains(needle);
    let adapter = call.rules.provider().adapter;
    let checks_schema =
        matches!(adapter, Adapter::OpenAi | Adapter::Azure) && schema::SUSPECTS.iter().any(|name| has(name));
    let is_nested = adapter == Adapter::Azure && has("\"function\"");
    let is_text = has("\"parameters\":\"") || has("\"parameters\": \"");
    if !(checks_schema || is_nested || is_text || has("\"cache_control\"")) {
        return Ok(());
    }
    let Ok(mut tools) = serde_json::from_str::<Vec<Value>>(text) else { return Ok(()) };
    for (place, tool) in tools.iter_mut().enumerate() {
        if is_nested {
            flatten(tool);
        }
        messages::remove_everywhere(tool, "cache_control");
        read_parameters(tool, place)?;
        if checks_schema {
            clean_schema(tool, adapt::flattens_schemas(call.rules), 0);
        }
    }
    call.body.set("tools", raw(&tools));
    Ok(())
}

/// Functions as a chat writes them: Azure takes them on one level only.
fn flatten(tool: &mut Value) {
    let Some(fields) = tool.as_object_mut() else { return };
    if let Some(Value::Object(function)) = fields.shift_remove("function") {
        fields.extend(function);
    }
}

/// Some clients send the schema as a text.
fn read_parameters(tool: &mut Value, place: usize) -> Result<(), Refusal> {
    let Some(parameters) = tool.get_mut("parameters").filter(|value| !value.is_null() && !value.is_object()) else {
        return Ok(());
    };
    let decoded = parameters.as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
    match decoded.filter(Value::is_object) {
        Some(decoded) => *parameters = decoded,
        None => {
            let found = crate::python::type_name(parameters);
            return Err(Refusal::bad(format!(
                "Invalid type for 'tools[{place}].parameters': expected an object, but got {found} instead."
            )));
        }
    }
    Ok(())
}

fn clean_schema(tool: &mut Value, flattens: bool, depth: usize) {
    if let Some(parameters) = tool.get_mut("parameters").filter(|value| value.is_object()) {
        schema::drop_foreign_patterns(parameters);
        if flattens {
            schema::flatten(parameters);
        }
    }
    let nested = tool.get_mut("tools").and_then(Value::as_array_mut).filter(|_| depth < DEPTH_MAX);
    for tool in nested.into_iter().flatten() {
        clean_schema(tool, flattens, depth + 1);
    }
}
