//! What selection did, for the log line of a call and for `/router/explain`.
//!
//! Counts always, and keeps reasons only where somebody reads them.

use std::fmt::{self, Write};
use std::time::Duration;

use crate::catalog::Group;
use crate::config::Strategy;

/// The filters, in the order in which they run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    Access,
    WebSearch,
    Health,
    Cooldown,
    Blocked,
    Budget,
    ContextWindow,
    Region,
    ResponseFormat,
    Tags,
    Affinity,
    Order,
    /// Deployments that refused this call for good.
    Refused,
    /// Deployments that failed this call, while there are others.
    Failed,
    /// Requests and tokens of the minute, as the strategy looks at them.
    Limits,
    /// Calls at the same time.
    Parallel,
}

const STAGES: [(Stage, &str); 16] = [
    (Stage::Access, "access"),
    (Stage::WebSearch, "web_search"),
    (Stage::Health, "health"),
    (Stage::Cooldown, "cooldown"),
    (Stage::Blocked, "blocked"),
    (Stage::Budget, "budget"),
    (Stage::ContextWindow, "context_window"),
    (Stage::Region, "region"),
    (Stage::ResponseFormat, "response_format"),
    (Stage::Tags, "tags"),
    (Stage::Affinity, "affinity"),
    (Stage::Order, "order"),
    (Stage::Refused, "refused"),
    (Stage::Failed, "failed"),
    (Stage::Limits, "limits"),
    (Stage::Parallel, "max_parallel_requests"),
];

impl Stage {
    /// The name in explanations and log lines.
    pub fn name(self) -> &'static str {
        STAGES.get(self as usize).map_or("", |(_, name)| name)
    }
}

/// Why a filter took a deployment out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Why {
    OtherTeam,
    NoWebSearch,
    Unhealthy,
    Resting(Duration),
    Probing,
    Blocked,
    NotPinned,
    Spent {
        spent_picousd: u64,
        limit_picousd: u64,
    },
    WindowTooSmall {
        tokens: u64,
        tokens_max: u64,
    },
    Requests {
        used: u32,
        limit: u32,
    },
    Tokens {
        used: u64,
        wanted: u64,
        limit: u64,
    },
    Region,
    NoResponseFormat,
    Tags,
    LaterOrder(Option<i64>),
    Refused,
    Failed,
    Parallel {
        used: u32,
        limit: u32,
    },
    /// Another call was quicker.
    FilledUp,
}

impl fmt::Display for Why {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let usd = |picousd: u64| picousd as f64 / 1e12;
        match *self {
            Self::OtherTeam => out.write_str("belongs to another team"),
            Self::NoWebSearch => out.write_str("does not search the web"),
            Self::Unhealthy => out.write_str("the last health check failed"),
            Self::Resting(left) => write!(out, "cools down for {:.1} s more", left.as_secs_f64()),
            Self::Probing => out.write_str("another call is finding out whether it has recovered"),
            Self::Blocked => out.write_str("is paused (model_info.blocked)"),
            Self::NotPinned => out.write_str("another deployment has served this key, session or prompt"),
            Self::Spent { spent_picousd, limit_picousd } => {
                write!(out, "its budget is spent: {:.6} of {:.6} USD", usd(spent_picousd), usd(limit_picousd))
            }
            Self::WindowTooSmall { tokens, tokens_max } => {
                write!(out, "max_input_tokens is {tokens_max}, the request has {tokens}")
            }
            Self::Requests { used, limit } => write!(out, "rpm: {used} of {limit} used"),
            Self::Tokens { used, wanted, limit } => {
                write!(out, "tpm: {used} of {limit} used, {wanted} wanted")
            }
            Self::Region => out.write_str("is in another region"),
            Self::NoResponseFormat => out.write_str("does not take response_format"),
            Self::Tags => out.write_str("its tags do not match"),
            Self::LaterOrder(Some(order)) => write!(out, "its order {order} comes later"),
            Self::LaterOrder(None) => out.write_str("has no order"),
            Self::Refused => out.write_str("has refused this call"),
            Self::Failed => out.write_str("has failed this call, and others have not"),
            Self::Parallel { used, limit } => write!(out, "{used} of {limit} parallel requests under way"),
            Self::FilledUp => out.write_str("filled up while this call was on its way"),
        }
    }
}

/// One deployment that a filter took out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Removed {
    /// Its place in the group.
    pub place: usize,
    pub stage: Stage,
    pub why: Why,
}

/// The record of one selection.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trace {
    candidates: usize,
    strategy: Strategy,
    counts: [u32; STAGES.len()],
    details: Option<Details>,
    pub chosen: Option<usize>,
}

/// What only explanations hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Details {
    pub removed: Vec<Removed>,
    /// What the strategy compared: places in the group, and their scores.
    pub scores: Vec<(usize, f64)>,
}

impl Trace {
    /// One that keeps every reason.
    pub fn detailed() -> Self {
        Self { details: Some(Details::default()), ..Self::default() }
    }

    pub const fn is_detailed(&self) -> bool {
        self.details.is_some()
    }

    pub const fn details(&self) -> Option<&Details> {
        self.details.as_ref()
    }

    pub const fn strategy(&self) -> Strategy {
        self.strategy
    }

    pub(super) fn begin(&mut self, group: &Group, strategy: Strategy) {
        self.candidates = group.deployments.len();
        self.strategy = strategy;
        self.counts = Default::default();
        self.chosen = None;
        self.details = self.details.take().map(|_| Details::default());
    }

    pub(super) fn remove(&mut self, place: usize, stage: Stage, why: Why) {
        if let Some(count) = self.counts.get_mut(stage as usize) {
            *count += 1;
        }
        if let Some(details) = &mut self.details {
            details.removed.push(Removed { place, stage, why });
        }
    }

    pub(super) fn score(&mut self, place: usize, score: f64) {
        if let Some(details) = &mut self.details {
            details.scores.push((place, score));
        }
    }

    pub(super) const fn choose(&mut self, place: usize) {
        self.chosen = Some(place);
    }

    /// `simple-shuffle of 3, cooldown -1`: what the log line of a call says.
    pub fn compact(&self) -> String {
        let mut text = format!("{} of {}", self.strategy.name(), self.candidates);
        for ((_, name), count) in STAGES.iter().zip(self.counts).filter(|(_, count)| *count > 0) {
            // Writing to a string cannot fail.
            let _ = write!(text, ", {name} -{count}");
        }
        text
    }
}
