//! Sums over the daily tables, in the database.

use serde_json::Value;

use super::dates::Days;
use crate::directory::{Columns, Direction, Filter, Query, Row, Table, schema};
use crate::manage::{failed, find};
use crate::{App, Error};

/// Groups that one sum may have: what has cost the least is left out beyond them.
pub const GROUPS_MAX: u64 = 10_000;
/// Rows that one answer holds, as with LiteLLM.
pub const ROWS_MAX: u64 = 10_000;

/// What a daily table counts of calls.
pub const REQUESTS: &str = "api_requests";

/// The daily totals of everybody, of these days.
pub fn everybody(days: Days) -> Query {
    of(&schema::DAILY_USER, days)
}

/// A daily table, these days.
pub fn of(table: &'static Table, days: Days) -> Query {
    let mut query = Query::of(table);
    query.filters.extend(days.filters());
    query
}

/// Those that cost the most first.
pub fn dearest(query: Query, most: u64) -> Query {
    query.sorted("spend", Direction::Down).page(0, most)
}

/// The sums of columns, for each combination of the others.
///
/// # Errors
/// The directory's, as an answer.
pub async fn sum(app: &App, query: &Query, by: &[&'static str], columns: &[&'static str]) -> Result<Vec<Row>, Error> {
    app.governance.directory.sum(query, by, columns).await.map_err(|fault| failed(&fault))
}

/// A sum of a count, as a whole number.
pub fn whole(row: &Row, name: &str) -> i64 {
    row.number(name).unwrap_or_default().round() as i64
}

pub fn usd(row: &Row, name: &str) -> f64 {
    row.number(name).unwrap_or_default()
}

/// Prompt and answer together.
pub fn tokens(row: &Row) -> i64 {
    whole(row, "prompt_tokens") + whole(row, "completion_tokens")
}

pub fn text(row: &Row, name: &str) -> String {
    row.text(name).unwrap_or_default().to_owned()
}

/// Rounded as Python's `round` does it.
pub fn rounded(number: f64, digits: usize) -> f64 {
    format!("{number:.digits$}").parse().unwrap_or(number)
}

/// The rows of a table whose column of this name is one of these ids; each id is asked for once.
///
/// # Errors
/// The directory's, as an answer.
pub async fn among<'a>(
    app: &App,
    table: &'static Table,
    column: &'static str,
    ids: impl Iterator<Item = &'a str>,
) -> Result<Vec<Row>, Error> {
    let mut ids: Vec<String> = ids.filter(|id| !id.is_empty()).map(str::to_owned).collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    find::all(app, &Query::of(table).with(Filter::In(column, ids)).page(0, ROWS_MAX)).await
}

/// A column of the row that has this id, where there is one.
pub fn of_id(rows: &[Row], (column, id): (&str, &str), wanted: &str) -> Value {
    let found = rows.iter().find(|row| row.text(column) == Some(id));
    found.and_then(|row| row.get(wanted)).cloned().unwrap_or(Value::Null)
}
