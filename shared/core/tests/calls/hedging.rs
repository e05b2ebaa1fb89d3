//! Hedging, affinity and health checks: which deployment is asked beside, again, or not at all.

use std::time::Duration;

use tokio::time::Instant;
use tollgate_core::{health, select};
use tollgate_wire::Operation;

use crate::gateway::question;
use crate::several::{Mood, gateway};

const FIRST: [(&str, &str); 2] = [("a", ", weight: 1"), ("b", ", weight: 0")];

#[tokio::test(start_paused = true)]
async fn the_quicker_of_two_is_heard_when_the_first_is_slow() {
    let check = async |a_ms: u64, b_ms: u64, asked: &[&str], heard: &str, took_ms: u128| {
        let (gateway, several) =
            gateway(&FIRST, "router_settings: {hedge_after_ms: 100, hedge_max_extra_percent: 100}");
        several.set("a", Mood::slow(Duration::from_millis(a_ms)));
        several.set("b", Mood::slow(Duration::from_millis(b_ms)));
        let started = Instant::now();
        let answer = gateway.chat("g").await;
        assert_eq!(several.asked(), asked, "{a_ms} {b_ms}");
        assert!(answer.text.contains(&format!("from {heard}")), "{a_ms} {b_ms}: {}", answer.text);
        assert_eq!(answer.deployment_id.as_deref(), Some(heard));
        assert_eq!(started.elapsed().as_millis(), took_ms, "{a_ms} {b_ms}");
        gateway.app.balancer.meter.view(&mut |view| {
            assert!(view.states.iter().all(|state| state.in_flight == 0), "the loser gives back what it took");
        });
    };
    check(50, 0, &["a"], "a", 50).await;
    check(1000, 200, &["a", "b"], "b", 300).await;
    check(250, 1000, &["a", "b"], "a", 250).await;
}

#[tokio::test(start_paused = true)]
async fn a_hedge_that_fails_does_not_fail_the_call() {
    let settings = "router_settings: {hedge_after_ms: 100, hedge_max_extra_percent: 100, allowed_fails: 0}";
    let (gateway, several) = gateway(&FIRST, settings);
    several.set("a", Mood::slow(Duration::from_secs(1)));
    several.set("b", Mood::bad(500));
    let ask = async || {
        let answer = gateway.chat("g").await;
        assert_eq!((answer.status, answer.deployment_id.as_deref()), (200, Some("a")));
        several.asked()
    };
    assert_eq!(ask().await, ["a", "b"]);
    assert_eq!(ask().await, ["a"], "its failure is held against b, which rests");
}

#[tokio::test(start_paused = true)]
async fn hedges_stay_within_their_share_and_are_off_by_default() {
    let check = async |settings: &str, expected: usize| {
        let (gateway, several) = gateway(&FIRST, settings);
        several.set("a", Mood::slow(Duration::from_secs(1)));
        for _ in 0..100 {
            assert_eq!(gateway.chat("g").await.status, 200);
        }
        let hedged = several.asked().iter().filter(|host| *host == "b").count();
        assert_eq!(hedged, expected, "{settings}");
    };
    check("router_settings: {hedge_after_ms: 100}", 5).await;
    check("router_settings: {hedge_after_ms: 100, hedge_max_extra_percent: 20}", 20).await;
    check("router_settings: {hedge_after_ms: 100, hedge_max_extra_percent: 0}", 0).await;
    check("", 0).await;
}

#[tokio::test(start_paused = true)]
async fn what_served_a_key_or_a_session_before_serves_it_again() {
    let check = async |checks: &str, key: Option<&str>, session: Option<&str>, is_pinned: bool| {
        let settings = format!("router_settings: {{optional_pre_call_checks: [{checks}]}}");
        let (gateway, several) = gateway(&[("a", ""), ("b", ""), ("c", "")], &settings);
        for _ in 0..40 {
            let mut call = gateway.call(Operation::ChatCompletion, &question("g"));
            call.hints.key_hash = key.map(select::key_hash);
            call.hints.session = session.map(str::to_owned);
            assert_eq!(gateway.serve(call).await.status, 200);
        }
        let mut hosts = several.asked();
        hosts.sort_unstable();
        hosts.dedup();
        assert_eq!(hosts.len() == 1, is_pinned, "{checks}: {hosts:?}");
    };
    check("deployment_affinity", Some("sk-1"), None, true).await;
    check("deployment_affinity", None, Some("s"), false).await;
    check("session_affinity", Some("sk-1"), Some("s"), true).await;
    check("session_affinity", Some("sk-1"), None, false).await;
    check("", Some("sk-1"), Some("s"), false).await;
}

#[tokio::test(start_paused = true)]
async fn what_served_a_prompt_before_serves_its_beginning_again() {
    let text = "tell ".repeat(2000);
    let body = |mark: bool, text: &str| {
        let part = if mark {
            serde_json::json!({ "type": "text", "text": text, "cache_control": { "type": "ephemeral" } })
        } else {
            serde_json::json!({ "type": "text", "text": text })
        };
        serde_json::json!({ "model": "g", "messages": [{ "role": "user", "content": [part] }] })
    };
    let check = async |mark: bool, text: &str, is_pinned: bool| {
        let settings = "router_settings: {optional_pre_call_checks: [prompt_caching]}";
        let (gateway, several) = gateway(&[("a", ""), ("b", ""), ("c", "")], settings);
        for _ in 0..40 {
            assert_eq!(gateway.ask(Operation::ChatCompletion, &body(mark, text)).await.status, 200);
        }
        let mut hosts = several.asked();
        hosts.sort_unstable();
        hosts.dedup();
        assert_eq!(hosts.len() == 1, is_pinned, "{mark} {}: {hosts:?}", text.len());
    };
    check(true, &text, true).await;
    check(false, &text, false).await;
    // Too short to be kept by any provider.
    check(true, "tell", false).await;
}

#[tokio::test(start_paused = true)]
async fn a_pin_yields_to_a_deployment_that_works() {
    let (gateway, several) =
        gateway(&[("a", ""), ("b", "")], "router_settings: {optional_pre_call_checks: [session_affinity]}");
    let ask = async || {
        let mut call = gateway.call(Operation::ChatCompletion, &question("g"));
        call.hints.session = Some("s".to_owned());
        gateway.serve(call).await
    };
    let first = ask().await.deployment_id.expect("a deployment");
    several.set(&first, Mood::bad(500));
    several.asked();
    let answer = ask().await;
    assert_eq!((answer.status, several.asked().len()), (200, 2));
    assert_ne!(answer.deployment_id.as_deref(), Some(first.as_str()));
}

#[tokio::test(start_paused = true)]
async fn what_is_down_is_found_before_a_call_is_spent_on_it() {
    let settings = "general_settings: {background_health_checks: true, health_check_interval: 10}";
    let (gateway, several) = gateway(&[("a", ""), ("b", "")], settings);
    several.set("a", Mood::bad(503));
    health::check(&gateway.app).await;
    assert_eq!(several.asked().len(), 2);
    for _ in 0..30 {
        assert_eq!(gateway.chat("g").await.status, 200);
    }
    assert!(several.asked().iter().all(|host| host == "b"), "a is down");
    let found = gateway.app.health.latest().expect("a finding");
    assert_eq!(found.iter().filter(|finding| finding.error.is_some()).count(), 1);
    // Where all are down, all are asked: the check may be wrong.
    several.set("b", Mood::bad(503));
    health::check(&gateway.app).await;
    several.set("a", Mood::good());
    several.set("b", Mood::good());
    several.asked();
    assert_eq!(gateway.chat("g").await.status, 200);
    health::check(&gateway.app).await;
    several.asked();
    let mut hosts: Vec<String> = Vec::new();
    for _ in 0..40 {
        gateway.chat("g").await;
        hosts.extend(several.asked());
    }
    assert!(hosts.iter().any(|host| host == "a") && hosts.iter().any(|host| host == "b"), "{hosts:?}");
}
