//! DeepInfra: no forced tools, and tool answers are strings.

use serde_json::Value;

use super::super::Refusal;
use super::super::call::{Call, Unsupported};
use super::super::messages::{part_type, role};
use crate::python;

/// Near enough to 0 for the one model that refuses 0 (LiteLLM's `MIN_NON_ZERO_TEMPERATURE`).
const TEMPERATURE_MIN: f64 = 0.0001;

pub(super) fn parameters(call: &mut Call<'_, '_>) -> Result<(), Refusal> {
    let is_zero =
        call.body.get("temperature").is_some_and(|text| text.parse::<f64>().is_ok_and(|number| number == 0.0));
    if is_zero && call.rules.settings.model == "mistralai/Mistral-7B-Instruct-v0.1" {
        call.set("temperature", &TEMPERATURE_MIN);
    }
    let Some(choice) = call.body.remove("tool_choice") else { return Ok(()) };
    if call.unsupported == Unsupported::Refuse && choice != "\"auto\"" && choice != "\"none\"" {
        return Err(Refusal::unsupported(format!(
            "Deepinfra doesn't support tool_choice={}. To drop unsupported openai params from the call, \
             set `litellm.drop_params = True`",
            python::display_json(&choice)
        )));
    }
    // LiteLLM sends not even the choices that it accepts: they are what the provider does anyway.
    Ok(())
}

/// A list becomes its only text, or its JSON where there is more to it.
pub(super) fn messages(messages: &mut [Value]) {
    for message in messages.iter_mut().filter(|message| role(message) == "tool") {
        let Some(content) = message.get_mut("content") else { continue };
        let Value::Array(parts) = &*content else { continue };
        let only_text = match parts.as_slice() {
            [part] if part_type(part) == "text" => part.get("text").and_then(Value::as_str),
            _ => None,
        };
        let text = only_text.map_or_else(|| content.to_string(), str::to_owned);
        *content = Value::from(text);
    }
}
