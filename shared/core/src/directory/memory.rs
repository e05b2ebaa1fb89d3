//! The directory in the process's memory: for tests, and for whoever wants nothing kept.

mod late;

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use super::schema::SPEND_LOGS;
use super::{Change, Columns, Direction, Directory, Fault, Filter, Kind, Otherwise, Query, Row, Standing, Table};
use crate::clock::Clock;
use crate::upstream::BoxFuture;
use late::LateRows;

pub use late::Late;

#[derive(Default)]
pub struct Memory {
    clock: Clock,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    tables: Tables,
    logs: LateRows,
}

/// Rows by table and primary key.
type Tables = BTreeMap<&'static str, BTreeMap<Vec<String>, Row>>;

impl Memory {
    pub fn new(clock: Clock) -> Self {
        Self { clock, kept: Mutex::default() }
    }

    /// What is kept, to look into or to write to these tables.
    fn kept<'t>(&self, tables: impl IntoIterator<Item = &'t Table>) -> MutexGuard<'_, Kept> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if tables.into_iter().any(|table| *table == SPEND_LOGS) {
            let Kept { tables, logs } = &mut *kept;
            logs.settle(tables.entry(SPEND_LOGS.name).or_default());
        }
        kept
    }

    /// Makes the changes and adds the logs, or does nothing. The newest logs alone are kept.
    ///
    /// # Errors
    /// As [`write`](Directory::write).
    pub fn write_with_logs(&self, changes: Vec<Change>, logs: Vec<Late>) -> Result<(), Fault> {
        let mut kept = self.kept(changes.iter().map(Change::table));
        let Kept { tables, logs: rows } = &mut *kept;
        let mut work = Work { tables, before: Vec::new() };
        let outcome = changes.into_iter().try_for_each(|change| self.apply(&mut work, change));
        if outcome.is_err() {
            work.undo();
            return outcome;
        }
        let now = self.clock.now();
        let made = tables.entry(SPEND_LOGS.name).or_default();
        for log in logs {
            rows.add(log, now, made);
        }
        Ok(())
    }

    fn found(&self, query: &Query) -> Vec<Row> {
        let kept = self.kept([query.table]);
        let rows = kept.tables.get(query.table.name).into_iter().flat_map(BTreeMap::values);
        rows.filter(|row| passes(&query.filters, row)).cloned().collect()
    }

    fn apply(&self, work: &mut Work<'_>, change: Change) -> Result<(), Fault> {
        match change {
            Change::Insert(table, row) => {
                let row = self.complete(work.tables, table, row)?;
                work.add(table, row)
            }
            Change::Offer(table, row) => {
                let row = self.complete(work.tables, table, row)?;
                if conflict(work.tables, table, &row).is_none() {
                    work.put(table, row);
                }
                Ok(())
            }
            Change::Put(table, row) => {
                let row = table.partial(row)?;
                let row = match work.take(table, &key_of(table, &row)) {
                    Some(mut old) => {
                        old.extend(row);
                        old
                    }
                    None => self.complete(work.tables, table, row)?,
                };
                work.add(table, row)
            }
            Change::Update(table, filters, set) => {
                let set = table.partial(set)?;
                work.update(table, &filters, |row| {
                    row.extend(set.clone());
                    Ok(())
                })
            }
            Change::Add(table, filters, amounts) => {
                table.check_amounts(&amounts)?;
                work.update(table, &filters, |row| add(table, row, &amounts))
            }
            Change::Delete(table, filters) => work.delete(table, &filters),
            Change::Expect(table, filters, count) => {
                if work.keys(table, &filters)?.len() as u64 == count {
                    Ok(())
                } else {
                    Err(Fault::Changed(table.name))
                }
            }
        }
    }

    fn complete(&self, tables: &Tables, table: &'static Table, row: Row) -> Result<Row, Fault> {
        let mut row = table.complete(row, self.clock.now())?;
        for column in table.columns.iter().filter(|column| column.otherwise == Otherwise::Serial) {
            let rows = tables.get(table.name).into_iter().flat_map(BTreeMap::values);
            let next = rows.filter_map(|row| row.whole(column.name)).max().unwrap_or(0) + 1;
            row.entry(column.name).or_insert_with(|| next.into());
        }
        Ok(row)
    }
}

/// A write under way, and how to take it back.
struct Work<'a> {
    tables: &'a mut Tables,
    /// What stood under each key that was written to, in that order.
    before: Vec<(&'static str, Vec<String>, Option<Row>)>,
}

impl Work<'_> {
    fn keys(&self, table: &'static Table, filters: &[Filter]) -> Result<Vec<Vec<String>>, Fault> {
        Filter::check_all(filters, table)?;
        let rows = self.tables.get(table.name);
        if let Some(key) = own_key(table, filters) {
            return Ok(rows.filter(|rows| rows.contains_key(&key)).map(|_| key).into_iter().collect());
        }
        let rows = rows.into_iter().flatten();
        Ok(rows.filter(|(_, row)| passes(filters, row)).map(|(key, _)| key.clone()).collect())
    }

    fn put(&mut self, table: &'static Table, row: Row) {
        let key = key_of(table, &row);
        let old = self.tables.entry(table.name).or_default().insert(key.clone(), row);
        self.before.push((table.name, key, old));
    }

    fn take(&mut self, table: &'static Table, key: &[String]) -> Option<Row> {
        let old = self.tables.get_mut(table.name)?.remove(key)?;
        self.before.push((table.name, key.to_vec(), Some(old.clone())));
        Some(old)
    }

    fn add(&mut self, table: &'static Table, row: Row) -> Result<(), Fault> {
        if let Some(columns) = conflict(self.tables, table, &row) {
            return Err(Fault::Taken { table: table.name, columns: columns.join(", ") });
        }
        self.put(table, row);
        Ok(())
    }

    fn update(
        &mut self,
        table: &'static Table,
        filters: &[Filter],
        mut change: impl FnMut(&mut Row) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        for key in self.keys(table, filters)? {
            let Some(mut row) = self.take(table, &key) else { continue };
            change(&mut row)?;
            self.add(table, row)?;
        }
        Ok(())
    }

    fn delete(&mut self, table: &'static Table, filters: &[Filter]) -> Result<(), Fault> {
        for key in self.keys(table, filters)? {
            self.take(table, &key);
        }
        Ok(())
    }

    fn undo(self) {
        for (table, key, old) in self.before.into_iter().rev() {
            let rows = self.tables.entry(table).or_default();
            match old {
                Some(row) => rows.insert(key, row),
                None => rows.remove(&key),
            };
        }
    }
}

fn passes(filters: &[Filter], row: &Row) -> bool {
    filters.iter().all(|filter| filter.passes(row))
}

/// Nothing counts as 0. Whole numbers are added as such: the largest are not told apart as floating-point numbers.
fn add(table: &'static Table, row: &mut Row, amounts: &[(&'static str, f64)]) -> Result<(), Fault> {
    for (name, amount) in amounts {
        let column = table.expect(name)?;
        let sum = if column.kind == Kind::Float {
            Some(Value::from(row.number(name).unwrap_or(0.0) + amount))
        } else {
            row.whole(name).unwrap_or(0).checked_add(*amount as i64).map(Value::from)
        };
        let sum = sum.filter(|sum| column.fits(sum));
        let too_large = || Fault::Misfit(format!("{}.{name} cannot hold so large a sum", table.name));
        row.insert((*name).to_owned(), sum.ok_or_else(too_large)?);
    }
    Ok(())
}

fn key_of(table: &Table, row: &Row) -> Vec<String> {
    table.key.iter().map(|name| text_of(row.get(*name).unwrap_or(&Value::Null))).collect()
}

/// The primary key that the filters name, where they name just that.
fn own_key(table: &Table, filters: &[Filter]) -> Option<Vec<String>> {
    let part = |(own, filter): (&&str, &Filter)| match filter {
        Filter::Is(name, Value::String(value)) if name == own => Some(value.clone()),
        _ => None,
    };
    let is_whole = table.key.len() == filters.len();
    is_whole.then(|| table.key.iter().zip(filters).map(part).collect()).flatten()
}

fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The unique columns in which another row is the same; nulls are never the same.
fn conflict(tables: &Tables, table: &'static Table, row: &Row) -> Option<&'static [&'static str]> {
    let rows = tables.get(table.name)?;
    if rows.contains_key(&key_of(table, row)) {
        return Some(table.key);
    }
    let is_same = |other: &Row, columns: &[&str]| {
        columns
            .iter()
            .all(|name| row.get(*name).is_some_and(|value| !value.is_null() && other.get(*name) == Some(value)))
    };
    table.unique.iter().find(|columns| rows.values().any(|other| is_same(other, columns))).copied()
}

/// The order of a query; nulls last both ways.
fn compare(left: &Row, right: &Row, sort: &[(&'static str, Direction)]) -> Ordering {
    for (name, direction) in sort {
        let (left, right) = (left.get(*name).unwrap_or(&Value::Null), right.get(*name).unwrap_or(&Value::Null));
        let order = match (left, right) {
            (Value::Null, Value::Null) => Ordering::Equal,
            (Value::Null, _) => return Ordering::Greater,
            (_, Value::Null) => return Ordering::Less,
            (Value::String(left), Value::String(right)) => left.cmp(right),
            (Value::Bool(left), Value::Bool(right)) => left.cmp(right),
            _ => match left.as_i64().zip(right.as_i64()) {
                Some((left, right)) => left.cmp(&right),
                None => left.as_f64().partial_cmp(&right.as_f64()).unwrap_or(Ordering::Equal),
            },
        };
        let order = if *direction == Direction::Down { order.reverse() } else { order };
        if order != Ordering::Equal {
            return order;
        }
    }
    Ordering::Equal
}

fn page(mut rows: Vec<Row>, query: &Query) -> Vec<Row> {
    rows.sort_by(|left, right| compare(left, right, &query.sort));
    let offset = usize::try_from(query.offset).unwrap_or(usize::MAX);
    let limit = query.limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    rows.into_iter().skip(offset).take(limit).collect()
}

fn add_up(rows: &[Row], by: &[&'static str], columns: &[&'static str]) -> Vec<Row> {
    let mut sums: BTreeMap<String, Row> = BTreeMap::new();
    for row in rows {
        let group: Row =
            by.iter().map(|name| ((*name).to_owned(), row.get(*name).cloned().unwrap_or(Value::Null))).collect();
        let sum = sums.entry(Value::Object(group.clone()).to_string()).or_insert(group);
        for name in columns {
            let total = sum.number(name).unwrap_or(0.0) + row.number(name).unwrap_or(0.0);
            sum.insert((*name).to_owned(), total.into());
        }
        let count = sum.whole("rows").unwrap_or(0) + 1;
        sum.insert("rows".to_owned(), count.into());
    }
    sums.into_values().collect()
}

impl Directory for Memory {
    fn get<'a>(
        &'a self,
        wanted: &'a [(&'static Table, Vec<String>)],
    ) -> BoxFuture<'a, Result<Vec<Option<Row>>, Fault>> {
        let kept = self.kept(wanted.iter().map(|(table, _)| *table));
        let rows = wanted.iter().map(|(table, key)| kept.tables.get(table.name)?.get(key).cloned()).collect();
        Box::pin(std::future::ready(Ok(rows)))
    }

    fn find<'a>(&'a self, query: &'a Query) -> BoxFuture<'a, Result<Vec<Row>, Fault>> {
        if let Err(fault) = query.check() {
            return Box::pin(std::future::ready(Err(fault)));
        }
        let mut rows = page(self.found(query), query);
        if !query.columns.is_empty() {
            for row in &mut rows {
                row.retain(|name, _| query.columns.contains(&name.as_str()));
            }
        }
        Box::pin(std::future::ready(Ok(rows)))
    }

    fn count<'a>(&'a self, query: &'a Query) -> BoxFuture<'a, Result<u64, Fault>> {
        let most = query.counted_max.unwrap_or(u64::MAX);
        let count = query.check().map(|()| (self.found(query).len() as u64).min(most));
        Box::pin(std::future::ready(count))
    }

    fn sum<'a>(
        &'a self,
        query: &'a Query,
        by: &'a [&'static str],
        columns: &'a [&'static str],
    ) -> BoxFuture<'a, Result<Vec<Row>, Fault>> {
        let sums = query.check_sum(by, columns).map(|()| page(add_up(&self.found(query), by, columns), query));
        Box::pin(std::future::ready(sums))
    }

    fn write(&self, changes: Vec<Change>) -> BoxFuture<'_, Result<(), Fault>> {
        Box::pin(std::future::ready(self.write_with_logs(changes, Vec::new())))
    }

    fn standing(&self) -> Standing {
        Standing::Connected
    }

    fn ping(&self) -> BoxFuture<'_, Standing> {
        Box::pin(std::future::ready(Standing::Connected))
    }
}
