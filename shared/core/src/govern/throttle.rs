//! Throttle: a key whose budget is used up may go on at a part of its limits, where it and the configuration say so.
//!
//! As with LiteLLM a key without limits has nothing to be slowed by, and is refused.

use std::sync::Arc;

use super::limits::{Claim, Kind};
use super::{Governance, Profile};
use crate::directory::Columns;
use crate::quota::{Draw, Measure, Money};

impl Governance {
    /// Lowers the limits of such a key, and lifts its budget: what it spends is still counted.
    pub(super) async fn throttle(&self, profile: &Profile, claims: &mut [Arc<Claim>]) {
        let Some(share) = self.settings.throttle else { return };
        let asks = profile.key.object("metadata").and_then(|metadata| metadata.flag("throttle_on_budget_exceeded"));
        let is_limited = ["rpm_limit", "tpm_limit"].iter().any(|name| profile.key.number(name).is_some());
        if asks != Some(true) || !is_limited {
            return;
        }
        let is_own = |claim: &&Arc<Claim>| claim.scope.kind == Kind::Key;
        let Some(budget) = claims.iter().filter(is_own).find_map(|claim| limited(claim)) else { return };
        let (draw, limit) = budget;
        let level = self.quota.levels(&[draw], self.clock.now()).await.into_iter().next().unwrap_or_default();
        if level.used.saturating_sub(level.held) < limit {
            return;
        }
        for claim in claims.iter_mut().filter(|claim| claim.scope.kind == Kind::Key) {
            let measure = slowed(&claim.draw.measure, share);
            *claim = Claim::new(Draw { account: Arc::clone(&claim.draw.account), measure }, claim.scope.clone());
        }
    }
}

/// The draw on a budget that has a limit, and the limit.
fn limited(claim: &Claim) -> Option<(Draw, u64)> {
    match &claim.draw.measure {
        Measure::Money(money) => money.limit_picousd.map(|limit| (claim.draw.clone(), limit)),
        _ => None,
    }
}

fn slowed(measure: &Measure, share: f64) -> Measure {
    let part = |limit: u64| ((limit as f64 * share).floor() as u64).max(1);
    match measure {
        Measure::Money(money) => Measure::Money(Money { limit_picousd: None, ..money.clone() }),
        Measure::Requests { limit, window } => Measure::Requests { limit: part(*limit), window: *window },
        Measure::Tokens { limit, window, kind } => {
            Measure::Tokens { limit: part(*limit), window: *window, kind: *kind }
        }
        Measure::Parallel { limit } => Measure::Parallel { limit: *limit },
    }
}
