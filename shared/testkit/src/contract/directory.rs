//! The contract of directories: what every rule relies on, wherever the records are.

mod asking;
mod filtering;
mod refusing;
mod writing;

use std::sync::Arc;

use serde_json::{Value, json};
use tollgate_core::directory::{Change, Directory, Fault, Filter, Query, Row, Table, schema};

/// Runs every case over an empty directory of its own.
pub async fn directory(make: impl AsyncFn() -> Arc<dyn Directory>) {
    filtering::filters_find_what_passes(&*make().await).await;
    filtering::a_list_of_many_is_one_filter(&*make().await).await;
    asking::rows_come_by_their_keys_in_the_order_asked_for(&*make().await).await;
    asking::what_was_written_is_read_as_it_was(&*make().await).await;
    asking::rows_are_sorted_byte_by_byte_and_nulls_last(&*make().await).await;
    asking::pages_do_not_overlap(&*make().await).await;
    asking::only_the_columns_asked_for_are_shown(&*make().await).await;
    asking::sums_are_made_by_group(&*make().await).await;
    writing::what_a_new_row_leaves_out_is_filled(&*make().await).await;
    writing::numbers_of_the_database_rise(&*make().await).await;
    writing::an_offer_changes_nothing_that_is_there(&*make().await).await;
    writing::a_put_makes_or_changes(&*make().await).await;
    writing::updates_reach_what_the_filters_find(&*make().await).await;
    writing::amounts_are_added(&*make().await).await;
    writing::deletions_reach_what_the_filters_find(&*make().await).await;
    writing::times_are_kept_in_one_form(&*make().await).await;
    refusing::a_conflict_writes_nothing(&*make().await).await;
    refusing::what_does_not_fit_writes_nothing(&*make().await).await;
    refusing::questions_that_make_no_sense_are_refused(&*make().await).await;
    refusing::an_expectation_that_fails_writes_nothing(&*make().await).await;
    refusing::of_writers_at_once_one_is_expected(&make().await).await;
    refusing::amounts_of_writers_at_once_are_all_added(&make().await).await;
    refusing::writers_in_both_orders_all_succeed(&make().await).await;
}

fn row(value: Value) -> Row {
    match value {
        Value::Object(row) => row,
        other => unreachable!("{other} is no row"),
    }
}

fn insert(table: &'static Table, value: Value) -> Change {
    Change::Insert(table, row(value))
}

async fn write(directory: &dyn Directory, changes: Vec<Change>) {
    let shown = format!("{changes:?}");
    if let Err(fault) = directory.write(changes).await {
        unreachable!("{fault}: {shown}");
    }
}

async fn refused(directory: &dyn Directory, changes: Vec<Change>) -> Fault {
    match directory.write(changes.clone()).await {
        Ok(()) => unreachable!("{changes:?} was written"),
        Err(fault) => fault,
    }
}

async fn find(directory: &dyn Directory, query: &Query) -> Vec<Row> {
    match directory.find(query).await {
        Ok(rows) => rows,
        Err(fault) => unreachable!("{query:?}: {fault}"),
    }
}

async fn one(directory: &dyn Directory, table: &'static Table, key: &[&str]) -> Option<Row> {
    let wanted = [(table, key.iter().map(|part| (*part).to_owned()).collect())];
    match directory.get(&wanted).await {
        Ok(mut rows) => rows.pop().flatten(),
        Err(fault) => unreachable!("{key:?}: {fault}"),
    }
}

/// The tokens of keys, in the order of the query.
async fn tokens(directory: &dyn Directory, query: &Query) -> Vec<String> {
    find(directory, query).await.iter().map(token).collect()
}

fn token(row: &Row) -> String {
    row.get("token").and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn keys() -> Query {
    Query::of(&schema::KEYS)
}

fn is(column: &'static str, value: impl Into<Value>) -> Filter {
    Filter::Is(column, value.into())
}

/// Keys that differ in every kind of column.
async fn fill(directory: &dyn Directory) {
    let rows = [
        json!({ "token": "a", "key_alias": "Straße", "spend": 0.1, "max_budget": 10, "tpm_limit": 9_007_199_254_740_993_i64,
            "max_parallel_requests": 7, "blocked": true, "models": ["gpt-4", "claude \"3\""], "expires": "2026-01-31T12:00:00.000Z",
            "metadata": { "tags": ["x"], "owner": "ann", "n": 5 }, "budget_limits": ["d", "w"] }),
        json!({ "token": "b", "key_alias": "strasse_100%", "spend": 0.30000000000000004, "tpm_limit": 9_007_199_254_740_992_i64,
            "max_parallel_requests": -7, "blocked": false, "models": [], "expires": "2026-01-31T12:00:00.001Z",
            "metadata": { "owner": 5, "w": true }, "budget_limits": { "d": "w" } }),
        json!({ "token": "c", "key_alias": "STRASSE\\", "spend": 1e300, "max_budget": 2.5, "tpm_limit": 0, "models": ["日本", "gpt"],
            "metadata": { "owner": "ANN", "nested": { "owner": "ann" } }, "budget_limits": "d", "user_id": "" }),
        json!({ "token": "d", "metadata": {}, "models": ["null"], "tpm_limit": -1, "user_id": "u'1" }),
        json!({ "token": "Z", "key_alias": "Äpfel 🍎", "expires": "2030-12-31T23:59:59.999Z", "user_id": "u\"1",
            "budget_limits": null, "metadata": { "owner": null } }),
    ];
    write(directory, rows.into_iter().map(|value| insert(&schema::KEYS, value)).collect()).await;
}
