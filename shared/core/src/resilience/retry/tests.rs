use std::time::Duration;

use tollgate_wire::failure::FailureClass;

use super::{Decision, Settings, Standing, decide};
use crate::random::Random;
use crate::resilience::Fault;
use crate::resilience::tests::{fault, set_up};

const INTERNAL: Fault = fault(FailureClass::InternalServer, 500);
const BUSY: Fault = fault(FailureClass::RateLimit, 429);
const REFUSED: Fault = fault(FailureClass::Authentication, 401);

/// After the first failure at one of three deployments, none of which rests.
const FIRST: Standing<'_> = Standing {
    group: "g",
    asked: None,
    deployments: 3,
    healthy: 3,
    untried: 2,
    made: 0,
    has_context_fallbacks: false,
    has_policy_fallbacks: false,
    asks_all: false,
};
/// When all have been asked.
const SPENT: Standing<'_> = Standing { untried: 0, made: 1, ..FIRST };

fn decided(params: &str, sections: &str, fault: &Fault, standing: &Standing<'_>) -> Decision {
    let (config, deployment) = set_up(params, "", sections);
    decide(&Settings::new(&config), Some(&deployment), fault, standing, (None, &mut Random::new(1)))
}

#[test]
fn how_many_retries_the_most_particular_word_says() {
    let check = |asked: Option<u64>, params: &str, sections: &str, expected: u64| {
        let decision = decided(params, sections, &INTERNAL, &Standing { asked, ..FIRST });
        assert_eq!(decision.retries_max, Some(expected), "{asked:?}, {params}, {sections}");
        assert_eq!(decision.goes_on(0), expected > 0);
        assert!(!decision.goes_on(expected));
    };
    check(None, "", "", 2);
    check(None, "", "litellm_settings: {num_retries: 5}", 5);
    check(None, "", "litellm_settings: {num_retries: 5}\nrouter_settings: {num_retries: 1}", 1);
    check(None, "", "router_settings: {num_retries: 0}", 0);
    check(None, "max_retries: 4", "router_settings: {num_retries: 1}", 4);
    check(None, "num_retries: 3, max_retries: 4", "router_settings: {num_retries: 1}", 3);
    let policy = "router_settings: {num_retries: 1, retry_policy: {InternalServerErrorRetries: 6}}";
    check(None, "num_retries: 3", policy, 6);
    check(Some(7), "num_retries: 3", "router_settings: {num_retries: 1}", 7);
    // A policy stands above the request's number, but for none at all.
    check(Some(7), "num_retries: 3", policy, 6);
    check(Some(0), "num_retries: 3", policy, 0);
}

#[test]
fn a_policy_says_how_many_by_class_and_group() {
    let policy = "router_settings: {retry_policy: {BadRequestErrorRetries: 1, AuthenticationErrorRetries: 2, \
                  TimeoutErrorRetries: 3, RateLimitErrorRetries: 4, ContentPolicyViolationErrorRetries: 5, \
                  InternalServerErrorRetries: 6, ServiceUnavailableErrorRetries: 7, NotFoundErrorRetries: 8, \
                  DefaultRetries: 9}}";
    let check = |fault: Fault, expected: u64| {
        assert_eq!(decided("", policy, &fault, &FIRST).retries_max, Some(expected), "{fault:?}");
    };
    use FailureClass::{BadRequest, ContentPolicy, ContextWindow, NotFound, Other, ServiceUnavailable, Timeout};
    check(fault(BadRequest, 400), 1);
    check(fault(ContextWindow, 400), 1);
    check(REFUSED, 2);
    check(fault(Timeout, 408), 3);
    check(BUSY, 4);
    check(fault(ContentPolicy, 400), 5);
    check(INTERNAL, 6);
    check(fault(ServiceUnavailable, 503), 7);
    check(fault(NotFound, 404), 8);
    check(fault(Other, 500), 9);
    let groups = "router_settings: {retry_policy: {RateLimitErrorRetries: 4}, model_group_retry_policy: \
                  {g: {RateLimitErrorRetries: 1}, h: {RateLimitErrorRetries: 8}}}";
    assert_eq!(decided("", groups, &BUSY, &FIRST).retries_max, Some(1));
    assert_eq!(decided("", groups, &BUSY, &Standing { group: "other", ..FIRST }).retries_max, Some(4));
    // What a group's own policy does not name is not looked for in the router's.
    let other = "router_settings: {retry_policy: {TimeoutErrorRetries: 4}, model_group_retry_policy: \
                 {g: {RateLimitErrorRetries: 1}}}";
    assert_eq!(decided("", other, &fault(Timeout, 408), &FIRST).retries_max, Some(2));
}

#[test]
fn a_content_violation_without_a_number_of_its_own_is_a_bad_request() {
    let policy = "router_settings: {retry_policy: {BadRequestErrorRetries: 1}}";
    assert_eq!(decided("", policy, &fault(FailureClass::ContentPolicy, 400), &FIRST).retries_max, Some(1));
}

#[test]
fn what_will_not_pass_is_not_asked_again() {
    let check = |fault: Fault, standing: Standing<'_>, is_retried: bool| {
        let decision = decided("", "", &fault, &standing);
        assert_eq!(decision.retries_max.is_some(), is_retried, "{fault:?}, {standing:?}");
    };
    use FailureClass::{BadRequest, ContentPolicy, ContextWindow, NotFound, PermissionDenied, Timeout};
    for (class, status) in [(BadRequest, 400), (ContextWindow, 400), (NotFound, 404), (FailureClass::Other, 422)] {
        check(fault(class, status), FIRST, false);
    }
    check(fault(FailureClass::PaymentRequired, 402), FIRST, false);
    for (class, status) in [(Timeout, 408), (FailureClass::Other, 409), (FailureClass::RateLimit, 429)] {
        check(fault(class, status), FIRST, true);
    }
    check(fault(FailureClass::Other, 599), FIRST, true);
    // A key that is refused here may do elsewhere.
    check(REFUSED, FIRST, true);
    check(fault(PermissionDenied, 403), FIRST, true);
    check(REFUSED, Standing { deployments: 1, healthy: 1, untried: 0, ..FIRST }, false);
    check(REFUSED, Standing { healthy: 0, untried: 0, ..FIRST }, false);
    check(INTERNAL, Standing { healthy: 0, untried: 0, ..FIRST }, false);
    check(INTERNAL, Standing { deployments: 1, healthy: 1, untried: 0, ..FIRST }, true);
    // Whoever has fallbacks for it falls back at once.
    check(fault(ContextWindow, 500), Standing { has_context_fallbacks: true, ..FIRST }, false);
    check(fault(ContentPolicy, 500), Standing { has_policy_fallbacks: true, ..FIRST }, false);
    check(fault(ContentPolicy, 500), Standing { has_context_fallbacks: true, ..FIRST }, true);
}

#[test]
fn a_policy_makes_that_pass_which_else_would_not() {
    let policy = "router_settings: {retry_policy: {BadRequestErrorRetries: 2, InternalServerErrorRetries: 3}}";
    assert_eq!(decided("", policy, &fault(FailureClass::BadRequest, 400), &FIRST).retries_max, Some(2));
    let resting = Standing { healthy: 0, untried: 0, ..FIRST };
    assert_eq!(decided("", policy, &INTERNAL, &resting).retries_max, Some(3));
    let unpolitic = Standing { asked: Some(0), ..resting };
    assert!(!decided("", policy, &INTERNAL, &unpolitic).goes_on(0));
}

#[test]
fn the_first_failure_fixes_the_number_and_a_later_one_may_end_it() {
    let (config, deployment) = set_up("", "", "router_settings: {retry_policy: {RateLimitErrorRetries: 9}}");
    let settings = Settings::new(&config);
    let decide = |fault: &Fault| decide(&settings, Some(&deployment), fault, &SPENT, (Some(3), &mut Random::new(1)));
    assert_eq!(decide(&BUSY).retries_max, Some(3));
    assert_eq!(decide(&INTERNAL).retries_max, Some(3));
    assert_eq!(decide(&fault(FailureClass::BadRequest, 400)).retries_max, None);
}

#[test]
fn whoever_fails_over_by_weight_asks_all_of_the_group() {
    let check = |fault: Fault, standing: Standing<'_>, expected: Option<u64>| {
        let standing = Standing { asks_all: true, ..standing };
        assert_eq!(decided("", "router_settings: {num_retries: 0}", &fault, &standing).retries_max, expected);
    };
    check(INTERNAL, FIRST, Some(1));
    check(INTERNAL, Standing { made: 1, untried: 1, ..FIRST }, Some(2));
    check(INTERNAL, SPENT, Some(0));
    check(fault(FailureClass::BadRequest, 400), FIRST, Some(1));
    check(fault(FailureClass::ContextWindow, 400), FIRST, None);
}

/// Seconds to wait, beside at most three quarters of one that are left to chance.
fn check_wait(sections: &str, fault: &Fault, standing: &Standing<'_>, expected: f64) {
    let (config, _) = set_up("", "", sections);
    let (settings, mut waits) = (Settings::new(&config), Vec::new());
    for seed in 0..50 {
        let wait = decide(&settings, None, fault, standing, (None, &mut Random::new(seed))).wait.as_secs_f64();
        assert!((expected..expected + 0.75).contains(&wait), "{sections}, {fault:?}: {wait} for {expected}");
        waits.push(wait);
    }
    let spread = waits.iter().copied().fold(0.0, f64::max) - waits.iter().copied().fold(f64::MAX, f64::min);
    assert!(spread > 0.5, "calls that failed together come back together: {spread}");
}

#[test]
fn a_deployment_that_has_not_failed_this_call_is_asked_at_once() {
    for fault in [INTERNAL, Fault { retry_after_s: Some(50), ..BUSY }] {
        assert_eq!(decided("", "router_settings: {retry_after: 5}", &fault, &FIRST).wait, Duration::ZERO);
    }
    assert!(decided("", "", &INTERNAL, &SPENT).wait > Duration::ZERO);
}

#[test]
fn waits_double_up_to_a_limit() {
    let mades = [(0, 0.5), (1, 1.0), (2, 2.0), (3, 4.0), (4, 8.0), (5, 8.0), (64, 8.0), (u64::MAX, 8.0)];
    for (made, expected) in mades {
        check_wait("", &INTERNAL, &Standing { made, ..SPENT }, expected);
    }
    let least = "router_settings: {retry_after: 3}";
    check_wait(least, &INTERNAL, &Standing { made: 0, ..SPENT }, 3.0);
    check_wait(least, &INTERNAL, &Standing { made: 3, ..SPENT }, 4.0);
    check_wait("router_settings: {retry_after: 30}", &INTERNAL, &SPENT, 8.0);
}

#[test]
fn what_the_provider_asks_for_is_waited_for_where_that_is_bearable() {
    let check = |sections: &str, retry_after_s, expected| {
        check_wait(sections, &Fault { retry_after_s: Some(retry_after_s), ..BUSY }, &SPENT, expected);
    };
    check("", 7, 7.0);
    check("", 60, 60.0);
    check("", 61, 1.0);
    check("", 0, 1.0);
    check("", -5, 1.0);
    check("router_settings: {max_retry_wait: 6}", 7, 1.0);
    check("router_settings: {max_retry_wait: 300}", 300, 300.0);
    check("router_settings: {retry_after: 5}", 2, 2.0);
}
