//! Why no deployment takes a call, in LiteLLM's words.

use std::fmt::Write;
use std::time::Duration;

use tollgate_wire::failure::{Failure, FailureClass};

use super::sieve::Sieve;
use super::strategy::Ask;
use super::{Limits, Settings, Stage, tags};
use crate::catalog::Group;
use crate::clock::Moment;
use crate::config::Strategy;
use crate::meter::View;

/// LiteLLM's `RouterErrors.no_deployments_available`; its clients look for it.
const NO_DEPLOYMENTS: &str = "No deployments available for selected model";

/// No deployment takes the call.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    pub kind: Kind,
    pub message: String,
    /// When it is worth another try.
    pub retry_after: Option<Duration>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// All deployments rest.
    AllResting,
    /// Nothing is left, for other reasons or several.
    Nothing,
    /// Requests or tokens of the minute are used up.
    Limits,
    /// The same under the strategy that looks at usage.
    Usage,
    Budget,
    /// All are at their limit of parallel calls: worth waiting for.
    Parallel,
    ContextWindow,
    Tags,
    /// All are switched off (`model_info.blocked`).
    Paused,
}

impl Refusal {
    /// Nothing is left: the sentence of LiteLLM's `RouterRateLimitError`, with the time that is really left.
    pub(super) fn nothing(settings: &Settings, group: &Group, view: View<'_>, now: Moment) -> Self {
        if !group.deployments.is_empty() && group.deployments.iter().all(|deployment| deployment.routing.is_blocked) {
            return Self::paused(&group.name);
        }
        let rests = group.seats.iter().map(|seat| view.state(seat.handle).rest(now));
        let shortest = rests.clone().flatten().min();
        let resting: Vec<&str> = rests
            .zip(&group.deployments)
            .filter_map(|(rest, deployment)| rest.map(|_| deployment.id.as_str()))
            .collect();
        let kind = match resting.len() == group.deployments.len() && !resting.is_empty() {
            true => Kind::AllResting,
            false => Kind::Nothing,
        };
        let wait = shortest.unwrap_or(DEFAULT_WAIT);
        let reason = match kind {
            Kind::AllResting => " All deployments for selected model are in cooldown.",
            _ => "",
        };
        let message = format!(
            "{NO_DEPLOYMENTS}, Try again in {} seconds.{reason} Passed model={}. pre-call-checks={}, cooldown_list={}",
            whole_seconds(wait),
            group.name,
            if settings.pre_call_checks { "True" } else { "False" },
            tags::shown(Some(&resting.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>())),
        );
        Self { kind, message, retry_after: Some(wait) }
    }

    pub(crate) fn paused(group: &str) -> Self {
        let message = format!("Model '{group}' is currently paused and cannot accept requests.");
        Self { kind: Kind::Paused, message, retry_after: None }
    }

    pub(super) fn budget(sieve: &Sieve<'_>) -> Self {
        let (now, mut said, mut soonest) = (sieve.query.now, String::new(), None::<Duration>);
        for (seat, deployment) in sieve.group.seats.iter().zip(&sieve.group.deployments) {
            // It is back when it has rested, and all its budgets have begun anew.
            let mut wait = sieve.view.state(seat.handle).rest(now).unwrap_or_default();
            for budget in deployment.routing.budgets_of(&sieve.query.wish.tags) {
                let purse = sieve.view.purse(budget.purse);
                let spent = purse.spent_picousd(now);
                if spent < budget.limit_picousd {
                    continue;
                }
                let (spent, limit) = (spent as f64 / 1e12, budget.limit_picousd as f64 / 1e12);
                // Writing to a string cannot fail.
                let _ = writeln!(said, "Exceeded budget for {}: {spent} >= {limit}", budget.shown);
                wait = wait.max(purse.left(now));
            }
            soonest = soonest.into_iter().chain([wait]).filter(|wait| !wait.is_zero()).min();
        }
        let message = format!("No deployments available - crossed budget: {said}");
        Self { kind: Kind::Budget, message, retry_after: soonest }
    }

    pub(super) fn context_window(group: &Group, candidates: &[u32], tokens: u64) -> Self {
        let mut said = String::new();
        for place in candidates {
            let deployment = &group.deployments[*place as usize];
            let Some(tokens_max) = deployment.routing.max_input_tokens else { continue };
            let model = deployment.rules.settings.base_model.as_deref().unwrap_or(&deployment.named);
            // Writing to a string cannot fail.
            let _ = write!(said, "Model={model}, Max Input Tokens={tokens_max}, Got={tokens}");
        }
        let message = format!(
            "litellm._pre_call_checks: Context Window exceeded for given call. No models have context window large \
             enough for this call.\n{said}"
        );
        Self { kind: Kind::ContextWindow, message, retry_after: None }
    }

    pub(super) fn tags(group: &str, asked: &[String]) -> Self {
        let message = format!(
            "Not allowed to access model due to tags configuration. Passed model={group} and tags={}",
            tags::shown(Some(asked)),
        );
        Self { kind: Kind::Tags, message, retry_after: None }
    }

    pub(crate) fn parallel(group: &str) -> Self {
        let message = format!(
            "Deployment has all max_parallel_requests slots in use. All deployments of model_group={group} have, and \
             none became free while this call waited. Raise max_parallel_requests (or the rpm/tpm it is derived from), \
             or let more calls wait longer (router_settings.max_queued_requests, router_settings.queue_timeout)"
        );
        Self { kind: Kind::Parallel, message, retry_after: Some(PARALLEL_WAIT) }
    }

    /// The minute's requests or tokens are used up.
    pub(super) fn limits(ask: &Ask<'_>, sieve: &Sieve<'_>, before: &[u32]) -> Self {
        let Ask { strategy, limits, settings, .. } = *ask;
        let now = sieve.query.now;
        let wait = now.until_next_minute();
        if limits == Limits::Requests {
            return Self { kind: Kind::Limits, message: format!("{NO_DEPLOYMENTS}."), retry_after: Some(wait) };
        }
        if strategy != Strategy::UsageBased {
            let (group, view) = (sieve.group, sieve.view);
            return Self { kind: Kind::Limits, retry_after: Some(wait), ..Self::nothing(settings, group, view, now) };
        }
        let mut used = Vec::new();
        for place in before {
            let (seat, deployment) = (&sieve.group.seats[*place as usize], &sieve.group.deployments[*place as usize]);
            let state = sieve.view.state(seat.handle);
            used.push(format!(
                "'{}': {{'current_tpm': {}, 'tpm_limit': {}, 'current_rpm': {}, 'rpm_limit': {}}}",
                deployment.id,
                state.tokens(now),
                deployment.routing.tpm.map_or_else(|| "inf".to_owned(), |limit| limit.to_string()),
                state.requests(now),
                deployment.routing.rpm.map_or_else(|| "inf".to_owned(), |limit| limit.to_string()),
            ));
        }
        let message =
            format!("{NO_DEPLOYMENTS}. Passed model={}. Deployments={{{}}}", sieve.group.name, used.join(", "),);
        Self { kind: Kind::Usage, message, retry_after: Some(wait) }
    }

    /// `error.type` in the answer.
    pub const fn error_type(&self) -> &'static str {
        match self.kind {
            Kind::AllResting => "all_deployments_in_cooldown",
            Kind::Nothing => "rate_limit_error",
            // What is no exception of LiteLLM's own has the type of whatever goes wrong.
            _ => "internal_server_error",
        }
    }

    /// The failure that LiteLLM makes of it, where it makes one; its router explains those like a provider's.
    pub(crate) fn failure(&self) -> Option<Failure> {
        let class = match self.kind {
            Kind::ContextWindow => FailureClass::ContextWindow,
            Kind::Paused => FailureClass::ServiceUnavailable,
            Kind::Usage | Kind::Parallel => FailureClass::RateLimit,
            _ => return None,
        };
        Some(Failure::new(class, &self.message))
    }

    /// The filter that a later call may pass, by its name in explanations.
    pub fn stage(&self) -> Option<Stage> {
        match self.kind {
            Kind::AllResting => Some(Stage::Cooldown),
            Kind::Nothing => None,
            Kind::Limits | Kind::Usage => Some(Stage::Limits),
            Kind::Budget => Some(Stage::Budget),
            Kind::Parallel => Some(Stage::Parallel),
            Kind::ContextWindow => Some(Stage::ContextWindow),
            Kind::Tags => Some(Stage::Tags),
            Kind::Paused => Some(Stage::Blocked),
        }
    }
}

/// LiteLLM's `DEFAULT_COOLDOWN_TIME_SECONDS`, named where no deployment rests.
const DEFAULT_WAIT: Duration = Duration::from_secs(5);
/// Calls end at any time: when one more try is cheap.
const PARALLEL_WAIT: Duration = Duration::from_secs(1);

/// Never less than what is left.
pub(crate) fn whole_seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}
