//! What the writer of spend records does to the accounts, in its own transactions.

use std::collections::HashSet;
use std::time::Duration;

use sqlx::{AssertSqlSafe, Row};
use tollgate_core::clock::Moment;
use tollgate_core::directory::{Fault, Kind};
use tollgate_core::ledger::{Outcome, Spend};

use super::function;
use crate::database::statement::{Bound, Statement};
use crate::database::transaction::{Stop, Transaction, TransactionKind};

/// Calls of one transaction.
const BATCH: i32 = 500;

/// Calls whose process has not come back.
#[derive(Debug, Default)]
pub struct Lapsed {
    /// All of them: to be given to [`release_in`] in the same transaction.
    pub ids: Vec<String>,
    /// What is charged for them: to be written in the same transaction, each unless there is a record of its id.
    pub spends: Vec<Spend>,
}

/// Some of the calls that were to end before this moment, and whose records are not written: long after, their
/// process and its journal can be given up. No other process gets the same ones before the transaction ends.
///
/// # Errors
/// Where the database does not answer.
pub async fn lapsed_in(transaction: &mut Transaction, given_up: Moment) -> Result<Lapsed, Stop> {
    let name = function(&transaction.dialect, "tollgate_lapsed_1");
    let TransactionKind::Postgres(inner) = &mut transaction.kind else { return Ok(Lapsed::default()) };
    let query = sqlx::query(AssertSqlSafe(format!("SELECT call_id, call_record FROM {name}($1::int8, $2::int4)")));
    let given_up = i64::try_from(given_up.0).unwrap_or(i64::MAX);
    let rows =
        query.bind(given_up).bind(BATCH).fetch_all(&mut **inner).await.map_err(|error| Stop::at(&error, None))?;
    let mut lapsed = Lapsed::default();
    for row in rows {
        let read = || Ok((row.try_get::<String, _>(0)?, row.try_get::<Option<String>, _>(1)?));
        let (id, record) = read().map_err(|error: sqlx::Error| Stop::at(&error, None))?;
        if let Some(text) = record {
            let spend: Spend = serde_json::from_str(&text).map_err(|error| {
                Fault::Misfit(format!("the record of the lapsed call {id} cannot be read: {error}"))
            })?;
            lapsed.spends.push(Spend { outcome: Outcome::Lapsed, ..spend });
        }
        lapsed.ids.push(id);
    }
    Ok(lapsed)
}

/// The records of these calls are written in this transaction: what they cost is in its homes, and no longer on its
/// way there. To be called last before the commit, because calls wait for the accounts until then.
///
/// # Errors
/// Where the database does not answer.
pub async fn release_in(transaction: &mut Transaction, ids: &[String]) -> Result<(), Stop> {
    if ids.is_empty() || !transaction.dialect.is_postgres() {
        return Ok(());
    }
    let name = function(&transaction.dialect, "tollgate_release_1");
    let mut statement = Statement::new(&transaction.dialect).text(&format!("SELECT {name}("));
    statement.bind_as(Kind::Texts, Bound::Texts(Some(ids.to_vec())));
    statement.push(")");
    transaction.number(statement).await.map(drop).map_err(|error| Stop::at(&error, None))
}

/// How long it is known that a call was charged by somebody else than its own process.
const REMEMBERED: Duration = Duration::from_secs(30 * 86_400);

/// These calls are charged in this transaction, by somebody else than their own process: [`given_up_in`] tells so.
/// They have to be released before.
///
/// # Errors
/// Where the database does not answer.
pub async fn give_up_in(transaction: &mut Transaction, ids: &[String], now: Moment) -> Result<(), Stop> {
    let name = function(&transaction.dialect, "tollgate_give_up_1");
    let forgotten = now.0.saturating_sub(u64::try_from(REMEMBERED.as_micros()).unwrap_or(u64::MAX));
    let mut statement = Statement::new(&transaction.dialect).text(&format!("SELECT {name}("));
    statement.bind_as(Kind::Texts, Bound::Texts(Some(ids.to_vec())));
    for moment in [now.0, forgotten] {
        statement.push(", ");
        statement.bind_as(Kind::Big, Bound::Big(Some(i64::try_from(moment).unwrap_or(i64::MAX))));
    }
    statement.push(")");
    transaction.execute(statement).await.map(drop).map_err(|error| Stop::at(&error, None))
}

/// Which of these calls have been charged by somebody else.
///
/// # Errors
/// Where the database does not answer.
pub async fn given_up_in(transaction: &mut Transaction, ids: &[&str]) -> Result<HashSet<String>, Stop> {
    let name = function(&transaction.dialect, "tollgate_given_up_1");
    let TransactionKind::Postgres(inner) = &mut transaction.kind else { return Ok(HashSet::new()) };
    let ids: Vec<String> = ids.iter().map(|id| (*id).to_owned()).collect();
    let query = sqlx::query(AssertSqlSafe(format!("SELECT {name}($1::text[])"))).bind(ids);
    let row = query.fetch_one(&mut **inner).await.map_err(|error| Stop::at(&error, None))?;
    let found: Vec<String> = row.try_get(0).map_err(|error| Stop::at(&error, None))?;
    Ok(found.into_iter().collect())
}
