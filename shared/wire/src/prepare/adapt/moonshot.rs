//! Moonshot (Kimi): cannot be told that a tool must be called, and is choosy about temperature.

use serde_json::{Value, json};

use super::super::Refusal;
use super::super::call::Call;
use super::small::{fill_reasoning, is_assistant};
use crate::models::Capability;

/// Moonshot's own advice where a tool must be called (LiteLLM sends the same sentence).
const NUDGE: &str = "Please select a tool to handle the current issue.";
const TEMPERATURE_MAX: f64 = 1.0;
const TEMPERATURE_MIN_OF_SEVERAL: f64 = 0.3;

pub(super) fn parameters(call: &mut Call<'_, '_>) -> Result<(), Refusal> {
    plain_effort(call);
    if call.rules.can(Capability::Reasoning) {
        call.body.remove("temperature");
        return Ok(());
    }
    let Some(temperature) = call.body.get("temperature").and_then(|text| text.parse::<f64>().ok()) else {
        return Ok(());
    };
    let wants_several = call.body.get("n").and_then(|text| text.parse::<u64>().ok()).is_some_and(|n| n > 1);
    if temperature > TEMPERATURE_MAX {
        call.set("temperature", &1);
    } else if temperature < TEMPERATURE_MIN_OF_SEVERAL && wants_several {
        call.set("temperature", &TEMPERATURE_MIN_OF_SEVERAL);
    }
    Ok(())
}

/// The word alone, also where the bridges of other formats wrapped it.
fn plain_effort(call: &mut Call<'_, '_>) {
    let Some(Ok(value)) = call.body.remove("reasoning_effort").map(|text| serde_json::from_str::<Value>(&text)) else {
        return;
    };
    let effort = if value.is_object() { value.get("effort").cloned().unwrap_or_default() } else { value };
    if effort.is_string() {
        call.set("reasoning_effort", &effort);
    }
}

fn must_call(call: &Call<'_, '_>) -> bool {
    call.body.get("tool_choice") == Some("\"required\"")
}

pub(super) fn forces_messages(call: &Call<'_, '_>) -> bool {
    must_call(call) || call.rules.can(Capability::Reasoning)
}

pub(super) fn messages(call: &mut Call<'_, '_>, messages: &mut Vec<Value>) {
    if must_call(call) {
        call.body.remove("tool_choice");
        messages.push(json!({"role": "user", "content": NUDGE}));
    }
    if call.rules.can(Capability::Reasoning) {
        let calls_tools = |message: &Value| {
            message.get("tool_calls").and_then(Value::as_array).is_some_and(|calls| !calls.is_empty())
        };
        messages.iter_mut().filter(|message| is_assistant(message) && calls_tools(message)).for_each(fill_reasoning);
    }
}
