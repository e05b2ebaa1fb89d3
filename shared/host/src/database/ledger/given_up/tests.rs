//! Calls that are given up: charged once, whoever comes late.

use std::sync::Arc;

use serde_json::{Value, json};
use tollgate_core::clock::{Clock, Moment};
use tollgate_core::directory::schema::{KEYS, SPEND_LOGS};
use tollgate_core::directory::{Change, Columns, Directory, Query, Row};
use tollgate_core::ledger::{Ledger, Outcome, Payer, Rules, Spend};
use tollgate_core::quota::{Draw, Edge, Enforcement, Home, Measure, Money, NamedTable, Quota, Request, accounts};
use tollgate_testkit::postgres;

use super::*;
use crate::database::address::Address;
use crate::database::migrate::Migration;
use crate::database::quota::{PostgresQuota, Time};
use crate::database::{Database, Settings};

const START: Moment = Moment(1_800_000_000_000_000);
const HOUR: Duration = Duration::from_secs(3600);

fn row(value: Value) -> Row {
    value.as_object().expect("a row").clone()
}

fn spend(id: &str, cost_picousd: u64, started: Moment) -> Spend {
    let payer = Payer { key: "k".to_owned(), ..Payer::default() };
    let (id, request_id) = (id.to_owned(), id.to_owned());
    Spend { id, request_id, payer, cost_picousd, started, ended: started, ..Spend::default() }
}

async fn spent(database: &Database) -> f64 {
    let rows = database.find(&Query::of(&KEYS).is("token", "k")).await.expect("keys");
    rows[0].number("spend").expect("a number")
}

#[tokio::test]
async fn a_process_that_does_not_come_back_is_charged_for_once() {
    let clock = Clock::manual(START);
    let address = Address::parse(&postgres::server().empty_database()).expect("an address");
    let database = Arc::new(Database::open(Settings::of(address), clock.clone()).expect("a database"));
    database.migrate(Migration::Done).await.expect("a schema");
    database.write(vec![Change::Insert(&KEYS, row(json!({ "token": "k" })))]).await.expect("a key");
    let quota = PostgresQuota::new(Arc::clone(&database), "gone".to_owned(), Time::Caller);
    let home = Home::Row { table: NamedTable(&KEYS), key: vec!["k".to_owned()] };
    let money =
        Money { limit_picousd: Some(9_000_000_000_000), edge: Edge::Reached, home: home.into(), seed_picousd: 0 };
    let draw = Draw { account: accounts::key("k").into(), measure: Measure::Money(money) };
    let request = Request {
        id: "lost".into(),
        now: START,
        expires: START + HOUR,
        draws: vec![draw],
        cost_picousd: 2_000_000_000_000,
        input_tokens: 1,
        output_tokens: 1,
        enforcement: Enforcement::Shrink,
        record: Some(Arc::new(spend("lost", 2_000_000_000_000, START))),
    };
    quota.reserve(request).await.expect("a reservation");
    let ledger = SqlLedger::new(Arc::clone(&database), Rules::default());
    assert_eq!(ledger.give_up().await, Ok(0));
    clock.advance(26 * HOUR);
    assert_eq!((ledger.give_up().await, spent(&database).await), (Ok(1), 2.0));
    assert_eq!((ledger.give_up().await, spent(&database).await), (Ok(0), 2.0), "once");
    let logs = database.find(&Query::of(&SPEND_LOGS)).await.expect("logs");
    assert_eq!((logs.len(), logs[0].text("request_id")), (1, Some("lost")));
    // Its journal comes all the same, with what the call really cost, and with a call that nobody has charged.
    let late = [spend("lost", 1_000_000_000_000, START), spend("other", 500_000_000_000, START)];
    let late = late.map(|spend| Spend { outcome: Outcome::Served, ..spend });
    let entries: Vec<Entry> = late.into_iter().zip(1..).map(|(spend, position)| Entry { position, spend }).collect();
    ledger.commit("late", &entries).await.expect("a commit");
    assert_eq!(spent(&database).await, 2.5);
    assert_eq!(database.find(&Query::of(&SPEND_LOGS)).await.expect("logs").len(), 2);
}
