//! Many calls race for a few budgets, over several processes: no budget is overspent by more than one call, nobody is
//! refused while money is left, and counters and records agree in the end.

use super::books;
use super::caller::{self, Caller, Seen};
use super::ground::{Ground, Payer, key, manage};
use super::till::{Manner, Sale};
use crate::harness::gateway::Gateway;
use crate::harness::random::Random;
use crate::harness::store::Kind;
use serde_json::json;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

const BUDGETS: usize = 16;
const PROCESSES: usize = 4;
const CLIENTS: usize = 48;
/// Unless `TOLLGATE_RACE` says otherwise.
const CALLS: usize = 10_000;
/// What each call uses.
const TOKENS: (u64, u64) = (100, 50);

/// A budget: half of them are keys', half are teams'.
struct Budget {
    table: &'static str,
    id_column: &'static str,
    id: String,
    payer: Payer,
    refused: AtomicUsize,
}

/// What is allowed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Bound {
    OneCall,
    Nothing,
}

fn cost_picousd() -> u64 {
    let now = Instant::now();
    Sale { prompt_tokens: TOKENS.0, completion_tokens: TOKENS.1, began: now, ended: None }.picousd()
}

fn budget(gateway: &Gateway, number: usize, limit_usd: f64) -> Budget {
    let refused = AtomicUsize::new(0);
    if number.is_multiple_of(2) {
        let payer = key(gateway, &json!({"max_budget": limit_usd}));
        let (table, id_column) = ("LiteLLM_VerificationToken", "token");
        return Budget { table, id_column, id: payer.hash.clone(), payer, refused };
    }
    let id = format!("team-{number}");
    manage(gateway, "/team/new", &json!({"team_id": id, "max_budget": limit_usd}));
    let payer = key(gateway, &json!({"team_id": id}));
    Budget { table: "LiteLLM_TeamTable", id_column: "team_id", id, payer, refused }
}

fn calls() -> usize {
    std::env::var("TOLLGATE_RACE").ok().and_then(|text| text.parse().ok()).unwrap_or(CALLS)
}

/// Every client asks of every budget in turn, at a process of its own.
fn run(gateways: &[Gateway], budgets: &[Budget]) -> Vec<String> {
    let (next, random, faults) = (AtomicUsize::new(0), Random::new(), std::sync::Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for client in 0..CLIENTS {
            let (next, random, faults) = (&next, &random, &faults);
            let port = gateways[client % gateways.len()].port;
            scope.spawn(move || {
                let mut caller = Caller::of(port);
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= calls() {
                        return;
                    }
                    let budget = &budgets[number % budgets.len()];
                    let body = caller::body("racer", random.within(0, 4) == 0);
                    match caller.ask(&budget.payer.key, &body) {
                        Seen::Whole => {}
                        Seen::Refused(422, text) if text.contains("budget_exceeded") => {
                            budget.refused.fetch_add(1, Ordering::Relaxed);
                        }
                        other => faults.lock().expect("nobody panics").push(format!("{other:?}")),
                    }
                }
            });
        }
    });
    faults.into_inner().expect("nobody panics")
}

fn check(bound: Bound) {
    let manner = Manner {
        wait_ms: 1..4,
        pieces: 1..2,
        prompt_tokens: TOKENS.0..TOKENS.0 + 1,
        completion_tokens: TOKENS.1..TOKENS.1 + 1,
    };
    let enforcement = if bound == Bound::Nothing { ", budget_enforcement: strict" } else { "" };
    let settings = format!("proxy_batch_write_at: 0.5, budget_wait_seconds: 60{enforcement}");
    let ground = Ground::new(Kind::Postgres, manner, &settings);
    let mut gateways: Vec<Gateway> = (0..PROCESSES).map(|_| ground.start()).collect();
    // Half of the calls have room, and a little more: limits are no multiple of a cost.
    let limit_usd = cost_picousd() as f64 * (calls() / BUDGETS / 2) as f64 / 1e12 + 0.0001;
    let budgets: Vec<Budget> = (0..BUDGETS).map(|number| budget(&gateways[0], number, limit_usd)).collect();
    let began = Instant::now();
    let faults = run(&gateways, &budgets);
    eprintln!("{} calls in {:?}", calls(), began.elapsed());
    assert!(faults.is_empty(), "{} calls failed: {:?}", faults.len(), faults.first());
    for gateway in &mut gateways {
        gateway.process.terminate();
    }
    for gateway in &mut gateways {
        gateway.process.wait_for_end();
    }
    for budget in &budgets {
        judge(&ground, budget, limit_usd, bound);
    }
    let rows: Vec<books::Row> = books::rows(&ground.store).into_iter().filter(|row| row.status == "success").collect();
    assert_eq!(rows.len(), ground.till.count(), "calls that reached the provider");
    books::totals_agree(&ground.store, &rows);
}

fn judge(ground: &Ground, budget: &Budget, limit_usd: f64, bound: Bound) {
    let Budget { table, id_column, id, .. } = budget;
    let spent_usd = ground.store.number(&format!("SELECT spend FROM \"{table}\" WHERE {id_column} = '{id}'"));
    let (cost_usd, most) = (cost_picousd() as f64 / 1e12, caller::most_picousd(&caller::body("racer", false)));
    let (most_usd, slack) = (most as f64 / 1e12, 1e-9);
    let over_usd = if bound == Bound::OneCall { cost_usd } else { 0.0 };
    assert!(spent_usd <= limit_usd + over_usd + slack, "{id}: {spent_usd} of {limit_usd}");
    assert!(budget.refused.load(Ordering::Relaxed) > 0, "{id} refused nobody: {spent_usd} of {limit_usd}");
    let left_usd = if bound == Bound::OneCall { 0.0 } else { most_usd };
    assert!(spent_usd >= limit_usd - left_usd - slack, "{id} refused while money was left: {spent_usd} of {limit_usd}");
}

#[test]
fn budgets_that_many_race_for_are_overspent_by_one_call_at_most_and_used_up() {
    check(Bound::OneCall);
}

#[test]
fn strict_budgets_are_never_overspent() {
    check(Bound::Nothing);
}
