//! The journal in the process's memory, drained like any other: for a directory that is no more durable itself.
//!
//! Records are written together, not one by one. Knows no file.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

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
    position: u64,
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
        let outcome = match self.waiting().entries.len() < WAITING_MAX {
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
        let waiting = self.waiting();
        let entries: Vec<Entry> = waiting.entries.iter().take(bounds.records_max).cloned().collect();
        let is_last = entries.len() == waiting.entries.len();
        drop(waiting);
        let batch = (!entries.is_empty()).then(|| Batch { journal: self.journal.clone(), entries, is_last });
        Box::pin(std::future::ready(Ok(batch)))
    }

    fn acknowledge<'a>(&'a self, batch: &'a Batch) -> BoxFuture<'a, Result<(), JournalFault>> {
        let last = batch.entries.last().map_or(0, |entry| entry.position);
        let mut waiting = self.waiting();
        while waiting.entries.front().is_some_and(|entry| entry.position <= last) {
            waiting.entries.pop_front();
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
