//! Port: the fast shared counters by which deployments are chosen, limited and rested.
//!
//! An adapter counts for all instances that share it. It knows no deployment: a name has a [`Handle`], and what is
//! counted under it is a [`State`]. Taking a call's share is one round trip and all or nothing; settling never waits.

mod memory;
mod pins;
mod state;

use std::time::Duration;

pub use memory::Memory;
pub use state::{Health, Purse, State};

use crate::breaker::Breaker;
use crate::clock::Moment;
use crate::upstream::BoxFuture;

/// The place of a name in a meter's tables. Only the meter that gave it out can read it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Handle(pub u32);

impl Handle {
    pub const fn place(self) -> usize {
        self.0 as usize
    }
}

/// What this instance knows of everything that is counted, by handle.
///
/// An adapter over a network may be behind by at most the 100 ms after which it must have heard of the others.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    pub states: &'a [State],
    pub purses: &'a [Purse],
}

impl View<'_> {
    /// The state under a handle; that of a deployment without calls, where there is none.
    pub fn state(&self, handle: Handle) -> State {
        self.states.get(handle.place()).copied().unwrap_or_default()
    }

    pub fn purse(&self, handle: Handle) -> Purse {
        self.purses.get(handle.place()).copied().unwrap_or_default()
    }
}

/// What one call wants of one deployment.
#[derive(Clone, Debug)]
pub struct Claim {
    pub handle: Handle,
    pub now: Moment,
    /// Requests a minute, this one included; `u32::MAX`: no limit.
    pub requests_max: u32,
    /// Tokens a minute, these included; `u64::MAX`: no limit.
    pub tokens_max: u64,
    /// What the call will probably use.
    pub tokens: u64,
    /// Calls at the same time, this one included; `u32::MAX`: no limit.
    pub parallel_max: u32,
    /// Whether the call goes out although the deployment rests or is being probed: nothing else can take it.
    pub despite_rest: bool,
    /// The budgets that the call is paid from.
    pub payments: Vec<Payment>,
}

impl Claim {
    /// One request, whatever its deployment's limits and state.
    pub const fn unlimited(handle: Handle, now: Moment) -> Self {
        Self {
            handle,
            now,
            requests_max: u32::MAX,
            tokens_max: u64::MAX,
            tokens: 0,
            parallel_max: u32::MAX,
            despite_rest: true,
            payments: Vec::new(),
        }
    }
}

/// What a call takes out of one budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payment {
    pub purse: Handle,
    pub limit_picousd: u64,
    /// What the call will probably cost.
    pub amount_picousd: u64,
    /// The budget begins anew so long after its first call.
    pub period: Duration,
}

/// Why a claim was refused; nothing has been taken then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    Requests,
    Tokens,
    Parallel,
    /// The deployment rests.
    Resting,
    /// Another call is finding out whether the deployment has recovered.
    Probing,
    Budget,
}

/// A share that was taken: what [`Meter::settle`] puts right.
#[derive(Clone, Debug)]
pub struct Taken {
    pub handle: Handle,
    pub since: Moment,
    pub tokens: u64,
    /// Whether the call finds out if the deployment has recovered.
    pub is_probe: bool,
    pub payments: Vec<Payment>,
}

/// How a call ended that had taken a share.
#[derive(Clone, Debug)]
pub struct Settlement {
    pub taken: Taken,
    pub now: Moment,
    /// What was used; `None` where nobody knows: the estimate stays.
    pub tokens: Option<u64>,
    /// What it cost, likewise.
    pub cost_picousd: Option<u64>,
    pub ending: Ending,
    /// How long the answer took.
    pub sample: Option<Sample>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Ending {
    Served,
    /// The deployment is to blame; without a breaker the failure is counted and nothing else.
    Failed(Option<Breaker>),
    /// The client left, or the failure was its own.
    Unjudged,
}

/// One measurement of a deployment's speed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// Seconds for each token of the answer; seconds for all of it, where nobody counted.
    pub seconds: f64,
    /// Seconds to the first token, of a stream.
    pub first_seconds: Option<f64>,
    /// How many measurements are kept.
    pub kept: usize,
    /// Measurements older than this are forgotten together.
    pub retention: Duration,
    /// Which of the times to the first token counts, as a share of them; `None`: their mean.
    pub percentile: Option<f64>,
}

/// The counters.
pub trait Meter: Send + Sync {
    /// The handle of a deployment, by its id; always the same one.
    fn handle(&self, id: &str) -> Handle;

    /// The handle of a budget, by its name; always the same one.
    fn purse(&self, name: &str) -> Handle;

    /// Shows what is known now. `look` must not call the meter.
    fn view(&self, look: &mut dyn FnMut(View<'_>));

    /// Whether no deployment rests, recovers or is unhealthy: most calls need not look any further.
    fn is_calm(&self) -> bool;

    /// Takes a share of everything that the claim names, or of nothing.
    fn take(&self, claim: Claim) -> BoxFuture<'_, Result<Taken, Full>>;

    /// Puts right what was taken; says for how long the deployment was taken out by it. Never waits: an adapter over
    /// a network sends it with its next round trip.
    fn settle(&self, settlement: Settlement) -> Option<Duration>;

    /// The deployment has begun to answer: a probe need not end before others may follow it.
    fn confirm(&self, taken: &Taken);

    /// Notes what a health check found; it counts until then.
    fn mark(&self, handle: Handle, health: Health, until: Moment);

    /// The deployment that was remembered under a key.
    fn recall<'a>(&'a self, key: &'a str, now: Moment) -> BoxFuture<'a, Option<String>>;

    /// Remembers a deployment under a key until then. Never waits.
    fn remember(&self, key: String, id: &str, until: Moment);

    /// Whether this instance may do a job that only one of them does; until then nobody else may.
    fn lease<'a>(&'a self, job: &'a str, now: Moment, until: Moment) -> BoxFuture<'a, bool>;
}
