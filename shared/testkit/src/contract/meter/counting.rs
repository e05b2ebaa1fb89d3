//! Shares are taken whole, limits hold, and what was used replaces what was expected.

use std::time::Duration;

use futures_util::future::join_all;
use tollgate_core::clock::Moment;
use tollgate_core::meter::{Claim, Ending, Full, Handle, Meter, Payment, Sample, Settlement};

use super::{Shared, at, claim, purse, settlement, state, take};

/// Requests and tokens at `seconds`, and calls under way.
fn counts(meter: &dyn Meter, handle: Handle, seconds: u64) -> (u32, u64, u32) {
    let state = state(meter, handle);
    (state.requests(at(seconds)), state.tokens(at(seconds)), state.in_flight)
}

const fn payment(purse: Handle, limit_picousd: u64, amount_picousd: u64) -> Payment {
    Payment { purse, limit_picousd, amount_picousd, period: Duration::from_secs(100) }
}

pub async fn a_claim_takes_all_or_nothing(shared: &Shared) {
    let meter = &*shared.one;
    let (handle, rich, poor) = (meter.handle("d"), meter.purse("rich"), meter.purse("poor"));
    let both = || vec![payment(rich, 1000, 10), payment(poor, 10, 10)];
    take(meter, Claim { tokens: 30, payments: both(), ..claim(handle, 0) }).await;
    let before = counts(meter, handle, 0);
    assert_eq!(before, (1, 30, 1));
    let plain = || Claim { tokens: 30, payments: vec![payment(rich, 1000, 10)], ..claim(handle, 0) };
    let cases = [
        (Claim { requests_max: 1, ..plain() }, Full::Requests),
        (Claim { tokens_max: 59, ..plain() }, Full::Tokens),
        (Claim { parallel_max: 1, ..plain() }, Full::Parallel),
        (Claim { payments: both(), ..plain() }, Full::Budget),
    ];
    for (claim, expected) in cases {
        let refused = meter.take(claim).await.err();
        assert_eq!(refused, Some(expected));
        assert_eq!(counts(meter, handle, 0), before, "{expected:?} has taken something");
        assert_eq!(purse(meter, rich).spent_picousd(at(0)), 10, "{expected:?} has spent something");
        assert_eq!(purse(meter, poor).spent_picousd(at(0)), 10, "{expected:?} has spent something");
    }
    // Everything fits, to the last.
    take(meter, Claim { requests_max: 2, tokens_max: 60, parallel_max: 2, ..plain() }).await;
    assert_eq!(counts(meter, handle, 0), (2, 60, 2));
    assert_eq!(purse(meter, rich).spent_picousd(at(0)), 20);
}

pub async fn limits_are_used_to_the_last_and_begin_anew_with_the_minute(shared: &Shared) {
    let (one, other) = (&*shared.one, &*shared.other);
    let (mine, theirs) = (one.handle("d"), other.handle("d"));
    for (minute, seconds) in [(0, [0, 59]), (1, [60, 119]), (5, [300, 301])] {
        for second in seconds {
            let limited = |handle| Claim { requests_max: 4, tokens_max: 100, tokens: 25, ..claim(handle, second) };
            take(one, limited(mine)).await;
            take(other, limited(theirs)).await;
        }
        let last = minute * 60 + 59;
        let requests = Claim { requests_max: 4, ..claim(theirs, last) };
        assert_eq!(other.take(requests).await.err(), Some(Full::Requests), "minute {minute}");
        let tokens = Claim { tokens_max: 100, tokens: 1, ..claim(mine, last) };
        assert_eq!(one.take(tokens).await.err(), Some(Full::Tokens), "minute {minute}");
        (shared.hear)().await;
        for (meter, handle) in [(one, mine), (other, theirs)] {
            let state = state(meter, handle);
            assert_eq!((state.requests(at(last)), state.tokens(at(last))), (4, 100), "minute {minute}");
            assert_eq!((state.requests(at(last + 1)), state.tokens(at(last + 1))), (0, 0), "minute {minute}");
        }
    }
}

pub async fn claims_that_come_at_once_share_one_limit(shared: &Shared) {
    let users = [&*shared.one, &*shared.other];
    let handles = users.map(|meter| meter.handle("d"));
    let claims = (0..64).map(|number| {
        let (meter, handle) = (users[number % 2], handles[number % 2]);
        meter.take(Claim { requests_max: 10, parallel_max: 60, ..claim(handle, 0) })
    });
    let taken = join_all(claims).await;
    let refused: Vec<Full> = taken.iter().filter_map(|taken| taken.as_ref().err().copied()).collect();
    assert_eq!((refused.len(), refused.iter().all(|full| *full == Full::Requests)), (54, true), "{refused:?}");
}

pub async fn a_place_is_free_again_however_a_call_ends(shared: &Shared) {
    let (one, other) = (&*shared.one, &*shared.other);
    let (mine, theirs) = (one.handle("d"), other.handle("d"));
    for ending in [Ending::Served, Ending::Failed(None), Ending::Unjudged] {
        let alone = |handle| Claim { parallel_max: 1, ..claim(handle, 0) };
        let taken = take(one, alone(mine)).await;
        assert_eq!(other.take(alone(theirs)).await.err(), Some(Full::Parallel), "{ending:?}");
        assert_eq!(one.settle(settlement(taken, 200, ending)), None);
        (shared.hear)().await;
        let again = take(other, alone(theirs)).await;
        other.settle(settlement(again, 0, Ending::Unjudged));
        (shared.hear)().await;
        assert_eq!((state(one, mine).in_flight, state(other, theirs).in_flight), (0, 0), "{ending:?}");
    }
}

pub async fn tokens_are_corrected_in_their_own_minute_alone(shared: &Shared) {
    let meter = &*shared.one;
    // 100 tokens are taken at 50 s: when the call is settled, what it used, and what is counted then.
    let cases = [
        (59, Some(30), 30),
        (59, Some(700), 700),
        (59, Some(0), 0),
        (59, None, 100),
        (60, Some(30), 0),
        (60, Some(700), 0),
        (200, None, 0),
    ];
    for (number, (seconds, tokens, expected)) in cases.into_iter().enumerate() {
        let handle = meter.handle(&number.to_string());
        let taken = take(meter, Claim { tokens: 100, ..claim(handle, 50) }).await;
        assert_eq!(taken.tokens, 100);
        // Somebody has begun the next minute already.
        if seconds >= 60 {
            let next = take(meter, claim(handle, seconds)).await;
            meter.settle(settlement(next, seconds, Ending::Served));
        }
        meter.settle(Settlement { tokens, ..settlement(taken, seconds, Ending::Served) });
        (shared.hear)().await;
        assert_eq!(counts(meter, handle, seconds).1, expected, "settled at {seconds} s with {tokens:?}");
    }
}

pub async fn a_purse_holds_back_what_a_call_may_cost_and_pays_what_it_cost(shared: &Shared) {
    let (one, other) = (&*shared.one, &*shared.other);
    let (mine, theirs) = (one.handle("d"), other.handle("d"));
    let (my_purse, their_purse) = (one.purse("b"), other.purse("b"));
    let spent = |meter: &dyn Meter, handle| purse(meter, handle).spent_picousd(at(0));
    assert_eq!(purse(one, my_purse).left(at(0)), Duration::ZERO, "no call has begun the budget");
    let first = take(one, Claim { payments: vec![payment(my_purse, 100, 60)], ..claim(mine, 0) }).await;
    (shared.hear)().await;
    assert_eq!((spent(one, my_purse), spent(other, their_purse)), (60, 60));
    assert_eq!(purse(other, their_purse).left(at(30)), Duration::from_secs(70));
    // As LiteLLM: a call goes out while anything is left.
    let second = take(other, Claim { payments: vec![payment(their_purse, 100, 60)], ..claim(theirs, 0) }).await;
    (shared.hear)().await;
    let third = Claim { payments: vec![payment(my_purse, 100, 0)], ..claim(mine, 0) };
    assert_eq!(one.take(third.clone()).await.err(), Some(Full::Budget));
    one.settle(Settlement { cost_picousd: Some(5), ..settlement(first, 1, Ending::Served) });
    (shared.hear)().await;
    assert_eq!((spent(one, my_purse), spent(other, their_purse)), (65, 65));
    let third = take(one, third).await;
    // Where nobody knows the cost, the estimate stays, however the call ended.
    other.settle(settlement(second, 1, Ending::Failed(None)));
    one.settle(Settlement { cost_picousd: Some(40), ..settlement(third, 1, Ending::Unjudged) });
    (shared.hear)().await;
    assert_eq!((spent(one, my_purse), spent(other, their_purse)), (105, 105));
}

pub async fn a_purse_begins_anew_and_pays_late_calls_from_what_is_new(shared: &Shared) {
    let meter = &*shared.one;
    let (handle, budget) = (meter.handle("d"), meter.purse("b"));
    let paid = |seconds, amount| Claim { payments: vec![payment(budget, 100, amount)], ..claim(handle, seconds) };
    let spent = |seconds| purse(meter, budget).spent_picousd(at(seconds));
    let (slow, slower) = (take(meter, paid(10, 70)).await, take(meter, paid(20, 50)).await);
    assert_eq!(meter.take(paid(109, 0)).await.err(), Some(Full::Budget));
    assert_eq!((spent(109), spent(110)), (120, 0), "the period begins with its first call");
    // A call that ends when its period is over, and the next has not begun, begins it.
    meter.settle(Settlement { cost_picousd: Some(9), ..settlement(slow, 150, Ending::Served) });
    (shared.hear)().await;
    assert_eq!((spent(150), spent(249), spent(250)), (9, 9, 0));
    take(meter, paid(200, 30)).await;
    // One that ends when it has begun is paid from it, and gives nothing back that was held back before.
    meter.settle(Settlement { cost_picousd: Some(2), ..settlement(slower, 201, Ending::Served) });
    (shared.hear)().await;
    assert_eq!(spent(201), 41);
}

pub async fn measurements_are_averaged_kept_in_number_and_forgotten(shared: &Shared) {
    let (one, other) = (&*shared.one, &*shared.other);
    let (mine, theirs) = (one.handle("d"), other.handle("d"));
    let retention = Duration::from_secs(100);
    let sample = |seconds, first_seconds| Sample { seconds, first_seconds, kept: 2, retention, percentile: None };
    let measured = |now: Moment| {
        let state = state(other, theirs);
        (state.latency_seconds(now), state.first_seconds(now))
    };
    assert_eq!(measured(at(0)), (None, None));
    let cases = [
        (0, sample(8.0, None), (Some(8.0), None)),
        (1, sample(4.0, Some(1.0)), (Some(6.0), Some(1.0))),
        (2, sample(2.0, None), (Some(3.0), Some(1.0))),
        (3, sample(2.0, Some(3.0)), (Some(2.0), Some(2.0))),
        (4, Sample { percentile: Some(0.5), ..sample(2.0, Some(0.5)) }, (Some(2.0), Some(0.5))),
        (5, Sample { percentile: Some(1.0), ..sample(2.0, Some(0.2)) }, (Some(2.0), Some(0.5))),
    ];
    for (seconds, sample, expected) in cases {
        let taken = take(one, claim(mine, seconds)).await;
        one.settle(Settlement { sample: Some(sample), ..settlement(taken, seconds, Ending::Served) });
        (shared.hear)().await;
        assert_eq!(measured(at(seconds)), expected, "after {seconds} s");
    }
    assert_eq!(measured(at(104)), (Some(2.0), Some(0.5)));
    assert_eq!(measured(at(105)), (None, None), "measurements count for their time");
    let taken = take(one, claim(mine, 105)).await;
    one.settle(Settlement { sample: Some(sample(9.0, None)), ..settlement(taken, 105, Ending::Served) });
    (shared.hear)().await;
    assert_eq!(measured(at(105)), (Some(9.0), None), "what is forgotten has no part in the mean");
}
