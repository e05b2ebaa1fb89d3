//! Thinking: Anthropic's budgets and efforts as the effort that other models understand.
//!
//! Thresholds and the way down from an effort that a model does not know are LiteLLM's. Knows no conversation.

use serde::Deserialize;

use crate::chat::Text;
use crate::models::{self, Capability, Facts};

/// Anthropic's `thinking`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Thinking<'a> {
    #[serde(rename = "type", borrow)]
    pub kind: Option<Text<'a>>,
    pub budget_tokens: f64,
    #[serde(borrow)]
    pub summary: Option<Text<'a>>,
}

impl Thinking<'_> {
    /// `type`; a thinking without one is disabled.
    pub fn kind(&self) -> &str {
        self.kind.as_deref().unwrap_or("disabled")
    }
}

/// The effort that stands for a budget.
pub fn of_budget(tokens: f64) -> &'static str {
    match tokens {
        tokens if tokens >= 4096.0 => "high",
        tokens if tokens >= 2048.0 => "medium",
        tokens if tokens >= 1024.0 => "low",
        _ => "minimal",
    }
}

/// The nearest effort that the model knows; efforts that every model knows stay.
pub fn lowered(effort: &str, provider: &str, model: &str) -> String {
    let chain: &[&str] = match effort {
        "max" => &["max", "xhigh", "high"],
        "xhigh" => &["xhigh", "high"],
        "minimal" => &["minimal", "low"],
        other => return other.to_owned(),
    };
    let last = chain.last().copied().unwrap_or("low");
    let Some(facts) = models::lookup(provider, model) else { return last.to_owned() };
    let known = known(&facts, model);
    let steps = chain.iter().copied().chain(known.iter().copied().filter(|level| *level != "none"));
    steps.into_iter().find(|level| known.contains(level)).unwrap_or(last).to_owned()
}

/// The efforts that the model map knows of, none where it says nothing (`resolve_supported_reasoning_efforts`).
fn known<'a>(facts: &Facts<'a>, model: &str) -> Vec<&'a str> {
    let bare = models::find(model);
    let declares = |capability| facts.declares(capability).or_else(|| bare.and_then(|bare| bare.declares(capability)));
    let flags = [
        ("none", declares(Capability::NoneEffort)),
        ("minimal", declares(Capability::MinimalEffort)),
        ("low", declares(Capability::LowEffort)),
        ("xhigh", declares(Capability::ExtraHighEffort)),
        ("max", declares(Capability::MaxEffort)),
    ];
    let says_nothing = flags.iter().all(|(_, flag)| flag.is_none());
    match facts.declares(Capability::Reasoning) {
        Some(false) => return Vec::new(),
        None if says_nothing => return Vec::new(),
        _ => {}
    }
    let listed: Vec<&str> = facts.efforts().collect();
    if !listed.is_empty() || says_nothing {
        return listed;
    }
    let flag = |name: &str| flags.iter().find(|(level, _)| *level == name).and_then(|(_, flag)| *flag);
    let mut levels = vec!["medium", "high"];
    levels.extend(["none", "minimal", "low"].into_iter().filter(|name| flag(name) != Some(false)));
    levels.extend(["xhigh", "max"].into_iter().filter(|name| flag(name) == Some(true)));
    levels
}
