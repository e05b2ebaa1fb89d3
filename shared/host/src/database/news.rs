//! What others have changed: so that what is kept of a row elsewhere is thrown away.
//!
//! On PostgreSQL a write says in its transaction what it changes (`NOTIFY tollgate_changes`), and every instance hears
//! it; on SQLite there is one process, which tells itself.

use sqlx::PgPool;
use sqlx::postgres::{PgListener, PgPoolOptions};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tollgate_core::directory::{Change, Fault, Table, schema};

use super::change::{asked_key, key_of};
use super::fault::fault_of;

/// Where PostgreSQL's changes are told.
pub const CHANNEL: &str = "tollgate_changes";
/// PostgreSQL takes 8000 bytes.
const NOTE_BYTES_MAX: usize = 2000;
/// Beyond this many rows of one table, only the table is named.
const KEYS_MAX: usize = 32;
/// What parts of a key stand apart by; no key of LiteLLM's holds it.
const APART: char = '\u{1f}';

/// What was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// The row under this key was written or deleted.
    Row(&'static Table, Vec<String>),
    /// Any row of this table may have been.
    Table(&'static Table),
    /// Nobody was listening for a while.
    Everything,
}

impl News {
    /// `table:key`, or `table` alone.
    pub fn note(&self) -> String {
        match self {
            Self::Row(table, key) => {
                let note = format!("{}:{}", table.name, key.join(&APART.to_string()));
                if note.len() > NOTE_BYTES_MAX { table.name.to_owned() } else { note }
            }
            Self::Table(table) => table.name.to_owned(),
            Self::Everything => String::new(),
        }
    }

    /// Reads a note; of a table that this version does not know, nothing is kept.
    pub fn read(note: &str) -> Option<Self> {
        if note.is_empty() {
            return Some(Self::Everything);
        }
        match note.split_once(':') {
            Some((table, key)) => Some(Self::Row(schema::named(table)?, key.split(APART).map(str::to_owned).collect())),
            None => schema::named(note).map(Self::Table),
        }
    }
}

/// What a write changes, each once.
pub fn news_of(changes: &[Change]) -> Vec<News> {
    let mut news: Vec<News> = Vec::new();
    for change in changes {
        let (table, key) = match change {
            Change::Insert(table, row) | Change::Offer(table, row) | Change::Put(table, row) => {
                (*table, key_of(table, row))
            }
            Change::Update(table, filters, _) | Change::Add(table, filters, _) | Change::Delete(table, filters) => {
                (*table, asked_key(table, filters))
            }
            Change::Expect(..) => continue,
        };
        let item = key.map_or(News::Table(table), |key| News::Row(table, key));
        if !news.contains(&item) && !news.contains(&News::Table(table)) {
            news.push(item);
        }
        let of_table = |item: &News| matches!(item, News::Row(own, _) | News::Table(own) if own.name == table.name);
        let is_whole = news.contains(&News::Table(table));
        if news.iter().filter(|item| of_table(item)).count() > if is_whole { 1 } else { KEYS_MAX } {
            news.retain(|item| !of_table(item));
            news.push(News::Table(table));
        }
    }
    news
}

/// Hears of changes, one after the other.
pub enum Ear {
    Inside(Receiver<News>),
    Outside { pool: PgPool, listener: Option<PgListener> },
}

impl Ear {
    /// Waits for the next change. What could not be heard is [`News::Everything`].
    ///
    /// # Errors
    /// [`Fault::Unavailable`] where there is no connection: wait a little, and call again.
    pub async fn next(&mut self) -> Result<News, Fault> {
        match self {
            Self::Inside(receiver) => match receiver.recv().await {
                Ok(news) => Ok(news),
                Err(RecvError::Lagged(_)) => Ok(News::Everything),
                Err(RecvError::Closed) => std::future::pending().await,
            },
            Self::Outside { pool, listener } => {
                let Some(connected) = listener else {
                    *listener = Some(listen(pool).await.map_err(|error| fault_of(&error, None))?);
                    return Ok(News::Everything);
                };
                loop {
                    match connected.try_recv().await {
                        Ok(Some(note)) => {
                            if let Some(news) = News::read(note.payload()) {
                                return Ok(news);
                            }
                        }
                        lost => {
                            *listener = None;
                            return lost.map(|_| News::Everything).map_err(|error| fault_of(&error, None));
                        }
                    }
                }
            }
        }
    }
}

async fn listen(pool: &PgPool) -> Result<PgListener, sqlx::Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.eager_reconnect(false);
    listener.listen(CHANNEL).await?;
    Ok(listener)
}

/// A pool of the one connection that listens.
pub fn ear_pool(options: sqlx::postgres::PgConnectOptions) -> PgPool {
    PgPoolOptions::new().max_connections(1).connect_lazy_with(options)
}

#[cfg(test)]
mod tests;
