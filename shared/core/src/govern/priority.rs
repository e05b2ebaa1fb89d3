//! Priority: shares of a model's capacity, reserved for keys by `metadata.priority`.
//!
//! LiteLLM's `dynamic_rate_limiter_v3`: a model's whole capacity always holds; the share of a priority holds once the
//! model is saturated, until then anyone may borrow. Counts nothing itself.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::limits::{Claim, Kind, Scope};
use super::{Governance, Profile};
use crate::catalog::Group;
use crate::clock::Moment;
use crate::deployment::Routing;
use crate::directory::Columns;
use crate::quota::{Draw, Measure};

/// `litellm_settings.priority_reservation` and `priority_reservation_settings`, where the limiter is switched on.
#[derive(Clone, Debug, PartialEq)]
pub struct Priorities {
    /// Shares of a model's capacity, scaled so that they come to 1 at most.
    pub shares: BTreeMap<String, f64>,
    /// What all keys together have that name no priority of these; 0.25.
    pub otherwise: f64,
    /// How full a model is, as a share, before priorities hold; 0.5.
    pub saturation: f64,
}

impl Priorities {
    /// Shares that come to more than 1 are scaled down together, as with LiteLLM.
    pub fn new(shares: BTreeMap<String, f64>, otherwise: Option<f64>, saturation: Option<f64>) -> Self {
        let sum: f64 = shares.values().sum();
        let scale = if sum > 1.0 { sum } else { 1.0 };
        let shares = shares.into_iter().map(|(name, share)| (name, share / scale)).collect();
        Self { shares, otherwise: otherwise.unwrap_or(0.25), saturation: saturation.unwrap_or(0.5) }
    }

    /// The share of a priority, and the name of the pool that it is taken from.
    fn share<'a>(&self, priority: Option<&'a str>) -> (f64, &'a str) {
        match priority.and_then(|name| Some((*self.shares.get(name)?, name))) {
            Some(found) => found,
            None => (self.otherwise, "default_pool"),
        }
    }
}

/// What a group of deployments can take together in a minute; nothing where one of them says no limit.
fn capacity(group: &Group) -> (Option<u64>, Option<u64>) {
    let sum = |limit: fn(&Routing) -> Option<u64>| {
        let limits = group.deployments.iter().map(|deployment| limit(&deployment.routing));
        let known: Vec<u64> = limits.flatten().collect();
        (!known.is_empty()).then(|| known.into_iter().sum())
    };
    (sum(|routing| routing.rpm), sum(|routing| routing.tpm))
}

/// The priority of a key: of its metadata, else of its team's.
fn priority(profile: &Profile) -> Option<&str> {
    let own = profile.key.object("metadata").and_then(|metadata| metadata.text("priority"));
    own.or_else(|| profile.team.as_ref()?.object("metadata")?.text("priority"))
}

impl Governance {
    /// Adds the model's capacity, and the share of the key's priority.
    pub(super) async fn priority_claims(
        &self,
        (profile, group): (&Profile, &Group),
        claims: &mut Vec<Arc<Claim>>,
        now: Moment,
    ) {
        let Some(priorities) = &self.settings.priorities else { return };
        let (requests, tokens) = capacity(group);
        let priority = priority(profile);
        let (share, pool) = priorities.share(priority);
        for (unit, limit) in [("requests", requests), ("tokens", tokens)] {
            let Some(limit) = limit else { continue };
            let whole = self.share(Kind::Model, (&group.name, unit), limit);
            let levels = self.quota.levels(std::slice::from_ref(&whole.draw), now).await;
            let used = levels.first().map_or(0, |level| level.used);
            let is_saturated = limit == 0 || used as f64 / limit as f64 >= priorities.saturation;
            // Counted from the first call on, so that the share is known when it comes to hold.
            let own = if is_saturated { (limit as f64 * share).floor() as u64 } else { u64::MAX };
            let pooled = self.share(Kind::Priority, (&format!("{}:{pool}", group.name), unit), own);
            claims.extend([whole, pooled]);
        }
    }

    fn share(&self, kind: Kind, (name, unit): (&str, &str), limit: u64) -> Arc<Claim> {
        let window = self.settings.rate_window;
        let measure = match unit {
            "requests" => Measure::Requests { limit, window },
            _ => Measure::Tokens { limit, window, kind: self.settings.token_kind },
        };
        let account = format!("rate:{}:{name}:{unit}", kind.descriptor()).into();
        Claim::new(
            Draw { account, measure },
            Scope { kind, name: name.to_owned(), resets_at: None, soft_picousd: None },
        )
    }
}
