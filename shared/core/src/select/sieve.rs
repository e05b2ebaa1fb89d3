//! The candidates of one selection, and how filters take some out.

use super::{Query, Stage, Trace, Why};
use crate::catalog::{Group, Seat};
use crate::deployment::Deployment;
use crate::meter::View;

/// What is left of a group.
pub struct Sieve<'a> {
    pub group: &'a Group,
    pub view: View<'a>,
    pub query: &'a Query<'a>,
    /// Places in the group, in its order.
    pub left: Vec<u32>,
    /// Whether deployments that rest were left in.
    pub despite_rest: bool,
    pub trace: &'a mut Trace,
}

impl<'a> Sieve<'a> {
    pub fn new(group: &'a Group, view: View<'a>, query: &'a Query<'a>, trace: &'a mut Trace) -> Self {
        let count = u32::try_from(group.deployments.len()).unwrap_or(u32::MAX);
        Self { group, view, query, left: (0..count).collect(), despite_rest: false, trace }
    }

    /// Takes out those for which there is a reason.
    pub fn drop_where(&mut self, stage: Stage, reason: impl Fn(&Seat, &Deployment) -> Option<Why>) {
        let (group, trace) = (self.group, &mut *self.trace);
        self.left.retain(|place| {
            let place = *place as usize;
            let why = reason(&group.seats[place], &group.deployments[place]);
            if let Some(why) = why {
                trace.remove(place, stage, why);
            }
            why.is_none()
        });
    }

    /// The same, unless it would leave nothing.
    pub fn drop_unless_all(&mut self, stage: Stage, reason: impl Fn(&Seat, &Deployment) -> Option<Why>) {
        let stays = |place: &u32| {
            let place = *place as usize;
            reason(&self.group.seats[place], &self.group.deployments[place]).is_none()
        };
        if self.left.iter().any(stays) {
            self.drop_where(stage, reason);
        }
    }

    /// What is left, with what selection reads of it.
    pub fn seats(&self) -> impl Iterator<Item = (usize, &Seat)> {
        self.left.iter().map(|place| (*place as usize, &self.group.seats[*place as usize]))
    }
}
