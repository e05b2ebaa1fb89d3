//! The sentences that tell an operator what was tried after the failure. Knows no policy: it is told.

use std::fmt::Write;

use super::{Failure, FailureClass};

/// Fallback details longer than this are cut; LiteLLM's limit.
const DETAIL_CHARACTERS_MAX: usize = 2_000;

/// What was tried after a deployment failed.
#[derive(Clone, Copy, Debug)]
pub enum Outcome<'a> {
    /// No fallbacks are configured at all, or the client switched them off.
    NotAttempted,
    /// Fallbacks exist, but not for this group; `configured` are the groups they are for.
    NoGroup { lookup: &'a [&'a str], configured: &'a [&'a str] },
    /// A chain exists but nothing is known of it.
    Configured { targets: &'a [&'a str] },
    /// Every target failed too; `detail` is the last one's sentence.
    AlsoFailed { targets: &'a [&'a str], detail: &'a str },
}

/// What the sentences after the provider's words need to know.
#[derive(Clone, Copy, Debug)]
pub struct Explanation<'a> {
    /// The group the client asked for.
    pub model_group: &'a str,
    /// `fallbacks`, `context_window_fallbacks` and `content_policy_fallbacks` in Python's notation; `None`: not set.
    pub fallbacks: Option<&'a str>,
    pub context_window_fallbacks: Option<&'a str>,
    pub content_policy_fallbacks: Option<&'a str>,
    pub outcome: Outcome<'a>,
}

impl Failure {
    /// Adds what LiteLLM's router says of the deployment's own time limits. Only chat completions, only timeouts.
    ///
    /// Both values as Python prints them (`None`, `2.0`); source: `Router._acompletion`.
    #[must_use]
    pub fn with_time_limits(mut self, request_timeout: &str, timeout: &str) -> Self {
        if self.class == FailureClass::Timeout {
            let limits = format!("\n\nDeployment Info: request_timeout: {request_timeout}\ntimeout: {timeout}");
            self.message.push_str(&limits);
        }
        self
    }

    /// Adds what LiteLLM's router says of fallbacks. Not for streams that have begun, nor for moderations.
    #[must_use]
    pub fn explained(mut self, told: &Explanation) -> Self {
        self.message.push_str(&hint(self.class, told));
        self.message.push_str(&told.outcome.sentence(told.model_group));
        self
    }
}

/// Names the setting that would have helped, for the two classes that have one of their own.
fn hint(class: FailureClass, told: &Explanation) -> String {
    let (own, name, setting) = match class {
        FailureClass::ContextWindow => {
            (told.context_window_fallbacks, "context_window_fallbacks", "context_window_fallback")
        }
        FailureClass::ContentPolicy => {
            (told.content_policy_fallbacks, "content_policy_fallback", "content_policy_fallback")
        }
        _ => return String::new(),
    };
    if own.is_some() {
        return String::new();
    }
    format!(
        "\nmodel={}. {name}=None. fallbacks={}.\n\nSet '{setting}' - https://docs.litellm.ai/docs/routing#fallbacks",
        told.model_group,
        told.fallbacks.unwrap_or("None"),
    )
}

impl Outcome<'_> {
    fn sentence(&self, model_group: &str) -> String {
        let lead = format!("\n\nLiteLLM: model group '{model_group}' failed with the error above.");
        match self {
            Self::NotAttempted => format!("{lead} No fallback was attempted."),
            Self::Configured { targets } => {
                format!("{lead} Fallback model group(s) configured: {}.", targets.join(", "))
            }
            Self::AlsoFailed { targets, detail } => {
                format!("{lead} Fallback to {} also failed: {}", targets.join(", "), shorten(detail))
            }
            Self::NoGroup { lookup, configured } => no_group(lookup, configured),
        }
    }
}

fn no_group(lookup: &[&str], configured: &[&str]) -> String {
    let configured = match configured {
        [] => " No fallbacks are configured.".to_owned(),
        groups => format!(" Fallbacks are configured for: {}.", groups.join(", ")),
    };
    format!(
        "\n\nLiteLLM: model group '{}' failed with the error above and no fallback model group was found for it, so the \
         request was not retried on another model.{configured} Add a fallbacks entry for that model group (Router \
         fallbacks or proxy router_settings.fallbacks) to retry on another model.",
        lookup.join(" -> "),
    )
}

fn shorten(detail: &str) -> String {
    let count = detail.chars().count();
    if count <= DETAIL_CHARACTERS_MAX {
        return detail.to_owned();
    }
    let mut shown: String = detail.chars().take(DETAIL_CHARACTERS_MAX).collect();
    let dropped = count - DETAIL_CHARACTERS_MAX;
    // Writing to a string cannot fail.
    let _ = write!(shown, "... [truncated {dropped} characters]");
    shown
}
