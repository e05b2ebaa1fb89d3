//! From the journal into the directory, again and again: when, how much, and what happens when it fails.
//!
//! A future that runs beside the calls. A directory that is away is waited for, however long; a record that it will
//! never take is set aside. Knows neither files nor SQL.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, Notify, watch};
use tokio::time::{sleep, timeout};
use tracing::{error, info, warn};

use super::{Backlog, Batch, Bounds, Entry, JournalFault, Ledger, Spend};
use crate::directory::Fault;
use crate::quota::Quota;
use crate::random::Random;

const BACKOFF: Duration = Duration::from_secs(1);
const BACKOFF_MAX: Duration = Duration::from_secs(30);

/// How often and how much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// `general_settings.proxy_batch_write_at`.
    pub interval: Duration,
    /// What it is lengthened by at most, by chance, so that instances do not come together.
    pub jitter: Duration,
    /// One transaction.
    pub bounds: Bounds,
}

/// The way from a journal into the directory.
pub struct Drain {
    backlog: Arc<dyn Backlog>,
    ledger: Arc<dyn Ledger>,
    quota: Arc<dyn Quota>,
    pace: Pace,
    /// Held from a write until the accounts have heard of it: whoever begins budgets anew holds it, too.
    turn: Arc<Mutex<()>>,
    hurry: Notify,
    passes: watch::Sender<Passes>,
}

/// Passes are numbered; each empties the journal.
#[derive(Clone, Copy, Debug, Default)]
struct Passes {
    begun: u64,
    /// The last one that came to its end.
    done: u64,
}

/// Why a pass came to no end.
#[derive(Debug, thiserror::Error)]
enum Stuck {
    #[error(transparent)]
    Journal(#[from] JournalFault),
    #[error(transparent)]
    Ledger(Fault),
}

impl Drain {
    pub fn new(backlog: Arc<dyn Backlog>, ledger: Arc<dyn Ledger>, quota: Arc<dyn Quota>, pace: Pace) -> Self {
        let passes = watch::Sender::new(Passes::default());
        Self { backlog, ledger, quota, pace, turn: Arc::default(), hurry: Notify::new(), passes }
    }

    /// Takes turns with whoever else changes what was spent.
    #[must_use]
    pub fn in_turn(mut self, turn: Arc<Mutex<()>>) -> Self {
        self.turn = turn;
        self
    }

    /// Drains what processes that are gone have left, before anybody is served: budgets count it then. Gives up after
    /// this long.
    pub async fn catch_up(&self, within: Duration) -> bool {
        tokio::select! {
            () = self.run() => false,
            is_done = self.drain_all(within) => is_done,
        }
    }

    /// Drains for as long as it is polled, at once at first: what processes left that are gone counts for budgets.
    pub async fn run(&self) {
        let mut random = Random::new(Random::seed());
        let mut failures = 0;
        loop {
            match self.pass().await {
                Ok(()) => failures = 0,
                Err(stuck) => {
                    failures += 1;
                    warn!(failures, "what calls cost waits in the spend journal: {stuck}");
                }
            }
            let pause = self.pause(failures, random.fraction());
            tokio::select! {
                () = sleep(pause) => {}
                () = self.hurry.notified() => {}
                () = self.backlog.ripe(), if failures == 0 => {}
            }
        }
    }

    /// Drains everything that had ended before, for at most this long; whether that was done. Somebody must poll
    /// [`run`](Self::run) meanwhile.
    pub async fn drain_all(&self, within: Duration) -> bool {
        let mut passes = self.passes.subscribe();
        // What is under way now may have read its last batch already.
        let wanted = passes.borrow().begun + 1;
        self.hurry.notify_one();
        let outcome = timeout(within, passes.wait_for(|passes| passes.done >= wanted)).await;
        matches!(outcome, Ok(Ok(_)))
    }

    fn pause(&self, failures: u32, chance: f64) -> Duration {
        if failures == 0 {
            return self.pace.interval + self.pace.jitter.mul_f64(chance);
        }
        let backoff = BACKOFF.saturating_mul(2_u32.saturating_pow(failures - 1)).min(BACKOFF_MAX);
        backoff.mul_f64(0.5 + chance / 2.0)
    }

    async fn pass(&self) -> Result<(), Stuck> {
        let mut number = 0;
        self.passes.send_modify(|passes| {
            passes.begun += 1;
            number = passes.begun;
        });
        while let Some(batch) = self.backlog.next(self.pace.bounds).await? {
            self.post(&batch).await?;
            self.backlog.acknowledge(&batch).await?;
            if batch.is_last {
                break;
            }
        }
        self.passes.send_modify(|passes| passes.done = number);
        Ok(())
    }

    async fn post(&self, batch: &Batch) -> Result<(), Stuck> {
        match self.commit(&batch.journal, &batch.entries).await {
            Err(Stuck::Ledger(fault)) if !can_pass(&fault) => {
                info!("a batch of {} records is written one by one: {fault}", batch.entries.len());
                self.post_each(batch).await
            }
            outcome => outcome,
        }
    }

    /// Finds out which record it is that the directory does not take.
    async fn post_each(&self, batch: &Batch) -> Result<(), Stuck> {
        for entry in &*batch.entries {
            match self.commit(&batch.journal, std::slice::from_ref(entry)).await {
                Err(Stuck::Ledger(fault)) if !can_pass(&fault) => {
                    error!(call = %entry.spend.id, "a call's cost cannot be written and is set aside: {fault}");
                    self.backlog.set_aside(entry, &fault.to_string()).await?;
                }
                outcome => outcome?,
            }
        }
        Ok(())
    }

    async fn commit(&self, journal: &str, entries: &[Entry]) -> Result<(), Stuck> {
        let _turn = self.turn.lock().await;
        self.ledger.commit(journal, entries).await.map_err(Stuck::Ledger)?;
        let records: Vec<&Spend> = entries.iter().map(|entry| &entry.spend).collect();
        self.quota.committed(&records);
        Ok(())
    }
}

/// Whether the same write may succeed later.
pub(super) const fn can_pass(fault: &Fault) -> bool {
    matches!(fault, Fault::Unavailable(_) | Fault::Changed(_))
}
