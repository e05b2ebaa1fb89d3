//! Records as handlers read and write them, and as clients see them.
//!
//! A client sees every column of a table: numbers and times in LiteLLM's form. Which of them it may see is the
//! handler's business.

use serde_json::{Map, Value};

pub use super::show::picked as only;
use super::show::{Times, moment, time};
use super::{Request, failed};
use crate::directory::{Change, Fault, Filter, Kind, Query, Row, Table, moment_of, moment_text};
use crate::govern::period::BadPeriod;
use crate::govern::{Caller, MASTER_USER};
use crate::{App, Error};

/// The row under a primary key of one column, as the database has it now.
///
/// # Errors
/// Where the database cannot be reached.
pub async fn one(app: &App, table: &'static Table, key: &str) -> Result<Option<Row>, Error> {
    keyed(app, table, &[key]).await
}

/// The row under a primary key, as the database has it now.
///
/// # Errors
/// Where the database cannot be reached.
pub async fn keyed(app: &App, table: &'static Table, key: &[&str]) -> Result<Option<Row>, Error> {
    let wanted = [(table, key.iter().map(|part| (*part).to_owned()).collect())];
    let found = app.governance.directory.get(&wanted).await;
    Ok(found.map_err(|fault| failed(&fault))?.pop().flatten())
}

/// The row that a column with an id names, if it names one.
///
/// # Errors
/// Where the database cannot be reached.
pub async fn linked(app: &App, table: &'static Table, id: Option<&str>) -> Result<Option<Row>, Error> {
    match id {
        None => Ok(None),
        Some(id) => one(app, table, id).await,
    }
}

/// What a query finds.
///
/// # Errors
/// Where the database cannot be reached.
pub async fn all(app: &App, query: &Query) -> Result<Vec<Row>, Error> {
    app.governance.directory.find(query).await.map_err(|fault| failed(&fault))
}

/// The rows whose column is one of these.
///
/// # Errors
/// Where the database cannot be reached.
pub async fn among(
    app: &App,
    table: &'static Table,
    column: &'static str,
    values: Vec<String>,
) -> Result<Vec<Row>, Error> {
    if values.is_empty() {
        return Ok(Vec::new());
    }
    all(app, &Query::of(table).with(Filter::In(column, values))).await
}

/// # Errors
/// Where the database cannot be reached.
pub async fn count(app: &App, query: &Query) -> Result<u64, Error> {
    app.governance.directory.count(query).await.map_err(|fault| failed(&fault))
}

/// Makes the changes, all or none.
///
/// # Errors
/// As [`failed`] tells.
pub async fn write(app: &App, changes: Vec<Change>) -> Result<(), Error> {
    app.governance.write(changes).await.map_err(|fault| failed(&fault))
}

/// The same; `false` where somebody else came first, and it must be thought over again.
///
/// # Errors
/// As [`failed`] tells.
pub async fn try_write(app: &App, changes: Vec<Change>) -> Result<bool, Error> {
    match app.governance.write(changes).await {
        Ok(()) => Ok(true),
        Err(Fault::Changed(_)) => Ok(false),
        Err(fault) => Err(failed(&fault)),
    }
}

/// The row with everything that the table fills in by itself: as it will be read back.
///
/// # Errors
/// Where a value does not fit.
pub fn complete(app: &App, table: &'static Table, row: Row) -> Result<Row, Error> {
    table.complete(row, app.governance.clock.now()).map_err(|fault| failed(&fault))
}

/// A row of these columns.
pub fn row<const N: usize>(columns: [(&str, Value); N]) -> Row {
    columns.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// The time now, as rows hold it.
pub fn now(app: &App) -> String {
    moment_text(app.governance.clock.now())
}

/// When a budget of this duration is reset next, as rows hold it.
pub fn reset_at(app: &App, duration: &str) -> String {
    moment_text(app.governance.settings.calendar.next(duration, app.governance.clock.now()))
}

/// # Errors
/// LiteLLM's sentence, where no budget can have this duration.
pub fn check_duration(app: &App, duration: Option<&str>) -> Result<(), String> {
    let Some(duration) = duration else { return Ok(()) };
    let checked = app.governance.settings.calendar.check(duration, app.governance.clock.now());
    checked.map_err(|bad: BadPeriod| bad.to_string())
}

/// Who is written down in `created_by` and `updated_by`.
pub fn actor(request: &Request) -> String {
    request.caller.user_id().unwrap_or(MASTER_USER).to_owned()
}

/// The caller's role in LiteLLM's sentences: whoever has none is an internal user there.
pub fn role_of(caller: &Caller) -> &'static str {
    caller.role().name().unwrap_or("internal_user")
}

/// A row as LiteLLM's database client answers it: every column of the table.
pub fn shown(table: &Table, row: &Row) -> Row {
    let of = |column: &crate::directory::Column| {
        let value = row.get(column.name).unwrap_or(&Value::Null);
        (column.name.to_owned(), value_of(column.kind, value))
    };
    table.columns.iter().map(of).collect()
}

fn value_of(kind: Kind, value: &Value) -> Value {
    match (kind, value) {
        (Kind::Float, Value::Number(number)) => number.as_f64().map_or(Value::Null, Value::from),
        (Kind::Time, value) => time(value, Times::Zulu),
        _ => value.clone(),
    }
}

/// The same with an offset in place of the `Z`.
pub fn time_with_offset(text: &str) -> String {
    moment_of(text).map_or_else(|| text.to_owned(), |at| moment(at, Times::Offset))
}

/// The row, and nulls under these names.
#[must_use]
pub fn with_nulls(mut row: Row, names: &[&str]) -> Row {
    for name in names {
        row.entry(*name).or_insert(Value::Null);
    }
    row
}

/// A list of texts as Python writes it.
pub fn python_list<T: AsRef<str>>(items: &[T]) -> String {
    let items: Vec<String> = items.iter().map(|item| crate::denial::python_text(item.as_ref())).collect();
    format!("[{}]", items.join(", "))
}

/// A map, where the value is one.
pub fn map_of(value: Option<&Value>) -> Map<String, Value> {
    value.and_then(Value::as_object).cloned().unwrap_or_default()
}
