//! The journal that keeps nothing: a call's cost goes into the directory before its end.
//!
//! For a function that may be frozen after any answer, and for a directory in memory. Knows no file.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Semaphore;
use tracing::error;

use super::drain::can_pass;
use super::{Entry, Journal, JournalFault, Ledger, Spend};
use crate::directory::Fault;
use crate::quota::Quota;
use crate::upstream::BoxFuture;

/// Records that may wait for a directory that is away before calls are refused.
const WAITING_MAX: usize = 10_000;
/// Records of one transaction.
const BATCH_MAX: usize = 1000;

/// Writes each call's record as soon as it has ended, together with those that wait.
pub struct Direct(Arc<Shared>);

struct Shared {
    ledger: Arc<dyn Ledger>,
    quota: Arc<dyn Quota>,
    journal: String,
    waiting: Mutex<Waiting>,
    /// Whose turn it is to write: positions must arrive in their order.
    turn: Semaphore,
}

/// Records stay here until they are written: whoever writes may be dropped at any moment, and the next one repeats it.
#[derive(Default)]
struct Waiting {
    entries: VecDeque<Entry>,
    position: u64,
    /// Up to which position everything is written, or cannot be.
    done: u64,
}

impl Direct {
    pub fn new(ledger: Arc<dyn Ledger>, quota: Arc<dyn Quota>) -> Self {
        Self(Arc::new(Shared {
            ledger,
            quota,
            journal: crate::new_id(),
            waiting: Mutex::default(),
            turn: Semaphore::new(1),
        }))
    }
}

impl Shared {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enqueue(&self, spend: Spend) -> u64 {
        let mut waiting = self.waiting();
        waiting.position += 1;
        let position = waiting.position;
        waiting.entries.push_back(Entry { position, spend });
        position
    }

    /// Writes what waits until this record is written.
    async fn write(&self, position: u64) -> Result<(), JournalFault> {
        let Ok(_turn) = self.turn.acquire().await else {
            return Err(JournalFault::Broken("it is closed".to_owned()));
        };
        loop {
            let batch: Vec<Entry> = {
                let waiting = self.waiting();
                if waiting.done >= position {
                    return Ok(());
                }
                waiting.entries.iter().take(BATCH_MAX).cloned().collect()
            };
            match self.commit(&batch).await {
                Ok(()) => {}
                Err(fault) if can_pass(&fault) => return Err(JournalFault::Broken(fault.to_string())),
                Err(_) => self.commit_each(&batch, position).await?,
            }
        }
    }

    /// Finds out which record it is that the directory does not take; it fails where it is the own one.
    async fn commit_each(&self, batch: &[Entry], own: u64) -> Result<(), JournalFault> {
        let mut outcome = Ok(());
        for entry in batch {
            match self.commit(std::slice::from_ref(entry)).await {
                Ok(()) => {}
                Err(fault) if can_pass(&fault) => return Err(JournalFault::Broken(fault.to_string())),
                Err(fault) => {
                    error!(call = %entry.spend.id, cost_picousd = entry.spend.cost_picousd, "a call's cost cannot be written and is lost: {fault}");
                    self.forget(entry.position);
                    if entry.position == own {
                        outcome = Err(JournalFault::Broken(fault.to_string()));
                    }
                }
            }
        }
        outcome
    }

    async fn commit(&self, batch: &[Entry]) -> Result<(), Fault> {
        let Some(last) = batch.last() else { return Ok(()) };
        self.ledger.commit(&self.journal, batch).await?;
        let records: Vec<&Spend> = batch.iter().map(|entry| &entry.spend).collect();
        self.quota.committed(&records);
        self.forget(last.position);
        Ok(())
    }

    fn forget(&self, position: u64) {
        let mut waiting = self.waiting();
        waiting.done = waiting.done.max(position);
        while waiting.entries.front().is_some_and(|entry| entry.position <= position) {
            waiting.entries.pop_front();
        }
    }
}

impl Journal for Direct {
    /// Nothing is noted: a call that is cut off with its process is not charged.
    fn begin<'a>(&'a self, _spend: &'a Spend) -> BoxFuture<'a, Result<(), JournalFault>> {
        let outcome = if self.0.waiting().entries.len() < WAITING_MAX {
            Ok(())
        } else {
            Err(JournalFault::Full(format!("{WAITING_MAX} records wait for the database")))
        };
        Box::pin(std::future::ready(outcome))
    }

    fn end(&self, spend: Spend) -> BoxFuture<'static, Result<(), JournalFault>> {
        let shared = Arc::clone(&self.0);
        let position = shared.enqueue(spend);
        Box::pin(async move { shared.write(position).await })
    }
}
