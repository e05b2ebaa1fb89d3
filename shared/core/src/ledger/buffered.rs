//! The journal in the process's memory, drained like any other: for a directory that is no more durable itself.
//!
//! Records are written together, not one by one. Knows no file.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tracing::error;

use super::{Backlog, Batch, Bounds, Entry, Journal, JournalFault, Spend};
use crate::upstream::BoxFuture;

/// Records that may wait before calls are refused.
const WAITING_MAX: usize = 100_000;
/// So many are drained before their time.
const RIPE_AT: usize = 1000;

pub struct Buffered {
    journal: String,
    waiting: Mutex<Waiting>,
    ripe: Notify,
}

#[derive(Default)]
struct Waiting {
    entries: VecDeque<Entry>,
    /// What was handed out last, until it is acknowledged.
    handed: Option<Arc<[Entry]>>,
    position: u64,
}

impl Waiting {
    fn count(&self) -> usize {
        self.entries.len() + self.handed.as_ref().map_or(0, |handed| handed.len())
    }
}

impl Default for Buffered {
    fn default() -> Self {
        Self { journal: crate::new_id(), waiting: Mutex::default(), ripe: Notify::new() }
    }
}

impl Buffered {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Journal for Buffered {
    fn begin<'a>(&'a self, _: &'a Spend) -> BoxFuture<'a, Result<(), JournalFault>> {
        let outcome = match self.waiting().count() < WAITING_MAX {
            true => Ok(()),
            false => Err(JournalFault::Full(format!("{WAITING_MAX} records wait"))),
        };
        Box::pin(std::future::ready(outcome))
    }

    fn end(&self, spend: Spend) -> BoxFuture<'static, Result<(), JournalFault>> {
        let mut waiting = self.waiting();
        waiting.position += 1;
        let position = waiting.position;
        waiting.entries.push_back(Entry { position, spend });
        if waiting.entries.len() == RIPE_AT {
            self.ripe.notify_one();
        }
        Box::pin(std::future::ready(Ok(())))
    }
}

impl Backlog for Buffered {
    fn next(&self, bounds: Bounds) -> BoxFuture<'_, Result<Option<Batch>, JournalFault>> {
        let mut waiting = self.waiting();
        if waiting.handed.is_none() && !waiting.entries.is_empty() {
            let count = waiting.entries.len().min(bounds.records_max);
            waiting.handed = Some(waiting.entries.drain(..count).collect());
        }
        let is_last = waiting.entries.is_empty();
        let batch = |entries| Batch { journal: self.journal.clone(), entries, is_last };
        Box::pin(std::future::ready(Ok(waiting.handed.clone().map(batch))))
    }

    fn acknowledge<'a>(&'a self, batch: &'a Batch) -> BoxFuture<'a, Result<(), JournalFault>> {
        let last = |entries: &[Entry]| entries.last().map_or(0, |entry| entry.position);
        let mut waiting = self.waiting();
        if waiting.handed.as_ref().is_some_and(|handed| last(handed) <= last(&batch.entries)) {
            waiting.handed = None;
        }
        Box::pin(std::future::ready(Ok(())))
    }

    fn set_aside<'a>(&'a self, entry: &'a Entry, reason: &'a str) -> BoxFuture<'a, Result<(), JournalFault>> {
        error!(call = %entry.spend.id, cost_picousd = entry.spend.cost_picousd, "a call's cost is lost: {reason}");
        Box::pin(std::future::ready(Ok(())))
    }

    fn ripe(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.ripe.notified())
    }
}
