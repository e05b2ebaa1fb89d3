//! Azure OpenAI and Azure AI Foundry. Knows no address: see `provider::url`.

use serde_json::{Value, json};

use super::super::call::{Call, Unsupported};
use super::super::messages::{join_text, part_type, parts, remove_everywhere, role};
use super::super::rules::{Family, Rules};
use super::super::{JSON_TOOL, Refusal};
use super::openai;
use crate::models::{self, Capability};

/// First version with structured output, and the first with `tool_choice`, as year, month, day.
const RESPONSE_FORMAT_SINCE: (&str, &str) = ("2024", "08");
const TOOL_CHOICE_SINCE: (&str, &str, &str) = ("2023", "12", "01");

pub(super) fn parameters(call: &mut Call<'_, '_>) -> Result<(), Refusal> {
    match call.rules.family {
        Family::OSeries => {
            fake_stream(call);
            openai::parameters(call)
        }
        Family::Gpt5 | Family::Gpt5Search => openai::parameters(call),
        Family::Plain => {
            rename_limit(call);
            check_tool_choice(call)?;
            response_format(call);
            Ok(())
        }
    }
}

/// `gpt-5-chat` reasons not, but takes the new name of the limit alone.
fn rename_limit(call: &mut Call<'_, '_>) {
    let model = call.rules.detected_model();
    let is_new = ["gpt-5", "gpt-6", "gpt5_series"].iter().any(|mark| model.contains(mark));
    if is_new {
        openai::rename_limit(call);
    }
}

/// Year, month and day of a dated version; `None` for `v1` and its like.
fn date(rules: &Rules) -> Option<(&str, &str, &str)> {
    let version = rules.settings.api_version.as_deref().unwrap_or(crate::provider::AZURE_API_VERSION);
    let mut parts = version.split('-');
    Some((parts.next()?, parts.next()?, parts.next()?))
}

fn check_tool_choice(call: &mut Call<'_, '_>) -> Result<(), Refusal> {
    let (Some(date), Some(choice)) = (date(call.rules), call.body.get("tool_choice")) else { return Ok(()) };
    let version = call.rules.settings.api_version.as_deref().unwrap_or_default();
    let is_required = choice == "\"required\"" && date.0 == "2024" && date.1 <= "05";
    let message = if date < TOOL_CHOICE_SINCE {
        format!(
            "Azure does not support 'tool_choice', for api_version={version}. Bump your API version to \
             '2023-12-01-preview' or later. This parameter requires 'api_version=\"2023-12-01-preview\"' or later. \
             Azure API Reference: https://learn.microsoft.com/en-us/azure/ai-services/openai/reference#chat-completions"
        )
    } else if is_required {
        format!(
            "Azure does not support 'required' as a tool_choice param, for api_version={version}. To drop \
             'tool_choice=required' for calls with this Azure API version, set `litellm.drop_params=True` or for \
             proxy:\n\n`litellm_settings:\n drop_params: true`\n\
             Azure API Reference: https://learn.microsoft.com/en-us/azure/ai-services/openai/reference#chat-completions"
        )
    } else {
        return Ok(());
    };
    if call.unsupported == Unsupported::Refuse {
        return Err(Refusal::unsupported(message));
    }
    call.body.remove("tool_choice");
    Ok(())
}

/// Where structured output is unknown, a forced tool takes its place.
fn response_format(call: &mut Call<'_, '_>) {
    let is_new_version = date(call.rules).is_none_or(|date| (date.0, date.1) >= RESPONSE_FORMAT_SINCE);
    let model = call.rules.detected_model();
    let is_old_model = ["gpt-3.5", "gpt-35", "gpt-3-5"].iter().any(|mark| model.contains(mark));
    if is_new_version && !is_old_model {
        return;
    }
    let Some(Ok(format)) = call.body.get("response_format").map(serde_json::from_str::<Value>) else { return };
    if format.is_object() {
        call.body.remove("response_format");
        force_json_tool(call, &format, ForcedTool::Chosen);
    }
}

/// Whether the tool that stands for a schema is the only one the model may choose.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ForcedTool {
    Chosen,
    Offered,
}

/// Adds the tool that stands for a schema; nothing where the format has none.
pub(super) fn force_json_tool(call: &mut Call<'_, '_>, format: &Value, forced: ForcedTool) {
    let Some(schema) = schema_of(format).filter(|schema| schema.as_object().is_none_or(|fields| !fields.is_empty()))
    else {
        return;
    };
    let mut tools: Vec<Value> =
        call.body.get("tools").and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    tools.insert(0, json!({"type": "function", "function": {"name": JSON_TOOL, "parameters": schema}}));
    call.set("tools", &tools);
    if forced == ForcedTool::Chosen {
        call.set("tool_choice", &json!({"type": "function", "function": {"name": JSON_TOOL}}));
    }
    call.prepared.json_tool = true;
}

/// The schema in a `response_format`, in OpenAI's place or LiteLLM's older one.
pub(super) fn schema_of(format: &Value) -> Option<&Value> {
    format.get("response_schema").or_else(|| format.get("json_schema")?.get("schema"))
}

/// Of the reasoning models only `o3` streams at Azure, unless the map says otherwise.
fn fake_stream(call: &mut Call<'_, '_>) {
    let model = call.rules.settings.model.as_str();
    let streams = model.contains("o3") || models::supports("azure", model, Capability::NativeStreaming);
    if !streams {
        call.prepared.upstream_stream = false;
    }
}

/// Azure wants the arguments of an old-style call to be a string.
pub(super) fn messages(messages: &mut [Value]) {
    for message in messages.iter_mut().filter(|message| role(message) == "assistant") {
        let Some(Value::Object(call)) = message.get_mut("function_call") else { continue };
        if call.get("arguments").is_none_or(Value::is_null) {
            call.insert("arguments".to_owned(), Value::from(""));
        }
    }
}

/// Foundry refuses fields that OpenAI's schema has not, and lists of text.
pub(super) fn foundry_messages(messages: &mut [Value]) {
    for message in messages {
        for name in ["thinking_blocks", "reasoning_content", "provider_specific_fields", "cache_control"] {
            remove_everywhere(message, name);
        }
        let has_media = parts(message)
            .is_some_and(|parts| parts.iter().any(|part| matches!(part_type(part), "image_url" | "input_audio")));
        if !has_media {
            join_text(message);
        }
    }
}
