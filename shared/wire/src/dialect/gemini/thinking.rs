//! How much a model shall think: from OpenAI's effort or Anthropic's budget to Gemini's `thinkingConfig`.
//!
//! The numbers are LiteLLM's. Knows no other parameter.

use serde_json::{Value, json};

use super::model;
use crate::models;
use crate::models::Capability::MinimalEffort;
use crate::prepare::Refusal;

/// The configuration for `reasoning_effort`, which is a word or an object with one; `None` where it says nothing.
///
/// # Errors
/// An effort that Gemini does not have.
pub(super) fn from_effort(provider: &str, model: &str, effort: &Value) -> Result<Option<Value>, Refusal> {
    let word = effort.as_str().or_else(|| effort.get("effort").and_then(Value::as_str));
    let Some(word) = word else { return Ok(None) };
    if model::is_third(model) { level(provider, model, word) } else { budget(model, word) }.map(Some)
}

fn budget(model: &str, effort: &str) -> Result<Value, Refusal> {
    let (budget, includes) = match effort {
        "minimal" => (minimal_budget(&model.to_ascii_lowercase()), true),
        "low" => (1024, true),
        "medium" => (2048, true),
        "high" => (4096, true),
        "disable" | "none" => (0, false),
        _ => return Err(unknown(effort)),
    };
    Ok(json!({ "thinkingBudget": budget, "includeThoughts": includes }))
}

fn minimal_budget(model: &str) -> u32 {
    match () {
        () if model.contains("gemini-2.5-flash-lite") => 512,
        () if model.contains("gemini-2.5-pro") => 128,
        () if model.contains("gemini-2.5-flash") => 1,
        () => 128,
    }
}

fn level(provider: &str, model: &str, effort: &str) -> Result<Value, Refusal> {
    let lowest = if has_minimal(provider, model) { "minimal" } else { "low" };
    let (level, includes) = match effort {
        "minimal" => (lowest, true),
        "low" | "medium" | "high" => (effort, true),
        "disable" | "none" => (lowest, false),
        _ => return Err(unknown(effort)),
    };
    Ok(json!({ "thinkingLevel": level, "includeThoughts": includes }))
}

fn has_minimal(provider: &str, model: &str) -> bool {
    model.to_ascii_lowercase().contains("flash") && !models::denies(provider, model, MinimalEffort)
}

fn unknown(effort: &str) -> Refusal {
    Refusal::unsupported(format!(
        "Invalid `reasoning_effort`: {}. Must be one of: 'minimal', 'low', 'medium', 'high', 'none', 'disable'. \
         To drop this param, set `litellm.drop_params = True` or pass in `(.., drop_params=True)` in the request - \
         https://docs.litellm.ai/docs/completion/drop_params",
        crate::python::repr(&Value::from(effort)),
    ))
}

/// The configuration for Anthropic's `thinking`.
pub(super) fn from_thinking(model: &str, thinking: &Value) -> Value {
    let is_enabled = thinking.get("type").and_then(Value::as_str) == Some("enabled");
    let budget = thinking.get("budget_tokens").filter(|budget| budget.is_i64() || budget.is_u64());
    let is_zero = budget.and_then(Value::as_u64) == Some(0);
    if model::is_third(model) {
        return json!({ "includeThoughts": is_enabled && !is_zero });
    }
    let mut config = json!({});
    if is_enabled && !is_zero {
        config["includeThoughts"] = true.into();
    }
    if let Some(budget) = budget {
        config["thinkingBudget"] = budget.clone();
    }
    config
}

/// LiteLLM's refusal of two ways to say the same.
pub(super) fn conflict(parameter: &str) -> Refusal {
    Refusal::unsupported(format!(
        "Cannot specify both `{parameter}` (which maps to `thinking_budget`) and `thinking_level` in the same request. \
         For Gemini 3 models, use `thinking_level` instead."
    ))
}
