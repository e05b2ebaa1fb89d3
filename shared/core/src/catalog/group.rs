//! A group: the deployments that one name stands for, laid out so that choosing among many costs little.
//!
//! Holds what the configuration says. Knows no load and no health.

use std::sync::Arc;

use crate::config::{Strategy, StrategyArgs};
use crate::deployment::{Deployment, MEASURES};
use crate::meter::Handle;

/// The deployments behind one name.
pub struct Group {
    pub name: String,
    pub deployments: Vec<Arc<Deployment>>,
    /// What selection reads of each deployment, in the same order and side by side.
    pub seats: Vec<Seat>,
    /// How one of them is chosen; `None`: as everywhere.
    pub strategy: Option<(Strategy, StrategyArgs)>,
    pub traits: Traits,
    /// For each measure the sums of the shares up to each deployment.
    sums: [Vec<f64>; MEASURES],
}

/// What selection reads of one deployment.
#[derive(Clone, Copy, Debug)]
pub struct Seat {
    pub handle: Handle,
    /// Requests a minute; `u32::MAX`: no limit.
    pub requests_max: u32,
    /// Tokens a minute; `u64::MAX`: no limit.
    pub tokens_max: u64,
    /// Calls at the same time; `u32::MAX`: no limit.
    pub parallel_max: u32,
    pub order: Option<i64>,
    /// Shares of the group's calls by `weight`, `rpm` and `tpm`.
    pub shares: [f64; MEASURES],
}

/// What any deployment of a group has: a filter for what none has is not run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traits {
    pub has_order: bool,
    pub has_blocked: bool,
    pub has_budgets: bool,
    pub has_limits: bool,
    pub has_token_limits: bool,
    pub has_parallel_limits: bool,
    /// The fewest tokens that any of them takes.
    pub smallest_window: Option<u64>,
    pub has_teams: bool,
    /// What `model_info.enable_tag_filtering` says, where it is said.
    pub tag_filtering: Option<bool>,
}

impl Group {
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            deployments: Vec::new(),
            seats: Vec::new(),
            strategy: None,
            traits: Traits::default(),
            sums: Default::default(),
        }
    }

    /// A group of these deployments.
    pub fn of(name: &str, deployments: impl IntoIterator<Item = Arc<Deployment>>) -> Self {
        let mut group = Self::new(name);
        deployments.into_iter().for_each(|deployment| group.add(deployment));
        group
    }

    /// Adds a deployment behind the others.
    pub fn add(&mut self, deployment: Arc<Deployment>) {
        let order = deployment.routing.order;
        self.add_in_order(deployment, order);
    }

    /// Adds a deployment in another order than its own.
    pub fn add_in_order(&mut self, deployment: Arc<Deployment>, order: Option<i64>) {
        let routing = &deployment.routing;
        let seat = Seat {
            handle: routing.handle,
            requests_max: routing.rpm.map_or(u32::MAX, |rpm| u32::try_from(rpm).unwrap_or(u32::MAX)),
            tokens_max: routing.tpm.unwrap_or(u64::MAX),
            parallel_max: routing.parallel_max.unwrap_or(u32::MAX),
            order,
            shares: deployment.shares.map(|share| share.max(0.0)),
        };
        let traits = &mut self.traits;
        traits.has_order |= order.is_some();
        traits.has_blocked |= routing.is_blocked;
        traits.has_budgets |= !routing.budgets.is_empty();
        traits.has_limits |= seat.requests_max != u32::MAX || seat.tokens_max != u64::MAX;
        traits.has_parallel_limits |= seat.parallel_max != u32::MAX;
        traits.has_token_limits |= seat.tokens_max != u64::MAX;
        traits.smallest_window = traits.smallest_window.into_iter().chain(routing.max_input_tokens).min();
        traits.has_teams |= routing.team_id.is_some();
        traits.tag_filtering = traits.tag_filtering.or(routing.tag_filtering);
        for (sums, share) in self.sums.iter_mut().zip(seat.shares) {
            sums.push(sums.last().copied().unwrap_or_default() + share);
        }
        self.seats.push(seat);
        self.deployments.push(deployment);
    }

    /// The deployment at `fraction` (below 1) of all shares, by the first measure of which any has a share; evenly
    /// where none has any. `None` where there are no deployments.
    pub fn at(&self, fraction: f64) -> Option<usize> {
        draw(&self.sums, self.deployments.len(), fraction)
    }
}

/// The sums of the first measure of which anybody has a share.
pub fn weighed(sums: &[Vec<f64>; MEASURES]) -> Option<&Vec<f64>> {
    sums.iter().find(|sums| sums.last().is_some_and(|total| *total > 0.0))
}

/// Which of `count` is at `fraction` of all shares, whose sums up to each are given for every measure.
pub fn draw(sums: &[Vec<f64>; MEASURES], count: usize, fraction: f64) -> Option<usize> {
    let Some(sums) = weighed(sums) else {
        return (count > 0).then(|| ((fraction * count as f64) as usize).min(count - 1));
    };
    let total = sums.last().copied().unwrap_or_default();
    let place = sums.partition_point(|sum| *sum <= fraction * total);
    // Rounding may leave a last crumb; it belongs to nobody whose share is 0.
    Some(place.min(sums.partition_point(|sum| *sum < total)))
}
