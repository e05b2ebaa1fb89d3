//! The meter of one process: one lock around all counters.
//!
//! Two gateways in a process may share it. Holds what it is told, and nothing on a disk.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::pins::Pins;
use super::state::History;
use super::{Claim, Full, Handle, Health, Meter, Purse, Settlement, State, Taken, View};
use crate::clock::Moment;
use crate::upstream::BoxFuture;

/// Counters in the process's memory.
#[derive(Debug, Default)]
pub struct Memory {
    tables: Mutex<Tables>,
    /// Whether any deployment may rest, recover or be unhealthy.
    is_troubled: AtomicBool,
}

#[derive(Debug, Default)]
struct Tables {
    handles: HashMap<String, Handle>,
    states: Vec<State>,
    histories: Vec<History>,
    purse_handles: HashMap<String, Handle>,
    purses: Vec<Purse>,
    pins: Pins,
    leases: HashMap<String, Moment>,
}

impl Memory {
    fn lock(&self) -> MutexGuard<'_, Tables> {
        // A panic elsewhere leaves counters that are as good as before.
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts the troubled ones anew; rare, for only failures and health checks make any.
    fn look_for_trouble(&self, tables: &Tables, now: Moment) {
        let is_troubled = tables.states.iter().any(|state| state.is_troubled(now));
        self.is_troubled.store(is_troubled, Ordering::Release);
    }
}

/// The handle of a name; a new one behind all others where it has none.
fn handle(handles: &mut HashMap<String, Handle>, name: &str) -> Handle {
    if let Some(handle) = handles.get(name) {
        return *handle;
    }
    // A configuration with four billion deployments is refused by its size long before.
    let handle = Handle(u32::try_from(handles.len()).unwrap_or(u32::MAX));
    handles.insert(name.to_owned(), handle);
    handle
}

impl Tables {
    fn take(&mut self, claim: Claim) -> Result<Taken, Full> {
        let state = self.states.get_mut(claim.handle.place()).ok_or(Full::Resting)?;
        state.check(&claim)?;
        let is_poor = |payment: &super::Payment| {
            self.purses.get(payment.purse.place()).is_some_and(|purse| !purse.has_room(payment, claim.now))
        };
        if claim.payments.iter().any(is_poor) {
            return Err(Full::Budget);
        }
        let is_probe = state.take(&claim);
        for payment in &claim.payments {
            if let Some(purse) = self.purses.get_mut(payment.purse.place()) {
                purse.take(payment, claim.now);
            }
        }
        let Claim { handle, now, tokens, payments, .. } = claim;
        Ok(Taken { handle, since: now, tokens, is_probe, payments })
    }

    fn settle(&mut self, settlement: &Settlement) -> Option<Duration> {
        let (now, taken) = (settlement.now, &settlement.taken);
        for payment in &taken.payments {
            if let Some(purse) = self.purses.get_mut(payment.purse.place()) {
                let cost = settlement.cost_picousd.unwrap_or(payment.amount_picousd);
                purse.settle(payment, cost, taken.since, now);
            }
        }
        let place = taken.handle.place();
        let (state, history) = (self.states.get_mut(place)?, self.histories.get_mut(place)?);
        state.settle(settlement);
        if let Some(sample) = &settlement.sample {
            history.measure(sample, now, state);
        }
        let rest = history.settle(settlement)?;
        state.rest_until(now + rest);
        Some(rest)
    }
}

impl Meter for Memory {
    fn handle(&self, id: &str) -> Handle {
        let mut tables = self.lock();
        let handle = handle(&mut tables.handles, id);
        let length = tables.handles.len();
        tables.states.resize(length, State::default());
        tables.histories.resize(length, History::default());
        handle
    }

    fn purse(&self, name: &str) -> Handle {
        let mut tables = self.lock();
        let handle = handle(&mut tables.purse_handles, name);
        let length = tables.purse_handles.len();
        tables.purses.resize(length, Purse::default());
        handle
    }

    fn view(&self, look: &mut dyn FnMut(View<'_>)) {
        let tables = self.lock();
        look(View { states: &tables.states, purses: &tables.purses });
    }

    fn is_calm(&self) -> bool {
        !self.is_troubled.load(Ordering::Acquire)
    }

    fn take(&self, claim: Claim) -> BoxFuture<'_, Result<Taken, Full>> {
        let taken = self.lock().take(claim);
        Box::pin(std::future::ready(taken))
    }

    fn settle(&self, settlement: Settlement) -> Option<Duration> {
        let mut tables = self.lock();
        let rest = tables.settle(&settlement);
        if rest.is_some() || settlement.taken.is_probe {
            self.look_for_trouble(&tables, settlement.now);
        }
        rest
    }

    fn confirm(&self, taken: &Taken) {
        let mut tables = self.lock();
        if let Some(state) = tables.states.get_mut(taken.handle.place()) {
            state.recover(taken.since);
        }
        self.look_for_trouble(&tables, taken.since);
    }

    fn mark(&self, handle: Handle, health: Health, until: Moment) {
        let mut tables = self.lock();
        if let Some(state) = tables.states.get_mut(handle.place()) {
            state.mark(health, until);
        }
        // What is found again at the next look counts from then on.
        let is_troubled = tables.states.iter().any(|state| state.is_troubled(Moment::default()));
        self.is_troubled.store(is_troubled, Ordering::Release);
    }

    fn recall<'a>(&'a self, key: &'a str, now: Moment) -> BoxFuture<'a, Option<String>> {
        let id = self.lock().pins.get(key, now);
        Box::pin(std::future::ready(id))
    }

    fn remember(&self, key: String, id: &str, until: Moment) {
        self.lock().pins.put(key, id, until);
    }

    fn lease<'a>(&'a self, job: &'a str, now: Moment, until: Moment) -> BoxFuture<'a, bool> {
        let mut tables = self.lock();
        let is_free = tables.leases.get(job).is_none_or(|taken_until| *taken_until <= now);
        if is_free {
            tables.leases.insert(job.to_owned(), until);
        }
        Box::pin(std::future::ready(is_free))
    }
}
