use std::time::Duration;

use tollgate_wire::failure::FailureClass;

use super::{Settings, ending};
use crate::breaker::{ANY, Breaker};
use crate::clock::Moment;
use crate::meter::{Claim, Ending, Memory, Meter, Settlement};
use crate::resilience::Fault;
use crate::resilience::tests::{fault, set_up};
use futures_util::FutureExt;

const INTERNAL: Fault = fault(FailureClass::InternalServer, 500);
const BUSY: Fault = fault(FailureClass::RateLimit, 429);

/// How an attempt ends at one of two deployments, or at the only one.
fn ended((params, info, sections): (&str, &str, &str), is_sole: bool, fault: &Fault) -> Ending {
    let (config, deployment) = set_up(params, info, sections);
    ending(&Settings::new(&config.router_settings), &deployment, is_sole, fault)
}

const PLAIN: (&str, &str, &str) = ("", "", "");

fn breaker(of: (&str, &str, &str), is_sole: bool, fault: &Fault) -> Breaker {
    match ended(of, is_sole, fault) {
        Ending::Failed(Some(breaker)) => breaker,
        ending => panic!("{of:?}: {ending:?}"),
    }
}

/// A deployment answers so many calls and then fails so often; after which of the failures it rests first, and for how
/// many seconds.
fn rests(of: (&str, &str, &str), is_sole: bool, (served, failed): (u32, u32), fault: &Fault) -> Option<(u32, u64)> {
    let (meter, now) = (Memory::default(), Moment(0));
    let handle = meter.handle("d");
    let claim = Claim::unlimited(handle, now);
    let settle = |ending| {
        let taken = meter.take(claim.clone()).now_or_never().unwrap().unwrap();
        meter.settle(Settlement { taken, now, tokens: None, cost_picousd: None, ending, sample: None })
    };
    (0..served).for_each(|_| assert_eq!(settle(Ending::Served), None));
    let ending = ended(of, is_sole, fault);
    (1..=failed).find_map(|number| settle(ending).map(|rest| (number, rest.as_secs())))
}

#[test]
fn whoever_asked_wrongly_is_not_held_against_the_deployment() {
    let check = |fault: Fault, is_held: bool| {
        let unjudged = ended(PLAIN, false, &fault) == Ending::Unjudged;
        assert_eq!(!unjudged, is_held, "{fault:?}");
    };
    use FailureClass::{Authentication, BadRequest, ContentPolicy, ContextWindow, NotFound, PaymentRequired, Timeout};
    check(INTERNAL, true);
    check(BUSY, true);
    check(fault(Authentication, 401), true);
    check(fault(PaymentRequired, 402), true);
    check(fault(NotFound, 404), true);
    check(fault(Timeout, 408), true);
    check(fault(FailureClass::Other, 302), true);
    check(fault(BadRequest, 400), false);
    check(fault(ContextWindow, 400), false);
    check(fault(ContentPolicy, 400), false);
    check(fault(FailureClass::PermissionDenied, 403), false);
    check(fault(FailureClass::UnprocessableEntity, 422), false);
    check(Fault { is_connection: true, ..INTERNAL }, false);
    check(Fault { is_clients_limit: true, ..fault(Timeout, 408) }, false);
}

#[test]
fn by_default_a_deployment_rests_after_three_failures_in_a_row_or_when_most_calls_fail() {
    let check = |calls, is_sole, fault: Fault, expected| {
        assert_eq!(rests(PLAIN, is_sole, calls, &fault), expected, "{calls:?}, sole: {is_sole}, {fault:?}");
    };
    check((0, 2), false, INTERNAL, None);
    check((0, 9), false, INTERNAL, Some((3, 30)));
    check((2, 9), false, INTERNAL, Some((3, 30)));
    check((100, 9), false, INTERNAL, Some((3, 30)));
    check((0, 9), false, fault(FailureClass::Timeout, 408), Some((3, 30)));
    check((9, 1), false, BUSY, Some((1, 5)));
    check((9, 1), false, fault(FailureClass::Authentication, 401), Some((1, 5)));
    check((9, 1), false, fault(FailureClass::NotFound, 404), Some((1, 5)));
    check((9, 1), false, fault(FailureClass::PaymentRequired, 402), Some((1, 5)));
    // The only one of its group is worth asking again, unless it is plain that it would be in vain.
    check((0, 50), true, INTERNAL, None);
    check((0, 50), true, BUSY, None);
    check((0, 1000), true, INTERNAL, Some((1000, 5)));
    check((1, 2000), true, INTERNAL, None);
    check((9, 1), true, fault(FailureClass::Authentication, 401), Some((1, 5)));
    check((9, 1), true, fault(FailureClass::NotFound, 404), Some((1, 5)));
    check((9, 9), true, fault(FailureClass::PaymentRequired, 402), None);
}

#[test]
fn failures_in_a_row_are_configurable_and_can_be_turned_off() {
    let check = |router: &str, params: &str, calls, expected| {
        let sections = format!("router_settings: {{{router}}}");
        assert_eq!(rests((params, "", &sections), false, calls, &INTERNAL), expected, "{router}, {params}");
    };
    check("consecutive_fails: 2", "", (9, 3), Some((2, 30)));
    check("consecutive_fails: 2, consecutive_cooldown_time: 90", "", (9, 3), Some((2, 90)));
    check("consecutive_cooldown_time: 7", "", (9, 3), Some((3, 7)));
    // A cooldown that is written is meant for this rule, too; that of the deployment most of all.
    check("cooldown_time: 12", "", (9, 3), Some((3, 12)));
    check("cooldown_time: 12", "cooldown_time: 44", (9, 3), Some((3, 44)));
    check("consecutive_fails: 0", "", (9, 9), None);
    check("consecutive_fails: 0", "", (9, 10), Some((10, 5)));
    check("consecutive_fails: 0", "", (2, 5), Some((3, 5)));
}

#[test]
fn a_rest_is_as_long_as_the_deployment_the_provider_or_the_router_says() {
    let check = |params: &str, info: &str, router: &str, header: Option<i64>, expected: f64| {
        let (sections, fault) = (format!("router_settings: {{{router}}}"), Fault { retry_after_s: header, ..BUSY });
        let rest = breaker((params, info, &sections), false, &fault).cooldown;
        assert_eq!(rest, Duration::from_secs_f64(expected), "{params}, {info}, {router}, {header:?}");
    };
    check("", "", "", None, 5.0);
    check("", "", "cooldown_time: 20", None, 20.0);
    check("", "", "cooldown_time: 20", Some(3), 3.0);
    check("", "", "cooldown_time: 20", Some(-3), 20.0);
    check("", "", "cooldown_time: 0", None, 5.0);
    check("cooldown_time: 0.5", "", "cooldown_time: 20", Some(3), 0.5);
    check("cooldown_time: 7", "cooldown_time: 8", "", Some(3), 8.0);
    check("", "cooldown_time: 8", "cooldown_time: 20", None, 8.0);
}

#[test]
fn no_cooldown_is_none() {
    let check = |params: &str, router: &str, header: Option<i64>| {
        let fault = Fault { retry_after_s: header, ..BUSY };
        let sections = format!("router_settings: {{{router}}}");
        assert_eq!(ended((params, "", &sections), false, &fault), Ending::Failed(None), "{params}, {router}");
    };
    check("cooldown_time: 0", "", None);
    check("cooldown_time: 0", "cooldown_time: 20", Some(9));
    check("", "", Some(0));
    check("", "disable_cooldowns: true", None);
    check("cooldown_time: 9", "disable_cooldowns: true, allowed_fails: 0", Some(9));
}

#[test]
fn allowed_fails_count_wherever_they_are_written() {
    let check = |info: &str, sections: &str, expected| {
        let failed = if expected == Some((11, 5)) { 11 } else { 9 };
        assert_eq!(rests(("", info, sections), false, (0, failed), &INTERNAL), expected, "{info}, {sections}");
    };
    let off = "consecutive_fails: 0";
    check("", &format!("router_settings: {{{off}, allowed_fails: 4}}"), Some((5, 5)));
    check("", &format!("router_settings: {{{off}, allowed_fails: 0}}"), Some((1, 5)));
    check("", &format!("litellm_settings: {{allowed_fails: 2}}\nrouter_settings: {{{off}}}"), Some((3, 5)));
    check(
        "",
        &format!("litellm_settings: {{allowed_fails: 2}}\nrouter_settings: {{{off}, allowed_fails: 6}}"),
        Some((7, 5)),
    );
    check("allowed_fails: 1", &format!("router_settings: {{{off}, allowed_fails: 6}}"), Some((2, 5)));
    check("allowed_fails: 10", &format!("router_settings: {{{off}, allowed_fails: 6}}"), Some((11, 5)));
}

#[test]
fn failures_in_a_row_that_are_allowed_do_not_take_a_deployment_out() {
    let check = |router: &str, expected| {
        let sections = format!("router_settings: {{{router}}}");
        assert_eq!(rests(("", "", &sections), false, (0, 9), &INTERNAL), expected, "{router}");
    };
    check("allowed_fails: 1", Some((2, 5)));
    check("allowed_fails: 2", Some((3, 30)));
    check("allowed_fails: 3", Some((4, 5)));
    check("allowed_fails: 7", Some((8, 5)));
    // Who writes both means both.
    check("allowed_fails: 7, consecutive_fails: 3", Some((3, 30)));
}

#[test]
fn a_sole_deployment_is_kept_from_what_is_written_for_it_as_a_whole() {
    let router = "router_settings: {allowed_fails: 1, consecutive_fails: 0}";
    assert_eq!(rests(("", "", router), true, (0, 9), &INTERNAL), Some((2, 5)));
    assert_eq!(ended(("", "allowed_fails: 1", router), true, &INTERNAL), Ending::Failed(None));
    let named = "allowed_fails_policy: {InternalServerErrorAllowedFails: 1}";
    assert_eq!(rests(("", named, router), true, (0, 9), &INTERNAL), Some((2, 5)));
}

#[test]
fn a_policy_counts_by_class_at_the_deployment_and_before_the_number_of_all() {
    let check = |info: &str, router: &str, fault: Fault, expected: (u8, u32)| {
        let sections = format!("router_settings: {{{router}}}");
        let allowed = breaker(("", info, &sections), false, &fault).allowed.unwrap();
        assert_eq!((allowed.counter, allowed.fails_max), expected, "{info}, {router}, {fault:?}");
    };
    let policy = "allowed_fails_policy: {TimeoutErrorAllowedFails: 4, RateLimitErrorAllowedFails: 6}";
    let timeout = fault(FailureClass::Timeout, 408);
    check("", policy, timeout, (ANY, 4));
    check("", policy, BUSY, (ANY, 6));
    // LiteLLM's `allowed_fails` where a policy does not name the class.
    check("", policy, INTERNAL, (ANY, 3));
    check("", &format!("{policy}, allowed_fails: 8"), INTERNAL, (ANY, 8));
    check("", &format!("{policy}, allowed_fails: 8"), timeout, (ANY, 4));
    let own = "allowed_fails_policy: {TimeoutErrorAllowedFails: 1, InternalServerErrorAllowedFails: 2}";
    check(own, policy, BUSY, (ANY, 6));
    check(own, "", BUSY, (ANY, 3));
    check(own, "", fault(FailureClass::NotFound, 404), (ANY, 3));
    let (by_timeout, by_internal) = (breaker(("", own, ""), false, &timeout), breaker(("", own, ""), false, &INTERNAL));
    let (timeouts, internals) = (by_timeout.allowed.unwrap(), by_internal.allowed.unwrap());
    assert_eq!((timeouts.fails_max, internals.fails_max), (1, 2));
    assert!(timeouts.counter != internals.counter && timeouts.counter != ANY && internals.counter != ANY);
    check(&format!("{own}, allowed_fails: 9"), "", BUSY, (ANY, 9));
    check(&format!("{own}, allowed_fails: 9"), "", timeout, (timeouts.counter, 1));
}

#[test]
fn a_deployments_policy_may_hold_against_it_what_is_else_the_callers_fault() {
    let bad = fault(FailureClass::BadRequest, 400);
    let content = fault(FailureClass::ContentPolicy, 400);
    let info = "allowed_fails_policy: {BadRequestErrorAllowedFails: 2}";
    let off = "router_settings: {consecutive_fails: 0}";
    assert_eq!(rests(("", info, off), false, (0, 9), &bad), Some((3, 5)));
    assert_eq!(rests(("", info, off), false, (0, 9), &content), Some((3, 5)));
    let router = "router_settings: {allowed_fails_policy: {BadRequestErrorAllowedFails: 2}, allowed_fails: 0}";
    assert_eq!(ended(("", "", router), false, &bad), Ending::Unjudged);
    assert_eq!(ended(("", "allowed_fails: 0", ""), false, &bad), Ending::Unjudged);
}

#[test]
fn allowed_fails_are_counted_for_as_long_as_a_rest() {
    let allowed = breaker(("cooldown_time: 44", "allowed_fails: 1", ""), false, &INTERNAL).allowed.unwrap();
    assert_eq!(allowed.window, Duration::from_secs(44));
}
