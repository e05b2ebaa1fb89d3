//! Spend logs in memory: made when somebody looks, and the newest alone.
//!
//! There is one for every call and hardly ever anybody who reads it. Decides which are kept and under which id; knows
//! nothing of what is in a row.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashSet, VecDeque};

use super::Row;
use crate::clock::Moment;

/// How many logs are kept: what a page of a dashboard shows, and no more than some tens of megabytes.
const ROWS_MAX: usize = 10_000;

/// A row that is not made yet.
pub struct Late {
    pub id: String,
    /// Its id where another row has that one.
    pub otherwise: String,
    pub make: Box<dyn FnOnce(String, Moment) -> Row + Send>,
}

/// The rows under their primary keys.
type Rows = BTreeMap<Vec<String>, Row>;

#[derive(Default)]
pub struct LateRows {
    waiting: VecDeque<(Late, Moment)>,
    ids: HashSet<String>,
    /// The keys of rows that were made, the oldest first; some may be gone.
    made: VecDeque<Vec<String>>,
}

impl LateRows {
    /// Adds a row, and removes the oldest where there are too many.
    pub fn add(&mut self, mut late: Late, now: Moment, rows: &mut Rows) {
        if self.ids.contains(&late.id) || (!rows.is_empty() && rows.contains_key(std::slice::from_ref(&late.id))) {
            late.id = std::mem::take(&mut late.otherwise);
        }
        self.ids.insert(late.id.clone());
        self.waiting.push_back((late, now));
        if self.waiting.len() + self.made.len() <= ROWS_MAX {
            return;
        }
        if let Some(key) = self.made.pop_front() {
            rows.remove(&key);
        } else if let Some((oldest, _)) = self.waiting.pop_front() {
            self.ids.remove(&oldest.id);
        }
    }

    /// Makes every row that waits.
    pub fn settle(&mut self, rows: &mut Rows) {
        self.ids.clear();
        for (late, now) in self.waiting.drain(..) {
            let key = vec![late.id.clone()];
            rows.insert(key.clone(), (late.make)(late.id, now));
            self.made.push_back(key);
        }
    }
}
