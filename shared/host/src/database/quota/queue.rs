//! Settlements on their way: bounded, and taken in batches.
//!
//! Knows no database.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tollgate_core::quota::Draw;
use tracing::warn;

/// Calls of one statement.
const BATCH: usize = 500;

/// Calls that wait while the database cannot be reached. What comes after lapses, and is put right by its record.
const WAITING_MAX: usize = 100_000;

/// A call that has ended, and what it has used of each account in that account's unit.
#[derive(Debug)]
pub struct Settled {
    pub id: Arc<str>,
    pub draws: Vec<Draw>,
    pub amounts: Vec<i64>,
}

#[derive(Default)]
pub struct Queue {
    waiting: Mutex<VecDeque<Settled>>,
    filled: Notify,
}

impl Queue {
    fn waiting(&self) -> MutexGuard<'_, VecDeque<Settled>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn add(&self, settled: Settled) {
        let mut waiting = self.waiting();
        if waiting.len() < WAITING_MAX {
            waiting.push_back(settled);
        } else {
            warn!("{WAITING_MAX} calls wait to be settled: the next ones hold what they have taken until they lapse");
        }
        drop(waiting);
        self.filled.notify_one();
    }

    /// Resolves when something waits.
    pub async fn filled(&self) {
        while self.waiting().is_empty() {
            self.filled.notified().await;
        }
    }

    pub fn take(&self) -> Option<Vec<Settled>> {
        let mut waiting = self.waiting();
        let count = waiting.len().min(BATCH);
        (count > 0).then(|| waiting.drain(..count).collect())
    }

    pub fn put_back(&self, batch: Vec<Settled>) {
        let mut waiting = self.waiting();
        batch.into_iter().rev().for_each(|settled| waiting.push_front(settled));
    }
}
