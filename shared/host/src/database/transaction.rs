//! A transaction on either database, and the changes of a write in it.

use sqlx::{Error, Postgres, Sqlite};
use tollgate_core::clock::Moment;
use tollgate_core::directory::{Change, Fault, Filter, Kind, Row, Table};

use super::change::{self, Collision};
use super::dialect::Dialect;
use super::execute;
use super::fault::fault_of;
use super::news::{CHANNEL, News};
use super::select;
use super::statement::{Bound, Statement};

/// Taken back where it is dropped without a commit.
pub struct Transaction {
    pub dialect: Dialect,
    pub kind: TransactionKind,
}

pub enum TransactionKind {
    Sqlite(sqlx::Transaction<'static, Sqlite>),
    Postgres(sqlx::Transaction<'static, Postgres>),
}

/// Why a write has to stop: what its caller is told, and whether it may succeed from its beginning.
pub struct Stop {
    pub fault: Fault,
    pub is_collision: bool,
}

impl Stop {
    pub fn at(error: &Error, table: Option<&'static Table>) -> Self {
        Self { fault: fault_of(error, table), is_collision: super::fault::is_collision(error) }
    }
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self { fault, is_collision: false }
    }
}

impl Transaction {
    pub async fn commit(self) -> Result<(), Stop> {
        let outcome = match self.kind {
            TransactionKind::Sqlite(inner) => inner.commit().await,
            TransactionKind::Postgres(inner) => inner.commit().await,
        };
        outcome.map_err(|error| Stop::at(&error, None))
    }

    /// How many rows the statement has changed.
    pub async fn execute(&mut self, statement: Statement) -> Result<u64, Error> {
        match &mut self.kind {
            TransactionKind::Sqlite(inner) => execute::on_sqlite(&mut **inner, statement).await,
            TransactionKind::Postgres(inner) => execute::on_postgres(&mut **inner, statement).await,
        }
    }

    /// The number that the statement answers with.
    pub async fn number(&mut self, statement: Statement) -> Result<u64, Error> {
        match &mut self.kind {
            TransactionKind::Sqlite(inner) => execute::number_from_sqlite(&mut **inner, statement).await,
            TransactionKind::Postgres(inner) => execute::number_from_postgres(&mut **inner, statement).await,
        }
    }

    /// Tells every instance what is changed, once this is committed.
    pub async fn tell(&mut self, news: &[News]) -> Result<(), Error> {
        if news.is_empty() || !self.dialect.is_postgres() {
            return Ok(());
        }
        let mut statement = Statement::new(&self.dialect);
        statement.push(&format!("SELECT pg_notify('{CHANNEL}', note) FROM unnest("));
        statement.bind_as(Kind::Texts, Bound::Texts(Some(news.iter().map(News::note).collect())));
        statement.push(") AS note");
        self.execute(statement).await.map(drop)
    }

    /// Makes these changes, in their order.
    pub async fn apply(&mut self, changes: &[Change], now: Moment) -> Result<(), Stop> {
        self.queue_up(changes).await?;
        for change in changes {
            self.apply_one(change, now).await?;
        }
        Ok(())
    }

    /// Writes that expect something of a table go one after the other: nobody adds a row that another one has just
    /// found missing.
    async fn queue_up(&mut self, changes: &[Change]) -> Result<(), Stop> {
        let expected = |change: &Change| match change {
            Change::Expect(table, ..) => Some(table.name),
            _ => None,
        };
        let mut tables: Vec<&str> = changes.iter().filter_map(expected).collect();
        tables.sort_unstable();
        tables.dedup();
        for table in tables {
            self.queue(table).await?;
        }
        Ok(())
    }

    /// Waits for those before it in the queue of this name; others wait until the end of the transaction. SQLite has one
    /// queue for all.
    pub async fn queue(&mut self, name: &str) -> Result<(), Stop> {
        if !self.dialect.is_postgres() {
            return Ok(());
        }
        let mut statement = Statement::new(&self.dialect).text("SELECT pg_advisory_xact_lock(hashtextextended(");
        statement.bind_as(Kind::Text, Bound::Text(Some(format!("tollgate:{name}"))));
        statement.push(", 0))");
        self.execute(statement).await.map(drop).map_err(|error| Stop::at(&error, None))
    }

    async fn apply_one(&mut self, change: &Change, now: Moment) -> Result<(), Stop> {
        match change {
            Change::Insert(table, row) => self.insert(table, row, Collision::Refused, now).await,
            Change::Offer(table, row) => self.insert(table, row, Collision::Kept, now).await,
            Change::Put(table, row) => self.put(table, row, now).await,
            Change::Update(table, filters, set) => self.update(table, filters, set).await.map(drop),
            Change::Add(table, _, amounts) if amounts.is_empty() => Ok(table.check_amounts(amounts)?),
            Change::Add(table, filters, amounts) => {
                let statement = change::add(&self.dialect, table, filters, amounts)?;
                self.run(table, statement).await.map(drop)
            }
            Change::Delete(table, filters) => {
                let statement = change::delete(&self.dialect, table, filters)?;
                self.run(table, statement).await.map(drop)
            }
            Change::Expect(table, filters, count) => self.expect(table, filters, *count).await,
        }
    }

    async fn run(&mut self, table: &'static Table, statement: Statement) -> Result<u64, Stop> {
        self.execute(statement).await.map_err(|error| Stop::at(&error, Some(table)))
    }

    async fn insert(
        &mut self,
        table: &'static Table,
        row: &Row,
        collision: Collision<'_>,
        now: Moment,
    ) -> Result<(), Stop> {
        let row = table.complete(row.clone(), now)?;
        let statement = change::insert(&self.dialect, table, &row, collision)?;
        self.run(table, statement).await.map(drop)
    }

    /// One statement where the row would do as a new one; else it has to be there already.
    async fn put(&mut self, table: &'static Table, row: &Row, now: Moment) -> Result<(), Stop> {
        let set = table.partial(row.clone())?;
        let Some(own) = change::own_key(table, &set) else {
            return self.insert(table, row, Collision::Refused, now).await;
        };
        let incomplete = match table.complete(row.clone(), now) {
            Ok(whole) => {
                let statement = change::insert(&self.dialect, table, &whole, Collision::Replaced(&set))?;
                return self.run(table, statement).await.map(drop);
            }
            Err(fault) => fault,
        };
        if self.update(table, &own, &set).await? == 0 { Err(incomplete.into()) } else { Ok(()) }
    }

    async fn update(&mut self, table: &'static Table, filters: &[Filter], set: &Row) -> Result<u64, Stop> {
        let set = table.partial(set.clone())?;
        Filter::check_all(filters, table)?;
        if set.is_empty() {
            return Ok(0);
        }
        let statement = change::update(&self.dialect, table, filters, &set)?;
        self.run(table, statement).await
    }

    async fn expect(&mut self, table: &'static Table, filters: &[Filter], count: u64) -> Result<(), Stop> {
        let statement = select::count_locked(&self.dialect, table, filters)?;
        let found = self.number(statement).await.map_err(|error| Stop::at(&error, Some(table)))?;
        if found == count { Ok(()) } else { Err(Fault::Changed(table.name).into()) }
    }
}
