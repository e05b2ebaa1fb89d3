//! Limits of requests, tokens and calls at the same time, under a race: never more than the limit in a window, and after
//! the window everything is admitted again.

use super::caller::{self, Caller, Seen};
use super::ground::{Ground, Payer, key};
use super::till::{Manner, Sale, most_at_once};
use crate::harness::gateway::Gateway;
use crate::harness::store::Kind;
use serde_json::json;
use std::thread;
use std::time::{Duration, Instant};

const WINDOW: Duration = Duration::from_secs(6);
/// Calls of one burst, and the clients that make them.
const BURST: usize = 36;
const CLIENTS: usize = 12;
const REQUESTS_MAX: usize = 10;
const TOKENS_MAX: u64 = 3_000;
const PARALLEL_MAX: usize = 3;
/// What each call uses of tokens.
const TOKENS: (u64, u64) = (100, 50);

/// Calls of one key, all at once and over all processes: how many were served.
fn burst(gateways: &[Gateway], payer: &Payer, name: &str) -> usize {
    let served = thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| {
                let port = gateways[client % gateways.len()].port;
                scope.spawn(move || client_of(port, payer, name))
            })
            .collect();
        clients.into_iter().map(|client| client.join().expect("a client ends")).sum()
    });
    assert!(served > 0, "{name}: nobody was served");
    served
}

fn client_of(port: u16, payer: &Payer, name: &str) -> usize {
    let mut caller = Caller::of(port);
    let mut served = 0;
    for number in 0..BURST / CLIENTS {
        match caller.ask(&payer.key, &caller::body(name, number % 2 == 1)) {
            Seen::Whole => served += 1,
            Seen::Refused(429, text) => assert!(text.contains("Rate limit exceeded"), "{text}"),
            other => panic!("{name}: {other:?}"),
        }
    }
    served
}

fn sales(ground: &Ground, name: &str) -> Vec<Sale> {
    ground.till.sales().remove(name).unwrap_or_default()
}

/// One window of all three limits at once.
fn round(ground: &Ground, gateways: &[Gateway], payers: &[Payer; 3], number: usize) {
    let names = ["requests", "tokens", "parallel"].map(|limit| format!("{limit}-{number}"));
    let began = Instant::now();
    let served: Vec<usize> = thread::scope(|scope| {
        let bursts: Vec<_> =
            payers.iter().zip(&names).map(|(payer, name)| scope.spawn(|| burst(gateways, payer, name))).collect();
        bursts.into_iter().map(|burst| burst.join().expect("a burst ends")).collect()
    });
    let took = began.elapsed();
    assert!(took < WINDOW, "the machine is too busy to tell windows apart: {took:?}");
    assert_eq!(served[0], REQUESTS_MAX, "requests in window {number}");
    let used = served[1] as u64 * (TOKENS.0 + TOKENS.1);
    assert!(used <= TOKENS_MAX && served[1] < BURST, "{used} tokens in window {number}");
    let at_once = most_at_once(&sales(ground, &names[2]));
    assert!(at_once <= PARALLEL_MAX && served[2] < BURST, "{at_once} calls at the same time");
    for (name, served) in names.iter().zip(served) {
        assert_eq!(sales(ground, name).len(), served, "{name}: what was refused has reached the provider");
    }
    thread::sleep((WINDOW + Duration::from_millis(300)).saturating_sub(began.elapsed()));
    thread::sleep(took);
}

fn check(kind: Kind, processes: usize) {
    let manner = Manner {
        wait_ms: 40..60,
        pieces: 1..2,
        prompt_tokens: TOKENS.0..TOKENS.0 + 1,
        completion_tokens: TOKENS.1..TOKENS.1 + 1,
    };
    let ground = Ground::new(kind, manner, "proxy_batch_write_at: 0.5")
        .with("LITELLM_RATE_LIMIT_WINDOW_SIZE", &WINDOW.as_secs().to_string());
    let gateways: Vec<Gateway> = (0..processes).map(|_| ground.start()).collect();
    let payers = [
        json!({"rpm_limit": REQUESTS_MAX}),
        json!({"tpm_limit": TOKENS_MAX}),
        json!({"max_parallel_requests": PARALLEL_MAX}),
    ]
    .map(|settings| key(&gateways[0], &settings));
    for number in 0..2 {
        round(&ground, &gateways, &payers, number);
    }
}

#[test]
fn limits_hold_in_a_race_on_sqlite() {
    check(Kind::Sqlite, 1);
}

#[test]
fn limits_hold_in_a_race_of_two_processes_on_postgresql() {
    check(Kind::Postgres, 2);
}
