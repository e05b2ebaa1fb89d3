//! Reading and writing for handlers: the directory's faults become answers here.
//!
//! What is read here is as the directory has it now; nothing is taken from what is remembered.

use super::failed;
use crate::directory::{Change, Query, Row, Table};
use crate::{App, Error};

/// The row under a key of one column.
///
/// # Errors
/// The directory's, as an answer.
pub async fn one(app: &App, table: &'static Table, key: &str) -> Result<Option<Row>, Error> {
    keyed(app, table, &[key]).await
}

/// The row under a key.
///
/// # Errors
/// The directory's, as an answer.
pub async fn keyed(app: &App, table: &'static Table, key: &[&str]) -> Result<Option<Row>, Error> {
    let wanted = [(table, key.iter().map(|part| (*part).to_owned()).collect())];
    let mut found = app.governance.directory.get(&wanted).await.map_err(|fault| failed(&fault))?;
    Ok(found.pop().flatten())
}

/// The rows that a query finds.
///
/// # Errors
/// The directory's, as an answer.
pub async fn all(app: &App, query: &Query) -> Result<Vec<Row>, Error> {
    app.governance.directory.find(query).await.map_err(|fault| failed(&fault))
}

/// How many rows a query finds, whatever its limit.
///
/// # Errors
/// The directory's, as an answer.
pub async fn count(app: &App, query: &Query) -> Result<u64, Error> {
    app.governance.directory.count(query).await.map_err(|fault| failed(&fault))
}

/// Makes all changes or none.
///
/// # Errors
/// The directory's, as an answer.
pub async fn write(app: &App, changes: Vec<Change>) -> Result<(), Error> {
    app.governance.write(changes).await.map_err(|fault| failed(&fault))
}
