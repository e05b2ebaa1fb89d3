//! Responses in the memory of one process: bounded by number, bytes and age. The oldest go first.
//!
//! Knows no format.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::kept::{Conversations, Kept};
use crate::upstream::BoxFuture;

/// Ids that may stand in the order although they have been deleted, beside as many as there are entries.
const DELETED_MAX: usize = 64;

/// How much is kept, and how long. Their names in the configuration stand beside them.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// `general_settings.responses_store_max_entries`.
    pub entries_max: usize,
    /// `general_settings.responses_store_max_size_mb`.
    pub bytes_max: usize,
    /// `general_settings.responses_store_retention_seconds`.
    pub retention: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { entries_max: 10_000, bytes_max: 64 * 1024 * 1024, retention: Duration::from_hours(24) }
    }
}

/// The store of one process.
pub struct Memory {
    bounds: Bounds,
    /// Shared with the futures that put: they outlive the borrow.
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    entries: HashMap<String, (Instant, Arc<Kept>)>,
    /// Ids in the order in which they came; one that was deleted may still stand here.
    order: VecDeque<(Instant, String)>,
    bytes: usize,
}

impl Memory {
    pub fn new(bounds: Bounds) -> Self {
        Self { bounds, state: Arc::default() }
    }
}

fn locked(state: &Mutex<State>) -> MutexGuard<'_, State> {
    // Nothing in here can break halfway: a poisoned lock holds a sound state.
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl State {
    fn remove(&mut self, id: &str) -> bool {
        let Some((_, kept)) = self.entries.remove(id) else { return false };
        self.bytes = self.bytes.saturating_sub(kept.bytes());
        true
    }

    fn put(&mut self, bounds: &Bounds, id: String, kept: Kept) {
        self.remove(&id);
        let came = Instant::now();
        self.bytes += kept.bytes();
        self.order.push_back((came, id.clone()));
        self.entries.insert(id, (came, Arc::new(kept)));
        self.shrink(bounds, came);
        self.tidy();
    }

    /// Forgets the places of deleted ids, before they are more than the ids that are there.
    fn tidy(&mut self) {
        let Self { entries, order, .. } = self;
        if order.len() > 2 * entries.len() + DELETED_MAX {
            order.retain(|(came, id)| entries.get(id).is_some_and(|(entered, _)| entered == came));
        }
    }

    fn shrink(&mut self, bounds: &Bounds, now: Instant) {
        while let Some((came, id)) = self.order.front() {
            let is_current = self.entries.get(id).is_some_and(|(entered, _)| entered == came);
            let is_old = now.duration_since(*came) >= bounds.retention;
            let is_full = self.entries.len() > bounds.entries_max || self.bytes > bounds.bytes_max;
            if is_current && !is_old && !is_full {
                return;
            }
            let Some((_, id)) = self.order.pop_front() else { return };
            if is_current {
                self.remove(&id);
            }
        }
    }
}

impl Conversations for Memory {
    fn get<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Option<Arc<Kept>>> {
        let mut state = locked(&self.state);
        state.shrink(&self.bounds, Instant::now());
        let found = state.entries.get(id).map(|(_, kept)| Arc::clone(kept));
        Box::pin(std::future::ready(found))
    }

    fn put(&self, id: String, kept: Kept) -> BoxFuture<'static, ()> {
        locked(&self.state).put(&self.bounds, id, kept);
        Box::pin(std::future::ready(()))
    }

    fn delete<'a>(&'a self, id: &'a str) -> BoxFuture<'a, bool> {
        Box::pin(std::future::ready(locked(&self.state).remove(id)))
    }
}

#[cfg(test)]
mod tests;
