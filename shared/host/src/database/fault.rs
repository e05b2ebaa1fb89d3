//! What the databases' errors mean. Knows their codes; repeats no value that was written.

use sqlx::Error;
use sqlx::error::DatabaseError;
use sqlx::postgres::PgDatabaseError;
use tollgate_core::directory::{Fault, Table};

/// An error of a statement, which may have been about a table.
pub fn fault_of(error: &Error, table: Option<&'static Table>) -> Fault {
    let Error::Database(inner) = error else { return outside(error) };
    let code = inner.code().unwrap_or_default().into_owned();
    match inner.try_downcast_ref::<PgDatabaseError>() {
        Some(postgres) => of_postgres(postgres, &code, table),
        None => of_sqlite(&**inner, &code, table),
    }
}

/// Whether the same work may succeed when it is done again from its beginning.
pub fn is_collision(error: &Error) -> bool {
    // Deadlocks, and transactions that cannot be put into an order.
    let code = error.as_database_error().and_then(DatabaseError::code);
    code.is_some_and(|code| matches!(&*code, "40001" | "40P01"))
}

fn outside(error: &Error) -> Fault {
    let is_defect = matches!(
        error,
        Error::RowNotFound
            | Error::TypeNotFound { .. }
            | Error::ColumnIndexOutOfBounds { .. }
            | Error::ColumnNotFound(_)
            | Error::ColumnDecode { .. }
            | Error::Encode(_)
            | Error::Decode(_)
            | Error::InvalidArgument(_)
    );
    if is_defect { Fault::Misfit(error.to_string()) } else { Fault::Unavailable(error.to_string()) }
}

fn of_postgres(error: &PgDatabaseError, code: &str, table: Option<&'static Table>) -> Fault {
    let place = table.map_or("a row", |table| table.name);
    match (code, code.get(..2).unwrap_or_default()) {
        ("23505", _) => taken(error.constraint().unwrap_or_default(), error.detail().unwrap_or_default(), table),
        ("23503", _) => {
            let constraint = error.constraint().unwrap_or_default();
            Fault::Misfit(format!(
                "{place} and a row of another table belong together ({constraint}): one of them is missing"
            ))
        }
        ("42P01" | "42703" | "3F000", _) => {
            let text = error.message();
            Fault::Misfit(format!("{text}: the database lacks what this version needs: run `tollgate migrate`"))
        }
        ("40001" | "40P01", _) => Fault::Unavailable(format!("others changed the same rows again and again ({code})")),
        // Data, constraints, and what is no SQL: the caller's defect.
        ("25006", _) => Fault::Unavailable(error.message().to_owned()),
        (_, "21" | "22" | "23" | "42" | "44" | "0A" | "54") => {
            let column = error.column().map(|column| format!(".{column}")).unwrap_or_default();
            Fault::Misfit(format!("{place}{column} cannot hold this (code {code} of the database)"))
        }
        _ => Fault::Unavailable(format!("{} (code {code})", error.message())),
    }
}

fn taken(constraint: &str, detail: &str, table: Option<&'static Table>) -> Fault {
    let Some(table) = table else { return Fault::Misfit(format!("a row breaks {constraint}")) };
    // Key (a, b)=(x, y) already exists.
    let columns = detail.split_once('(').and_then(|(_, rest)| rest.split_once(")=")).map(|(names, _)| names);
    let named = |columns: &&&[&str]| columns.join(", ") == columns_plain(detail);
    let known = std::iter::once(&table.key).chain(table.unique).find(named).map(|columns| columns.join(", "));
    let by_name = || (constraint.ends_with("_pkey")).then(|| table.key.join(", "));
    let columns = known.or_else(|| columns.map(columns_of)).or_else(by_name).unwrap_or_else(|| constraint.to_owned());
    Fault::Taken { table: table.name, columns }
}

fn columns_plain(detail: &str) -> String {
    detail
        .split_once('(')
        .and_then(|(_, rest)| rest.split_once(")="))
        .map(|(names, _)| columns_of(names))
        .unwrap_or_default()
}

fn columns_of(names: &str) -> String {
    names.replace('"', "")
}

fn of_sqlite(error: &dyn DatabaseError, code: &str, table: Option<&'static Table>) -> Fault {
    let place = table.map_or("a row", |table| table.name);
    let number = code.parse::<u32>().unwrap_or_default();
    match (number, number & 0xff) {
        // SQLITE_CONSTRAINT_PRIMARYKEY, _UNIQUE, _ROWID: UNIQUE constraint failed: Table.a, Table.b
        (1555 | 2067 | 2579, _) => {
            let (_, columns) = error.message().split_once(": ").unwrap_or_default();
            let columns = columns.split(", ").map(|name| name.rsplit('.').next().unwrap_or(name));
            Fault::Taken { table: place_name(table), columns: columns.collect::<Vec<_>>().join(", ") }
        }
        // SQLITE_ERROR also says that a table or a column is missing.
        (_, 1) if error.message().starts_with("no such") => Fault::Misfit(format!(
            "{}: the database lacks what this version needs: run `tollgate migrate`",
            error.message()
        )),
        // SQLITE_ERROR, _TOOBIG, _CONSTRAINT, _MISMATCH, _RANGE: the caller's defect.
        (_, 1 | 18 | 19 | 20 | 25) => {
            Fault::Misfit(format!("{place} cannot hold this (code {number} of the database)"))
        }
        _ => Fault::Unavailable(format!("{} (code {number})", error.message())),
    }
}

const fn place_name(table: Option<&'static Table>) -> &'static str {
    match table {
        Some(table) => table.name,
        None => "a table",
    }
}
