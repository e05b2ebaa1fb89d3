//! Selection: which deployment of a group takes a call now?
//!
//! Filters in LiteLLM's order, then the strategy. A pure function of the group, the call, what the meter shows and
//! chance: what `/router/explain` says is what the next call does. Knows no provider's wire and no retry.

mod affinity;
mod explain;
mod filter;
pub mod prefix;
mod refusal;
mod sieve;
mod strategy;
pub mod tags;
mod trace;

pub use affinity::{Affinity, Caller, PROMPT_TOKENS_MIN, Pin, Pinning, Recalled, key_hash};
pub use explain::explain;
pub(crate) use refusal::whole_seconds;
pub use refusal::{Kind as RefusalKind, Refusal};
pub use trace::{Removed, Stage, Trace, Why};

use crate::catalog::Group;
use crate::clock::Moment;
use crate::config::{Config, Strategy, StrategyArgs};
use crate::meter::{Handle, View};
use crate::random::Random;
use sieve::Sieve;

/// What the configuration says of selection.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    pub strategy: Strategy,
    pub args: StrategyArgs,
    pub tags: tags::Settings,
    /// `enable_pre_call_checks`.
    pub pre_call_checks: bool,
    /// Whether limits of deployments hold under every strategy: `optional_pre_call_checks: enforce_model_rate_limits`.
    pub enforces_limits: bool,
    /// `enable_health_check_routing`, or `background_health_checks`: what is known to be down is not asked.
    pub health_routing: bool,
    /// Whether rests are disregarded where all deployments rest: `enable_health_check_routing` with
    /// `allowed_fails_policy`, as LiteLLM.
    pub rests_yield: bool,
}

impl Settings {
    pub fn new(config: &Config) -> Self {
        let (router, general) = (&config.router_settings, &config.general_settings);
        let checks = |name: &str| router.optional_pre_call_checks.iter().any(|check| check == name);
        Self {
            strategy: router.strategy,
            args: router.strategy_args,
            tags: tags::Settings {
                is_on: router.enable_tag_filtering,
                match_any: router.tag_filtering_match_any,
                prefix: router.tag_routing_prefix.clone().unwrap_or_default(),
            },
            pre_call_checks: router.enable_pre_call_checks,
            enforces_limits: checks("enforce_model_rate_limits"),
            health_routing: router.enable_health_check_routing || general.background_health_checks,
            rests_yield: router.enable_health_check_routing && router.allowed_fails_policy.is_some(),
        }
    }
}

/// What a call says of itself to selection.
#[derive(Clone, Debug, Default)]
pub struct Query<'a> {
    pub now: Moment,
    pub is_streamed: bool,
    /// Tokens of the question, where somebody has to know.
    pub input_tokens: Option<u64>,
    /// Tokens of question and answer, as far as the answer's length is limited.
    pub tokens: u64,
    pub wish: &'a Wish,
    /// Only deployments of this order; `None`: of the lowest.
    pub order: Option<i64>,
    /// Deployments that have failed this call: others go first.
    pub failed: &'a [Handle],
    /// Deployments that will refuse this call again: never asked where there is another.
    pub refused: &'a [Handle],
    /// Deployments in which this call found no room after all.
    pub full: &'a [Handle],
    /// The deployment that affinity asks for.
    pub pins: &'a [Pin],
}

/// What the client's request says of its deployment, whichever attempt it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wish {
    pub tags: Vec<String>,
    /// Whether the client sent tags at all.
    pub user_agent: Option<String>,
    /// `allowed_model_region`.
    pub region: Option<String>,
    pub team_id: Option<String>,
    /// Whether `response_format` is set.
    pub response_format: bool,
    /// Whether a tool of web search is among the tools.
    pub web_search: bool,
    /// Whether the call has messages or an input, which pre-call checks are for.
    pub is_countable: bool,
}

static NO_WISH: Wish = Wish {
    tags: Vec::new(),
    user_agent: None,
    region: None,
    team_id: None,
    response_format: false,
    web_search: false,
    is_countable: false,
};

impl Default for &Wish {
    fn default() -> Self {
        &NO_WISH
    }
}

/// The deployment that was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// Its place in the group.
    pub place: usize,
    /// Whether it is asked although it rests or is being probed: nothing else can take the call.
    pub despite_rest: bool,
    /// Which of its limits are to be taken from.
    pub limits: Limits,
}

/// Which limits of the minute count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limits {
    None,
    /// `rpm` alone, which LiteLLM's pre-call checks look at.
    Requests,
    All,
}

/// Chooses. `is_calm` says that no deployment rests, recovers or is unhealthy.
///
/// # Errors
/// Where nothing is left, with the reason that LiteLLM gives.
pub fn choose(
    settings: &Settings,
    group: &Group,
    query: &Query<'_>,
    (view, is_calm): (View<'_>, bool),
    (random, trace): (&mut Random, &mut Trace),
) -> Result<Chosen, Refusal> {
    let (strategy, args) = group.strategy.unwrap_or((settings.strategy, settings.args));
    let limits = limits(settings, group, strategy);
    trace.begin(group, strategy);
    let untouched = is_calm && filter::none_applies(settings, group, query) && limits == Limits::None;
    if untouched && strategy == Strategy::SimpleShuffle && !trace.is_detailed() {
        let place = group.at(random.fraction()).ok_or_else(|| Refusal::nothing(settings, group, view, query.now))?;
        trace.choose(place);
        return Ok(Chosen { place, despite_rest: false, limits });
    }
    let mut sieve = Sieve::new(group, view, query, trace);
    filter::run(settings, &mut sieve)?;
    let ask = strategy::Ask { strategy, args, limits, settings };
    let place = strategy::run(&ask, &mut sieve, random)?;
    let despite_rest = sieve.despite_rest;
    trace.choose(place);
    Ok(Chosen { place, despite_rest, limits })
}

/// LiteLLM's strategies that look at usage keep to `rpm` and `tpm`; the others do where it is asked for.
pub(crate) fn limits(settings: &Settings, group: &Group, strategy: Strategy) -> Limits {
    let looks = !matches!(strategy, Strategy::SimpleShuffle | Strategy::LeastBusy);
    match group.traits.has_limits {
        true if looks || settings.enforces_limits => Limits::All,
        true if settings.pre_call_checks => Limits::Requests,
        _ => Limits::None,
    }
}

#[cfg(test)]
pub(crate) mod tests;
