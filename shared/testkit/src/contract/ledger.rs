//! The contract of ledgers: every call is written once, and what it cost is found with everyone who pays.
//!
//! Every case has a directory of its own, and ledgers that write to it.

mod once;
mod rows;
mod sums;

use std::sync::Arc;

use serde_json::{Value, json};
use tollgate_core::clock::Moment;
use tollgate_core::directory::{Change, Columns, Directory, Query, Row, Table, moment_of, schema};
use tollgate_core::ledger::{Entry, Ledger, Outcome, Payer, Rules, Spend, Tokens};
use tollgate_core::quota::accounts;

/// A directory, and what writes calls into it by these rules.
pub struct Books {
    pub directory: Arc<dyn Directory>,
    pub ledger: Box<dyn Fn(Rules) -> Arc<dyn Ledger> + Send + Sync>,
}

/// Runs every case over books of its own, in which there is nothing yet.
pub async fn ledger(make: impl AsyncFn() -> Books) {
    once::a_batch_is_written_once_however_often_it_comes(&make().await).await;
    once::journals_do_not_know_of_each_other(&make().await).await;
    once::the_same_batch_at_the_same_time_is_written_once(&make().await).await;
    once::a_commit_that_was_broken_off_is_repeated_without_harm(&make().await).await;
    once::a_batch_that_does_not_fit_leaves_nothing(&make().await).await;
    rows::a_call_is_a_row_as_litellm_writes_it(&make().await).await;
    rows::calls_with_one_id_have_a_row_each(&make().await).await;
    rows::what_was_said_is_kept_only_where_it_is_asked_for(&make().await).await;
    rows::without_logs_the_sums_are_still_written(&make().await).await;
    rows::without_updates_nothing_is_written(&make().await).await;
    sums::everyone_who_pays_gets_the_whole_sum(&make().await).await;
    sums::who_has_no_row_gets_one_only_where_litellm_makes_it(&make().await).await;
    sums::a_thousand_calls_add_up_to_the_picodollar(&make().await).await;
    sums::a_newer_window_takes_the_place_of_an_older_one(&make().await).await;
    sums::days_add_up_by_all_that_tells_them_apart(&make().await).await;
    sums::writers_that_come_at_once_lose_nothing(&make().await).await;
}

/// The first second of a day.
const START: &str = "2026-03-01T00:00:00.000Z";

fn start() -> Moment {
    moment_of(START).unwrap_or_default()
}

/// A served call that cost this much.
fn call(id: &str, cost_picousd: u64) -> Spend {
    Spend {
        id: id.to_owned(),
        request_id: format!("chatcmpl-{id}"),
        call_id: format!("call-{id}"),
        call_type: "acompletion".to_owned(),
        endpoint: "/v1/chat/completions".to_owned(),
        payer: Payer { key: "hash".to_owned(), ..Payer::default() },
        model: "gpt-4o".to_owned(),
        model_id: "deployment".to_owned(),
        model_group: "group".to_owned(),
        provider: "openai".to_owned(),
        api_base: "https://api.openai.com".to_owned(),
        started: start(),
        ended: Moment(start().0 + 1_500_000),
        tokens: Tokens { prompt: 10, completion: 5, total: 15, ..Tokens::default() },
        cost_picousd,
        outcome: Outcome::Served,
        ..Spend::default()
    }
}

/// These calls at positions from `first` on.
fn entries(first: u64, calls: impl IntoIterator<Item = Spend>) -> Vec<Entry> {
    (first..).zip(calls).map(|(position, spend)| Entry { position, spend }).collect()
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

/// Everybody whom calls here are made for.
async fn seed(books: &Books) {
    let by = json!({"created_by": "x", "updated_by": "x"});
    let owned = |mut value: Value| {
        if let (Some(own), Some(by)) = (value.as_object_mut(), by.as_object()) {
            own.extend(by.clone());
        }
        value
    };
    let changes = vec![
        insert(&schema::KEYS, json!({"token": "hash", "spend": 1.0, "total_spend": 2.0})),
        insert(&schema::USERS, json!({"user_id": "user"})),
        insert(&schema::USERS, json!({"user_id": accounts::PROXY})),
        insert(&schema::TEAMS, json!({"team_id": "team", "members_with_roles": [{"user_id": "user", "role": "user"}]})),
        insert(&schema::BUDGETS, owned(json!({"budget_id": "budget"}))),
        insert(
            &schema::ORGANIZATIONS,
            owned(json!({"organization_id": "organization", "organization_alias": "o", "budget_id": "budget"})),
        ),
        insert(&schema::ORGANIZATION_MEMBERSHIPS, json!({"user_id": "user", "organization_id": "organization"})),
        insert(&schema::PROJECTS, owned(json!({"project_id": "project"}))),
        insert(&schema::TAGS, json!({"tag_name": "tag"})),
        insert(&schema::MODEL_ACCESS_GROUP_BUDGETS, json!({"access_group_name": "access"})),
    ];
    if let Err(fault) = books.directory.write(changes).await {
        unreachable!("{fault}");
    }
}

/// Everyone who was seeded.
fn everyone() -> Payer {
    let some = |text: &str| Some(text.to_owned());
    Payer {
        key: "hash".to_owned(),
        key_alias: some("alias"),
        user_id: some("user"),
        team_id: some("team"),
        team_alias: some("the team"),
        organization_id: some("organization"),
        project_id: some("project"),
        customer_id: some("customer"),
        tags: vec!["tag".to_owned(), "tag".to_owned()],
        access_groups: vec!["access".to_owned()],
        ..Payer::default()
    }
}

async fn commit(ledger: &dyn Ledger, journal: &str, entries: &[Entry]) {
    if let Err(fault) = ledger.commit(journal, entries).await {
        unreachable!("{fault}");
    }
}

async fn all(books: &Books, table: &'static Table) -> Vec<Row> {
    match books.directory.find(&Query::of(table)).await {
        Ok(rows) => rows,
        Err(fault) => unreachable!("{fault}"),
    }
}

async fn one(books: &Books, table: &'static Table, key: &[&str]) -> Option<Row> {
    let key = key.iter().map(|part| (*part).to_owned()).collect();
    match books.directory.get(&[(table, key)]).await {
        Ok(mut rows) => rows.pop().flatten(),
        Err(fault) => unreachable!("{fault}"),
    }
}

/// The number in a column of one row; nothing where there is no row.
async fn number(books: &Books, table: &'static Table, key: &[&str], column: &str) -> Option<f64> {
    one(books, table, key).await?.number(column)
}

/// The ids of all logs, sorted.
async fn logged(books: &Books) -> Vec<String> {
    let rows = all(books, &schema::SPEND_LOGS).await;
    let mut ids: Vec<String> = rows.iter().filter_map(|row| row.text("request_id").map(str::to_owned)).collect();
    ids.sort();
    ids
}

/// Whether two sums are the same but for the last digits of a floating-point number.
fn is_close(left: f64, right: f64) -> bool {
    (left - right).abs() <= 1e-12 * left.abs().max(right.abs()).max(1.0)
}
