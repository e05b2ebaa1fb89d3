//! The thread that makes written records durable, and tells whoever waits for that.
//!
//! While one sync is under way the next records are written: all of them share the next one. Knows no record.

use std::fs::File;
use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::sync::Notify;
use tollgate_core::ledger::JournalFault;
use tracing::error;

use super::queue::Waiter;

/// Where a sync made so many durable, the next ones are gathered: it costs the same for many.
const GATHERED_MIN: usize = 8;
const GATHER: Duration = Duration::from_micros(500);

/// What is written to one file and is to be made durable.
#[derive(Debug)]
pub struct Written {
    pub file: Arc<File>,
    /// Up to where: the file's number, and its length.
    pub end: (u64, u64),
    /// How many calls ended in it.
    pub ended: u64,
    pub waiters: Vec<Waiter>,
}

/// What may be read by the drain.
#[derive(Debug, Default)]
pub struct Durable {
    state: Mutex<State>,
    ripe: Notify,
    /// How many ended calls that wait are many.
    ripe_at: u64,
}

#[derive(Debug, Default)]
struct State {
    end: (u64, u64),
    waiting: u64,
}

impl Durable {
    pub fn new(ripe_at: u64) -> Self {
        Self { ripe_at, ..Self::default() }
    }

    fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Up to where the journal may be read.
    pub fn end(&self) -> (u64, u64) {
        self.with(|state| state.end)
    }

    pub fn grow(&self, end: (u64, u64), ended: u64) {
        let is_ripe = self.with(|state| {
            state.end = end;
            state.waiting += ended;
            state.waiting >= self.ripe_at
        });
        if is_ripe {
            self.ripe.notify_one();
        }
    }

    pub fn drained(&self, count: u64) {
        self.with(|state| state.waiting = state.waiting.saturating_sub(count));
    }

    pub async fn ripe(&self) {
        self.ripe.notified().await;
    }
}

/// Starts the thread; it ends when nobody can send any more.
///
/// # Errors
/// When the system gives no thread.
pub fn start(durable: Arc<Durable>) -> io::Result<(Sender<Written>, JoinHandle<()>)> {
    let (sender, receiver) = channel();
    let thread = thread::Builder::new().name("journal-sync".to_owned()).spawn(move || run(&receiver, &durable))?;
    Ok((sender, thread))
}

fn run(receiver: &Receiver<Written>, durable: &Durable) {
    let mut told = 0;
    while let Ok(first) = receiver.recv() {
        if told >= GATHERED_MIN {
            thread::sleep(GATHER);
        }
        let mut all = vec![first];
        all.extend(receiver.try_iter());
        let outcome = sync(&all);
        if let Err(fault) = &outcome {
            error!("{fault}: what is journalled may not outlive a loss of power");
        }
        told = all.iter().map(|written| written.waiters.len()).sum();
        for written in all {
            tell(written, durable, &outcome);
        }
    }
}

/// Marks as readable what is written, whether or not it could be synced, and tells the waiters which.
pub fn tell(written: Written, durable: &Durable, outcome: &Result<(), JournalFault>) {
    durable.grow(written.end, written.ended);
    for waiter in written.waiters {
        waiter.send(outcome.clone()).ok();
    }
}

fn sync(all: &[Written]) -> Result<(), JournalFault> {
    for (place, written) in all.iter().enumerate() {
        let is_synced_later = all[place + 1..].iter().any(|later| Arc::ptr_eq(&later.file, &written.file));
        if !is_synced_later {
            written.file.sync_data().map_err(|error| JournalFault::Broken(error.to_string()))?;
        }
    }
    Ok(())
}
