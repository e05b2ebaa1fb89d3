//! What a table is: its columns, what they hold, and what must be unique.
//!
//! Knows no dialect of SQL.

use serde_json::Value;

use super::{Fault, Row, moment_text};
use crate::clock::Moment;

/// One table of LiteLLM's schema, or of Tollgate's own.
#[derive(Debug)]
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
            (Kind::Text, Value::String(_)) | (Kind::Json, _) | (Kind::Flag, Value::Bool(_)) => true,
            (Kind::Time, Value::String(text)) => super::moment_of(text).is_some(),
            (Kind::Texts, Value::Array(items)) => items.iter().all(Value::is_string),
            (Kind::Float, Value::Number(number)) => number.as_f64().is_some_and(f64::is_finite),
            (Kind::Int, Value::Number(number)) => number.as_i64().is_some_and(|number| i32::try_from(number).is_ok()),
            (Kind::Big, Value::Number(number)) => number.is_i64(),
            _ => false,
        }
    }
}

impl Table {
    pub fn column(&self, name: &str) -> Option<&'static Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The row with every column that it leaves out.
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
            self.check(column, &value)?;
            whole.insert(column.name.to_owned(), value);
        }
        match row.keys().next() {
            Some(stray) => Err(Fault::Misfit(format!("{} has no column {stray}", self.name))),
            None => Ok(whole),
        }
    }

    /// Whether these columns are the table's, and can hold these values.
    ///
    /// # Errors
    /// [`Fault::Misfit`] with the first that is not.
    pub fn check_all(&self, row: &Row) -> Result<(), Fault> {
        for (name, value) in row {
            let column =
                self.column(name).ok_or_else(|| Fault::Misfit(format!("{} has no column {name}", self.name)))?;
            self.check(column, value)?;
        }
        Ok(())
    }

    fn check(&self, column: &Column, value: &Value) -> Result<(), Fault> {
        if column.fits(value) {
            return Ok(());
        }
        Err(Fault::Misfit(format!("{}.{} cannot hold this: it takes {:?}", self.name, column.name, column.kind)))
    }
}
