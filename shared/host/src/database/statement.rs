//! A statement: its text, and the values bound to it.
//!
//! The only place where values and statements meet: a value can become nothing but `$1`, `$2`, …, or `?` in SQLite,
//! where a place with a name is looked for among all others.

use std::sync::Arc;

use serde_json::Value;
use tollgate_core::directory::{Column, Kind};

use super::dialect::Dialect;

/// A text of SQL and the values of its places.
#[derive(Clone, Debug)]
pub struct Statement {
    pub dialect: Dialect,
    pub text: String,
    pub values: Vec<Bound>,
}

/// A value to bind. Its variant depends on the column alone, never on the value.
#[derive(Clone, Debug, PartialEq)]
pub enum Bound {
    Text(Option<String>),
    Texts(Option<Vec<String>>),
    Float(Option<f64>),
    Big(Option<i64>),
    Flag(Option<bool>),
    /// A text that several places have.
    Shared(Arc<str>),
    /// A column of many rows.
    TextColumn(Vec<Option<String>>),
    FloatColumn(Vec<Option<f64>>),
    BigColumn(Vec<Option<i64>>),
}

impl Statement {
    pub fn new(dialect: &Dialect) -> Self {
        Self { dialect: dialect.clone(), text: String::new(), values: Vec::new() }
    }

    #[must_use]
    pub fn text(mut self, text: &str) -> Self {
        self.push(text);
        self
    }

    pub fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Several texts with another one between them.
    pub fn join(&mut self, texts: impl IntoIterator<Item = String>, between: &str) {
        for (place, text) in texts.into_iter().enumerate() {
            if place > 0 {
                self.push(between);
            }
            self.push(&text);
        }
    }

    /// The place of a value.
    pub fn bind(&mut self, value: Bound) {
        self.values.push(value);
        match self.dialect {
            Dialect::Sqlite => self.push("?"),
            Dialect::Postgres { .. } => self.push(&format!("${}", self.values.len())),
        }
    }

    /// The place of a value, with what makes it one of this kind.
    pub fn bind_as(&mut self, kind: Kind, value: Bound) {
        self.bind(value);
        self.push(self.dialect.clone().cast(kind));
    }

    /// The place of what a column is to hold.
    pub fn bind_to(&mut self, column: &Column, value: &Value) {
        self.bind_as(column.kind, bound(column.kind, value));
    }

    /// The place of a list of texts, of which `column` has to be one.
    pub fn is_one_of(&mut self, column: &str, texts: &[String]) {
        self.push(column);
        self.push(if self.dialect.is_postgres() { " = ANY(" } else { " IN (SELECT value FROM json_each(" });
        self.bind_as(Kind::Texts, Bound::Texts(Some(texts.to_vec())));
        self.push(if self.dialect.is_postgres() { ")" } else { "))" });
    }
}

fn bound(kind: Kind, value: &Value) -> Bound {
    match kind {
        Kind::Text | Kind::Time => Bound::Text(value.as_str().map(str::to_owned)),
        Kind::Json => Bound::Text((!value.is_null()).then(|| value.to_string())),
        Kind::Texts => Bound::Texts(value.as_array().map(|items| {
            let texts = items.iter().filter_map(Value::as_str);
            texts.map(str::to_owned).collect()
        })),
        Kind::Float => Bound::Float(value.as_f64()),
        Kind::Int | Kind::Big => Bound::Big(value.as_i64()),
        Kind::Flag => Bound::Flag(value.as_bool()),
    }
}
