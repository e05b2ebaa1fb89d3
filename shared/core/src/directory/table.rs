//! What a table is: its columns, what they hold, and what must be unique.
//!
//! Knows no dialect of SQL.

use std::fmt;

use serde_json::Value;

use super::{Fault, Row, moment_text};
use crate::clock::Moment;

/// One table of LiteLLM's schema, or of Tollgate's own.
pub struct Table {
    pub name: &'static str,
    pub columns: &'static [Column],
    /// The primary key.
    pub key: &'static [&'static str],
    pub unique: &'static [&'static [&'static str]],
    pub indexes: &'static [&'static [&'static str]],
}

/// One column.
#[derive(Debug)]
pub struct Column {
    pub name: &'static str,
    pub kind: Kind,
    pub is_optional: bool,
    pub otherwise: Otherwise,
}

/// What a column holds, and how a [`Row`] shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Text,
    /// A list of texts.
    Texts,
    /// Any JSON.
    Json,
    /// A 64-bit floating-point number.
    Float,
    /// A 32-bit whole number.
    Int,
    /// A 64-bit whole number.
    Big,
    Flag,
    /// A text like `2026-01-31T12:00:00.000Z`, always in UTC, so that texts sort as times do.
    Time,
}

impl Kind {
    pub const fn is_number(self) -> bool {
        matches!(self, Self::Float | Self::Int | Self::Big)
    }
}

/// What a column holds where a new row says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Otherwise {
    Nothing,
    /// An empty list.
    Empty,
    /// This, written as JSON; texts without quotes.
    Literal(&'static str),
    /// A new random id.
    Uuid,
    /// The time of the write.
    Now,
    /// The next whole number, which the database gives.
    Serial,
}

/// A column that every row has.
pub const fn col(name: &'static str, kind: Kind) -> Column {
    Column { name, kind, is_optional: false, otherwise: Otherwise::Nothing }
}

/// A column that may be null.
pub const fn opt(name: &'static str, kind: Kind) -> Column {
    Column { name, kind, is_optional: true, otherwise: Otherwise::Nothing }
}

impl Column {
    pub const fn or(self, otherwise: Otherwise) -> Self {
        Self { otherwise, ..self }
    }

    /// What a new row holds here, where it says nothing; `None` where the database gives it.
    fn default(&self, now: Moment) -> Option<Value> {
        Some(match self.otherwise {
            Otherwise::Nothing => Value::Null,
            Otherwise::Empty => Value::Array(Vec::new()),
            Otherwise::Literal(text) if self.kind == Kind::Text => text.into(),
            Otherwise::Literal(text) => serde_json::from_str(text).unwrap_or(Value::Null),
            Otherwise::Uuid => crate::new_id().into(),
            Otherwise::Now => moment_text(now).into(),
            Otherwise::Serial => return None,
        })
    }

    /// Whether the column can hold the value.
    pub fn fits(&self, value: &Value) -> bool {
        match (self.kind, value) {
            (_, Value::Null) => self.is_optional || self.otherwise == Otherwise::Serial,
            (Kind::Flag, Value::Bool(_)) => true,
            (Kind::Text, Value::String(_)) | (Kind::Json, _) => !holds_nul(value),
            (Kind::Time, Value::String(text)) => super::moment_of(text).is_some(),
            (Kind::Texts, Value::Array(items)) => items.iter().all(|item| item.is_string() && !holds_nul(item)),
            (Kind::Float, Value::Number(number)) => number.as_f64().is_some_and(f64::is_finite),
            (Kind::Int, Value::Number(number)) => number.as_i64().is_some_and(|number| i32::try_from(number).is_ok()),
            (Kind::Big, Value::Number(number)) => number.is_i64(),
            _ => false,
        }
    }
}

/// PostgreSQL keeps no NUL in a text: what only other databases would take is taken by none.
fn holds_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(holds_nul),
        Value::Object(members) => members.iter().any(|(name, value)| name.contains('\0') || holds_nul(value)),
        _ => false,
    }
}

impl fmt::Debug for Table {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name)
    }
}

/// A table is its name.
impl PartialEq for Table {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Table {}

impl Table {
    pub fn column(&self, name: &str) -> Option<&'static Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The column of this name.
    ///
    /// # Errors
    /// [`Fault::Misfit`] where there is none.
    pub fn expect(&self, name: &str) -> Result<&'static Column, Fault> {
        self.column(name).ok_or_else(|| Fault::Misfit(format!("{} has no column {name}", self.name)))
    }

    /// The row with every column that it leaves out, as it is kept.
    ///
    /// # Errors
    /// [`Fault::Misfit`] where a value does not fit, or a column is none of this table's.
    pub fn complete(&self, mut row: Row, now: Moment) -> Result<Row, Fault> {
        let mut whole = Row::new();
        for column in self.columns {
            let value = match row.remove(column.name) {
                Some(value) => value,
                None => match column.default(now) {
                    Some(value) => value,
                    None => continue,
                },
            };
            whole.insert(column.name.to_owned(), self.kept(column, value)?);
        }
        match row.keys().next() {
            Some(stray) => Err(Fault::Misfit(format!("{} has no column {stray}", self.name))),
            None => Ok(whole),
        }
    }

    /// These columns, as they are kept.
    ///
    /// # Errors
    /// [`Fault::Misfit`] with the first that is none of the table's, or cannot hold its value.
    pub fn partial(&self, row: Row) -> Result<Row, Fault> {
        let kept = |(name, value): (String, Value)| {
            let value = self.kept(self.expect(&name)?, value)?;
            Ok((name, value))
        };
        row.into_iter().map(kept).collect()
    }

    /// The value as the column keeps it: times in one form, cut to the millisecond.
    fn kept(&self, column: &Column, value: Value) -> Result<Value, Fault> {
        if !column.fits(&value) {
            let text = format!("{}.{} cannot hold this: it takes {:?}", self.name, column.name, column.kind);
            return Err(Fault::Misfit(text));
        }
        match (column.kind, value.as_str().and_then(super::moment_of)) {
            (Kind::Time, Some(moment)) => Ok(moment_text(moment).into()),
            (Kind::Float, _) => Ok(value.as_f64().map_or(value, Value::from)),
            _ => Ok(value),
        }
    }

    /// What is wrong with amounts that are to be added to columns, if anything.
    ///
    /// # Errors
    /// [`Fault::Misfit`] where a column holds no numbers, or the amount is none, or no whole one where it has to be.
    pub fn check_amounts(&self, amounts: &[(&'static str, f64)]) -> Result<(), Fault> {
        for (name, amount) in amounts {
            let kind = self.expect(name)?.kind;
            let is_whole = amount.fract() == 0.0 && amount.abs() < i64::MAX as f64;
            if !kind.is_number() || !amount.is_finite() || (kind != Kind::Float && !is_whole) {
                return Err(Fault::Misfit(format!("{}.{name} takes {kind:?}: {amount} cannot be added", self.name)));
            }
        }
        Ok(())
    }
}
