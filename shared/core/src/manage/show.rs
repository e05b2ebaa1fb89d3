//! How records are shown: LiteLLM's two ways of writing times, and objects with all their members.
//!
//! Knows no rule and no route; what is left out is left out by whoever asks.

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::clock::Moment;
use crate::directory::{Kind, Row, Table, moment_of, schema};

/// How LiteLLM writes a time, which differs from route to route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Times {
    /// `2026-01-31T12:00:00.123000Z`: what its models of answers write.
    Zulu,
    /// `2026-01-31T12:00:00.123000+00:00`: what rows become that are answered as they are.
    Offset,
    /// `2026-01-31T12:00:00.123`: what the database writes by itself.
    Bare,
}

/// A moment, in microseconds; without a fraction where it has none.
#[must_use]
pub fn moment(moment: Moment, times: Times) -> String {
    let timestamp = i64::try_from(moment.0).ok().and_then(|micros| Timestamp::from_microsecond(micros).ok());
    let timestamp = timestamp.unwrap_or(Timestamp::MAX);
    let whole = timestamp.strftime("%Y-%m-%dT%H:%M:%S");
    let fraction = match (moment.0 % 1_000_000, times) {
        (0, _) => String::new(),
        (micros, Times::Bare) => format!(".{micros:06}").trim_end_matches('0').to_owned(),
        (micros, _) => format!(".{micros:06}"),
    };
    let zone = match times {
        Times::Zulu => "Z",
        Times::Offset => "+00:00",
        Times::Bare => "",
    };
    format!("{whole}{fraction}{zone}")
}

/// A column's time; what is none is shown as it is.
#[must_use]
pub fn time(value: &Value, times: Times) -> Value {
    match value.as_str().and_then(moment_of) {
        Some(read) => moment(read, times).into(),
        None => value.clone(),
    }
}

/// A row with all its table's columns, in their order, and its times as they are shown.
#[must_use]
pub fn row(table: &Table, row: &Row, times: Times) -> Row {
    let mut shown = Map::new();
    for column in table.columns {
        let value = row.get(column.name).unwrap_or(&Value::Null);
        let value = if column.kind == Kind::Time { time(value, times) } else { value.clone() };
        shown.insert(column.name.to_owned(), value);
    }
    shown
}

/// These members, in this order; null where there is none.
#[must_use]
pub fn picked(row: &Row, names: &[&str]) -> Row {
    names.iter().map(|name| ((*name).to_owned(), row.get(*name).cloned().unwrap_or(Value::Null))).collect()
}

/// Adds members that LiteLLM shows and that never hold anything here.
pub fn add_nulls(row: &mut Row, names: &[&str]) {
    for name in names {
        row.insert((*name).to_owned(), Value::Null);
    }
}

/// A budget, as it is shown within what it is the budget of.
#[must_use]
pub fn budget(budget: Option<&Row>, times: Times) -> Value {
    let Some(budget) = budget else { return Value::Null };
    let mut shown = row(&schema::BUDGETS, budget, times);
    add_nulls(&mut shown, super::money::RELATIONS);
    Value::Object(shown)
}

/// An object that says what a holder may reach besides models.
#[must_use]
pub fn permission(permission: Option<&Row>) -> Value {
    permission.map_or(Value::Null, |found| Value::Object(row(&schema::OBJECT_PERMISSIONS, found, Times::Offset)))
}

#[cfg(test)]
mod tests;
