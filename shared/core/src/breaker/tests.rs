use std::time::Duration;

use super::{ANY, Allowed, Breaker, Tally};

const COOLDOWN: Duration = Duration::from_secs(5);
const LONG: Duration = Duration::from_secs(30);
/// LiteLLM's default rule, and three failures in a row.
const DEFAULT: Breaker = Breaker {
    at_once: false,
    share: Some((0.5, 5)),
    all_of: Some(1000),
    in_a_row: Some((3, LONG)),
    allowed: None,
    cooldown: COOLDOWN,
};

fn check(breaker: Breaker, (successes, failures, in_a_row): (u32, u32, u32), expected: Option<Duration>) {
    let tally = Tally { successes, failures, in_a_row, ..Tally::default() };
    assert_eq!(breaker.judge(&tally), expected, "{breaker:?} {tally:?}");
}

#[test]
fn the_share_counts_from_five_calls_on_and_above_a_half() {
    check(DEFAULT, (0, 1, 1), None);
    check(DEFAULT, (2, 2, 1), None);
    check(DEFAULT, (2, 3, 1), Some(COOLDOWN));
    check(DEFAULT, (3, 3, 1), None);
    check(DEFAULT, (3, 4, 2), Some(COOLDOWN));
    check(Breaker { share: None, ..DEFAULT }, (2, 300, 1), None);
}

#[test]
fn failures_in_a_row_have_a_rest_of_their_own() {
    check(DEFAULT, (100, 2, 2), None);
    check(DEFAULT, (100, 3, 3), Some(LONG));
    check(Breaker { in_a_row: None, ..DEFAULT }, (100, 3, 3), None);
    check(DEFAULT, (0, 5, 5), Some(LONG));
}

#[test]
fn a_sole_deployment_rests_only_when_a_thousand_calls_failed() {
    let sole = Breaker { share: None, in_a_row: None, ..DEFAULT };
    check(sole, (0, 999, 999), None);
    check(sole, (0, 1000, 1000), Some(COOLDOWN));
    check(sole, (1, 1000, 1000), None);
}

#[test]
fn what_will_not_change_and_a_failed_probe_rest_at_once() {
    check(Breaker { at_once: true, ..DEFAULT }, (100, 1, 1), Some(COOLDOWN));
    let probed = Tally { was_probe: true, failures: 1, in_a_row: 1, ..Tally::default() };
    assert_eq!(DEFAULT.judge(&probed), Some(COOLDOWN));
    check(Breaker { at_once: true, cooldown: Duration::ZERO, ..DEFAULT }, (0, 1, 1), None);
}

#[test]
fn allowed_fails_are_allowed() {
    let allowed = Some(Allowed { counter: ANY, fails_max: 2, window: COOLDOWN });
    let breaker = Breaker { share: None, all_of: None, in_a_row: None, allowed, ..DEFAULT };
    for (fails, expected) in [(1, None), (2, None), (3, Some(COOLDOWN))] {
        let tally = Tally { allowed: fails, failures: fails, ..Tally::default() };
        assert_eq!(breaker.judge(&tally), expected, "{fails}");
    }
}
