//! The contract of quotas on a real PostgreSQL, and what several processes on one database come to.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream;
use serde_json::{Value, json};
use tollgate_core::clock::{Clock, Moment};
use tollgate_core::directory::schema::{KEYS, USERS, WINDOW_SPEND};
use tollgate_core::directory::{Change, Directory, Filter, Query, Row, moment_text};
use tollgate_core::ledger::{Outcome, Payer, Spend};
use tollgate_core::quota::{
    Draw, Edge, Enforcement, Home, Level, Measure, Money, NamedTable, Quota, Refused, Request, TokenKind, Used, Window,
    accounts,
};
use tollgate_core::upstream::BoxFuture;
use tollgate_testkit::contract::{SharedQuota, quota};
use tollgate_testkit::postgres;

use super::*;
use crate::database::Settings;
use crate::database::address::Address;
use crate::database::migrate::Migration;

mod race;

const NOW: Moment = Moment(1_800_000_000_000_000);

async fn open(address: &str) -> Arc<Database> {
    let database = Database::open(Settings::of(Address::parse(address).unwrap()), Clock::System).unwrap();
    database.migrate(Migration::Done).await.unwrap();
    Arc::new(database)
}

fn row(columns: Value) -> Row {
    columns.as_object().unwrap().clone()
}

fn put(home: &Home, spent_picousd: u64) -> Change {
    let spend = spent_picousd as f64 / 1e12;
    match home {
        Home::Row { table, key } => {
            let mut columns = row(json!({ "spend": spend }));
            let parts = table.0.key.iter().zip(key);
            columns.extend(parts.map(|(name, part)| ((*name).to_owned(), part.as_str().into())));
            Change::Put(table.0, columns)
        }
        Home::Window(Window { entity_type, entity_id, duration, start, .. }) => Change::Put(
            &WINDOW_SPEND,
            row(json!({"entity_type": entity_type, "entity_id": entity_id, "window_duration": duration,
                       "window_start": moment_text(*start), "spend": spend})),
        ),
    }
}

/// Writes what calls of keys have cost into their rows, as the writer of spend records does.
async fn commit(database: &Database, records: &[Spend]) {
    let mut sums: BTreeMap<&str, u64> = BTreeMap::new();
    for record in records {
        *sums.entry(&record.payer.key).or_default() += record.cost_picousd;
    }
    let add = |(key, cost): (&&str, &u64)| {
        let this = vec![Filter::Is("token", Value::from(*key))];
        Change::Add(&KEYS, this, vec![("spend", *cost as f64 / 1e12)])
    };
    let mut changes: Vec<Change> = sums.iter().map(add).collect();
    let everyone = vec![Filter::Is("user_id", accounts::PROXY.into())];
    changes.push(Change::Add(&USERS, everyone, vec![("spend", sums.values().sum::<u64>() as f64 / 1e12)]));
    let ids: Vec<String> = records.iter().map(|record| record.id.clone()).collect();
    let mut transaction = database.begin().await.unwrap();
    transaction.apply(&changes, Moment::default()).await.map_err(|stop| stop.fault).unwrap();
    release_in(&mut transaction, &ids).await.map_err(|stop| stop.fault).unwrap();
    transaction.commit().await.map_err(|stop| stop.fault).unwrap();
}

fn record(id: &str, key: &str, cost_picousd: u64) -> Spend {
    let payer = Payer { key: key.to_owned(), ..Payer::default() };
    Spend { id: id.to_owned(), payer, cost_picousd, ..Spend::default() }
}

fn ready<F: Future<Output = ()> + Send + 'static>(future: F) -> BoxFuture<'static, ()> {
    Box::pin(future)
}

async fn shared(address: &str) -> SharedQuota {
    let databases = [open(address).await, open(address).await];
    let [one, other] =
        databases.clone().map(|database| Arc::new(PostgresQuota::new(database, "test".to_owned(), Time::Caller)));
    let [writer, committer] = databases;
    let users = [Arc::clone(&one), Arc::clone(&other)];
    SharedQuota {
        one,
        other,
        hear: Box::new(move || {
            let users = users.clone();
            ready(async move {
                for user in users {
                    user.flush().await.unwrap();
                }
            })
        }),
        write: Box::new(move |home, spent| {
            let writer = Arc::clone(&writer);
            ready(async move { writer.write(vec![put(&home, spent)]).await.unwrap() })
        }),
        commit: Box::new(move |records| {
            let database = Arc::clone(&committer);
            ready(async move { commit(&database, &records).await })
        }),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn accounts_in_postgresql_keep_the_contract() {
    quota(async || shared(&postgres::server().empty_database()).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn accounts_behind_a_pooler_in_a_schema_of_their_own_keep_the_contract() {
    quota(async || shared(&format!("{}?pgbouncer=true&schema=other", postgres::server().empty_database())).await).await;
}

const LIMIT: u64 = 3_000_000_000;
const COST_MAX: u64 = 10_000_000;
fn budget(key: &str, limit_picousd: Option<u64>) -> Draw {
    let home = Home::Row { table: NamedTable(&KEYS), key: vec![key.to_owned()] };
    let money = Money { limit_picousd, edge: Edge::Reached, home: home.into(), seed_picousd: 0 };
    Draw { account: accounts::key(key).into(), measure: Measure::Money(money) }
}

fn request(draws: Vec<Draw>) -> Request {
    let now = Clock::System.now();
    Request {
        id: tollgate_core::new_id().into(),
        now,
        expires: now + Duration::from_secs(600),
        draws,
        cost_picousd: COST_MAX,
        input_tokens: 3,
        output_tokens: 7,
        enforcement: Enforcement::Shrink,
        record: None,
    }
}

fn home_of(draw: &Draw) -> Home {
    match &draw.measure {
        Measure::Money(money) => Home::clone(&money.home),
        _ => unreachable!("this is no budget"),
    }
}

#[tokio::test]
async fn what_nobody_settles_is_charged_at_its_estimate_and_once() {
    let database = open(&postgres::server().empty_database()).await;
    let quota = PostgresQuota::new(Arc::clone(&database), "gone".to_owned(), Time::Caller);
    let parallel = Draw { account: "p".into(), measure: Measure::Parallel { limit: 1 } };
    let draws = vec![budget("k", Some(LIMIT)), parallel];
    database.write(vec![put(&home_of(&draws[0]), 0)]).await.unwrap();
    let asked = Request { now: NOW, expires: NOW + Duration::from_secs(60), ..request(draws.clone()) };
    let record = Arc::new(record(&asked.id, "k", COST_MAX));
    let reservation = quota.reserve(Request { record: Some(Arc::clone(&record)), ..asked }).await.unwrap();
    let at = |seconds| NOW + Duration::from_secs(seconds);
    let levels = async || quota.levels(&draws, at(60)).await;
    assert_eq!(quota.sweep(at(59)).await, Ok(0), "its time is not over");
    assert_eq!(quota.sweep(at(60)).await, Ok(1));
    let charged = Level { used: COST_MAX, held: 0, resets_at: None };
    assert_eq!(levels().await, [charged, Level::default()], "its place is free");
    assert_eq!(quota.sweep(at(60)).await, Ok(0), "once");
    // It was only slow; then its record comes, which knows better.
    quota.settle(reservation, Used { cost_picousd: 5, ..Used::default() });
    quota.flush().await.unwrap();
    assert_eq!(levels().await, [charged, Level::default()]);
    commit(&database, &[Spend { cost_picousd: 5, ..(*record).clone() }]).await;
    assert_eq!(levels().await, [Level { used: 5, ..charged }, Level::default()]);
}

#[tokio::test]
async fn a_process_that_does_not_come_back_is_charged_by_another() {
    let database = open(&postgres::server().empty_database()).await;
    let quota = PostgresQuota::new(Arc::clone(&database), "gone".to_owned(), Time::Caller);
    let draws = vec![budget("k", Some(LIMIT))];
    database.write(vec![put(&home_of(&draws[0]), 0)]).await.unwrap();
    let asked = Request { now: NOW, expires: NOW + Duration::from_secs(60), ..request(draws.clone()) };
    let record = Arc::new(record(&asked.id, "k", COST_MAX));
    quota.reserve(Request { record: Some(Arc::clone(&record)), ..asked }).await.unwrap();
    let given_up = async |seconds| {
        let until = NOW + Duration::from_secs(seconds);
        let mut transaction = database.begin().await.unwrap();
        let found = lapsed_in(&mut transaction, until).await.map_err(|stop| stop.fault).unwrap();
        // Another process finds nothing meanwhile.
        let mut other = database.begin().await.unwrap();
        let theirs = lapsed_in(&mut other, until).await.map_err(|stop| stop.fault).unwrap();
        assert!(theirs.ids.is_empty());
        found
    };
    assert!(given_up(59).await.ids.is_empty());
    quota.sweep(NOW + Duration::from_secs(60)).await.unwrap();
    let found = given_up(60).await;
    assert_eq!(found.spends, [Spend { outcome: Outcome::Lapsed, ..(*record).clone() }]);
    assert_eq!(given_up(60).await.ids, found.ids, "what is not written stays");
    commit(&database, &found.spends).await;
    assert!(given_up(60).await.ids.is_empty());
    assert_eq!(quota.levels(&draws, NOW).await, [Level { used: COST_MAX, held: 0, resets_at: None }]);
}

#[tokio::test]
async fn what_has_been_written_before_it_was_settled_is_counted_once() {
    let database = open(&postgres::server().empty_database()).await;
    let quota = PostgresQuota::new(Arc::clone(&database), "slow".to_owned(), Time::Caller);
    let draws = vec![budget("k", Some(LIMIT))];
    database.write(vec![put(&home_of(&draws[0]), 0)]).await.unwrap();
    let reservation = quota.reserve(request(draws.clone())).await.unwrap();
    commit(&database, &[record(&reservation.id, "k", 7)]).await;
    let expected = [Level { used: 7, held: 0, resets_at: None }];
    assert_eq!(quota.levels(&draws, NOW).await, expected);
    quota.settle(reservation, Used { cost_picousd: 7, ..Used::default() });
    quota.flush().await.unwrap();
    assert_eq!(quota.levels(&draws, NOW).await, expected);
}

#[tokio::test]
async fn an_older_window_in_the_home_counts_as_nothing() {
    let database = open(&postgres::server().empty_database()).await;
    let quota = PostgresQuota::new(Arc::clone(&database), "test".to_owned(), Time::Caller);
    let at = |seconds| NOW + Duration::from_secs(seconds);
    let window = |start, end| Window {
        entity_type: "key".to_owned(),
        entity_id: "k".to_owned(),
        duration: "100s".to_owned(),
        start: at(start),
        end: at(end),
    };
    database.write(vec![put(&Home::Window(window(0, 100)), 70)]).await.unwrap();
    for (window, expected) in [(window(0, 100), 70), (window(100, 200), 0)] {
        for limit_picousd in [Some(1000), None] {
            let account = accounts::window(&window).into();
            let home = Home::Window(window.clone());
            let money = Money { limit_picousd, edge: Edge::Reached, home: home.into(), seed_picousd: 0 };
            let draw = Draw { account, measure: Measure::Money(money) };
            let level = Level { used: expected, held: 0, resets_at: Some(window.end) };
            assert_eq!(quota.levels(&[draw], at(1)).await, [level], "{window:?}");
        }
    }
    assert_eq!(database.count(&Query::of(&WINDOW_SPEND)).await, Ok(1));
}

#[tokio::test]
async fn a_database_that_is_away_refuses_and_loses_no_settlement() {
    let settings = Settings::of(Address::parse("postgresql://u:secret@127.0.0.1:1/x").unwrap());
    let database = Arc::new(Database::open(settings, Clock::System).unwrap());
    let quota = PostgresQuota::new(database, "test".to_owned(), Time::Server);
    let draws = vec![budget("k", Some(LIMIT))];
    let refused = quota.reserve(request(draws.clone())).await.unwrap_err();
    assert!(matches!(&refused, Refused::Unknown(text) if !text.contains("secret")), "{refused:?}");
    quota.queue.add(Settled { id: "c".into(), draws, amounts: vec![1] });
    assert!(matches!(quota.flush().await, Err(Fault::Unavailable(_))));
    assert_eq!(quota.queue.take().map(|batch| batch.len()), Some(1), "it waits on");
}
