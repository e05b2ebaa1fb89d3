//! Calls whose process has not come back for so long that another one charges them, at the most that they can have cost.
//!
//! Only where instances share the accounts, which is PostgreSQL: an SQLite file has one process and its journal. Where a
//! journal comes all the same, what it says of such calls is left out: nothing is charged twice.

use std::borrow::Cow;
use std::time::Duration;

use tollgate_core::directory::Fault;
use tollgate_core::ledger::Entry;
use tracing::warn;

use super::super::quota::{give_up_in, given_up_in, lapsed_in, release_in};
use super::super::transaction::Stop;
use super::{Ids, SqlLedger, Work};

/// After this time, counted from the end that they were to have, calls are given up: long after whoever is restarted,
/// or waits for the database, has written its journal.
pub const AFTER: Duration = Duration::from_secs(86_400);

impl SqlLedger {
    /// Charges what is given up; how many calls that were.
    ///
    /// # Errors
    /// Where the database does not answer: the rest waits for the next time.
    pub async fn give_up(&self) -> Result<u64, Fault> {
        let mut charged = 0;
        loop {
            match self.database.within(async { self.give_some_up().await.map_err(|stop| stop.fault) }).await? {
                0 => return Ok(charged),
                some => charged += some,
            }
        }
    }

    async fn give_some_up(&self) -> Result<u64, Stop> {
        let now = self.database.clock.now();
        let begun = self.database.begin().await.map_err(|error| Stop::at(&error, None))?;
        let mut work = Work { transaction: begun, now };
        let lapsed = lapsed_in(&mut work.transaction, now.before(AFTER)).await?;
        if lapsed.ids.is_empty() {
            return Ok(0);
        }
        let entries: Vec<Entry> = lapsed.spends.into_iter().map(|spend| Entry { position: 0, spend }).collect();
        work.post(&entries, &self.rules, Ids::Doubted).await?;
        release_in(&mut work.transaction, &lapsed.ids).await?;
        give_up_in(&mut work.transaction, &lapsed.ids, now).await?;
        work.transaction.commit().await?;
        Ok(lapsed.ids.len() as u64)
    }
}

impl Work {
    /// These entries without those that somebody else has charged already: only what began long ago can be.
    pub(super) async fn own<'a>(&mut self, entries: &'a [Entry]) -> Result<Cow<'a, [Entry]>, Stop> {
        let old = self.now.before(AFTER);
        let doubted: Vec<&str> =
            entries.iter().filter(|entry| entry.spend.started < old).map(|entry| &*entry.spend.id).collect();
        if doubted.is_empty() || !self.transaction.dialect.is_postgres() {
            return Ok(Cow::Borrowed(entries));
        }
        let charged = given_up_in(&mut self.transaction, &doubted).await?;
        if charged.is_empty() {
            return Ok(Cow::Borrowed(entries));
        }
        let count = charged.len();
        warn!("{count} calls of a journal that comes late were charged already, at the most that they can have cost");
        Ok(entries.iter().filter(|entry| !charged.contains(&entry.spend.id)).cloned().collect())
    }
}

#[cfg(test)]
mod tests;
