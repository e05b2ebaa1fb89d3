//! What is counted of one deployment and of one budget, and how a claim and a settlement change it.
//!
//! Every adapter's copy in the process is made of these, so that they all decide alike. Knows no lock and no network.

use std::time::Duration;

use super::{Claim, Ending, Full, Payment, Sample, Settlement};
use crate::breaker::{COUNTERS, Tally};
use crate::clock::Moment;

/// A call that probes may take this long before another one tries.
const PROBE_TIMEOUT: Duration = Duration::from_secs(30);

/// The counters of one deployment, as selection reads them.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct State {
    /// The minute that `requests` and `tokens` belong to.
    minute: u64,
    requests: u32,
    tokens: u64,
    /// Calls that have begun and not ended.
    pub in_flight: u32,
    /// It rests until then.
    resting_until: Moment,
    /// It has rested, and has not answered since.
    pub is_recovering: bool,
    /// A call that finds out whether it has recovered is under way, and counts until then.
    probed_until: Moment,
    unhealthy_until: Moment,
    latency_seconds: Option<f64>,
    first_seconds: Option<f64>,
    /// Both measurements count until then.
    measured_until: Moment,
}

/// What a health check found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    Healthy,
    Unhealthy,
}

impl State {
    /// Requests of the minute that is now.
    pub const fn requests(&self, now: Moment) -> u32 {
        if self.minute == now.minute() { self.requests } else { 0 }
    }

    /// Tokens of the minute that is now.
    pub const fn tokens(&self, now: Moment) -> u64 {
        if self.minute == now.minute() { self.tokens } else { 0 }
    }

    /// How long it still rests; `None` where it does not.
    pub fn rest(&self, now: Moment) -> Option<Duration> {
        (self.resting_until > now).then(|| self.resting_until.since(now))
    }

    /// Whether somebody is finding out if it has recovered.
    pub fn is_probed(&self, now: Moment) -> bool {
        self.is_recovering && self.probed_until > now
    }

    pub fn is_unhealthy(&self, now: Moment) -> bool {
        self.unhealthy_until > now
    }

    /// Seconds for each token of an answer; `None` where nothing was measured of late.
    pub fn latency_seconds(&self, now: Moment) -> Option<f64> {
        self.latency_seconds.filter(|_| self.measured_until > now)
    }

    /// Seconds to the first token of a stream, likewise.
    pub fn first_seconds(&self, now: Moment) -> Option<f64> {
        self.first_seconds.filter(|_| self.measured_until > now)
    }

    /// Whether selection has to look at it: it rests, recovers, or is unhealthy.
    pub(super) fn is_troubled(&self, now: Moment) -> bool {
        self.is_recovering || self.is_unhealthy(now)
    }

    pub(super) fn mark(&mut self, health: Health, until: Moment) {
        self.unhealthy_until = if health == Health::Unhealthy { until } else { Moment::default() };
    }

    /// Whether the claim fits.
    pub(super) fn check(&self, claim: &Claim) -> Result<(), Full> {
        if !claim.despite_rest && self.rest(claim.now).is_some() {
            return Err(Full::Resting);
        }
        if !claim.despite_rest && self.is_probed(claim.now) {
            return Err(Full::Probing);
        }
        if self.requests(claim.now) >= claim.requests_max {
            return Err(Full::Requests);
        }
        if self.tokens(claim.now).saturating_add(claim.tokens) > claim.tokens_max {
            return Err(Full::Tokens);
        }
        if self.in_flight >= claim.parallel_max {
            return Err(Full::Parallel);
        }
        Ok(())
    }

    /// Takes what [`check`](Self::check) has found to fit; says whether the call is a probe.
    pub(super) fn take(&mut self, claim: &Claim) -> bool {
        if self.minute != claim.now.minute() {
            (self.minute, self.requests, self.tokens) = (claim.now.minute(), 0, 0);
        }
        self.requests = self.requests.saturating_add(1);
        self.tokens = self.tokens.saturating_add(claim.tokens);
        self.in_flight = self.in_flight.saturating_add(1);
        let is_probe = self.is_recovering && !self.is_probed(claim.now) && self.rest(claim.now).is_none();
        if is_probe {
            self.probed_until = claim.now + PROBE_TIMEOUT;
        }
        is_probe
    }

    /// The deployment has answered what it was asked at `since`. What it was asked before its rest was over says
    /// nothing of how it is now.
    pub(super) fn recover(&mut self, since: Moment) {
        if since < self.resting_until {
            return;
        }
        self.is_recovering = false;
        self.probed_until = Moment::default();
    }

    pub(super) fn settle(&mut self, settlement: &Settlement) {
        self.in_flight = self.in_flight.saturating_sub(1);
        // Tokens of a minute that is over cannot be given back to it, and the next one did not spend them.
        if let (Some(used), true) = (settlement.tokens, self.minute == settlement.taken.since.minute()) {
            self.tokens = self.tokens.saturating_sub(settlement.taken.tokens).saturating_add(used);
        }
        match settlement.ending {
            Ending::Served => self.recover(settlement.taken.since),
            // A probe that took too long has a successor, whose turn does not end with it.
            _ if settlement.taken.is_probe && self.probed_until == settlement.taken.since + PROBE_TIMEOUT => {
                self.probed_until = Moment::default();
            }
            _ => {}
        }
    }

    /// Takes it out. A second failure may lengthen the rest, and never shortens it.
    pub(super) fn rest_until(&mut self, until: Moment) {
        self.resting_until = self.resting_until.max(until);
        self.is_recovering = true;
        self.probed_until = Moment::default();
    }
}

/// What is counted of one deployment beside its state: what the breaker judges, and measurements.
#[derive(Clone, Debug, Default)]
pub(super) struct History {
    minute: u64,
    successes: u32,
    failures: u32,
    in_a_row: u32,
    /// Failures in the window of each counter, and when the window ends.
    windows: [(u32, Moment); COUNTERS],
    latencies: Vec<f64>,
    firsts: Vec<f64>,
}

impl History {
    pub fn settle(&mut self, settlement: &Settlement) -> Option<Duration> {
        let now = settlement.now;
        if self.minute != now.minute() {
            (self.minute, self.successes, self.failures) = (now.minute(), 0, 0);
        }
        match settlement.ending {
            Ending::Served => {
                self.successes = self.successes.saturating_add(1);
                self.in_a_row = 0;
                None
            }
            Ending::Unjudged => None,
            Ending::Failed(breaker) => {
                self.failures = self.failures.saturating_add(1);
                let breaker = breaker?;
                self.in_a_row = self.in_a_row.saturating_add(1);
                let allowed = breaker.allowed.map(|allowed| self.count(allowed.counter, now, allowed.window));
                breaker.judge(&Tally {
                    successes: self.successes,
                    failures: self.failures,
                    in_a_row: self.in_a_row,
                    allowed: allowed.unwrap_or(0),
                    was_probe: settlement.taken.is_probe,
                })
            }
        }
    }

    /// A window begins with its first failure, as LiteLLM's counter does.
    fn count(&mut self, counter: u8, now: Moment, window: Duration) -> u32 {
        let Some((fails, ends)) = self.windows.get_mut(usize::from(counter)) else { return 0 };
        if *ends <= now {
            (*fails, *ends) = (0, now + window);
        }
        *fails = fails.saturating_add(1);
        *fails
    }

    /// Keeps a measurement, and shows selection what they come to.
    pub fn measure(&mut self, sample: &Sample, now: Moment, state: &mut State) {
        if state.measured_until <= now {
            self.latencies.clear();
            self.firsts.clear();
        }
        state.measured_until = now + sample.retention;
        keep(&mut self.latencies, sample.seconds, sample.kept);
        state.latency_seconds = mean(&self.latencies);
        if let Some(seconds) = sample.first_seconds {
            keep(&mut self.firsts, seconds, sample.kept);
        }
        state.first_seconds = match sample.percentile {
            Some(share) => percentile(&self.firsts, share),
            None => mean(&self.firsts),
        };
    }
}

fn keep(samples: &mut Vec<f64>, sample: f64, kept: usize) {
    let kept = kept.max(1);
    if samples.len() >= kept {
        samples.drain(..=samples.len() - kept);
    }
    samples.push(sample);
}

fn mean(samples: &[f64]) -> Option<f64> {
    let count = u32::try_from(samples.len()).ok().filter(|count| *count > 0)?;
    Some(samples.iter().sum::<f64>() / f64::from(count))
}

/// The smallest sample that at least this share of them do not exceed.
fn percentile(samples: &[f64], share: f64) -> Option<f64> {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let count = f64::from(u32::try_from(sorted.len()).unwrap_or(u32::MAX));
    let place = (count * share).ceil().max(1.0) as usize - 1;
    sorted.get(place).copied()
}

/// What was spent of one budget.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Purse {
    /// Spent, and held back for calls under way.
    spent_picousd: u64,
    resets_at: Moment,
}

impl Purse {
    /// What was spent in the period that is now.
    pub fn spent_picousd(&self, now: Moment) -> u64 {
        if self.resets_at > now { self.spent_picousd } else { 0 }
    }

    /// Until the budget begins anew; nothing where it has not begun.
    pub fn left(&self, now: Moment) -> Duration {
        self.resets_at.since(now)
    }

    /// As LiteLLM: a call goes out while anything is left.
    pub(super) fn has_room(&self, payment: &Payment, now: Moment) -> bool {
        self.spent_picousd(now) < payment.limit_picousd
    }

    pub(super) fn take(&mut self, payment: &Payment, now: Moment) {
        if self.resets_at <= now {
            (self.spent_picousd, self.resets_at) = (0, now + payment.period);
        }
        self.spent_picousd = self.spent_picousd.saturating_add(payment.amount_picousd);
    }

    /// Replaces what was held back by what it cost.
    pub(super) fn settle(&mut self, payment: &Payment, cost_picousd: u64, since: Moment, now: Moment) {
        let began = since + payment.period >= self.resets_at;
        if self.resets_at <= now || !began {
            // Held back from a period that is over: the cost is the new one's.
            let amount_picousd = cost_picousd;
            self.take(&Payment { amount_picousd, ..*payment }, now);
            return;
        }
        self.spent_picousd = self.spent_picousd.saturating_sub(payment.amount_picousd).saturating_add(cost_picousd);
    }
}
