//! Retries: is the group asked again after a failure, and after how long?
//!
//! LiteLLM's `async_function_with_retries`, but that deployments which have not failed this call go first, and only
//! then is waited. Knows no clock.

use std::time::Duration;

use tollgate_wire::failure::FailureClass;

use super::{Fault, is_passing};
use crate::config::{Config, RetryPolicy};
use crate::deployment::Deployment;
use crate::random::Random;

/// LiteLLM's `INITIAL_RETRY_DELAY`, `MAX_RETRY_DELAY` and `JITTER`.
const FIRST_WAIT: Duration = Duration::from_millis(500);
const WAIT_MAX: Duration = Duration::from_secs(8);
const JITTER_S: f64 = 0.75;

/// What the configuration says of retries.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    /// Where neither the call nor the deployment nor a policy says how many.
    pub retries: u64,
    pub policy: Option<RetryPolicy>,
    pub group_policies: Vec<(String, RetryPolicy)>,
    /// `retry_after`: the least wait.
    pub wait_min: Duration,
    /// `max_retry_wait`: a longer `retry-after` is not waited for.
    pub wait_max: Duration,
}

impl Settings {
    pub fn new(config: &Config) -> Self {
        let router = &config.router_settings;
        let seconds = |seconds: f64| Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
        Self {
            retries: router.retries(&config.litellm_settings),
            policy: router.retry_policy.clone(),
            group_policies: router.model_group_retry_policy.clone(),
            wait_min: seconds(router.retry_after_seconds),
            wait_max: seconds(router.max_retry_wait),
        }
    }

    /// The policy for a group: its own, else the router's.
    fn policy(&self, group: &str) -> Option<&RetryPolicy> {
        let own = self.group_policies.iter().find(|(name, _)| name == group).map(|(_, policy)| policy);
        own.or(self.policy.as_ref())
    }
}

/// Where a call stands when an attempt has failed.
#[derive(Clone, Copy, Debug)]
pub struct Standing<'a> {
    pub group: &'a str,
    /// `num_retries` of the call.
    pub asked: Option<u64>,
    /// Deployments of the group.
    pub deployments: usize,
    /// Those that do not rest.
    pub healthy: usize,
    /// Those that do not rest, and have not failed this call.
    pub untried: usize,
    /// Retries made so far.
    pub made: u64,
    pub has_context_fallbacks: bool,
    pub has_policy_fallbacks: bool,
    /// `enable_weighted_failover`: whatever the number of retries, all deployments are asked first.
    pub asks_all: bool,
}

/// What to do after a failure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decision {
    /// The retries that the failure allows, made ones included; `None`: it will not pass.
    pub retries_max: Option<u64>,
    /// How long to wait before the next one.
    pub wait: Duration,
}

impl Decision {
    pub fn goes_on(&self, made: u64) -> bool {
        self.retries_max.is_some_and(|most| made < most)
    }
}

/// Decides. The first failure fixes how many retries there are, as LiteLLM has it: `fixed` is its number.
pub fn decide(
    settings: &Settings,
    deployment: Option<&Deployment>,
    fault: &Fault,
    standing: &Standing<'_>,
    (fixed, random): (Option<u64>, &mut Random),
) -> Decision {
    let by_policy = settings.policy(standing.group).filter(|_| standing.asked != Some(0));
    let by_policy = by_policy.and_then(|policy| allowed(policy, fault));
    let own = deployment.and_then(|deployment| deployment.routing.retries);
    let usual = standing.asked.or(own).unwrap_or(settings.retries);
    let passes = !fault.is_own && (by_policy.is_some() || passes(fault, standing));
    let retries_max = passes.then(|| fixed.unwrap_or(by_policy.unwrap_or(usual)));
    let has_more = standing.asks_all && standing.untried > 0 && !has_own_list(fault);
    let retries_max = if has_more { Some(retries_max.unwrap_or(0).max(standing.made + 1)) } else { retries_max };
    let wait = if standing.untried > 0 { Duration::ZERO } else { wait(settings, fault, standing.made, random) };
    Decision { retries_max, wait }
}

const fn has_own_list(fault: &Fault) -> bool {
    matches!(fault.class, FailureClass::ContextWindow | FailureClass::ContentPolicy)
}

/// Whether another attempt may go better: LiteLLM's `should_retry_this_error`.
fn passes(fault: &Fault, standing: &Standing<'_>) -> bool {
    let is_refused = matches!(fault.status, 401 | 403);
    match fault.class {
        FailureClass::ContextWindow if standing.has_context_fallbacks => false,
        FailureClass::ContentPolicy if standing.has_policy_fallbacks => false,
        FailureClass::NotFound => false,
        _ if is_refused => standing.deployments > 1 && standing.healthy > 0,
        _ => is_passing(fault.status) && standing.healthy > 0,
    }
}

/// What the provider asks for where that is bearable, else longer each time; and a bit of chance, so that calls which
/// failed together do not come back together.
fn wait(settings: &Settings, fault: &Fault, made: u64, random: &mut Random) -> Duration {
    let jitter = Duration::from_secs_f64(JITTER_S * random.fraction());
    let asked = fault.retry_after_s.and_then(|seconds| u64::try_from(seconds).ok()).map(Duration::from_secs);
    if let Some(asked) = asked.filter(|asked| !asked.is_zero() && *asked <= settings.wait_max) {
        return asked + jitter;
    }
    let doubled = FIRST_WAIT.saturating_mul(1 << made.min(8));
    doubled.max(settings.wait_min).min(WAIT_MAX) + jitter
}

/// How often a policy lets a failure be retried: a 404 by its own number, else the most particular class.
fn allowed(policy: &RetryPolicy, fault: &Fault) -> Option<u64> {
    let not_found = (fault.status == 404).then_some(policy.not_found).flatten();
    let by_class = match fault.class {
        FailureClass::Authentication => policy.authentication,
        FailureClass::Timeout => policy.timeout,
        FailureClass::RateLimit => policy.rate_limit,
        FailureClass::ContentPolicy => policy.content_policy.or(policy.bad_request),
        FailureClass::BadRequest | FailureClass::ContextWindow | FailureClass::UnsupportedParameters => {
            policy.bad_request
        }
        FailureClass::ServiceUnavailable => policy.service_unavailable,
        FailureClass::InternalServer => policy.internal_server,
        _ => None,
    };
    not_found.or(by_class).or(policy.default)
}

#[cfg(test)]
mod tests;
