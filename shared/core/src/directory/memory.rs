//! The directory in the process's memory: for tests, and for whoever wants nothing kept.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use super::{Change, Columns, Direction, Directory, Fault, Filter, Otherwise, Query, Row, Standing, Table};
use crate::clock::Clock;
use crate::upstream::BoxFuture;

/// Rows by table and primary key.
#[derive(Default)]
pub struct Memory {
    clock: Clock,
    tables: Mutex<Tables>,
}

type Tables = BTreeMap<&'static str, BTreeMap<Vec<String>, Row>>;

impl Memory {
    pub fn new(clock: Clock) -> Self {
        Self { clock, tables: Mutex::default() }
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn found(&self, query: &Query) -> Vec<Row> {
        let tables = self.tables();
        let rows = tables.get(query.table.name).into_iter().flat_map(BTreeMap::values);
        rows.filter(|row| query.filters.iter().all(|filter| filter.passes(row))).cloned().collect()
    }

    fn apply(&self, tables: &mut Tables, change: Change) -> Result<(), Fault> {
        match change {
            Change::Insert(table, row) => {
                let row = self.complete(tables, table, row)?;
                if let Some(columns) = conflict(tables, table, &row, None) {
                    return Err(Fault::Taken { table: table.name, columns: columns.join(", ") });
                }
                insert(tables, table, row);
            }
            Change::Offer(table, row) => {
                let row = self.complete(tables, table, row)?;
                if conflict(tables, table, &row, None).is_none() {
                    insert(tables, table, row);
                }
            }
            Change::Put(table, row) => {
                table.check_all(&row)?;
                let key = key_of(table, &row);
                match tables.entry(table.name).or_default().get_mut(&key) {
                    Some(old) => old.extend(row),
                    None => {
                        let row = self.complete(tables, table, row)?;
                        insert(tables, table, row);
                    }
                }
            }
            Change::Update(table, filters, set) => {
                table.check_all(&set)?;
                update(tables, table, &filters, |row| row.extend(set.clone()))?;
            }
            Change::Add(table, filters, sums) => update(tables, table, &filters, |row| {
                for (name, amount) in &sums {
                    let sum = row.number(name).unwrap_or(0.0) + amount;
                    let is_float = table.column(name).is_some_and(|column| column.kind == super::Kind::Float);
                    let value = if is_float { Value::from(sum) } else { Value::from(sum as i64) };
                    row.insert((*name).to_owned(), value);
                }
            })?,
            Change::Delete(table, filters) => {
                let rows = tables.entry(table.name).or_default();
                rows.retain(|_, row| !filters.iter().all(|filter| filter.passes(row)));
            }
            Change::Expect(table, filters, count) => {
                let rows = tables.entry(table.name).or_default();
                let found = rows.values().filter(|row| filters.iter().all(|filter| filter.passes(row))).count();
                if found as u64 != count {
                    return Err(Fault::Changed(table.name));
                }
            }
        }
        Ok(())
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

fn key_of(table: &Table, row: &Row) -> Vec<String> {
    table.key.iter().map(|name| text_of(row.get(*name).unwrap_or(&Value::Null))).collect()
}

fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn insert(tables: &mut Tables, table: &'static Table, row: Row) {
    let key = key_of(table, &row);
    tables.entry(table.name).or_default().insert(key, row);
}

/// The unique columns in which another row is the same; nulls are never the same.
fn conflict(
    tables: &Tables,
    table: &'static Table,
    row: &Row,
    own: Option<&Vec<String>>,
) -> Option<&'static [&'static str]> {
    let rows = tables.get(table.name)?;
    let is_same = |other: &Row, columns: &[&str]| {
        columns
            .iter()
            .all(|name| row.get(*name).is_some_and(|value| !value.is_null() && other.get(*name) == Some(value)))
    };
    let mut constraints = std::iter::once(&table.key).chain(table.unique);
    constraints.find(|columns| rows.iter().any(|(key, other)| own != Some(key) && is_same(other, columns))).copied()
}

fn update(
    tables: &mut Tables,
    table: &'static Table,
    filters: &[Filter],
    mut change: impl FnMut(&mut Row),
) -> Result<(), Fault> {
    let rows = tables.entry(table.name).or_default();
    let keys: Vec<Vec<String>> = rows
        .iter()
        .filter(|(_, row)| filters.iter().all(|filter| filter.passes(row)))
        .map(|(key, _)| key.clone())
        .collect();
    for key in keys {
        let Some(mut row) = tables.entry(table.name).or_default().remove(&key) else { continue };
        change(&mut row);
        if let Some(columns) = conflict(tables, table, &row, None) {
            return Err(Fault::Taken { table: table.name, columns: columns.join(", ") });
        }
        insert(tables, table, row);
    }
    Ok(())
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
            _ => left.as_f64().partial_cmp(&right.as_f64()).unwrap_or(Ordering::Equal),
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
        let tables = self.tables();
        let rows = wanted.iter().map(|(table, key)| tables.get(table.name)?.get(key).cloned()).collect();
        Box::pin(std::future::ready(Ok(rows)))
    }

    fn find<'a>(&'a self, query: &'a Query) -> BoxFuture<'a, Result<Vec<Row>, Fault>> {
        let mut rows = page(self.found(query), query);
        if !query.columns.is_empty() {
            for row in &mut rows {
                row.retain(|name, _| query.columns.contains(&name.as_str()));
            }
        }
        Box::pin(std::future::ready(Ok(rows)))
    }

    fn count<'a>(&'a self, query: &'a Query) -> BoxFuture<'a, Result<u64, Fault>> {
        Box::pin(std::future::ready(Ok(self.found(query).len() as u64)))
    }

    fn sum<'a>(
        &'a self,
        query: &'a Query,
        by: &'a [&'static str],
        columns: &'a [&'static str],
    ) -> BoxFuture<'a, Result<Vec<Row>, Fault>> {
        let sums = page(add_up(&self.found(query), by, columns), query);
        Box::pin(std::future::ready(Ok(sums)))
    }

    fn write(&self, changes: Vec<Change>) -> BoxFuture<'_, Result<(), Fault>> {
        let mut tables = self.tables();
        let mut changed = tables.clone();
        let outcome = changes.into_iter().try_for_each(|change| self.apply(&mut changed, change));
        if outcome.is_ok() {
            *tables = changed;
        }
        Box::pin(std::future::ready(outcome))
    }

    fn standing(&self) -> Standing {
        Standing::Connected
    }

    fn ping(&self) -> BoxFuture<'_, Standing> {
        Box::pin(std::future::ready(Standing::Connected))
    }
}
