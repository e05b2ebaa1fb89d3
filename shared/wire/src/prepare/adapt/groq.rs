//! Groq: no structured output in a stream, and a forced tool for models that have none at all.

use serde_json::{Value, json};

use super::super::Refusal;
use super::super::call::Call;
use super::super::supported::is_groq_compound;
use super::azure::{ForcedTool, force_json_tool, schema_of};
use crate::models::Capability;

pub(super) fn parameters(call: &mut Call<'_, '_>) -> Result<(), Refusal> {
    web_search(call);
    let Some(text) = call.body.get("response_format") else { return Ok(()) };
    let format = serde_json::from_str::<Value>(text).unwrap_or_default();
    call.prepared.upstream_stream = false;
    let has_schema = schema_of(&format).is_some();
    if !has_schema || call.rules.can(Capability::ResponseSchema) {
        return Ok(());
    }
    if call.body.get("tools").is_some() {
        return Err(Refusal::bad(format!(
            "Groq model '{}' does not support native structured outputs. LiteLLM uses a tool-calling workaround for \
             structured outputs on this model, which is incompatible with user-provided tools. Either use a model \
             that supports native structured outputs (e.g., gpt-oss-120b, llama-4, kimi-k2), or remove the tools \
             parameter. See: https://console.groq.com/docs/structured-outputs#supported-models",
            call.rules.settings.model
        )));
    }
    call.body.remove("response_format");
    force_json_tool(call, &format, ForcedTool::Chosen);
    Ok(())
}

/// Web search is a tool of the models here; compound models search by themselves.
fn web_search(call: &mut Call<'_, '_>) {
    let is_asked = call.body.remove("web_search_options").is_some();
    if !is_asked || is_groq_compound(&call.rules.settings.model) {
        return;
    }
    let mut tools: Vec<Value> =
        call.body.get("tools").and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    if !tools.iter().any(|tool| tool.get("type").and_then(Value::as_str) == Some("browser_search")) {
        tools.push(json!({"type": "browser_search"}));
        call.set("tools", &tools);
    }
}
