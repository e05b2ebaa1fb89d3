//! Affinity: who is asked for comes first, but for good reasons not to.

use std::time::Duration;

use futures_util::FutureExt;

use super::fixture::{Fixture, START, check};
use crate::config::tests::fake::served;
use crate::meter::{Memory, Meter};
use crate::select::RefusalKind::Parallel;
use crate::select::{Affinity, Caller, Pin, Query, Stage, key_hash};

fn pins<const COUNT: usize>(ids: [&str; COUNT]) -> [Pin; COUNT] {
    ids.map(|id| Pin { id: id.to_owned() })
}

fn check_pins<const COUNT: usize>(fixture: &Fixture, ids: [&str; COUNT], expected: &str, by: &[Stage]) {
    check(fixture, &Query { pins: &pins(ids), ..fixture.query() }, Ok(expected), by);
}

#[test]
fn the_most_particular_pin_that_is_left_counts() {
    let fixture = Fixture::new(&["", "", ""], "");
    check_pins(&fixture, ["b"], "b", &[Stage::Affinity]);
    check_pins(&fixture, ["c", "b"], "c", &[Stage::Affinity]);
    check_pins(&fixture, ["gone"], "abc", &[]);
    check_pins(&fixture, ["gone", "a"], "a", &[Stage::Affinity]);
}

#[test]
fn a_pin_does_not_lead_to_who_may_not_serve() {
    let fixture = Fixture::new(&["| blocked: true", "", ""], "");
    check_pins(&fixture, ["a"], "bc", &[Stage::Blocked]);
    fixture.rest('b', 60);
    check_pins(&fixture, ["b"], "c", &[Stage::Cooldown, Stage::Blocked]);
    let teams = Fixture::new(&["| team_id: red", ""], "");
    check_pins(&teams, ["a"], "b", &[Stage::Access]);
}

#[test]
fn a_pin_does_not_lead_back_to_who_has_failed_or_refused_this_call() {
    let fixture = Fixture::new(&["", "", ""], "");
    let b = [fixture.handle('b')];
    let pinned = pins(["b"]);
    let failed = Query { pins: &pinned, failed: &b, ..fixture.query() };
    check(&fixture, &failed, Ok("ac"), &[Stage::Failed]);
    let refused = Query { pins: &pinned, refused: &b, ..fixture.query() };
    check(&fixture, &refused, Ok("ac"), &[Stage::Refused]);
    let next = pins(["b", "c"]);
    let failed = Query { pins: &next, failed: &b, ..fixture.query() };
    check(&fixture, &failed, Ok("c"), &[Stage::Affinity]);
}

#[test]
fn a_pin_stands_above_the_lowest_order_and_below_a_named_one() {
    let fixture = Fixture::new(&["order: 1", "order: 2", "order: 2"], "");
    let pinned = pins(["b"]);
    let of = |order| Query { order, pins: &pinned, ..fixture.query() };
    check(&fixture, &of(None), Ok("b"), &[Stage::Affinity]);
    check(&fixture, &of(Some(2)), Ok("bc"), &[Stage::Order]);
    check(&fixture, &of(Some(1)), Ok("a"), &[Stage::Order]);
}

#[test]
fn a_pinned_call_waits_for_its_deployment_rather_than_going_elsewhere() {
    let fixture = Fixture::new(&["max_parallel_requests: 1", "max_parallel_requests: 1"], "");
    fixture.begin('a', 0);
    let query = Query { pins: &pins(["a"]), ..fixture.query() };
    check(&fixture, &query, Err(Parallel), &[Stage::Affinity, Stage::Parallel]);
}

/// What is recalled for a caller after another one was remembered, in each group's words of affinity.
#[test]
fn keys_and_sessions_are_remembered_apart_and_for_their_time() {
    let affinity = |router: &str| {
        let entry = "{model_name: g, litellm_params: {model: openai/m, api_key: k}}";
        let config = served(&format!("model_list: [{entry}]\nrouter_settings: {{{router}}}")).config;
        Affinity::new(&config.router_settings)
    };
    let both = "optional_pre_call_checks: [deployment_affinity, session_affinity], deployment_affinity_ttl_seconds: 60";
    let keys = "optional_pre_call_checks: [deployment_affinity]";
    let own = "model_group_affinity_config: {other: [deployment_affinity], g: [session_affinity]}";
    let (red, blue) = (key_hash("sk-red"), key_hash("sk-blue"));
    let caller = |key_hash, session| Caller { key_hash, session };
    let before = caller(Some(red.as_str()), Some("s1"));
    let check = |router: &str, now: Caller<'_>, seconds: u64, expected: &[&str]| {
        let (affinity, meter) = (affinity(router), Memory::default());
        let pinning = affinity.pinning("g", &before, Vec::new());
        let unknown = pinning.recall(&meter, START).now_or_never().unwrap().unknown;
        pinning.remember_callers(&meter, &unknown, "b", START);
        let later = START + Duration::from_secs(seconds);
        let recalled = affinity.pinning("g", &now, Vec::new()).recall(&meter, later).now_or_never().unwrap();
        let ids: Vec<&str> = recalled.pins.iter().map(|pin| pin.id.as_str()).collect();
        assert_eq!(ids, expected, "{router}: {now:?} after {seconds} s");
    };
    check(both, before, 0, &["b", "b"]);
    check(both, before, 59, &["b", "b"]);
    check(both, before, 60, &[]);
    check(both, caller(Some(&red), None), 1, &["b"]);
    check(both, caller(Some(&red), Some("s2")), 1, &["b"]);
    check(both, caller(Some(&blue), Some("s1")), 1, &[]);
    check(both, caller(None, Some("s1")), 1, &[]);
    check(keys, caller(Some(&red), Some("s2")), 1, &["b"]);
    check(keys, caller(Some(&blue), Some("s1")), 1, &[]);
    check(own, before, 1, &["b"]);
    check(own, caller(Some(&red), None), 1, &[]);
    check("", before, 1, &[]);
}

#[test]
fn who_is_remembered_elsewhere_stays_so() {
    let entry = "{model_name: g, litellm_params: {model: openai/m, api_key: k}}";
    let router = "router_settings: {optional_pre_call_checks: [session_affinity, prompt_caching]}";
    let affinity = Affinity::new(&served(&format!("model_list: [{entry}]\n{router}")).config.router_settings);
    let meter = Memory::default();
    let caller = Caller { key_hash: None, session: Some("s") };
    let pinning = affinity.pinning("g", &caller, vec!["long".to_owned(), "short".to_owned()]);
    meter.remember("short".to_owned(), "c", START + Duration::from_secs(1));
    let recall = |now| pinning.recall(&meter, now).now_or_never().unwrap();
    let recalled = recall(START);
    assert_eq!(recalled.pins, pins(["c"]));
    pinning.remember_callers(&meter, &recalled.unknown, "a", START);
    let recalled = recall(START);
    assert_eq!((recalled.pins, recalled.unknown.len()), (pins(["a", "c"]).to_vec(), 0));
    // The longest beginning that is remembered counts, for as long as a provider keeps it.
    pinning.remember_prompt(&meter, "b", START);
    assert_eq!(recall(START).pins, pins(["a", "b"]));
    assert_eq!(recall(START + Duration::from_secs(299)).pins, pins(["a", "b"]));
    assert_eq!(recall(START + Duration::from_secs(300)).pins, pins(["a"]));
}
