//! Requests for a response: what of them reaches a provider that speaks OpenAI's Responses itself.
//!
//! The rules are LiteLLM's: only known parameters pass, items and tools lose what OpenAI's check refuses.
//! Knows no chat.

mod input;
mod providers;
mod tools;

use serde_json::{Value, json};

pub(crate) use input::{is_signed, signed_blocks};

use super::call::{Call, Unsupported};
use super::rules::{Family, Rules};
use super::{Prepared, Refusal, adapt};
use crate::json::{Object, raw};
use crate::models::{self, Capability};
use crate::prepare::Settings;

/// What a response may be asked with, beside `input` and `model` (LiteLLM's `ResponsesAPIOptionalRequestParams`).
pub(crate) const RESPONSE_PARAMETERS: [&str; 28] = [
    "include",
    "instructions",
    "max_output_tokens",
    "metadata",
    "parallel_tool_calls",
    "previous_response_id",
    "reasoning",
    "store",
    "background",
    "stream",
    "temperature",
    "text",
    "tool_choice",
    "tools",
    "top_p",
    "truncation",
    "user",
    "service_tier",
    "safety_identifier",
    "prompt",
    "max_tool_calls",
    "prompt_cache_key",
    "prompt_cache_retention",
    "prompt_cache_options",
    "stream_options",
    "top_logprobs",
    "partial_images",
    "context_management",
];
/// OpenAI refuses less, so that a client's first try of one token would fail.
const OUTPUT_TOKENS_MIN: u64 = 16;
/// OpenAI's bounds of `metadata`: pairs.
const METADATA_PAIRS_MAX: usize = 16;

/// Whether the provider speaks Responses with this model, as far as its name decides.
pub(super) fn speaks(settings: &Settings) -> bool {
    let model = settings.model.to_ascii_lowercase();
    match settings.provider.name {
        // Databricks serves it for OpenAI's models only.
        "databricks" => model.contains("gpt"),
        "azure_ai" => {
            let is_foundry = settings.api_base.as_deref().is_none_or(crate::provider::is_azure_host);
            is_foundry && !model.contains("claude") && !model.contains("agents/") && !model.contains("model_router/")
        }
        _ => true,
    }
}

pub(super) fn prepare(rules: &Rules, body: Object<'_>) -> Result<Prepared, Refusal> {
    finish(Call::new(rules, body))
}

/// Writes the request of a call whose body is that of a response.
///
/// # Errors
/// What the provider or the model refuses, in LiteLLM's words.
pub(crate) fn finish(mut call: Call<'_, '_>) -> Result<Prepared, Refusal> {
    call.prepared.notes.responses = true;
    call.prepared.stream = call.body.is_true("stream");
    call.prepared.upstream_stream = call.prepared.stream;
    adopt_effort(&mut call);
    let metadata = call.metadata.take();
    call.body.retain(|name, _| matches!(name, "model" | "input") || RESPONSE_PARAMETERS.contains(&name));
    set_metadata(&mut call, metadata.as_deref());
    providers::check(&mut call)?;
    raise_limit(&mut call);
    check_reasoning(&mut call)?;
    if call.rules.family == Family::Gpt5 {
        adapt::response_of_gpt5(&mut call)?;
    }
    reduce_stream_options(&mut call);
    providers::adapt(&mut call);
    tools::clean(&mut call)?;
    input::clean(&mut call);
    call.insist();
    call.drop_paths();
    let model = providers::model(&call.rules.settings);
    Ok(match model {
        providers::Model::Named(model) => call.finish_as(&model),
        providers::Model::Preset(preset) => {
            call.set("preset", &preset);
            call.finish_without_model()
        }
    })
}

/// The chat's name of an effort is understood too.
fn adopt_effort(call: &mut Call<'_, '_>) {
    let effort = call.body.given("reasoning_effort").and_then(|text| serde_json::from_str::<Value>(text).ok());
    if let Some(effort) = effort
        && call.body.given("reasoning").is_none()
    {
        let reasoning = if effort.is_object() { effort } else { json!({ "effort": effort }) };
        call.set("reasoning", &reasoning);
    }
}

/// OpenAI takes pairs of texts; what else stands there is the gateway's.
fn set_metadata(call: &mut Call<'_, '_>, metadata: Option<&str>) {
    let Some(Ok(Value::Object(mut pairs))) = metadata.map(serde_json::from_str::<Value>) else { return };
    pairs.retain(|name, value| name != "hidden_params" && value.is_string());
    let pairs: serde_json::Map<String, Value> = pairs.into_iter().take(METADATA_PAIRS_MAX).collect();
    if !pairs.is_empty() {
        call.body.set("metadata", raw(&pairs));
    }
}

fn raise_limit(call: &mut Call<'_, '_>) {
    let limit = call.body.get("max_output_tokens").and_then(|text| text.parse::<u64>().ok());
    if limit.is_some_and(|limit| limit < OUTPUT_TOKENS_MIN) {
        call.set("max_output_tokens", &OUTPUT_TOKENS_MIN);
    }
}

/// OpenAI's models that do not reason refuse to be asked how hard; one that the map does not know may.
fn check_reasoning(call: &mut Call<'_, '_>) -> Result<(), Refusal> {
    let effort = call.body.given("reasoning").and_then(|text| serde_json::from_str::<Value>(text).ok());
    let has_effort = effort.as_ref().and_then(|value| value.get("effort")).is_some_and(|effort| !effort.is_null());
    if call.rules.provider().name != "openai" || !has_effort {
        return Ok(());
    }
    let model = call.rules.settings.model.as_str();
    let name = model.rsplit('/').next().unwrap_or(model);
    let reasons = models::lookup("openai", name).is_none() || models::supports("openai", name, Capability::Reasoning);
    match call.unsupported {
        _ if reasons => Ok(()),
        Unsupported::Drop => {
            call.body.remove("reasoning");
            Ok(())
        }
        Unsupported::Refuse => Err(Refusal::unsupported(format!(
            "{name} doesn't support `reasoning.effort` (its model cost map entry lacks `supports_reasoning`). \
             To drop unsupported params set `litellm.drop_params = True`"
        ))),
    }
}

fn reduce_stream_options(call: &mut Call<'_, '_>) {
    let Some(text) = call.body.remove("stream_options") else { return };
    let options: Value = serde_json::from_str(&text).unwrap_or_default();
    if let Some(obfuscates) = options.get("include_obfuscation").and_then(Value::as_bool) {
        call.set("stream_options", &json!({ "include_obfuscation": obfuscates }));
    }
}

#[cfg(test)]
mod tests;
