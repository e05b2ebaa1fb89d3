//! Accounts that outlast an outage of the database that keeps them.
//!
//! While it is away calls are counted in this process's memory, from what was known last: budgets and limits hold for
//! each process on its own then, and for all together again when what was spent has been written. Knows no database.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Draw, Enforcement, Level, Memory, Quota, Refused, Request, Reservation, Used};
use crate::clock::Moment;
use crate::ledger::Spend;
use crate::upstream::BoxFuture;

/// Whether the database could not be reached when it was asked last; never waits.
pub type IsAway = Box<dyn Fn() -> bool + Send + Sync>;

/// Accounts in a database, and others for as long as it is away.
pub struct Enduring {
    shared: Arc<dyn Quota>,
    is_away: IsAway,
    outage: Mutex<Outage>,
}

#[derive(Default)]
struct Outage {
    /// The accounts of this outage; the next one begins with new ones, and with what was known last then.
    own: Option<Arc<Memory>>,
    /// Calls that were let in by such accounts, and have not ended.
    open: HashMap<Arc<str>, Arc<Memory>>,
}

impl Enduring {
    pub fn new(shared: Arc<dyn Quota>, is_away: IsAway) -> Self {
        Self { shared, is_away, outage: Mutex::default() }
    }

    fn outage(&self) -> MutexGuard<'_, Outage> {
        self.outage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_away(&self) -> bool {
        (self.is_away)()
    }

    async fn try_reserve(&self, request: Request) -> Result<Reservation, Refused> {
        // What may never be overspent is not counted by each process on its own.
        let may_be_alone = request.enforcement == Enforcement::Shrink;
        if may_be_alone && self.is_away() {
            return self.alone(request).await;
        }
        match self.shared.reserve(request.clone()).await {
            Err(Refused::Unknown(text)) if may_be_alone && self.is_away() => {
                tracing::warn!(
                    "budgets and limits are counted by this process alone while the database is away: {text}"
                );
                self.alone(request).await
            }
            outcome => {
                self.outage().own = None;
                outcome
            }
        }
    }

    async fn alone(&self, request: Request) -> Result<Reservation, Refused> {
        let own = Arc::clone(self.outage().own.get_or_insert_default());
        let reservation = own.reserve(request).await?;
        self.outage().open.insert(Arc::clone(&reservation.id), own);
        Ok(reservation)
    }
}

impl Quota for Enduring {
    fn reserve(&self, request: Request) -> BoxFuture<'_, Result<Reservation, Refused>> {
        Box::pin(self.try_reserve(request))
    }

    fn settle(&self, reservation: Reservation, used: Used) {
        let own = self.outage().open.remove(&reservation.id);
        match own {
            Some(own) => own.settle(reservation, used),
            None => self.shared.settle(reservation, used),
        }
    }

    fn keeps_records(&self) -> bool {
        self.shared.keeps_records()
    }

    fn committed(&self, records: &[&Spend]) {
        self.shared.committed(records);
        let own = self.outage().own.clone();
        if let Some(own) = own {
            own.committed(records);
        }
    }

    fn levels<'a>(&'a self, draws: &'a [Draw], now: Moment) -> BoxFuture<'a, Vec<Level>> {
        Box::pin(async move {
            let own = if self.is_away() { self.outage().own.clone() } else { None };
            match own {
                Some(own) => own.levels(draws, now).await,
                None => self.shared.levels(draws, now).await,
            }
        })
    }

    fn rewritten(&self, account: &str, spent_picousd: u64) {
        self.shared.rewritten(account, spent_picousd);
    }

    fn freed(&self) -> BoxFuture<'_, ()> {
        self.shared.freed()
    }
}

#[cfg(test)]
mod tests;
