//! The queue of calls that wait for a deployment's parallel calls to end: the most urgent first, then the eldest.
//!
//! Whoever has tried in vain lets the next one try, for they need not wait for the same deployment. Bounded in length and
//! in time. Of this process only: a call that ended elsewhere is found at the next look.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

/// How often a waiting call looks by itself: other instances do not wake it.
const LOOK_INTERVAL: Duration = Duration::from_millis(100);

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// `router_settings.max_queued_requests`, for each group.
    pub waiting_max: usize,
    /// `router_settings.queue_timeout`.
    pub timeout: Duration,
}

/// The waiting calls of every group.
#[derive(Debug)]
pub struct Queue {
    limits: Limits,
    groups: Mutex<HashMap<String, Waiting>>,
}

/// Calls by priority and order of arrival.
#[derive(Debug, Default)]
struct Waiting {
    calls: BTreeMap<(i64, u64), Arc<Notify>>,
    arrivals: u64,
}

/// The wait was too long.
#[derive(Debug, PartialEq, Eq)]
pub struct TooLong;

impl Queue {
    pub fn new(limits: Limits) -> Self {
        Self { limits, groups: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Waiting>> {
        self.groups.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place in the group's queue; `None` where it is full.
    pub fn enter(self: &Arc<Self>, group: &str, priority: i64) -> Option<Turn> {
        let mut groups = self.lock();
        let waiting = groups.entry(group.to_owned()).or_default();
        if waiting.calls.len() >= self.limits.waiting_max {
            return None;
        }
        waiting.arrivals += 1;
        let (key, woken) = ((priority, waiting.arrivals), Arc::new(Notify::new()));
        waiting.calls.insert(key, Arc::clone(&woken));
        let deadline = Instant::now() + self.limits.timeout.min(Duration::from_hours(24));
        Some(Turn { queue: Arc::clone(self), group: group.to_owned(), key, woken, deadline })
    }

    /// Whether calls of the group wait that come before a new one of this priority.
    pub fn is_waited_for(&self, group: &str, priority: i64) -> bool {
        let groups = self.lock();
        let first = groups.get(group).and_then(|waiting| waiting.calls.first_key_value());
        first.is_some_and(|((before, _), _)| *before <= priority)
    }

    /// A call of the group has ended: the first that waits may try.
    pub fn wake(&self, group: &str) {
        let groups = self.lock();
        if let Some((_, woken)) = groups.get(group).and_then(|waiting| waiting.calls.first_key_value()) {
            woken.notify_one();
        }
    }

    /// The one behind this place may try.
    fn wake_after(groups: &HashMap<String, Waiting>, group: &str, key: (i64, u64)) {
        let Some(waiting) = groups.get(group) else { return };
        if let Some((_, woken)) = waiting.calls.range((Bound::Excluded(key), Bound::Unbounded)).next() {
            woken.notify_one();
        }
    }

    /// Calls that wait, in all groups.
    pub fn len(&self) -> usize {
        self.lock().values().map(|waiting| waiting.calls.len()).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A call's place in the queue; gone when dropped.
#[derive(Debug)]
pub struct Turn {
    queue: Arc<Queue>,
    group: String,
    key: (i64, u64),
    woken: Arc<Notify>,
    deadline: Instant,
}

impl Turn {
    /// Waits until the call may try: somebody has woken it, or it is the first and looks by itself.
    ///
    /// # Errors
    /// When it has waited as long as it may.
    pub async fn wait(&mut self) -> Result<(), TooLong> {
        loop {
            if Instant::now() >= self.deadline {
                return Err(TooLong);
            }
            let look_at = (Instant::now() + LOOK_INTERVAL).min(self.deadline);
            let is_woken = tokio::time::timeout_at(look_at, self.woken.notified()).await.is_ok();
            if is_woken || self.is_first() {
                return Ok(());
            }
        }
    }

    /// The call has tried in vain.
    pub fn pass(&self) {
        Queue::wake_after(&self.queue.lock(), &self.group, self.key);
    }

    fn is_first(&self) -> bool {
        let groups = self.queue.lock();
        let first = groups.get(&self.group).and_then(|waiting| waiting.calls.first_key_value());
        first.is_some_and(|(key, _)| *key == self.key)
    }
}

impl Drop for Turn {
    /// Whoever comes next may have been waiting for this one only.
    fn drop(&mut self) {
        let mut groups = self.queue.lock();
        let Some(waiting) = groups.get_mut(&self.group) else { return };
        waiting.calls.remove(&self.key);
        if waiting.calls.is_empty() {
            groups.remove(&self.group);
        }
        Queue::wake_after(&groups, &self.group, self.key);
    }
}

#[cfg(test)]
mod tests;
