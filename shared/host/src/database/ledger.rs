//! The ledger's port on a database: a batch of records, once, in one transaction.
//!
//! Which rows and sums a batch makes is decided in core. How far a journal is written stands in a row of its own, which
//! is changed with the rest or not at all.

mod cells;
mod post;

use std::collections::BTreeSet;
use std::sync::Arc;

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

/// The ledger on a database.
#[derive(Debug)]
pub struct SqlLedger {
    database: Arc<Database>,
    rules: Rules,
}

impl SqlLedger {
    pub const fn new(database: Arc<Database>, rules: Rules) -> Self {
        Self { database, rules }
    }

    async fn write(&self, journal: &str, entries: &[Entry]) -> Result<(), Fault> {
        let mut attempt = 1;
        loop {
            match self.attempt(journal, entries).await {
                Ok(()) => return Ok(()),
                Err(stop) if attempt < ATTEMPTS_MAX && is_passing(&stop) => attempt += 1,
                Err(stop) => return Err(stop.fault),
            }
        }
    }

    async fn attempt(&self, journal: &str, entries: &[Entry]) -> Result<(), Stop> {
        let now = self.database.clock.now();
        let begun = self.database.begin().await.map_err(|error| Stop::at(&error, None))?;
        let mut work = Work { transaction: begun, now };
        let known = work.position(journal).await?;
        let fresh: Vec<Entry> = entries.iter().filter(|entry| entry.position > known).cloned().collect();
        let Some(last) = fresh.last() else { return Ok(()) };
        work.post(&fresh, &self.rules).await?;
        work.reach(journal, last.position).await?;
        let ids: Vec<String> = fresh.iter().map(|entry| entry.spend.id.clone()).collect();
        release_in(&mut work.transaction, &ids).await?;
        work.transaction.commit().await
    }
}

/// Whether the same batch may be written now: another writer had the same id, or was in the way.
fn is_passing(stop: &Stop) -> bool {
    stop.is_collision || matches!(stop.fault, Fault::Taken { table, .. } if table == SPEND_LOGS.name)
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

    async fn post(&mut self, entries: &[Entry], rules: &Rules) -> Result<(), Stop> {
        let mut posting = Posting::of(entries, rules);
        let dialect = self.transaction.dialect.clone();
        self.logs(&mut posting, entries).await?;
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

    /// Writes the logs; a call whose id another one has already gets its own behind it.
    async fn logs(&mut self, posting: &mut Posting, entries: &[Entry]) -> Result<(), Stop> {
        if posting.logs.is_empty() {
            return Ok(());
        }
        let wanted: Vec<String> = posting.logs.iter().map(|(_, row)| request_id(row)).collect();
        let found = self.texts(post::taken(&self.transaction.dialect, &wanted)).await;
        let mut taken: BTreeSet<String> =
            found.map_err(|error| Stop::at(&error, Some(&SPEND_LOGS)))?.into_iter().collect();
        let mut rows = Vec::with_capacity(wanted.len());
        for (((id, mut row), wanted), entry) in posting.logs.drain(..).zip(wanted).zip(entries) {
            let name = if taken.contains(&wanted) { format!("{wanted}-{id}") } else { wanted };
            row.insert("request_id".to_owned(), name.as_str().into());
            taken.insert(name);
            rows.push((row, entry.spend.cost_picousd));
        }
        let statement = post::logs(&self.transaction.dialect, rows, self.now)?;
        self.run(&SPEND_LOGS, statement).await
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

fn request_id(row: &tollgate_core::directory::Row) -> String {
    row.get("request_id").and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
}

impl Ledger for SqlLedger {
    fn commit<'a>(&'a self, journal: &'a str, entries: &'a [Entry]) -> BoxFuture<'a, Result<(), Fault>> {
        Box::pin(self.database.within(self.write(journal, entries)))
    }
}

#[cfg(test)]
mod tests;
