//! The circuit breaker: does this failure take its deployment out, and for how long?
//!
//! Pure: what happened is counted by the meter, and judged here. LiteLLM's rules (`cooldown_handlers.py`), and the
//! rule of consecutive failures. Knows no clock and no provider.

use std::time::Duration;

/// Failures of a class are counted apart where a policy names the class: the place of its counter.
pub type Counter = u8;
/// How many counters of failures a deployment has: one for each class of a policy, and one for all.
pub const COUNTERS: usize = 10;
/// The counter of failures of any class.
pub const ANY: Counter = 0;

/// What is held against one failure. Every rule that is set is asked; the longest rest wins.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Breaker {
    /// Out at once: what this failure says will not change by itself.
    pub at_once: bool,
    /// Out when more than this share of the minute's calls failed, and there were at least so many.
    pub share: Option<(f64, u32)>,
    /// Out when all of the minute's calls failed, and there were at least so many.
    pub all_of: Option<u32>,
    /// Out after so many failures in a row, for its own time.
    pub in_a_row: Option<(u32, Duration)>,
    /// Out after more than so many failures within the window.
    pub allowed: Option<Allowed>,
    /// How long the deployment rests.
    pub cooldown: Duration,
}

/// `allowed_fails`, or a class of `allowed_fails_policy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowed {
    pub counter: Counter,
    pub fails_max: u32,
    pub window: Duration,
}

/// What the meter has counted, this failure included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Of this minute.
    pub successes: u32,
    /// Of this minute.
    pub failures: u32,
    /// Since the last success.
    pub in_a_row: u32,
    /// Of the window of [`Breaker::allowed`].
    pub allowed: u32,
    /// Whether the failed call was to find out if the deployment has recovered.
    pub was_probe: bool,
}

impl Breaker {
    /// How long the deployment has to rest; `None` where it goes on.
    pub fn judge(&self, tally: &Tally) -> Option<Duration> {
        let calls = tally.successes.saturating_add(tally.failures);
        let failed_share = if calls == 0 { 0.0 } else { f64::from(tally.failures) / f64::from(calls) };
        let all_failed = self.all_of.is_some_and(|least| tally.successes == 0 && calls >= least);
        let most_failed = self.share.is_some_and(|(share, least)| failed_share > share && calls >= least);
        let too_many = self.allowed.is_some_and(|allowed| tally.allowed > allowed.fails_max);
        let rests = self.at_once || tally.was_probe || all_failed || most_failed || too_many;
        let usual = rests.then_some(self.cooldown);
        let row = self.in_a_row.filter(|(fails, _)| tally.in_a_row >= *fails).map(|(_, cooldown)| cooldown);
        usual.max(row).filter(|rest| !rest.is_zero())
    }
}

#[cfg(test)]
mod tests;
