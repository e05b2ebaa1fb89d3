//! What is down, rests or may have recovered: who is asked all the same, and what is said where nobody is left.

use std::time::Duration;

use super::fixture::{Fixture, SEED, check};
use crate::breaker::Breaker;
use crate::meter::{Ending, Health, Meter};
use crate::select::RefusalKind::AllResting;
use crate::select::{Stage, Trace};

#[test]
fn what_is_down_is_not_asked_unless_all_are_down() {
    let fixture = Fixture::new(&["", "", ""], "enable_health_check_routing: true");
    let until = fixture.now() + Duration::from_secs(60);
    for (id, left) in [('a', "bc"), ('b', "c")] {
        fixture.meter.mark(fixture.handle(id), Health::Unhealthy, until);
        check(&fixture, &fixture.query(), Ok(left), &[Stage::Health]);
    }
    fixture.meter.mark(fixture.handle('c'), Health::Unhealthy, until);
    check(&fixture, &fixture.query(), Ok("abc"), &[]);
    fixture.meter.mark(fixture.handle('a'), Health::Healthy, until);
    check(&fixture, &fixture.query(), Ok("a"), &[Stage::Health]);
    fixture.advance(60);
    check(&fixture, &fixture.query(), Ok("abc"), &[]);
}

#[test]
fn health_counts_where_the_configuration_says_so() {
    let check_of = |router: &str, expected: &str, by: &[Stage]| {
        let fixture = Fixture::new(&["", "| disable_background_health_check: true"], router);
        let until = fixture.now() + Duration::from_secs(60);
        fixture.meter.mark(fixture.handle('a'), Health::Unhealthy, until);
        check(&fixture, &fixture.query(), Ok(expected), by);
        fixture.meter.mark(fixture.handle('a'), Health::Healthy, until);
        // What is not checked is not held against it, whoever has marked it.
        fixture.meter.mark(fixture.handle('b'), Health::Unhealthy, until);
        check(&fixture, &fixture.query(), Ok("ab"), &[]);
    };
    check_of("", "ab", &[]);
    check_of("enable_health_check_routing: true", "b", &[Stage::Health]);
    check_of("\ngeneral_settings: {background_health_checks: true}", "b", &[Stage::Health]);
    // A policy of allowed failures leaves the decision to cooldowns.
    let policy = "enable_health_check_routing: true, allowed_fails_policy: {TimeoutErrorAllowedFails: 1}";
    check_of(policy, "ab", &[]);
}

#[test]
fn what_rests_is_not_asked_and_when_all_rest_the_shortest_wait_is_told() {
    let fixture = Fixture::new(&["", ""], "");
    fixture.rest('a', 30);
    check(&fixture, &fixture.query(), Ok("b"), &[Stage::Cooldown]);
    fixture.rest('b', 20);
    check(&fixture, &fixture.query(), Err(AllResting), &[Stage::Cooldown]);
    fixture.advance(5);
    let refusal = fixture.choose_by(SEED, &fixture.query(), &mut Trace::default()).unwrap_err();
    let expected = "No deployments available for selected model, Try again in 15 seconds. All deployments for \
                    selected model are in cooldown. Passed model=g. pre-call-checks=False, cooldown_list=['a', 'b']";
    assert_eq!((refusal.message.as_str(), refusal.retry_after), (expected, Some(Duration::from_secs(15))));
    fixture.advance(15);
    check(&fixture, &fixture.query(), Ok("b"), &[Stage::Cooldown]);
    fixture.advance(10);
    check(&fixture, &fixture.query(), Ok("ab"), &[]);
}

#[test]
fn rests_yield_where_health_checks_and_a_policy_make_them() {
    let policy = "enable_health_check_routing: true, allowed_fails_policy: {TimeoutErrorAllowedFails: 1}";
    let fixture = Fixture::new(&["", ""], policy);
    fixture.rest('a', 30);
    check(&fixture, &fixture.query(), Ok("b"), &[Stage::Cooldown]);
    fixture.rest('b', 30);
    check(&fixture, &fixture.query(), Ok("ab"), &[]);
    assert!(fixture.choose_by(SEED, &fixture.query(), &mut Trace::default()).unwrap().despite_rest);
    assert!(fixture.take(&fixture.query()).is_ok());
}

#[test]
fn what_may_have_recovered_is_probed_by_one_call_while_others_serve() {
    let fixture = Fixture::new(&["", ""], "");
    fixture.rest('a', 30);
    fixture.advance(30);
    check(&fixture, &fixture.query(), Ok("ab"), &[]);
    let probe = fixture.begin('a', 0);
    assert!(probe.is_probe);
    check(&fixture, &fixture.query(), Ok("b"), &[Stage::Cooldown]);
    // Where nothing else can serve, calls go out all the same.
    fixture.rest('b', 30);
    check(&fixture, &fixture.query(), Ok("a"), &[Stage::Cooldown]);
    assert!(fixture.choose_by(SEED, &fixture.query(), &mut Trace::default()).unwrap().despite_rest);
    fixture.end(probe, Ending::Served, None);
    fixture.advance(30);
    check(&fixture, &fixture.query(), Ok("ab"), &[]);
    assert!(!fixture.begin('a', 0).is_probe);
}

#[test]
fn an_answer_to_what_was_asked_before_the_rest_does_not_end_it() {
    let fixture = Fixture::new(&["", ""], "");
    let early = fixture.begin('a', 0);
    fixture.advance(1);
    fixture.rest('a', 30);
    fixture.end(early, Ending::Served, None);
    // Somebody else's trouble comes and goes meanwhile.
    fixture.rest('b', 1);
    fixture.advance(1);
    fixture.end(fixture.begin('b', 0), Ending::Served, None);
    assert!(!fixture.meter.is_calm(), "`a` rests");
    check(&fixture, &fixture.query(), Ok("b"), &[Stage::Cooldown]);
    fixture.advance(29);
    assert!(fixture.begin('a', 0).is_probe, "it has not answered since");
}

#[test]
fn a_rest_that_is_too_short_to_be_told_is_a_second() {
    let fixture = Fixture::new(&[""], "");
    let short = Breaker { cooldown: Duration::from_millis(1), ..super::fixture::breaker(0) };
    fixture.end(fixture.begin('a', 0), Ending::Failed(Some(short)), None);
    let refusal = fixture.choose_by(SEED, &fixture.query(), &mut Trace::default()).unwrap_err();
    assert!(refusal.message.contains("Try again in 1 seconds."), "{refusal}");
}
