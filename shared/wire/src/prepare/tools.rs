//! The tools of a chat request: cleaned of what the provider's check refuses.
//!
//! Parsed only if a cheap look finds something to clean. Knows no message.

use memchr::memmem;
use serde_json::Value;

use super::call::Call;
use super::rules::Rules;
use super::{adapt, messages, schema};
use crate::json::raw;
use crate::provider::Adapter;

/// Fields of tools that no model but Claude knows: Anthropic's clients add them unasked.
const CLAUDES_OWN: [&str; 2] = ["input_examples", "eager_input_streaming"];

/// Cleans `tools`, and drops a `tool_choice` that has nothing to choose from.
pub(super) fn prepare(call: &mut Call<'_, '_>) {
    clean(call);
    let has = |name: &str| call.body.given(name).is_some_and(|text| !is_empty_list(text));
    let has_tools = has("tools") || has("functions");
    if !has_tools && !matches!(call.rules.provider().adapter, Adapter::LiteLlmProxy | Adapter::AzureAi) {
        call.body.remove("tool_choice");
    }
}

/// Leaves out what other models than Claude would refuse in a tool, as LiteLLM does.
pub(super) fn drop_claudes_own(call: &mut Call<'_, '_>) {
    let Some(text) = call.body.get("tools") else { return };
    let is_named = |name: &str| memmem::find(text.as_bytes(), name.as_bytes()).is_some();
    if !CLAUDES_OWN.iter().any(|name| is_named(name)) || is_claude(call.rules) {
        return;
    }
    let Ok(mut tools) = serde_json::from_str::<Vec<Value>>(text) else { return };
    for tool in tools.iter_mut().filter_map(Value::as_object_mut) {
        tool.retain(|name, _| !CLAUDES_OWN.contains(&name.as_str()));
        if let Some(function) = tool.get_mut("function").and_then(Value::as_object_mut) {
            function.retain(|name, _| !CLAUDES_OWN.contains(&name.as_str()));
        }
    }
    call.body.set("tools", raw(&tools));
}

fn is_claude(rules: &Rules) -> bool {
    let model = rules.settings.model.to_ascii_lowercase();
    let is_named = model.contains("claude");
    match rules.provider().name {
        "anthropic" => true,
        "bedrock" => is_named || (model.contains("arn:") && model.contains(":bedrock:")),
        "azure_ai" | "vertex_ai" => is_named,
        _ => false,
    }
}

fn is_empty_list(text: &str) -> bool {
    text.strip_prefix('[').is_some_and(|rest| rest.trim_start().starts_with(']'))
}

fn clean(call: &mut Call<'_, '_>) {
    let Some(text) = call.body.get("tools") else { return };
    let has = |needle: &str| memmem::find(text.as_bytes(), needle.as_bytes()).is_some();
    let strips_marks = call.rules.strips_cache_marks && has("\"cache_control\"");
    let checks_schema = adapt::checks_schemas(call.rules) && schema::SUSPECTS.iter().any(|suspect| has(suspect));
    if !strips_marks && !checks_schema {
        return;
    }
    let Ok(mut tools) = serde_json::from_str::<Vec<Value>>(text) else { return };
    if strips_marks {
        tools.iter_mut().for_each(|tool| messages::remove_everywhere(tool, "cache_control"));
    }
    if checks_schema {
        let flattens = adapt::flattens_schemas(call.rules);
        tools.iter_mut().filter_map(parameters).for_each(|parameters| {
            schema::drop_foreign_patterns(parameters);
            if flattens {
                schema::flatten(parameters);
            }
        });
    }
    call.body.set("tools", raw(&tools));
}

/// Where a tool keeps its schema: OpenAI's place, else Anthropic's.
fn parameters(tool: &mut Value) -> Option<&mut Value> {
    let name = if tool.get("function").is_some_and(Value::is_object) { "function" } else { "input_schema" };
    let found = tool.get_mut(name)?;
    let schema = if name == "function" { found.get_mut("parameters")? } else { found };
    schema.is_object().then_some(schema)
}
