//! Runs statements, and reads their rows. Knows the drivers; no table but by the kinds of its columns.

use serde_json::Value;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{AssertSqlSafe, Error, PgExecutor, Postgres, Row as _, Sqlite, SqliteExecutor};
use tollgate_core::directory::{Column, Kind, Row};

use super::statement::{Bound, Statement};

/// How many rows were changed.
pub async fn on_postgres(executor: impl PgExecutor<'_>, statement: Statement) -> Result<u64, Error> {
    Ok(postgres(statement).execute(executor).await?.rows_affected())
}

/// How many rows were changed.
pub async fn on_sqlite(executor: impl SqliteExecutor<'_>, statement: Statement) -> Result<u64, Error> {
    Ok(sqlite(statement).execute(executor).await?.rows_affected())
}

/// The rows as arrays of JSON, whose numbers are of no certain kind yet.
pub async fn from_postgres(executor: impl PgExecutor<'_>, statement: Statement) -> Result<Vec<Vec<Value>>, Error> {
    let rows = postgres(statement).fetch_all(executor).await?;
    rows.iter().map(array).collect()
}

fn array(row: &PgRow) -> Result<Vec<Value>, Error> {
    serde_json::from_str(row.try_get::<&str, _>(0)?).map_err(|error| Error::Decode(error.into()))
}

pub async fn from_sqlite(
    executor: impl SqliteExecutor<'_>,
    statement: Statement,
    kinds: &[Kind],
) -> Result<Vec<Vec<Value>>, Error> {
    let rows = sqlite(statement).fetch_all(executor).await?;
    let values = |row: &SqliteRow| kinds.iter().enumerate().map(|(place, kind)| value(row, place, *kind)).collect();
    rows.iter().map(values).collect()
}

/// One number, as `COUNT(*)` answers with.
pub async fn number_from_postgres(executor: impl PgExecutor<'_>, statement: Statement) -> Result<u64, Error> {
    let row = postgres(statement).fetch_one(executor).await?;
    Ok(u64::try_from(row.try_get::<i64, _>(0)?).unwrap_or_default())
}

/// One number, as `COUNT(*)` answers with.
pub async fn number_from_sqlite(executor: impl SqliteExecutor<'_>, statement: Statement) -> Result<u64, Error> {
    let row = sqlite(statement).fetch_one(executor).await?;
    Ok(u64::try_from(row.try_get::<i64, _>(0)?).unwrap_or_default())
}

/// A row of these columns.
pub fn row(columns: &[&Column], values: Vec<Value>) -> Row {
    let named = columns.iter().zip(values);
    named.map(|(column, value)| (column.name.to_owned(), of_kind(column.kind, value))).collect()
}

/// A floating-point number without a fraction looks like a whole one in JSON.
pub fn of_kind(kind: Kind, value: Value) -> Value {
    match (kind, value) {
        (Kind::Float, Value::Number(number)) => number.as_f64().map_or(Value::Null, Value::from),
        // Infinity and what is no number at all are texts in PostgreSQL's JSON.
        (Kind::Float, _) => Value::Null,
        (_, value) => value,
    }
}

fn value(row: &SqliteRow, place: usize, kind: Kind) -> Result<Value, Error> {
    Ok(match kind {
        Kind::Text | Kind::Time => row.try_get_unchecked::<Option<String>, _>(place)?.into(),
        Kind::Float => row.try_get_unchecked::<Option<f64>, _>(place)?.into(),
        Kind::Int | Kind::Big => row.try_get_unchecked::<Option<i64>, _>(place)?.into(),
        Kind::Flag => row.try_get_unchecked::<Option<bool>, _>(place)?.into(),
        Kind::Texts | Kind::Json => match row.try_get_unchecked::<Option<&str>, _>(place)? {
            Some(text) => serde_json::from_str(text).map_err(|error| Error::Decode(error.into()))?,
            None => Value::Null,
        },
    })
}

// The texts of statements are made of static names and of places for values, and of nothing else.

pub fn postgres(statement: Statement) -> Query<'static, Postgres, PgArguments> {
    let mut query = sqlx::query(AssertSqlSafe(statement.text));
    for value in statement.values {
        query = match value {
            Bound::Text(value) => query.bind(value),
            Bound::Texts(value) => query.bind(value),
            Bound::Float(value) => query.bind(value),
            Bound::Big(value) => query.bind(value),
            Bound::Flag(value) => query.bind(value),
            Bound::Shared(text) => query.bind(text.to_string()),
            Bound::TextColumn(values) => query.bind(values),
            Bound::FloatColumn(values) => query.bind(values),
            Bound::BigColumn(values) => query.bind(values),
        };
    }
    query
}

pub fn sqlite(statement: Statement) -> Query<'static, Sqlite, SqliteArguments> {
    let mut query = sqlx::query(AssertSqlSafe(statement.text));
    for value in statement.values {
        query = match value {
            Bound::Text(value) => query.bind(value),
            Bound::Texts(value) => query.bind(value.map(|texts| Value::from(texts).to_string())),
            Bound::Float(value) => query.bind(value),
            Bound::Big(value) => query.bind(value),
            Bound::Flag(value) => query.bind(value),
            Bound::Shared(text) => query.bind(text),
            Bound::TextColumn(values) => query.bind(Value::from(values).to_string()),
            Bound::FloatColumn(values) => query.bind(Value::from(values).to_string()),
            Bound::BigColumn(values) => query.bind(Value::from(values).to_string()),
        };
    }
    query
}
