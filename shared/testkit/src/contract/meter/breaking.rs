//! A deployment that fails rests, for everybody; one call finds out whether it has recovered.

use std::time::Duration;

use tollgate_core::breaker::{Allowed, Breaker};
use tollgate_core::meter::{Claim, Ending, Full, Health, Taken};

use super::{Shared, at, breaker, claim, fail, settlement, state, take};

pub async fn a_rest_is_decided_at_the_failure_and_known_to_all(shared: &Shared) {
    let (one, other) = (&*shared.one, &*shared.other);
    let (mine, theirs) = (one.handle("d"), other.handle("d"));
    assert!(one.is_calm() && other.is_calm());
    let taken = take(one, claim(mine, 0)).await;
    assert_eq!(one.settle(settlement(taken, 1, Ending::Failed(None))), None, "without a breaker nothing rests");
    assert!(one.is_calm());
    fail(one, mine, 2, 30).await;
    assert!(!one.is_calm());
    (shared.hear)().await;
    assert!(!other.is_calm());
    for (meter, handle) in [(one, mine), (other, theirs)] {
        assert_eq!(state(meter, handle).rest(at(2)), Some(Duration::from_secs(30)));
        assert_eq!(state(meter, handle).rest(at(32)), None);
        assert_eq!(meter.take(claim(handle, 31)).await.err(), Some(Full::Resting));
        let forced = take(meter, Claim { despite_rest: true, ..claim(handle, 31) }).await;
        assert!(!forced.is_probe, "nothing is found out while it rests");
        meter.settle(settlement(forced, 31, Ending::Unjudged));
    }
    let apart = other.handle("e");
    assert!(other.take(claim(apart, 2)).await.is_ok(), "another deployment does not rest");
}

pub async fn failures_of_all_users_are_judged_together(shared: &Shared) {
    let users = [(&*shared.one, shared.one.handle("row")), (&*shared.other, shared.other.handle("row"))];
    let row = Breaker { at_once: false, in_a_row: Some((4, Duration::from_secs(30))), ..breaker(5) };
    let mut rests = Vec::new();
    for number in 0..7 {
        let (meter, handle) = users[number % 2];
        // The third answer is a good one: the row begins anew.
        let ending = if number == 2 { Ending::Served } else { Ending::Failed(Some(row)) };
        let taken = take(meter, claim(handle, 0)).await;
        rests.push(meter.settle(settlement(taken, 0, ending)));
        (shared.hear)().await;
    }
    let expected: Vec<_> = (0..7).map(|number| (number == 6).then_some(Duration::from_secs(30))).collect();
    assert_eq!(rests, expected);
    // A share of the minute's calls, not of all there ever were.
    let users = [(&*shared.one, shared.one.handle("share")), (&*shared.other, shared.other.handle("share"))];
    let share = Breaker { at_once: false, share: Some((0.5, 5)), ..breaker(5) };
    let rest = Some(Duration::from_secs(5));
    for (seconds, served, expected) in [(0, 10, vec![None; 9]), (60, 2, vec![None, None, rest])] {
        for number in 0..served + expected.len() {
            (shared.hear)().await;
            let (meter, handle) = users[number % 2];
            let is_served = number < served;
            let ending = if is_served { Ending::Served } else { Ending::Failed(Some(share)) };
            let taken = take(meter, claim(handle, seconds)).await;
            let expected = if is_served { None } else { expected[number - served] };
            assert_eq!(meter.settle(settlement(taken, seconds, ending)), expected, "call {number} at {seconds} s");
        }
    }
}

pub async fn failures_are_counted_apart_and_for_their_window(shared: &Shared) {
    let meter = &*shared.one;
    let handle = meter.handle("d");
    let allowing = |counter| {
        let allowed = Some(Allowed { counter, fails_max: 1, window: Duration::from_secs(10) });
        Breaker { at_once: false, allowed, ..breaker(5) }
    };
    let rests = Some(Duration::from_secs(5));
    // The window begins with its first failure.
    let cases =
        [(0, 4, None), (1, 7, None), (9, 4, rests), (15, 7, None), (24, 7, rests), (30, 4, None), (40, 4, None)];
    for (seconds, counter, expected) in cases {
        let taken = take(meter, Claim { despite_rest: true, ..claim(handle, seconds) }).await;
        // A probe that fails rests anyway: these are calls beside it.
        let beside = Taken { is_probe: false, ..taken };
        let rest = meter.settle(settlement(beside, seconds, Ending::Failed(Some(allowing(counter)))));
        assert_eq!(rest, expected, "counter {counter} at {seconds} s");
    }
}

pub async fn a_rest_is_lengthened_and_never_shortened(shared: &Shared) {
    let meter = &*shared.one;
    let handle = meter.handle("d");
    for (seconds, rest, until) in [(0, 60, 60), (10, 5, 60), (20, 90, 110), (30, 80, 110)] {
        fail(meter, handle, seconds, rest).await;
        let left = state(meter, handle).rest(at(seconds));
        assert_eq!(left, Some(Duration::from_secs(until - seconds)), "{rest} s more at {seconds} s");
    }
}

pub async fn one_call_probes_and_its_answer_opens_to_all(shared: &Shared) {
    let (one, other) = (&*shared.one, &*shared.other);
    for name in ["served", "confirmed"] {
        let (mine, theirs) = (one.handle(name), other.handle(name));
        fail(one, mine, 0, 30).await;
        (shared.hear)().await;
        let probe = take(one, claim(mine, 30)).await;
        assert!(probe.is_probe, "{name}");
        (shared.hear)().await;
        assert!(state(other, theirs).is_probed(at(30)), "{name}");
        assert_eq!(one.take(claim(mine, 31)).await.err(), Some(Full::Probing), "{name}");
        assert_eq!(other.take(claim(theirs, 31)).await.err(), Some(Full::Probing), "{name}");
        let beside = take(other, Claim { despite_rest: true, ..claim(theirs, 31) }).await;
        assert!(!beside.is_probe, "{name}: there is one probe");
        other.settle(settlement(beside, 31, Ending::Unjudged));
        match name {
            "confirmed" => one.confirm(&probe),
            _ => assert_eq!(one.settle(settlement(probe.clone(), 32, Ending::Served)), None),
        }
        (shared.hear)().await;
        for (meter, handle) in [(one, mine), (other, theirs)] {
            let next = take(meter, claim(handle, 32)).await;
            assert!(!next.is_probe && meter.is_calm(), "{name}");
            meter.settle(settlement(next, 32, Ending::Served));
        }
        if name == "confirmed" {
            // What the probe comes to in the end is judged like any call.
            assert_eq!(one.settle(settlement(probe, 40, Ending::Failed(None))), None);
        }
        (shared.hear)().await;
        assert_eq!(state(other, theirs).in_flight, 0, "{name}");
    }
}

pub async fn a_probe_that_fails_rests_again(shared: &Shared) {
    let (one, other) = (&*shared.one, &*shared.other);
    let (mine, theirs) = (one.handle("d"), other.handle("d"));
    fail(one, mine, 0, 30).await;
    (shared.hear)().await;
    let probe = take(other, claim(theirs, 30)).await;
    // One failure would not be held against it otherwise.
    let lenient = Breaker { at_once: false, ..breaker(20) };
    let rest = other.settle(settlement(probe, 33, Ending::Failed(Some(lenient))));
    assert_eq!(rest, Some(Duration::from_secs(20)));
    (shared.hear)().await;
    assert_eq!(one.take(claim(mine, 52)).await.err(), Some(Full::Resting));
    assert!(take(one, claim(mine, 53)).await.is_probe, "after the second rest it is probed anew");
    assert!(!one.is_calm());
}

pub async fn a_probe_that_says_nothing_lets_the_next_one_probe(shared: &Shared) {
    let (one, other) = (&*shared.one, &*shared.other);
    let (mine, theirs) = (one.handle("d"), other.handle("d"));
    fail(one, mine, 0, 10).await;
    (shared.hear)().await;
    for (seconds, ending) in [(10, Ending::Unjudged), (11, Ending::Failed(None))] {
        let probe = take(one, claim(mine, seconds)).await;
        assert!(probe.is_probe);
        assert_eq!(one.settle(settlement(probe, seconds, ending)), None);
        (shared.hear)().await;
        assert!(!state(other, theirs).is_probed(at(seconds)), "{ending:?}");
    }
    let abandoned = take(other, claim(theirs, 12)).await;
    assert!(abandoned.is_probe);
    (shared.hear)().await;
    // A probe whose instance is gone is not waited for: after half a minute another one goes.
    assert_eq!(one.take(claim(mine, 41)).await.err(), Some(Full::Probing));
    assert!(take(one, claim(mine, 42)).await.is_probe);
    (shared.hear)().await;
    // Nor does its late end make room for a third one.
    other.settle(settlement(abandoned, 43, Ending::Unjudged));
    (shared.hear)().await;
    assert_eq!(one.take(claim(mine, 43)).await.err(), Some(Full::Probing));
}

pub async fn an_answer_to_what_was_asked_before_the_rest_ends_nothing(shared: &Shared) {
    let meter = &*shared.one;
    let handle = meter.handle("d");
    let early = take(meter, claim(handle, 0)).await;
    fail(meter, handle, 1, 30).await;
    meter.settle(settlement(early, 2, Ending::Served));
    (shared.hear)().await;
    assert_eq!(meter.take(claim(handle, 30)).await.err(), Some(Full::Resting));
    assert!(!meter.is_calm());
    assert!(take(meter, claim(handle, 31)).await.is_probe);
}

pub async fn what_a_health_check_found_counts_for_its_time(shared: &Shared) {
    let (one, other) = (&*shared.one, &*shared.other);
    let (mine, theirs) = (one.handle("d"), other.handle("d"));
    one.mark(mine, Health::Unhealthy, at(60));
    (shared.hear)().await;
    assert!(!one.is_calm() && !other.is_calm());
    for (meter, handle) in [(one, mine), (other, theirs)] {
        assert!(state(meter, handle).is_unhealthy(at(59)));
        assert!(!state(meter, handle).is_unhealthy(at(60)));
        // Whether anybody routes by it is for others to decide.
        let taken = take(meter, claim(handle, 0)).await;
        meter.settle(settlement(taken, 0, Ending::Served));
    }
    other.mark(theirs, Health::Healthy, at(120));
    (shared.hear)().await;
    assert!(!state(one, mine).is_unhealthy(at(1)));
    assert!(one.is_calm() && other.is_calm());
}
