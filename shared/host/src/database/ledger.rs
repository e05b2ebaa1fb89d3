//! The ledger's port on a database: a batch of records, once, in one transaction.
//!
//! Which rows and sums a batch makes is decided in core. How far a journal is written stands in a row of its own, which
//! is changed with the rest or not at all.

mod cells;
mod given_up;
mod logs;
mod post;

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::Error;
use tollgate_core::clock::Moment;
use tollgate_core::directory::schema::{JOURNALS, SPEND_LOGS, WINDOW_SPEND};
use tollgate_core::directory::{Fault, Kind, Table, moment_text};
use tollgate_core::ledger::{Entry, Ledger, Posting, Rules};
use tollgate_core::upstream::BoxFuture;

use super::quota::release_in;
use super::statement::{Bound, Statement};
use super::transaction::{Stop, Transaction, TransactionKind};
use super::{ATTEMPTS_MAX, Database, execute};

/// How many batches are looked up first after one had an id that was taken.
const WARY_BATCHES: u32 = 100;

/// The ledger on a database.
#[derive(Debug)]
pub struct SqlLedger {
    database: Arc<Database>,
    rules: Rules,
    /// Batches still to come whose ids are looked up first.
    wary: AtomicU32,
}

/// What is thought of the ids that calls want for their rows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ids {
    /// Nobody has them: a provider gives each answer another one. The database refuses the batch where that is wrong.
    New,
    /// Some may be taken.
    Doubted,
}

impl SqlLedger {
    pub const fn new(database: Arc<Database>, rules: Rules) -> Self {
        Self { database, rules, wary: AtomicU32::new(0) }
    }

    async fn write(&self, journal: &str, entries: &[Entry]) -> Result<(), Fault> {
        let mut ids = if self.spend_wariness() { Ids::Doubted } else { Ids::New };
        let mut attempt = 1;
        loop {
            match self.attempt(journal, entries, ids).await {
                Ok(()) => return Ok(()),
                Err(stop) if attempt < ATTEMPTS_MAX && is_passing(&stop) => {
                    if is_id_taken(&stop.fault) {
                        self.wary.store(WARY_BATCHES, Ordering::Relaxed);
                        ids = Ids::Doubted;
                    }
                    attempt += 1;
                }
                Err(stop) => return Err(stop.fault),
            }
        }
    }

    /// Whether there is reason to doubt ids, which fades.
    fn spend_wariness(&self) -> bool {
        let less = |left: u32| left.checked_sub(1);
        self.wary.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_ok()
    }

    async fn attempt(&self, journal: &str, entries: &[Entry], ids: Ids) -> Result<(), Stop> {
        let now = self.database.clock.now();
        let begun = self.database.begin().await.map_err(|error| Stop::at(&error, None))?;
        let mut work = Work { transaction: begun, now };
        let known = work.position(journal).await?;
        let fresh = &entries[entries.partition_point(|entry| entry.position <= known)..];
        let Some(last) = fresh.last() else { return Ok(()) };
        let own = work.own(fresh).await?;
        if !own.is_empty() {
            work.post(&own, &self.rules, ids).await?;
        }
        work.reach(journal, last.position).await?;
        if work.transaction.dialect.is_postgres() {
            let ids: Vec<String> = own.iter().map(|entry| entry.spend.id.clone()).collect();
            release_in(&mut work.transaction, &ids).await?;
        }
        work.transaction.commit().await
    }
}

/// Whether the same batch may be written now: another writer had the same id, or was in the way.
fn is_passing(stop: &Stop) -> bool {
    stop.is_collision || is_id_taken(&stop.fault)
}

fn is_id_taken(fault: &Fault) -> bool {
    matches!(fault, Fault::Taken { table, .. } if *table == SPEND_LOGS.name)
}

struct Work {
    transaction: Transaction,
    now: Moment,
}

impl Work {
    fn statement(&self) -> Statement {
        Statement::new(&self.transaction.dialect)
    }

    async fn run(&mut self, table: &'static Table, statement: Statement) -> Result<(), Stop> {
        self.transaction.execute(statement).await.map(drop).map_err(|error| Stop::at(&error, Some(table)))
    }

    /// Up to where the journal is written. Whoever else writes of it waits from here on.
    async fn position(&mut self, journal: &str) -> Result<u64, Stop> {
        let table = self.transaction.dialect.table(&JOURNALS);
        let mut mark = self.statement();
        mark.push(&format!("INSERT INTO {table} (\"journal\", \"position\", \"updated_at\") VALUES ("));
        mark.bind_as(Kind::Text, Bound::Text(Some(journal.to_owned())));
        mark.push(", 0, ");
        mark.bind_as(Kind::Time, Bound::Text(Some(moment_text(self.now))));
        mark.push(") ON CONFLICT (\"journal\") DO UPDATE SET \"updated_at\" = excluded.\"updated_at\"");
        self.run(&JOURNALS, mark).await?;
        let mut read = self.statement();
        read.push(&format!("SELECT \"position\" FROM {table} WHERE \"journal\" = "));
        read.bind_as(Kind::Text, Bound::Text(Some(journal.to_owned())));
        self.transaction.number(read).await.map_err(|error| Stop::at(&error, Some(&JOURNALS)))
    }

    async fn reach(&mut self, journal: &str, position: u64) -> Result<(), Stop> {
        let mut statement = self.statement();
        statement.push(&format!("UPDATE {} SET \"position\" = ", self.transaction.dialect.table(&JOURNALS)));
        statement.bind_as(Kind::Big, Bound::Big(Some(i64::try_from(position).unwrap_or(i64::MAX))));
        statement.push(" WHERE \"journal\" = ");
        statement.bind_as(Kind::Text, Bound::Text(Some(journal.to_owned())));
        self.run(&JOURNALS, statement).await
    }

    async fn post(&mut self, entries: &[Entry], rules: &Rules, ids: Ids) -> Result<(), Stop> {
        let mut posting = Posting::of(entries, rules);
        let dialect = self.transaction.dialect.clone();
        self.logs(&mut posting, rules, ids).await?;
        let active = entries.iter().map(|entry| entry.spend.ended).max().unwrap_or_default();
        for totals in &posting.totals {
            for statement in post::totals(&dialect, totals, active, self.now)? {
                self.run(totals.table, statement).await?;
            }
        }
        if !posting.windows.is_empty() {
            self.run(&WINDOW_SPEND, post::windows(&dialect, &posting.windows, self.now)?).await?;
        }
        for days in &posting.daily {
            self.run(days.table, post::daily(&dialect, days, self.now)?).await?;
        }
        Ok(())
    }

    /// Writes the logs.
    async fn logs(&mut self, posting: &mut Posting<'_>, rules: &Rules, ids: Ids) -> Result<(), Stop> {
        if posting.logs.is_empty() {
            return Ok(());
        }
        let mut taken = HashSet::new();
        if ids == Ids::Doubted {
            let wanted: BTreeSet<&str> = posting.logs.iter().map(|log| &*log.request_id).collect();
            let wanted: Vec<String> = wanted.into_iter().map(str::to_owned).collect();
            let found = self.texts(post::taken(&self.transaction.dialect, &wanted)).await;
            taken = found.map_err(|error| Stop::at(&error, Some(&SPEND_LOGS)))?.into_iter().collect();
        }
        posting.name_logs(taken);
        let now = moment_text(self.now);
        for statement in logs::insert(&self.transaction.dialect, &posting.logs, rules, &now) {
            self.run(&SPEND_LOGS, statement).await?;
        }
        Ok(())
    }

    /// The only column of the rows that a statement answers with.
    async fn texts(&mut self, statement: Statement) -> Result<Vec<String>, Error> {
        let rows = match &mut self.transaction.kind {
            TransactionKind::Sqlite(inner) => execute::from_sqlite(&mut **inner, statement, &[Kind::Text]).await?,
            TransactionKind::Postgres(inner) => execute::from_postgres(&mut **inner, statement).await?,
        };
        let text = |row: Vec<serde_json::Value>| row.into_iter().next()?.as_str().map(str::to_owned);
        Ok(rows.into_iter().filter_map(text).collect())
    }
}

impl Ledger for SqlLedger {
    fn commit<'a>(&'a self, journal: &'a str, entries: &'a [Entry]) -> BoxFuture<'a, Result<(), Fault>> {
        Box::pin(self.database.within(self.write(journal, entries)))
    }
}

#[cfg(test)]
mod tests;
