//! Port: the records that govern: keys, teams, users, budgets, stored models, spend.
//!
//! An adapter holds LiteLLM's own tables, by LiteLLM's names (`schema`), as rows of JSON. It knows no rule: what a row
//! means is decided in `govern` and `manage`. A write is all or nothing.

mod absent;
mod memory;
mod query;
mod row;
pub mod schema;
mod table;

pub use absent::Absent;
pub use memory::{Late, Memory};
pub use query::{Change, Direction, Filter, Query};
pub use row::{Columns, Row, moment_of, moment_text};
pub use table::{Column, Kind, Otherwise, Table};

use crate::upstream::BoxFuture;

/// Why the directory did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Nothing was read or written; the text is for the operator's log and names no secret.
    #[error("the database cannot be reached: {0}")]
    Unavailable(String),
    /// A row with the same value in a column that must be unique; nothing was written.
    #[error("{table} has a row with the same {columns} already")]
    Taken { table: &'static str, columns: String },
    /// What the write expected of a row was not so any more; nothing was written.
    #[error("{0} was changed by somebody else at the same time: read it and try again")]
    Changed(&'static str),
    /// A row that does not fit its table, which is a defect of the caller.
    #[error("{0}")]
    Misfit(String),
}

/// Whether the records can be read and written now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// There is no database: only what the configuration says is known.
    Absent,
    Connected,
    Unavailable,
}

/// The records.
///
/// Every call has the adapter's own deadline, after which it is [`Fault::Unavailable`].
pub trait Directory: Send + Sync {
    /// The rows under these primary keys, in their order, in one round trip. A key's values stand in the order of
    /// [`Table::key`].
    fn get<'a>(&'a self, wanted: &'a [(&'static Table, Vec<String>)])
    -> BoxFuture<'a, Result<Vec<Option<Row>>, Fault>>;

    /// The rows that a query finds, in its order.
    fn find<'a>(&'a self, query: &'a Query) -> BoxFuture<'a, Result<Vec<Row>, Fault>>;

    /// How many rows a query finds, whatever its limit, and up to its `counted_max`.
    fn count<'a>(&'a self, query: &'a Query) -> BoxFuture<'a, Result<u64, Fault>>;

    /// The sums of columns over the rows that a query finds, for each combination of the `by` columns, in the order of
    /// the query, which may name any of these columns. Absent numbers count as nothing; each row says in `rows` how
    /// many were added up.
    fn sum<'a>(
        &'a self,
        query: &'a Query,
        by: &'a [&'static str],
        columns: &'a [&'static str],
    ) -> BoxFuture<'a, Result<Vec<Row>, Fault>>;

    /// Makes all of these changes, in their order, or none.
    fn write(&self, changes: Vec<Change>) -> BoxFuture<'_, Result<(), Fault>>;

    /// What the last attempts have shown; never waits.
    fn standing(&self) -> Standing;

    /// Tries again to reach the database, and says what came of it.
    fn ping(&self) -> BoxFuture<'_, Standing>;
}
