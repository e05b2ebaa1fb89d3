//! Gateways under load are killed at random instants, again and again: nothing that reached the provider is lost, and
//! nothing is charged twice.

use super::books::{self, Asked};
use super::caller::{self, Caller, Seen};
use super::ground::{Ground, Payer, payers};
use super::till::Manner;
use crate::harness::gateway::Gateway;
use crate::harness::process::free_port;
use crate::harness::random::Random;
use crate::harness::store::Kind;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// How often a process is killed where `TOLLGATE_KILLS` says nothing: `make crash` has it say 200.
const KILLS: usize = 8;
const CLIENTS: usize = 6;
/// How long a process lives once it serves.
const LIFE_MS: (u64, u64) = (30, 500);

struct Load<'a> {
    payers: &'a [Payer],
    random: &'a Random,
    next: AtomicU64,
    stops: AtomicBool,
    asked: Mutex<HashMap<String, Asked>>,
}

impl Load<'_> {
    /// One client, until it is told to stop.
    fn client(&self, port: u16) {
        let mut caller = Caller::of(port);
        while !self.stops.load(Ordering::Relaxed) {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let id = format!("call-{number:08}");
            let body = caller::body(&id, self.random.within(0, 2) == 1);
            let payer = &self.payers[self.random.within(0, self.payers.len() as u64) as usize];
            let seen = caller.ask(&payer.key, &body);
            if seen == Seen::Unsent {
                // Nobody listens before the next process is up.
                thread::sleep(Duration::from_millis(10));
                continue;
            }
            self.asked.lock().unwrap_or_else(PoisonError::into_inner).insert(id, Asked { body, seen });
        }
    }
}

fn kills() -> usize {
    std::env::var("TOLLGATE_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(KILLS)
}

/// Kills one after the other of the gateways, and has it begin again on what it left.
fn haunt(ground: &Ground, gateways: &mut [Gateway], random: &Random) {
    for round in 0..kills() {
        thread::sleep(Duration::from_millis(random.within(LIFE_MS.0, LIFE_MS.1)));
        let victim = round % gateways.len();
        let gateway = &mut gateways[victim];
        gateway.process.kill();
        *gateway = ground.start_at(gateway.port);
    }
}

fn check(kind: Kind, instances: usize) {
    let ground = Ground::new(kind, Manner::default(), "proxy_batch_write_at: 0.3");
    let random = Random::new();
    let mut gateways: Vec<Gateway> = (0..instances).map(|_| ground.start_at(free_port())).collect();
    let payers = payers(&gateways[0]);
    let ports: Vec<u16> = gateways.iter().map(|gateway| gateway.port).collect();
    let load = Load {
        payers: &payers,
        random: &random,
        next: AtomicU64::new(0),
        stops: AtomicBool::new(false),
        asked: Mutex::default(),
    };
    thread::scope(|scope| {
        for client in 0..CLIENTS {
            let (load, port) = (&load, ports[client % ports.len()]);
            scope.spawn(move || load.client(port));
        }
        haunt(&ground, &mut gateways, &random);
        load.stops.store(true, Ordering::Relaxed);
    });
    let asked = load.asked.into_inner().unwrap_or_else(PoisonError::into_inner);
    for (id, asked) in &asked {
        assert!(matches!(asked.seen, Seen::Whole | Seen::Broken), "{id}: {:?}", asked.seen);
    }
    end_in_order(&mut gateways);
    let (rows, sales) = (books::rows(&ground.store), ground.till.sales());
    let seed = random.seed;
    eprintln!("{} calls reached the provider, {} rows, seed {seed}", sales.len(), rows.len());
    let tally = books::judge(&rows, &sales, &asked);
    books::totals_agree(&ground.store, &rows);
    assert!(tally.served > kills() && tally.lapsed > 0, "{tally:?}, seed {seed}");
    let left = ground.store.journals();
    assert!(left.is_empty(), "journals are left: {left:?}");
}

/// What the last process of each has adopted is drained when it leaves.
fn end_in_order(gateways: &mut [Gateway]) {
    for gateway in gateways.iter_mut() {
        gateway.process.terminate();
    }
    for gateway in gateways {
        let (status, _) = gateway.process.wait_for_end();
        assert!(status.success(), "{status}: {}", gateway.process.log());
    }
}

#[test]
fn a_gateway_on_sqlite_loses_nothing_when_it_is_killed() {
    check(Kind::Sqlite, 1);
}

#[test]
fn gateways_on_postgresql_lose_nothing_when_they_are_killed() {
    check(Kind::Postgres, 2);
}
