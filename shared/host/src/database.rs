//! The database: SQLite in a file, or PostgreSQL, behind one object.
//!
//! Holds the pools, keeps the deadline of every call, and knows whether the database can be reached. Which rows mean
//! what is decided in core; other adapters of this crate put their own statements to the same pools.

mod address;
mod change;
mod create;
mod dialect;
mod directory;
mod execute;
mod fault;
mod filter;
pub mod ledger;
mod migrate;
mod news;
pub mod quota;
mod select;
mod settings;
mod statement;
mod token;
mod transaction;

use std::fmt;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::time::Duration;

use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection as _, Error, PgPool, SqlitePool};
use tokio::sync::broadcast::{self, Sender};
use tollgate_core::clock::{Clock, Moment};
use tollgate_core::directory::{Change, Fault, Kind, Standing, Table};

pub use address::{Address, AddressError};
pub use dialect::{Dialect, quoted};
pub use fault::{fault_of, is_collision};
pub use migrate::Migration;
pub use news::{Ear, News};
pub use settings::Settings;
pub use statement::{Bound, Statement};
pub use transaction::{Stop, Transaction, TransactionKind};

use news::news_of;
use token::Token;

/// How often a write is begun again that collided with others.
const ATTEMPTS_MAX: usize = 5;
/// Changes that a listener of the same process may be behind by.
const NEWS_MAX: usize = 256;
/// For how long a database that was reached is believed to be there.
const JUST_NOW: Duration = Duration::from_secs(5);
/// A connection that was in use a moment ago is not asked whether it still is one.
const IDLE_TRUSTED: Duration = Duration::from_secs(1);
/// Readers of an SQLite file beside its one writer.
const SQLITE_READERS_MAX: u32 = 4;
/// What the writer holds of the file, in KiB: a batch of spend logs touches the indexes anywhere, and more pages than
/// SQLite holds by itself (2 MiB), which it writes and reads again and again then.
const SQLITE_WRITER_KIB: &str = "-16384";
/// After how many pages the log is put into the file (32 MiB): SQLite's own 1000 are one batch of spend logs, and what
/// several have changed need be put there once.
const SQLITE_LOG_PAGES: &str = "8000";

/// One database.
pub struct Database {
    /// For adapters with statements of their own: run them within [`within`](Self::within).
    pub pools: Pools,
    pub dialect: Dialect,
    pub clock: Clock,
    name: String,
    deadline: Duration,
    standing: AtomicU8,
    /// When it was reached last, in microseconds.
    reached: AtomicU64,
    token: Option<Token>,
    listening: Option<sqlx::postgres::PgConnectOptions>,
    /// A pooler in between may give each statement another connection, which knows nothing of what was prepared.
    is_pooled: bool,
    inside: Sender<News>,
}

/// The connections.
pub enum Pools {
    /// One connection writes: SQLite lets no two.
    Sqlite {
        readers: SqlitePool,
        writer: SqlitePool,
    },
    Postgres(PgPool),
}

impl fmt::Debug for Database {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Database").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Database {
    /// Connects to nothing yet. Needs a runtime around it.
    ///
    /// # Errors
    /// Where the folder of a file cannot be made.
    pub fn open(settings: Settings, clock: Clock) -> Result<Self, AddressError> {
        let name = settings.address.to_string();
        let (inside, _) = broadcast::channel(NEWS_MAX);
        let deadline = settings.timeout;
        let (standing, reached) = (AtomicU8::new(UNAVAILABLE), AtomicU64::new(0));
        let (pools, dialect, token, listening, is_pooled) = match settings.address {
            Address::Sqlite(path) => {
                let options = address::sqlite_options(&path, deadline)?;
                (sqlite_pools(options, settings.wait_max), Dialect::Sqlite, None, None, false)
            }
            Address::Postgres(address) => {
                let connections_max = settings.connections_max.unwrap_or(address.connections_max);
                let pool = PgPoolOptions::new()
                    .max_connections(connections_max)
                    .acquire_timeout(settings.wait_max)
                    .idle_timeout(address.idle_max)
                    // Asking before each call would double its time; what has lain idle may have been closed.
                    .test_before_acquire(false)
                    .before_acquire(|connection, meta| {
                        Box::pin(async move { Ok(meta.idle_for < IDLE_TRUSTED || connection.ping().await.is_ok()) })
                    })
                    .connect_lazy_with(address.options.clone());
                let dialect = Dialect::Postgres { schema: address.schema };
                let token = settings.token.map(|source| Token::new(source, address.options.clone()));
                let listening = Some(settings.direct.unwrap_or(address.options));
                (Pools::Postgres(pool), dialect, token, listening, address.is_pooled)
            }
        };
        Ok(Self { pools, dialect, clock, name, deadline, standing, reached, token, listening, is_pooled, inside })
    }

    /// Does the work before the deadline, and notes whether the database could be reached.
    ///
    /// # Errors
    /// What the work ended with; [`Fault::Unavailable`] at the deadline.
    pub async fn within<T>(&self, work: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
        self.before(self.deadline, work).await
    }

    /// The same with another deadline.
    async fn before<T>(&self, deadline: Duration, work: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
        let with_token = async {
            self.renew().await?;
            work.await
        };
        let outcome = tokio::time::timeout(deadline, with_token).await.unwrap_or_else(|_| {
            let text = format!("{} has not answered within {} s", self.name, deadline.as_secs_f64());
            Err(Fault::Unavailable(text))
        });
        let is_away = matches!(outcome, Err(Fault::Unavailable(_)));
        if !is_away {
            self.reached.store(self.clock.now().0, Ordering::Relaxed);
        }
        self.standing.store(if is_away { UNAVAILABLE } else { CONNECTED }, Ordering::Relaxed);
        outcome
    }

    /// A transaction that may write.
    ///
    /// # Errors
    /// Where there is no connection.
    pub async fn begin(&self) -> Result<Transaction, Error> {
        let dialect = self.dialect.clone();
        let kind = match &self.pools {
            // One that reads first and writes later could be refused in between.
            Pools::Sqlite { writer, .. } => TransactionKind::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await?),
            Pools::Postgres(pool) => TransactionKind::Postgres(pool.begin().await?),
        };
        Ok(Transaction { dialect, kind })
    }

    /// Makes the changes in one transaction, and again from its beginning where others were in the way.
    ///
    /// # Errors
    /// As [`Directory::write`](tollgate_core::directory::Directory::write).
    pub async fn write_all(&self, changes: &[Change]) -> Result<(), Fault> {
        let changes = &change::in_order(changes);
        let news = news_of(changes);
        let mut attempt = 1;
        loop {
            match self.attempt(changes, &news, attempt > 1).await {
                Ok(()) => break,
                Err(stop) if stop.is_collision && attempt < ATTEMPTS_MAX => attempt += 1,
                Err(stop) => return Err(stop.fault),
            }
        }
        self.tell_inside(news);
        Ok(())
    }

    async fn attempt(&self, changes: &[Change], news: &[News], is_repeated: bool) -> Result<(), Stop> {
        let mut transaction = self.begin().await.map_err(|error| Stop::at(&error, None))?;
        if is_repeated {
            // Those who have collided go one after the other.
            transaction.queue("collided").await?;
        }
        transaction.apply(changes, self.clock.now()).await?;
        transaction.tell(news).await.map_err(|error| Stop::at(&error, None))?;
        transaction.commit().await
    }

    /// Tells the listeners of this process, where there is no database that does.
    pub fn tell_inside(&self, news: Vec<News>) {
        if !self.dialect.is_postgres() {
            for item in news {
                // Nobody may be listening.
                self.inside.send(item).ok();
            }
        }
    }

    /// Hears what any instance changes from now on.
    pub fn changes(&self) -> Ear {
        match &self.listening {
            None => Ear::Inside(self.inside.subscribe()),
            Some(options) => Ear::Outside { pool: news::ear_pool(options.clone()), listener: None },
        }
    }

    async fn rows(
        &self,
        statement: Statement,
        kinds: &[Kind],
        table: &'static Table,
    ) -> Result<Vec<Vec<serde_json::Value>>, Fault> {
        let rows = match &self.pools {
            Pools::Sqlite { readers, .. } => execute::from_sqlite(readers, statement, kinds).await,
            Pools::Postgres(pool) if self.is_pooled => {
                let mut transaction = pool.begin().await.map_err(|error| fault_of(&error, None))?;
                execute::from_postgres(&mut *transaction, statement).await
            }
            Pools::Postgres(pool) => execute::from_postgres(pool, statement).await,
        };
        rows.map_err(|error| fault_of(&error, Some(table)))
    }

    async fn number(&self, statement: Statement) -> Result<u64, Error> {
        match &self.pools {
            Pools::Sqlite { readers, .. } => execute::number_from_sqlite(readers, statement).await,
            Pools::Postgres(pool) if self.is_pooled => {
                let mut transaction = pool.begin().await?;
                execute::number_from_postgres(&mut *transaction, statement).await
            }
            Pools::Postgres(pool) => execute::number_from_postgres(pool, statement).await,
        }
    }

    async fn renew(&self) -> Result<(), Fault> {
        match (&self.token, &self.pools) {
            (Some(token), Pools::Postgres(pool)) => token.renew(pool).await,
            _ => Ok(()),
        }
    }

    /// Whether it was reached a moment ago, so that it need not be asked to know that it is there.
    fn was_just_reached(&self) -> bool {
        let reached = Moment(self.reached.load(Ordering::Relaxed));
        self.last_standing() == Standing::Connected && self.clock.now().since(reached) < JUST_NOW
    }

    fn last_standing(&self) -> Standing {
        if self.standing.load(Ordering::Relaxed) == CONNECTED { Standing::Connected } else { Standing::Unavailable }
    }
}

const UNAVAILABLE: u8 = 0;
const CONNECTED: u8 = 1;

fn sqlite_pools(options: SqliteConnectOptions, wait_max: Duration) -> Pools {
    let options = options
        .journal_mode(SqliteJournalMode::Wal)
        // What has been answered with success outlasts a power cut.
        .synchronous(SqliteSynchronous::Full);
    let pool = |connections_max, options| {
        let pool = SqlitePoolOptions::new().max_connections(connections_max).acquire_timeout(wait_max);
        pool.test_before_acquire(false).idle_timeout(None).max_lifetime(None).connect_lazy_with(options)
    };
    let writer = options.clone().pragma("cache_size", SQLITE_WRITER_KIB).pragma("wal_autocheckpoint", SQLITE_LOG_PAGES);
    Pools::Sqlite { readers: pool(SQLITE_READERS_MAX, options), writer: pool(1, writer) }
}

#[cfg(test)]
pub mod tests;
