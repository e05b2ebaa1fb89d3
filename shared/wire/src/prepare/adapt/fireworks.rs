//! Fireworks: tools and schemas exclude one another, files are not read, and vLLM's extras are translated.

use serde_json::{Value, json};

use super::super::Refusal;
use super::super::call::Call;
use super::super::messages::{part_type, parts, remove_everywhere, role};
use super::super::rules::Rules;
use super::super::supported::at_fireworks;
use super::azure::{ForcedTool, force_json_tool};
use crate::json::Object;
use crate::models::Capability;

/// Sampling options of vLLM and NIM that Fireworks refuses.
const FOREIGN: [&str; 16] = [
    "stop_token_ids",
    "include_stop_str_in_output",
    "skip_special_tokens",
    "spaces_between_special_tokens",
    "best_of",
    "use_beam_search",
    "guided_decoding_backend",
    "guided_regex",
    "add_generation_prompt",
    "continue_final_message",
    "add_special_tokens",
    "detokenize",
    "allowed_token_ids",
    "bad_words",
    "include_reasoning",
    "nvext",
];

pub(super) fn parameters(call: &mut Call<'_, '_>) -> Result<(), Refusal> {
    if call.body.get("thinking").is_some() && call.body.get("reasoning_effort").is_some() {
        return Err(Refusal::bad(
            "Fireworks AI chat completions does not support specifying both `thinking` and `reasoning_effort` \
             in the same request.",
        ));
    }
    if call.body.get("tool_choice") == Some("\"required\"") {
        call.set("tool_choice", &"any");
    }
    if call.body.get("tools").is_some() {
        schema_beside_tools(call);
        clean_tools(call);
    }
    effort(call);
    call.absorb_extra_body();
    translate_guidance(call);
    translate_template(call);
    call.rename("truncate_prompt_tokens", "prompt_truncate_len");
    call.body.retain(|name, _| !FOREIGN.contains(&name));
    Ok(())
}

fn schema_beside_tools(call: &mut Call<'_, '_>) {
    if let Some(Ok(format)) = call.body.remove("response_format").map(|text| serde_json::from_str::<Value>(&text)) {
        force_json_tool(call, &format, ForcedTool::Offered);
    }
}

/// `strict` is unknown, and older names of definitions are moved to the new one.
fn clean_tools(call: &mut Call<'_, '_>) {
    let text = call.body.get("tools").filter(|text| text.contains("\"strict\""));
    let Some(Ok(mut tools)) = text.map(serde_json::from_str::<Vec<Value>>) else { return };
    for tool in tools.iter_mut().filter(|tool| part_type(tool) == "function") {
        if let Some(function) = tool.get_mut("function").and_then(Value::as_object_mut) {
            function.shift_remove("strict");
        }
    }
    call.set("tools", &tools);
}

/// Words, numbers and switches are all taken; `auto` is what happens anyway.
fn effort(call: &mut Call<'_, '_>) {
    let Some(Ok(value)) = call.body.remove("reasoning_effort").map(|text| serde_json::from_str::<Value>(&text)) else {
        return;
    };
    let effort = if value.is_object() { value.get("effort").cloned().unwrap_or_default() } else { value };
    let effort = match effort {
        Value::Bool(true) => Value::from("medium"),
        Value::Bool(false) => Value::from("none"),
        other => other,
    };
    if effort != "auto" && !effort.is_null() {
        call.set("reasoning_effort", &effort);
    }
}

/// vLLM's guided decoding as a format of the answer.
fn translate_guidance(call: &mut Call<'_, '_>) {
    let mut take = |name: &str| call.body.remove(name).and_then(|text| serde_json::from_str::<Value>(&text).ok());
    let (json, grammar, choice) = (take("guided_json"), take("guided_grammar"), take("guided_choice"));
    if call.body.get("response_format").is_some() {
        return;
    }
    let of_schema =
        |schema: Value, name: &str| json!({"type": "json_schema", "json_schema": {"name": name, "schema": schema}});
    let format = match (json, grammar, choice) {
        (Some(schema), _, _) => of_schema(schema, "response"),
        (None, Some(grammar), _) => json!({"type": "grammar", "grammar": grammar}),
        (None, None, Some(choice)) => of_schema(json!({"type": "string", "enum": choice}), "choice"),
        (None, None, None) => return,
    };
    call.set("response_format", &format);
}

/// What a chat template is told of thinking becomes an effort.
fn translate_template(call: &mut Call<'_, '_>) {
    let Some(text) = call.body.remove("chat_template_kwargs") else { return };
    let is_told = call.body.get("reasoning_effort").is_some() || call.body.get("thinking").is_some();
    let Ok(options) = Object::parse(text.as_bytes()) else { return };
    let switch = |names: &[&str]| names.iter().find_map(|name| options.get(name)?.parse::<bool>().ok());
    let budget =
        options.get("reasoning_budget").and_then(|text| text.parse::<f64>().ok()).filter(|budget| *budget > 0.0);
    let effort = match (switch(&["enable_thinking", "thinking"]), budget, switch(&["low_effort"])) {
        (Some(false), _, _) => Value::from("none"),
        (_, Some(budget), _) => json!(budget.trunc()),
        (_, None, Some(true)) => Value::from("low"),
        _ => return,
    };
    if !is_told && call.rules.can(Capability::Reasoning) {
        call.set("reasoning_effort", &effort);
    }
}

pub(super) fn messages(rules: &Rules, messages: &mut [Value]) -> Result<(), Refusal> {
    let model = rules.settings.model.as_str();
    let is_blind = at_fireworks(model, Capability::Vision) == Some(false);
    for message in messages {
        let user_parts = parts(message).filter(|_| role(message) == "user");
        for part in user_parts.into_iter().flatten() {
            match part_type(part) {
                "file" => {
                    return Err(Refusal::bad(
                        "Fireworks AI chat completions does not support file content blocks. For PDFs, convert pages \
                         to images and send image_url blocks to a Fireworks vision model, or extract text before \
                         calling a text-only model.",
                    ));
                }
                "image_url" if is_blind => {
                    return Err(Refusal::bad(format!(
                        "Fireworks AI model {model} does not support image inputs. Use a Fireworks vision model or \
                         remove image_url content blocks."
                    )));
                }
                _ => {}
            }
        }
        remove_everywhere(message, "cache_control");
        if let Some(fields) = message.as_object_mut() {
            fields.shift_remove("provider_specific_fields");
            fields.shift_remove("thinking_blocks");
        }
    }
    Ok(())
}
