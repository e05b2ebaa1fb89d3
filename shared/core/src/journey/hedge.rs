//! Hedging: a second deployment is asked when the first takes too long to begin, and the quicker one is heard.
//!
//! Tollgate's own, off by default. The loser is dropped, which closes its connection, and charged for what it read. What
//! hedges may cost beyond the calls themselves is limited.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::{Either, select};
use tracing::info;

use super::{Attempt, Journey, Round};
use crate::balance::Choice;
use crate::catalog::Found;
use crate::config::RouterSettings;

/// When a second deployment is asked, and how often at the most.
#[derive(Debug, Default)]
pub struct Hedging {
    /// `router_settings.hedge_after_ms`.
    after: Option<Duration>,
    /// `router_settings.hedge_max_extra_percent`: of the calls, and of what they were expected to cost.
    extra_percent_max: f64,
    calls: AtomicU64,
    cost_picousd: AtomicU64,
    /// Under one lock, for the limit holds whoever asks at the same time.
    hedged: Mutex<Hedged>,
}

#[derive(Debug, Default)]
struct Hedged {
    calls: u64,
    cost_picousd: u64,
}

impl Hedging {
    pub fn new(router: &RouterSettings) -> Self {
        let after = router.hedge_after_ms.map(Duration::from_millis);
        Self { after, extra_percent_max: router.hedge_max_extra_percent, ..Self::default() }
    }

    /// Counts a call; the time after which it is hedged.
    fn begin(&self, cost_picousd: u64) -> Option<Duration> {
        let after = self.after?;
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.cost_picousd.fetch_add(cost_picousd, Ordering::Relaxed);
        Some(after)
    }

    /// Whether one more hedge of this cost stays within the limit; it is counted then.
    fn permits(&self, cost_picousd: u64) -> bool {
        let mut hedged = self.hedged.lock().unwrap_or_else(PoisonError::into_inner);
        let (calls, cost) = (hedged.calls + 1, hedged.cost_picousd.saturating_add(cost_picousd));
        let share = self.extra_percent_max / 100.0;
        let is_within = |extra: u64, all: &AtomicU64| extra as f64 <= share * all.load(Ordering::Relaxed) as f64;
        let is_permitted = is_within(calls, &self.calls) && is_within(cost, &self.cost_picousd);
        if is_permitted {
            *hedged = Hedged { calls, cost_picousd: cost };
        }
        is_permitted
    }
}

impl Journey<'_> {
    /// Asks the chosen deployment; another one as well, where it takes too long.
    pub(super) async fn ask_hedged(&mut self, round: &mut Round<'_>, choice: Choice) -> Attempt {
        let (app, ask, target, fallbacks) = (self.app, self.ask, round.target, self.served_by.fallbacks);
        let hedging = &app.resilience.hedging;
        let cost_picousd = choice.hold.as_ref().map_or(0, crate::balance::Hold::cost_picousd);
        let deployment = Arc::clone(&choice.deployment);
        let handle = deployment.routing.handle;
        let can_hedge = round.group().deployments.len() > 1 && matches!(round.found, Found::Group(_));
        let after = hedging.begin(cost_picousd).filter(|_| can_hedge && ask.can_repeat());
        let Some(after) = after else { return Self::ask_one(app, ask, target, choice, fallbacks).await };
        let mut first = Self::ask_one(app, ask, target, choice, fallbacks);
        if let Ok(attempt) = tokio::time::timeout(after, &mut first).await {
            return attempt;
        }
        if !hedging.permits(cost_picousd) {
            return first.await;
        }
        round.failed.push(handle);
        let second = self.choose(round).await;
        round.failed.retain(|failed| *failed != handle);
        let second = match second {
            Ok(second) if second.deployment.routing.handle != handle => second,
            _ => return first.await,
        };
        let id = second.deployment.id.clone();
        info!(call_id = ask.call.id.as_str(), deployment = id.as_str(), "asking {id} as well: no answer yet");
        if let Some(record) = &mut self.record {
            record.hedged = true;
        }
        let deployments = [deployment, Arc::clone(&second.deployment)];
        let second = Self::ask_one(app, ask, target, second, fallbacks);
        let (attempt, other, loser) = match select(first, second).await {
            Either::Left((attempt, second)) => (attempt, second, &deployments[1]),
            Either::Right((attempt, first)) => (attempt, first, &deployments[0]),
        };
        if attempt.outcome.is_ok() {
            // The loser has been asked, and will charge at least for that.
            if let Some(record) = &mut self.record {
                record.charge_beside(loser, None);
            }
            return attempt;
        }
        self.settle_failed(round, attempt);
        other.await
    }
}
