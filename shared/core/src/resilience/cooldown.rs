//! Cooldowns: what a failure is held against its deployment.
//!
//! LiteLLM's `cooldown_handlers.py`, but that `allowed_fails` counts wherever it is written, failures of the client's
//! own making are not counted, and three failures in a row take a deployment out. The rules are data for the meter,
//! which counts over all instances.

use std::time::Duration;

use tollgate_wire::failure::FailureClass;

use super::{Fault, is_passing};
use crate::breaker::{ANY, Allowed, Breaker, Counter};
use crate::config::{AllowedFails, RouterSettings};
use crate::deployment::Deployment;
use crate::meter::Ending;

/// LiteLLM's `DEFAULT_COOLDOWN_TIME_SECONDS`.
const COOLDOWN: Duration = Duration::from_secs(5);
/// LiteLLM's `DEFAULT_FAILURE_THRESHOLD_PERCENT` and `DEFAULT_FAILURE_THRESHOLD_MINIMUM_REQUESTS`.
const SHARE: (f64, u32) = (0.5, 5);
/// LiteLLM's `SINGLE_DEPLOYMENT_TRAFFIC_FAILURE_THRESHOLD`.
const ALL_OF: u32 = 1000;
/// LiteLLM's `allowed_fails` where a policy does not name the class.
const ALLOWED_FAILS: u64 = 3;

/// What the configuration says of cooldowns.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    pub is_off: bool,
    pub cooldown: Option<Duration>,
    pub allowed_fails: Option<u64>,
    pub policy: Option<AllowedFails>,
    /// Failures in a row, and the rest after them.
    pub in_a_row: Option<(u32, Duration)>,
    /// Whether the number in a row was written, or is the default.
    pub in_a_row_given: bool,
}

impl Settings {
    pub fn new(router: &RouterSettings) -> Self {
        let seconds = |seconds: f64| Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
        let fails = u32::try_from(router.consecutive_fails).unwrap_or(u32::MAX);
        // A cooldown that is written is meant for this rule, too.
        let rest = router.cooldown_time_seconds.unwrap_or(router.consecutive_cooldown_time);
        Self {
            is_off: router.disable_cooldowns,
            cooldown: router.cooldown_time_seconds.map(seconds),
            allowed_fails: router.allowed_fails,
            policy: router.allowed_fails_policy.clone(),
            in_a_row: (fails > 0).then(|| (fails, seconds(rest))),
            in_a_row_given: router.consecutive_fails_given,
        }
    }
}

/// How a failed attempt at a deployment ends; `is_sole` where its group has no other.
pub fn ending(settings: &Settings, deployment: &Deployment, is_sole: bool, fault: &Fault) -> Ending {
    let routing = &deployment.routing;
    let own_policy = routing.allowed_fails_policy.as_ref();
    let is_named = own_policy.is_some_and(|policy| allowed(policy, fault).is_some());
    if fault.is_clients_limit || !(is_held_against(fault) || is_named) {
        return Ending::Unjudged;
    }
    let header = fault.retry_after_s.and_then(|seconds| u64::try_from(seconds).ok()).map(Duration::from_secs);
    let cooldown = routing.cooldown.or(header).or(settings.cooldown).unwrap_or(COOLDOWN);
    if settings.is_off || cooldown.is_zero() {
        return Ending::Failed(None);
    }
    let breaker = Rules { settings, deployment, is_sole, fault, cooldown }.breaker();
    Ending::Failed(breaker)
}

/// Whether a failure says something of the deployment: LiteLLM's `_is_cooldown_required`.
const fn is_held_against(fault: &Fault) -> bool {
    let is_own_doing = matches!(fault.status, 400..500) && !matches!(fault.status, 401 | 402 | 404 | 408 | 429);
    !fault.is_connection && !is_own_doing
}

struct Rules<'a> {
    settings: &'a Settings,
    deployment: &'a Deployment,
    is_sole: bool,
    fault: &'a Fault,
    cooldown: Duration,
}

impl Rules<'_> {
    fn breaker(&self) -> Option<Breaker> {
        let (routing, policy) = (&self.deployment.routing, self.settings.policy.as_ref());
        let own = routing.allowed_fails_policy.as_ref().and_then(|policy| allowed(policy, self.fault));
        let general = policy.and_then(|policy| allowed(policy, self.fault));
        if self.fault.status == 402 && self.is_sole && own.is_none() && general.is_none() {
            return None;
        }
        if let Some((counter, fails)) = own {
            return Some(self.counted(counter, fails));
        }
        match routing.allowed_fails {
            // Written for the deployment as a whole, it does not take out the only one there is.
            Some(_) if self.is_sole => return None,
            Some(fails) => return Some(self.counted(ANY, fails)),
            None => {}
        }
        if let Some((_, fails)) = general {
            return Some(self.counted(ANY, fails));
        }
        match (self.settings.allowed_fails, policy.or(routing.allowed_fails_policy.as_ref())) {
            (Some(fails), _) => Some(self.counted(ANY, fails)),
            (None, Some(_)) => Some(self.counted(ANY, ALLOWED_FAILS)),
            (None, None) => Some(self.usual()),
        }
    }

    /// Out after more than so many failures. Three in a row are too many as well, unless as many are allowed and
    /// nobody has written that number.
    fn counted(&self, counter: Counter, fails: u64) -> Breaker {
        let fails_max = u32::try_from(fails).unwrap_or(u32::MAX);
        let in_a_row = self.in_a_row().filter(|(row, _)| self.settings.in_a_row_given || *row > fails_max);
        let window = self.cooldown;
        Breaker {
            at_once: false,
            share: None,
            all_of: None,
            in_a_row,
            allowed: Some(Allowed { counter, fails_max, window }),
            cooldown: self.cooldown,
        }
    }

    /// LiteLLM's rule where nothing is written, and three in a row.
    fn usual(&self) -> Breaker {
        let will_stay = !is_passing(self.fault.status);
        let is_busy = self.fault.status == 429 && !self.is_sole;
        Breaker {
            at_once: will_stay || is_busy,
            share: (!self.is_sole).then_some(SHARE),
            all_of: Some(ALL_OF),
            in_a_row: self.in_a_row(),
            allowed: None,
            cooldown: self.cooldown,
        }
    }

    fn in_a_row(&self) -> Option<(u32, Duration)> {
        let (fails, rest) = self.settings.in_a_row.filter(|_| !self.is_sole)?;
        Some((fails, self.deployment.routing.cooldown.unwrap_or(rest)))
    }
}

/// How many failures of this class the policy allows, and which counter they have.
fn allowed(policy: &AllowedFails, fault: &Fault) -> Option<(Counter, u64)> {
    let (counter, fails) = match fault.class {
        FailureClass::ContentPolicy => {
            return policy
                .content_policy
                .map(|fails| (1, fails))
                .or_else(|| policy.bad_request.map(|fails| (2, fails)));
        }
        FailureClass::BadRequest | FailureClass::ContextWindow | FailureClass::UnsupportedParameters => {
            (2, policy.bad_request)
        }
        FailureClass::Authentication => (3, policy.authentication),
        FailureClass::Timeout => (4, policy.timeout),
        FailureClass::RateLimit => (5, policy.rate_limit),
        FailureClass::InternalServer => (6, policy.internal_server),
        FailureClass::ServiceUnavailable => (7, policy.service_unavailable),
        FailureClass::BadGateway => (8, policy.bad_gateway),
        FailureClass::NotFound => (9, policy.not_found),
        _ => (ANY, None),
    };
    fails.map(|fails| (counter, fails))
}

#[cfg(test)]
mod tests;
