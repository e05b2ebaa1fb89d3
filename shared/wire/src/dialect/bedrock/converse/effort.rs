//! How hard a model is to think: `reasoning_effort` and `thinking` in each family's own words.
//!
//! LiteLLM's `_handle_reasoning_effort_parameter` and its rules of Claude's thinking. Knows no message.

use serde_json::{Map, Value, json};

use super::tools::Unfit;
use crate::dialect::bedrock::facts::{Flag, Model};
use crate::models::Capability;
use crate::prepare::Refusal;
use crate::python;

/// Bedrock refuses to think for less, in tokens.
const BUDGET_MIN: u64 = 1024;
/// What is left for the answer where the client gives no limit, in tokens (LiteLLM's `DEFAULT_MAX_TOKENS`).
const ANSWER_TOKENS: u64 = 4096;
/// Thinking of models that know a budget only, in tokens.
const BUDGETS: [(&str, u64); 6] =
    [("minimal", 1024), ("low", 1024), ("medium", 2048), ("high", 4096), ("xhigh", 8192), ("max", 16384)];
/// Efforts from weakest to strongest.
const EFFORTS: [&str; 5] = ["low", "medium", "high", "xhigh", "max"];

/// Writes an effort into the model's own fields.
///
/// # Errors
/// Where the model has no such effort.
pub(super) fn effort(
    effort: &str,
    model: &Model<'_>,
    unfit: Unfit,
    own: &mut Map<String, Value>,
) -> Result<(), Refusal> {
    let name = model.name;
    if model.is_deepseek_r1() {
        return Ok(());
    }
    if name.contains("gpt-oss") || model.is_deepseek() {
        own.insert("reasoning_effort".to_owned(), effort.into());
        return Ok(());
    }
    if model.is_gpt() {
        return gpt(effort, model, unfit, own);
    }
    if model.is_nova_2() {
        return nova(effort, own);
    }
    if effort == "none" {
        own.shift_remove("thinking");
        own.shift_remove("output_config");
        return Ok(());
    }
    let Some((_, budget)) = BUDGETS.iter().find(|(known, _)| *known == effort) else {
        return Err(Refusal::bad(format!(
            "Unmapped reasoning effort: {}. Must be one of: 'minimal', 'low', 'medium', 'high', 'xhigh', 'max', 'none'.",
            python::repr(&effort.into())
        )));
    };
    if !adapts(model) {
        own.insert("thinking".to_owned(), json!({ "type": "enabled", "budget_tokens": budget }));
        return Ok(());
    }
    own.insert("thinking".to_owned(), json!({ "type": "adaptive", "display": "summarized" }));
    let mapped = if effort == "minimal" { "low" } else { effort };
    let mut config = own.remove("output_config").filter(Value::is_object).unwrap_or_else(|| json!({}));
    if config.get("effort").is_none() {
        config["effort"] = mapped.into();
    }
    lower_effort(&mut config, model);
    check_effort(&config, model)?;
    own.insert("output_config".to_owned(), config);
    Ok(())
}

fn gpt(effort: &str, model: &Model<'_>, unfit: Unfit, own: &mut Map<String, Value>) -> Result<(), Refusal> {
    let capability = match effort {
        "none" => Some(Capability::NoneEffort),
        "minimal" => Some(Capability::MinimalEffort),
        "low" => Some(Capability::LowEffort),
        "xhigh" => Some(Capability::ExtraHighEffort),
        "max" => Some(Capability::MaxEffort),
        _ => None,
    };
    let is_denied = capability.is_some_and(|capability| model.declares(capability) == Some(false));
    match (is_denied, unfit) {
        (true, Unfit::Drop) => {}
        (true, Unfit::Refuse) => {
            return Err(Refusal::unsupported(format!(
                "{} does not support reasoning_effort={effort}. To drop unsupported params, set `litellm.drop_params = \
                 True`.",
                model.name
            )));
        }
        (false, _) => {
            own.insert("reasoning".to_owned(), json!({ "effort": effort }));
        }
    }
    Ok(())
}

fn nova(effort: &str, own: &mut Map<String, Value>) -> Result<(), Refusal> {
    if !matches!(effort, "low" | "medium" | "high") {
        return Err(Refusal::bad(format!(
            "Invalid reasoning_effort value '{effort}' for Nova 2 models. Supported values: ['low', 'medium', 'high']"
        )));
    }
    let config = json!({ "type": "enabled", "maxReasoningEffort": effort });
    own.insert("reasoningConfig".to_owned(), config);
    Ok(())
}

/// Whether Claude decides itself how long to think (4.6 and later).
fn adapts(model: &Model<'_>) -> bool {
    model.can(Capability::AdaptiveThinking)
}

/// Writes `thinking` as the client wrote it, in the form that the model knows.
pub(super) fn thinking(value: &Value, model: &Model<'_>, max_tokens: Option<u64>, own: &mut Map<String, Value>) {
    if model.is_deepseek() || model.is_gpt() {
        return;
    }
    let kind = value.get("type").and_then(Value::as_str);
    match kind {
        Some("adaptive") if !adapts(model) => {
            let budget = match max_tokens {
                Some(limit) if limit <= BUDGET_MIN => return,
                Some(limit) => 2048.min(limit - 1),
                None => 2048,
            };
            own.insert("thinking".to_owned(), json!({ "type": "enabled", "budget_tokens": budget }));
        }
        Some("enabled") if adapts(model) && !model.can(Capability::LegacyThinking) => adaptive(value, model, own),
        _ => {
            own.insert("thinking".to_owned(), value.clone());
        }
    }
}

/// A budget for a model that takes efforts only.
fn adaptive(value: &Value, model: &Model<'_>, own: &mut Map<String, Value>) {
    let budget = value.get("budget_tokens").and_then(Value::as_u64).unwrap_or_default();
    let effort = match budget {
        8192.. if model.can(Capability::ExtraHighEffort) => "xhigh",
        4096.. => "high",
        2048.. => "medium",
        _ => "low",
    };
    let mut thinking = json!({ "type": "adaptive" });
    if let Some(display) = value.get("display").filter(|display| *display == "summarized" || *display == "omitted") {
        thinking["display"] = display.clone();
    }
    let mut config = json!({ "effort": effort });
    if let (Some(Value::Object(given)), Some(fields)) = (own.remove("output_config"), config.as_object_mut()) {
        fields.extend(given);
    }
    own.insert("thinking".to_owned(), thinking);
    own.insert("output_config".to_owned(), config);
}

/// Thinking within Bedrock's limits; returns the limit of the answer that follows from it, where the client has none.
pub(super) fn settle(model: &Model<'_>, own: &mut Map<String, Value>) -> Option<u64> {
    let always = model.flag(Flag::AlwaysThinks) == Some(true);
    let thinking = own.get_mut("thinking")?;
    let kind = thinking.get("type").and_then(Value::as_str).map(str::to_owned);
    // What always thinks cannot be told not to.
    if always && kind.as_deref() == Some("disabled") {
        own.shift_remove("thinking");
        return None;
    }
    let counts_budget = !model.name.contains("gpt-oss") && !model.is_nova_2();
    let budget = thinking.get("budget_tokens").and_then(Value::as_u64).filter(|_| counts_budget)?;
    let budget = budget.max(BUDGET_MIN);
    thinking["budget_tokens"] = budget.into();
    (kind.as_deref() == Some("enabled")).then_some(budget.saturating_add(ANSWER_TOKENS))
}

/// Whether the request asks for thinking in the way that forbids to demand a tool.
pub(super) fn is_enabled(own: &Map<String, Value>) -> bool {
    let kind = own.get("thinking").and_then(|thinking| thinking.get("type")).and_then(Value::as_str);
    kind == Some("enabled") || own.get("reasoning_effort").is_some_and(|effort| !effort.is_null())
}

/// `output_config` as the model takes it; `None` where it takes none.
///
/// # Errors
/// Where the model has no such effort.
pub(super) fn output_config(mut config: Value, model: &Model<'_>, unfit: Unfit) -> Result<Option<Value>, Refusal> {
    if model.name.contains(":application-inference-profile/") {
        return Ok(Some(config));
    }
    let knows_efforts = model.flag(Flag::OutputConfig) == Some(true)
        || [Capability::LowEffort, Capability::MinimalEffort, Capability::ExtraHighEffort, Capability::MaxEffort]
            .iter()
            .any(|level| model.can(*level));
    if !model.is_claude() || (unfit == Unfit::Drop && !knows_efforts) {
        return Ok(None);
    }
    lower_effort(&mut config, model);
    check_effort(&config, model)?;
    Ok(Some(config))
}

/// Bedrock takes some efforts of Claude only up to a ceiling.
fn lower_effort(config: &mut Value, model: &Model<'_>) {
    let rank = |effort: &str| EFFORTS.iter().position(|known| *known == effort);
    let asked = config.get("effort").and_then(Value::as_str).and_then(rank);
    let ceiling = model.effort_ceiling();
    if let (Some(asked), Some(ceiling)) = (asked, ceiling)
        && rank(ceiling).is_some_and(|rank| asked > rank)
    {
        config["effort"] = ceiling.into();
    }
}

fn check_effort(config: &Value, model: &Model<'_>) -> Result<(), Refusal> {
    let Some(effort) = config.get("effort").filter(|effort| !effort.is_null()) else { return Ok(()) };
    let word = effort.as_str().unwrap_or_default();
    if !EFFORTS.contains(&word) {
        return Err(Refusal::bad(format!(
            "Invalid reasoning_effort/output_config.effort value: {}. Must be one of: 'low', 'medium', 'high', 'xhigh', \
             or 'max'.",
            python::repr(effort)
        )));
    }
    let is_known = match word {
        "max" => adapts(model) || model.can(Capability::MaxEffort),
        "xhigh" => model.can(Capability::ExtraHighEffort),
        _ => true,
    };
    if is_known {
        return Ok(());
    }
    Err(Refusal::bad(format!("effort='{word}' is not supported by this model. Got model: {}", model.name)))
}
