//! Changes as statements. Pure.

use serde_json::Value;
use tollgate_core::directory::{Change, Fault, Filter, Kind, Row, Table};

use super::dialect::{Dialect, quoted};
use super::statement::{Bound, Statement};

/// What happens where the row is there already.
#[derive(Clone, Copy)]
pub enum Collision<'a> {
    Refused,
    /// Nothing is written.
    Kept,
    /// These columns of the row under the same key are replaced.
    Replaced(&'a Row),
}

/// A new row. The row has to be complete.
pub fn insert(dialect: &Dialect, table: &Table, row: &Row, collision: Collision<'_>) -> Result<Statement, Fault> {
    let mut statement = Statement::new(dialect);
    let names = row.keys().map(|name| quoted(name)).collect::<Vec<_>>();
    statement.push(&format!("INSERT INTO {} ({}) VALUES (", dialect.table(table), names.join(", ")));
    for (place, (name, value)) in row.iter().enumerate() {
        statement.push(if place > 0 { ", " } else { "" });
        statement.bind_to(table.expect(name)?, value);
    }
    statement.push(")");
    let Collision::Replaced(set) = collision else {
        statement.push(if matches!(collision, Collision::Kept) { " ON CONFLICT DO NOTHING" } else { "" });
        return Ok(statement);
    };
    let key = table.key.iter().map(|name| quoted(name)).collect::<Vec<_>>();
    statement.push(&format!(" ON CONFLICT ({}) DO ", key.join(", ")));
    let set = set.keys().filter(|name| !table.key.contains(&name.as_str()));
    let set = set.map(|name| format!("{0} = excluded.{0}", quoted(name))).collect::<Vec<_>>();
    if set.is_empty() {
        statement.push("NOTHING");
    } else {
        statement.push("UPDATE SET ");
        statement.join(set, ", ");
    }
    Ok(statement)
}

pub fn update(dialect: &Dialect, table: &Table, filters: &[Filter], set: &Row) -> Result<Statement, Fault> {
    Filter::check_all(filters, table)?;
    let mut statement = Statement::new(dialect);
    statement.push(&format!("UPDATE {} SET ", dialect.table(table)));
    for (place, (name, value)) in set.iter().enumerate() {
        statement.push(&format!("{}{} = ", if place > 0 { ", " } else { "" }, quoted(name)));
        statement.bind_to(table.expect(name)?, value);
    }
    statement.push(" WHERE ");
    statement.filters(table, filters)?;
    Ok(statement)
}

pub fn add(
    dialect: &Dialect,
    table: &Table,
    filters: &[Filter],
    amounts: &[(&'static str, f64)],
) -> Result<Statement, Fault> {
    Filter::check_all(filters, table)?;
    table.check_amounts(amounts)?;
    let mut statement = Statement::new(dialect);
    statement.push(&format!("UPDATE {} SET ", dialect.table(table)));
    for (place, (name, amount)) in amounts.iter().enumerate() {
        let column = quoted(name);
        statement.push(&format!("{}{column} = COALESCE({column}, 0) + ", if place > 0 { ", " } else { "" }));
        match table.expect(name)?.kind {
            Kind::Float => statement.bind_as(Kind::Float, Bound::Float(Some(*amount))),
            _ => statement.bind_as(Kind::Big, Bound::Big(Some(*amount as i64))),
        }
    }
    statement.push(" WHERE ");
    statement.filters(table, filters)?;
    Ok(statement)
}

pub fn delete(dialect: &Dialect, table: &Table, filters: &[Filter]) -> Result<Statement, Fault> {
    Filter::check_all(filters, table)?;
    let mut statement = Statement::new(dialect);
    statement.push(&format!("DELETE FROM {} WHERE ", dialect.table(table)));
    statement.filters(table, filters)?;
    Ok(statement)
}

/// The changes, with sums that follow each other in one order for all writers: who locks the same rows in two orders
/// waits for itself.
pub fn in_order(changes: &[Change]) -> Vec<Change> {
    let mut changes = changes.to_vec();
    for run in changes.chunk_by_mut(|one, next| place_of(one).is_some() && place_of(next).is_some()) {
        run.sort_by_cached_key(place_of);
    }
    changes
}

/// The row that a sum is of, where the filters ask for its key and for nothing else.
fn place_of(change: &Change) -> Option<(&'static str, Vec<String>)> {
    match change {
        Change::Add(table, filters, _) if filters.len() == table.key.len() => {
            Some((table.name, asked_key(table, filters)?))
        }
        _ => None,
    }
}

/// Filters that find the row of this key, where the row names all of it.
pub fn own_key(table: &'static Table, row: &Row) -> Option<Vec<Filter>> {
    let own = |name: &&'static str| {
        row.get(*name).filter(|value| !value.is_null()).map(|value| Filter::Is(name, value.clone()))
    };
    table.key.iter().map(own).collect()
}

/// The key that the filters ask for, where they ask for one.
pub fn asked_key(table: &'static Table, filters: &[Filter]) -> Option<Vec<String>> {
    let asked = |wanted: &&'static str| {
        filters.iter().find_map(|filter| match filter {
            Filter::Is(name, value) if name == wanted => Some(text_of(value)),
            _ => None,
        })
    };
    table.key.iter().map(asked).collect()
}

/// The row's key, where it names all of it.
pub fn key_of(table: &'static Table, row: &Row) -> Option<Vec<String>> {
    table.key.iter().map(|name| row.get(*name).map(text_of)).collect()
}

fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
