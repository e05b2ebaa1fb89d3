//! Together AI: tools and schemas only where the model map does not deny them, efforts in its own words.

use serde_json::json;

use super::super::Refusal;
use super::super::call::{Call, Unsupported};
use crate::models::{self, Capability};

pub(super) fn parameters(call: &mut Call<'_, '_>) -> Result<(), Refusal> {
    refuse(call, Capability::FunctionCalling, &["tools", "tool_choice", "function_call"])?;
    refuse(call, Capability::ResponseSchema, &["response_format"])?;
    effort(call);
    Ok(())
}

fn refuse(call: &mut Call<'_, '_>, needs: Capability, names: &[&str]) -> Result<(), Refusal> {
    let model = call.rules.settings.model.as_str();
    let given: Vec<&str> = names.iter().copied().filter(|name| call.body.get(name).is_some()).collect();
    if given.is_empty() || !models::denies("together_ai", model, needs) {
        return Ok(());
    }
    if call.unsupported == Unsupported::Refuse {
        return Err(Refusal::unsupported(format!(
            "together_ai does not support parameters: {}, for model={model}. \
             To drop it from the call, set `litellm.drop_params = True`.",
            given.join(", ")
        )));
    }
    call.body.retain(|name, _| !given.contains(&name));
    Ok(())
}

fn effort(call: &mut Call<'_, '_>) {
    let Some(effort) = call.body.string("reasoning_effort").map(|effort| effort.into_owned()) else { return };
    let model = call.rules.settings.model.as_str();
    let is_adjustable = matches!(model, "openai/gpt-oss-120b" | "openai/gpt-oss-20b");
    let is_declared =
        models::lookup("together_ai", model).is_some_and(|facts| facts.efforts().any(|known| known == effort));
    let is_high_or_max = model.starts_with("deepseek-ai/DeepSeek-V4-Pro");
    let said = match effort.as_str() {
        "default" => None,
        "none" if is_adjustable => Some("low"),
        "none" => {
            call.body.remove("reasoning_effort");
            if call.body.get("reasoning").is_none() {
                call.set("reasoning", &json!({"enabled": false}));
            }
            return;
        }
        known if is_declared && !is_adjustable => Some(known),
        "minimal" | "low" | "medium" if is_high_or_max && !is_adjustable => Some("high"),
        "xhigh" if is_high_or_max && !is_adjustable => Some("max"),
        "max" if is_high_or_max && !is_adjustable => Some("max"),
        "minimal" => Some("low"),
        "xhigh" | "max" => Some("high"),
        other => Some(other),
    };
    match said {
        Some(said) => call.set("reasoning_effort", &said),
        None => {
            call.body.remove("reasoning_effort");
        }
    }
}
