//! What was looked up a short while ago, so that not every call asks the directory.
//!
//! Holds a stated number of entries. What was looked up before somebody forgot it is not kept after.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use crate::clock::Moment;

pub struct Recent<T> {
    entries_max: usize,
    entries: RwLock<HashMap<String, Entry<T>>>,
    /// Rises whenever anything is forgotten or doubted.
    epoch: AtomicU64,
    /// How often everything was doubted.
    doubts: AtomicU64,
}

struct Entry<T> {
    value: T,
    since: Moment,
    doubts: u64,
}

impl<T: Clone> Recent<T> {
    pub fn new(entries_max: usize) -> Self {
        Self { entries_max, entries: RwLock::default(), epoch: AtomicU64::new(0), doubts: AtomicU64::new(0) }
    }

    /// What is remembered under the name, if it is not older than that, and nobody has doubted it since.
    pub fn find(&self, name: &str, now: Moment, age_max: Duration) -> Option<T> {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        let entry = entries.get(name)?;
        let is_certain = entry.doubts == self.doubts.load(Ordering::SeqCst);
        (is_certain && now.since(entry.since) < age_max).then(|| entry.value.clone())
    }

    /// The last that was known, doubted or not, if it is not older than that.
    pub fn last(&self, name: &str, now: Moment, age_max: Duration) -> Option<T> {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        let entry = entries.get(name)?;
        (now.since(entry.since) < age_max).then(|| entry.value.clone())
    }

    /// To be asked before looking up what is kept then.
    pub fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::SeqCst)
    }

    /// Keeps what was looked up at `now`, unless something was forgotten in the meantime.
    pub fn keep(&self, name: String, value: T, now: Moment, epoch: u64) {
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        if self.epoch() != epoch {
            return;
        }
        if entries.len() >= self.entries_max && !entries.contains_key(&name) {
            // Half of them at once: the cost of looking for the oldest is spread over many calls.
            let mut ages: Vec<Moment> = entries.values().map(|entry| entry.since).collect();
            let middle = ages.len() / 2;
            let (_, median, _) = ages.select_nth_unstable(middle);
            let median = *median;
            entries.retain(|_, entry| entry.since > median);
        }
        let doubts = self.doubts.load(Ordering::SeqCst);
        entries.insert(name, Entry { value, since: now, doubts });
    }

    pub fn forget(&self, name: &str) {
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        self.epoch.fetch_add(1, Ordering::SeqCst);
        entries.remove(name);
    }

    /// Everything may be different by now: it is kept for whoever has nothing better.
    pub fn doubt(&self) {
        self.epoch.fetch_add(1, Ordering::SeqCst);
        self.doubts.fetch_add(1, Ordering::SeqCst);
    }
}
