//! Port: what is journalled, ended, and not in the directory yet.
//!
//! The other side of a [`Journal`](super::Journal) that keeps records for a while: whoever drains it reads here. Knows no
//! directory.

use std::sync::Arc;

use super::{Entry, JournalFault};
use crate::upstream::BoxFuture;

/// How much is read at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    pub records_max: usize,
    /// As they are journalled; one record may be longer.
    pub bytes_max: usize,
}

/// Ended records of one journal, in their order.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    pub journal: String,
    pub entries: Arc<[Entry]>,
    /// Whether nothing more had ended when this was read.
    pub is_last: bool,
}

/// The records, the journals of processes that are gone before the own one.
pub trait Backlog: Send + Sync {
    /// What comes after the last batch that was acknowledged; everything that had ended before the call is seen.
    /// Nothing where nothing waits.
    fn next(&self, bounds: Bounds) -> BoxFuture<'_, Result<Option<Batch>, JournalFault>>;

    /// This batch is in the directory, or set aside: it need not be kept.
    fn acknowledge<'a>(&'a self, batch: &'a Batch) -> BoxFuture<'a, Result<(), JournalFault>>;

    /// Keeps a record that the directory will never take where a person can find it.
    fn set_aside<'a>(&'a self, entry: &'a Entry, reason: &'a str) -> BoxFuture<'a, Result<(), JournalFault>>;

    /// Resolves when so many records wait that they should not wait for their time.
    fn ripe(&self) -> BoxFuture<'_, ()>;
}
