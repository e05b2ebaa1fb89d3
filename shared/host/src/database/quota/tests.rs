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

/// A process: its own connections, its own accounts, its own settlements under way.
async fn process(address: &str, number: usize) -> (Arc<Database>, Arc<PostgresQuota>) {
    let database = open(address).await;
    let quota = Arc::new(PostgresQuota::new(Arc::clone(&database), number.to_string(), Time::Server));
    let running = Arc::clone(&quota);
    tokio::spawn(async move { running.run().await });
    (database, quota)
}

const PROCESSES: usize = 4;
const CALLS: usize = 10_000;
const BUDGETS: usize = 16;
const LIMIT: u64 = 3_000_000_000;
const COST_MAX: u64 = 10_000_000;
const AT_ONCE: usize = 32;

fn budget(key: &str, limit_picousd: Option<u64>) -> Draw {
    let home = Home::Row { table: NamedTable(&KEYS), key: vec![key.to_owned()] };
    let money = Money { limit_picousd, edge: Edge::Reached, home, seed_picousd: 0 };
    Draw { account: accounts::key(key).into(), measure: Measure::Money(money) }
}

fn everyone() -> Draw {
    let home = Home::Row { table: NamedTable(&USERS), key: vec![accounts::PROXY.to_owned()] };
    let money = Money { limit_picousd: None, edge: Edge::Reached, home, seed_picousd: 0 };
    Draw { account: accounts::user(accounts::PROXY).into(), measure: Measure::Money(money) }
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

/// The call with this number, from beginning to end.
async fn call(quota: Arc<PostgresQuota>, number: usize) -> Option<Spend> {
    let key = format!("k{}", number % BUDGETS);
    let draws = vec![everyone(), budget(&key, Some(LIMIT))];
    let asked = Request { record: Some(Arc::new(record("", &key, COST_MAX))), ..request(draws) };
    match quota.reserve(asked).await {
        Ok(reservation) => {
            let cost_picousd = 1_000_000 * (1 + (number as u64 * 7919) % 10);
            let record = record(&reservation.id, &key, cost_picousd);
            quota.settle(reservation, Used { cost_picousd, ..Used::default() });
            Some(record)
        }
        Err(Refused::Full { .. }) => None,
        Err(Refused::Unknown(reason)) => panic!("{reason}"),
    }
}

/// Calls of one process, whose records it writes down as it goes.
async fn drive((database, quota): (Arc<Database>, Arc<PostgresQuota>), numbers: Vec<usize>) -> Vec<Spend> {
    // Tasks of their own, as calls are: they go on while records are written.
    let calls = stream::iter(numbers).map(|number| tokio::spawn(call(Arc::clone(&quota), number)));
    let admitted = calls.buffer_unordered(AT_ONCE).filter_map(|call| std::future::ready(call.unwrap()));
    let mut batches = pin!(admitted.chunks(100));
    let mut all = Vec::new();
    while let Some(records) = batches.next().await {
        // Some of these may not even be settled yet.
        commit(&database, &records).await;
        all.extend(records);
    }
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn four_processes_race_for_sixteen_budgets() {
    let address = postgres::server().empty_database();
    let processes = join_all((0..PROCESSES).map(|number| process(&address, number))).await;
    let directory = &processes[0].0;
    for number in 0..BUDGETS {
        directory.write(vec![put(&home_of(&budget(&format!("k{number}"), None)), 0)]).await.unwrap();
    }
    directory.write(vec![put(&home_of(&everyone()), 0)]).await.unwrap();
    let began = Instant::now();
    let races = processes.iter().enumerate().map(|(process, both)| {
        let numbers = (0..CALLS).filter(|number| (number / BUDGETS) % PROCESSES == process).collect();
        tokio::spawn(drive(both.clone(), numbers))
    });
    let records: Vec<Spend> = join_all(races).await.into_iter().flat_map(Result::unwrap).collect();
    let seconds = began.elapsed().as_secs_f64();
    println!("{CALLS} calls, {} admitted, in {seconds:.2} s: {:.0} a second", records.len(), CALLS as f64 / seconds);
    for (_, quota) in &processes {
        quota.flush().await.unwrap();
    }
    let mut spent: BTreeMap<&str, u64> = BTreeMap::new();
    for record in &records {
        *spent.entry(&record.payer.key).or_default() += record.cost_picousd;
    }
    let quota = &processes[1].1;
    for number in 0..BUDGETS {
        let (key, draw) = (format!("k{number}"), budget(&format!("k{number}"), Some(LIMIT)));
        let sum = spent[&*key];
        assert!(sum < LIMIT + COST_MAX, "{key} has spent {sum} of {LIMIT}");
        assert!(sum > LIMIT - COST_MAX, "{key} was refused with {sum} of {LIMIT} spent");
        let levels = quota.levels(&[draw], NOW).await;
        assert_eq!(levels, [Level { used: sum, held: 0, resets_at: None }], "{key}");
    }
    let all = quota.levels(&[everyone()], NOW).await;
    assert_eq!(all, [Level { used: spent.values().sum(), held: 0, resets_at: None }]);
    let name = postgres::Server::name_in(&address);
    let rest = postgres::server().psql(
        name,
        "SELECT (SELECT count(*) FROM \"Tollgate_Reservation\"), sum(pending), sum(held) FROM \"Tollgate_Account\"",
    );
    assert_eq!(rest.trim(), "0|0|0", "everything is in its home");
}

fn home_of(draw: &Draw) -> Home {
    match &draw.measure {
        Measure::Money(money) => money.home.clone(),
        _ => unreachable!("this is no budget"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn four_processes_keep_windows_and_places() {
    const REQUESTS: u64 = 60;
    const TOKENS: u64 = 550;
    const PARALLEL: u64 = 12;
    let address = postgres::server().empty_database();
    let processes = join_all((0..PROCESSES).map(|number| process(&address, number))).await;
    let window = Duration::from_millis(1500);
    let (under_way, most) = (Arc::new(AtomicI64::new(0)), Arc::new(AtomicI64::new(0)));
    let until = Instant::now() + 4 * window;
    let tasks = (0..AT_ONCE).map(|number| {
        let (_, quota) = processes[number % PROCESSES].clone();
        let (under_way, most) = (Arc::clone(&under_way), Arc::clone(&most));
        tokio::spawn(async move {
            let kind = TokenKind::Total;
            let draws = vec![
                Draw { account: "rate:requests".into(), measure: Measure::Requests { limit: REQUESTS, window } },
                Draw { account: "rate:tokens".into(), measure: Measure::Tokens { limit: TOKENS, window, kind } },
                Draw { account: "rate:parallel".into(), measure: Measure::Parallel { limit: PARALLEL } },
            ];
            let mut admitted = Vec::new();
            while Instant::now() < until {
                match quota.reserve(request(draws.clone())).await {
                    Ok(reservation) => {
                        most.fetch_max(under_way.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        admitted.push([reservation.levels[0].resets_at, reservation.levels[1].resets_at]);
                        tokio::task::yield_now().await;
                        under_way.fetch_sub(1, Ordering::SeqCst);
                        quota.settle(reservation, Used { output_tokens: 10, ..Used::default() });
                    }
                    Err(Refused::Full { .. }) => quota.freed().await,
                    Err(Refused::Unknown(reason)) => panic!("{reason}"),
                }
            }
            admitted
        })
    });
    let admitted: Vec<_> = join_all(tasks).await.into_iter().flat_map(Result::unwrap).collect();
    assert!(most.load(Ordering::SeqCst) <= PARALLEL as i64, "{most:?} calls at once");
    for (place, limit) in [(0, REQUESTS), (1, TOKENS / 10)] {
        let mut windows: BTreeMap<_, u64> = BTreeMap::new();
        for call in &admitted {
            *windows.entry(call[place]).or_default() += 1;
        }
        let full = windows.values().filter(|calls| **calls >= TOKENS / 10).count();
        assert!(windows.len() >= 3 && full >= windows.len() - 1, "each window is used to the last: {windows:?}");
        assert!(windows.values().all(|calls| *calls <= limit), "{windows:?}");
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
            let money = Money { limit_picousd, edge: Edge::Reached, home, seed_picousd: 0 };
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
