//! How much the model is to think: efforts and budgets, between OpenAI's and Anthropic's words.
//!
//! Models from 4.6 on decide themselves (`adaptive`) and are told an effort; older ones are given a budget of tokens.
//! LiteLLM's numbers. Knows no message.

use serde_json::{Map, Value, json};

use super::ability::{self, Ability, can};
use super::host::Host;
use crate::prepare::Refusal;
use crate::python;

/// Anthropic takes no smaller budget.
const BUDGET_MIN: u64 = 1_024;
/// Tokens left for the answer where only the thinking's budget is known.
pub(super) const ANSWER_TOKENS: u64 = 4_096;

/// The model whose thinking is set.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subject<'s> {
    pub host: Host,
    pub model: &'s str,
}

/// What the provider is told of thinking.
#[derive(Clone, Debug, Default)]
pub(super) struct Plan {
    pub thinking: Option<Value>,
    pub output_config: Option<Map<String, Value>>,
}

impl Subject<'_> {
    pub fn can(&self, ability: Ability) -> bool {
        can(self.host, self.model, ability)
    }

    pub fn adapts(&self) -> bool {
        self.can(Ability::AdaptiveThinking)
    }
}

/// The `thinking` that an effort stands for; `None` for no thinking at all.
///
/// # Errors
/// Where the effort is none of LiteLLM's.
pub(super) fn of_effort(subject: Subject<'_>, effort: &str) -> Result<Option<Value>, Refusal> {
    if effort == "none" {
        return Ok(None);
    }
    if subject.adapts() {
        // Without `display` the thoughts would come back blank.
        return Ok(Some(json!({"type": "adaptive", "display": "summarized"})));
    }
    let budget = match effort {
        "minimal" | "low" => BUDGET_MIN,
        "medium" => 2_048,
        "high" => 4_096,
        "xhigh" => 8_192,
        "max" => 16_384,
        _ => {
            let shown = python::repr(&Value::from(effort));
            return Err(Refusal::bad(format!(
                "Unmapped reasoning effort: {shown}. Must be one of: 'minimal', 'low', 'medium', 'high', 'xhigh', \
                 'max', 'none'."
            )));
        }
    };
    Ok(Some(json!({"type": "enabled", "budget_tokens": budget})))
}

/// The `output_config.effort` that an OpenAI effort stands for.
///
/// # Errors
/// Where there is none.
pub(super) fn effort_name(effort: &str) -> Result<&'static str, Refusal> {
    Ok(match effort {
        "minimal" | "low" => "low",
        "medium" => "medium",
        "high" => "high",
        "xhigh" => "xhigh",
        "max" => "max",
        _ => {
            let shown = python::repr(&Value::from(effort));
            return Err(Refusal::bad(format!(
                "Invalid reasoning_effort: {shown}. Must be one of: 'minimal', 'low', 'medium', 'high', 'xhigh', \
                 'max', 'none'"
            )));
        }
    })
}

/// The budget below the limit on the answer; `None` where not even the smallest fits.
pub(super) fn capped(thinking: Value, max_tokens: Option<u64>) -> Option<Value> {
    let (Some(budget), Some(max_tokens)) = (thinking["budget_tokens"].as_u64(), max_tokens) else {
        return Some(thinking);
    };
    match () {
        () if max_tokens <= BUDGET_MIN => None,
        () if budget < max_tokens => Some(thinking),
        () => Some(json!({"type": thinking["type"], "budget_tokens": max_tokens - 1})),
    }
}

impl Plan {
    /// Takes the client's `reasoning_effort`.
    ///
    /// # Errors
    /// Where it names no effort.
    pub fn set_effort(&mut self, subject: Subject<'_>, effort: &Value) -> Result<(), Refusal> {
        let effort = effort.get("effort").unwrap_or(effort);
        let Some(effort) = effort.as_str() else { return Ok(()) };
        let effort = if subject.host == Host::Bedrock && subject.adapts() { lowered(subject, effort) } else { effort };
        let Some(thinking) = of_effort(subject, effort)? else {
            *self = Self::default();
            return Ok(());
        };
        self.thinking = Some(thinking);
        if subject.adapts() {
            let mut config = Map::new();
            config.insert("effort".to_owned(), effort_name(effort)?.into());
            self.output_config = Some(config);
        }
        Ok(())
    }

    /// Takes the client's `thinking`.
    ///
    /// # Errors
    /// Never with today's models; the effort it is turned into is one of LiteLLM's.
    pub fn set_thinking(
        &mut self,
        subject: Subject<'_>,
        thinking: Value,
        max_tokens: Option<u64>,
    ) -> Result<(), Refusal> {
        if thinking["type"] == "adaptive" && !subject.adapts() {
            let budget = of_effort(subject, "medium")?;
            self.thinking = budget.and_then(|thinking| capped(thinking, max_tokens));
            return Ok(());
        }
        self.thinking = Some(thinking);
        self.modernise(subject);
        Ok(())
    }

    /// A budget becomes an effort, where the model takes no budgets any more.
    pub fn modernise(&mut self, subject: Subject<'_>) {
        let Some(thinking) = self.thinking.as_ref().filter(|thinking| thinking["type"] == "enabled") else { return };
        if !subject.adapts() || subject.can(Ability::LegacyThinking) {
            return;
        }
        let effort = match thinking["budget_tokens"].as_u64().unwrap_or_default() {
            8_192.. if subject.can(Ability::ExtraHighEffort) => "xhigh",
            4_096.. => "high",
            2_048.. => "medium",
            _ => "low",
        };
        let mut adaptive = Map::new();
        if let Some(binding) = thinking.get("block_binding").filter(|_| subject.host != Host::Vertex) {
            adaptive.insert("block_binding".to_owned(), binding.clone());
        }
        adaptive.insert("type".to_owned(), "adaptive".into());
        let shown = ["summarized", "omitted"];
        let keeps_updates = subject.host == Host::Bedrock && thinking["display"] == "updates";
        if let Some(display) = thinking["display"].as_str().filter(|text| shown.contains(text) || keeps_updates) {
            adaptive.insert("display".to_owned(), display.into());
        }
        self.thinking = Some(adaptive.into());
        let config = self.output_config.get_or_insert_default();
        config.entry("effort").or_insert_with(|| effort.into());
    }

    /// A model that always thinks cannot be told not to.
    pub fn drop_disabled(&mut self, subject: Subject<'_>) {
        let is_disabled = self.thinking.as_ref().is_some_and(|thinking| thinking["type"] == "disabled");
        if is_disabled && subject.can(Ability::AlwaysThinks) {
            self.thinking = None;
        }
    }

    /// The budget of thinking that is switched on.
    pub fn budget(&self) -> Option<u64> {
        let thinking = self.thinking.as_ref().filter(|thinking| thinking["type"] == "enabled")?;
        thinking["budget_tokens"].as_u64()
    }

    /// Whether the model takes the effort that it is told.
    ///
    /// # Errors
    /// Where it does not.
    pub fn check_effort(&self, subject: Subject<'_>) -> Result<(), Refusal> {
        let Some(effort) = self.output_config.as_ref().and_then(|config| config.get("effort")) else { return Ok(()) };
        if effort.is_null() {
            return Ok(());
        }
        let model = subject.model;
        let refusal = match effort.as_str() {
            Some("high" | "medium" | "low") => return Ok(()),
            Some("max") if subject.adapts() || subject.can(Ability::MaxEffort) => return Ok(()),
            Some("xhigh") if subject.can(Ability::ExtraHighEffort) => return Ok(()),
            Some(name @ ("max" | "xhigh")) => {
                format!("effort='{name}' is not supported by this model. Got model: {model}")
            }
            _ => format!(
                "Invalid effort value: {}. Must be one of: 'high', 'medium', 'low', 'xhigh', 'max'",
                python::repr(effort)
            ),
        };
        Err(Refusal::bad(refusal))
    }

    /// Takes out what the clouds refuse of `output_config`, and lowers what they take less of.
    pub fn fit_to_cloud(&mut self, subject: Subject<'_>) {
        let Some(config) = &mut self.output_config else { return };
        if subject.host == Host::Bedrock
            && let Some(effort) = config.get("effort").and_then(Value::as_str)
        {
            let lowered = lowered(subject, effort).to_owned();
            config.insert("effort".to_owned(), lowered.into());
        }
        let keeps_only_format = match subject.host {
            Host::Vertex => config.contains_key("effort") && !ability::takes_effort(subject.host, subject.model),
            Host::Bedrock => {
                config.keys().any(|name| name != "format") && !ability::takes_effort(subject.host, subject.model)
            }
            Host::Anthropic | Host::Azure => false,
        };
        match (keeps_only_format, subject.host) {
            (true, Host::Bedrock) => config.retain(|name, _| name == "format"),
            (true, _) => config.retain(|name, _| name != "effort"),
            _ => {}
        }
        if config.is_empty() {
            self.output_config = None;
        }
    }
}

/// An effort that Bedrock takes for the model.
fn lowered<'e>(subject: Subject<'_>, effort: &'e str) -> &'e str {
    const ORDER: [&str; 5] = ["low", "medium", "high", "max", "xhigh"];
    let rank = |name: &str| ORDER.iter().position(|other| *other == name);
    match (rank(effort), ability::effort_ceiling(subject.model).and_then(|ceiling| Some((rank(ceiling)?, ceiling)))) {
        (Some(own), Some((limit, ceiling))) if own > limit => ceiling,
        _ => effort,
    }
}
