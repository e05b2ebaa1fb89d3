//! The database is away: keys that are known go on for a stated time, others are refused, what is spent is kept and
//! written when the database is back, and load balancers are told as LiteLLM tells them.

use super::books::{self, Asked};
use super::caller::{self, Caller, Seen};
use super::ground::{Ground, Payer, payers};
use super::till::Manner;
use crate::harness::gateway::{Gateway, KEY};
use crate::harness::link::State;
use crate::harness::store::Kind;
use crate::harness::wait_until;
use serde_json::Value;
use std::collections::HashMap;
use std::thread;
use std::time::{Duration, Instant};

/// `last_known_key_ttl_seconds`.
const KNOWN: Duration = Duration::from_secs(12);
const SETTINGS: &str = "proxy_batch_write_at: 0.3, user_api_key_cache_ttl: 1, last_known_key_ttl_seconds: 12, \
                        database_timeout_seconds: 2";

fn readiness(gateway: &Gateway) -> (u16, Value) {
    let mut connection = gateway.connect();
    connection.get("/health/readiness").expect("the gateway takes the request");
    let answer = connection.read_response().expect("the gateway answers");
    (answer.head.status(), answer.json()["db"].clone())
}

/// Makes calls and remembers them.
#[derive(Default)]
struct Clients {
    asked: HashMap<String, Asked>,
}

impl Clients {
    /// Calls until the key is known for sure: what is looked up while a change is heard of is not remembered.
    fn become_known(&mut self, gateway: &Gateway, key: &str) {
        for _ in 0..5 {
            assert_eq!(self.ask(gateway, key), Seen::Whole);
            thread::sleep(Duration::from_millis(100));
        }
    }

    fn ask(&mut self, gateway: &Gateway, key: &str) -> Seen {
        let number = self.asked.len();
        let id = format!("call-{number}");
        let body = caller::body(&id, number % 2 == 1);
        let seen = Caller::of(gateway.port).ask(key, &body);
        self.asked.insert(id, Asked { body, seen: seen.clone() });
        seen
    }
}

fn is_unavailable(seen: &Seen) -> bool {
    matches!(seen, Seen::Refused(503, text) if text.contains("no_db_connection"))
}

/// Everything that reached the provider is written, once, and nothing more.
fn settle(ground: &Ground, gateway: &mut Gateway, clients: &Clients) {
    wait_until("what was spent meanwhile is written", || books::rows(&ground.store).len() >= ground.till.count());
    gateway.process.terminate();
    gateway.process.wait_for_end();
    let mut rows = books::rows(&ground.store);
    books::totals_agree(&ground.store, &rows);
    rows.retain(|row| row.status == "success" || row.outcome == "lapsed");
    books::judge(&rows, &ground.till.sales(), &clients.asked);
}

fn check(away: State) {
    let ground = Ground::new(Kind::Postgres, Manner::default(), SETTINGS);
    let mut gateway = ground.start();
    let payers = payers(&gateway);
    let [known, with_team, unknown, ..] = payers.as_slice() else { panic!("keys") };
    let mut clients = Clients::default();
    for Payer { key, .. } in [known, with_team] {
        clients.become_known(&gateway, key);
    }
    assert_eq!(readiness(&gateway), (200, "connected".into()));
    ground.store.link().switch(away);
    let since = Instant::now();
    wait_until("load balancers are told", || readiness(&gateway) == (503, "disconnected".into()));
    // The key was looked up before the database was away: it is known for a little less than the stated time.
    while since.elapsed() < KNOWN - Duration::from_secs(3) {
        assert_eq!(
            clients.ask(&gateway, &known.key),
            Seen::Whole,
            "after {:?}: {}",
            since.elapsed(),
            gateway.process.log()
        );
        assert_eq!(clients.ask(&gateway, KEY), Seen::Whole, "the master key");
        let seen = clients.ask(&gateway, &unknown.key);
        assert!(is_unavailable(&seen), "a key that nobody has seen: {seen:?}");
        thread::sleep(Duration::from_millis(300));
    }
    thread::sleep((KNOWN + Duration::from_secs(2)).saturating_sub(since.elapsed()));
    let seen = clients.ask(&gateway, &known.key);
    assert!(is_unavailable(&seen), "known too long ago: {seen:?}");
    ground.store.link().switch(State::Open);
    wait_until("load balancers are told", || readiness(&gateway) == (200, "connected".into()));
    assert_eq!(clients.ask(&gateway, &unknown.key), Seen::Whole, "{}", gateway.process.log());
    settle(&ground, &mut gateway, &clients);
}

#[test]
fn a_gateway_goes_on_with_what_it_knows_while_its_database_is_stopped() {
    check(State::Cut);
}

#[test]
fn a_gateway_goes_on_with_what_it_knows_while_its_database_is_frozen() {
    check(State::Silent);
}

#[test]
fn what_was_spent_while_the_database_was_away_outlives_a_kill() {
    let ground = Ground::new(Kind::Postgres, Manner::default(), SETTINGS);
    let mut gateway = ground.start();
    let payers = payers(&gateway);
    let mut clients = Clients::default();
    clients.become_known(&gateway, &payers[0].key);
    let before = clients.asked.len();
    ground.store.link().switch(State::Cut);
    for _ in 0..2 {
        for _ in 0..10 {
            let key = if clients.asked.len() < before + 10 { &payers[0].key } else { KEY };
            assert_eq!(clients.ask(&gateway, key), Seen::Whole, "{}", gateway.process.log());
        }
        gateway.process.kill();
        // It starts without its database, too: the master key needs none.
        gateway = ground.start_at(gateway.port);
    }
    ground.store.link().switch(State::Open);
    settle(&ground, &mut gateway, &clients);
}
