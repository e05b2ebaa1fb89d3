//! Requests, tokens and calls at the same time: shares are taken whole, and no window has more than its limit.

use futures_util::future::join_all;
use tollgate_core::quota::{Draw, Level, Measure, TokenKind, Used};

use super::{
    MINUTE, SharedQuota, at, budget, costs, draw, home, level, parallel, refused, request, requests, reserve, tokens,
    used,
};

pub async fn a_call_takes_from_every_account_or_from_none(shared: &SharedQuota) {
    let quota = &*shared.one;
    (shared.write)(home(&budget("k", None)), 0).await;
    let roomy = [budget("k", Some(1000)), requests("k", 9), tokens("k", 90), parallel("k", 9)];
    reserve(quota, request(0, &roomy)).await;
    let before = [(10, 10), (1, 0), (10, 10), (1, 1)];
    let full = [budget("k", Some(10)), requests("k", 1), tokens("k", 19), parallel("k", 1)];
    for (number, full) in full.into_iter().enumerate() {
        // The one that is full comes first, last, and in between.
        for place in 0..=roomy.len() {
            let mut draws: Vec<_> = roomy.iter().filter(|draw| draw.account != full.account).cloned().collect();
            let place = place.min(draws.len());
            draws.insert(place, full.clone());
            let (at_place, _) = refused(&*shared.other, request(0, &draws)).await;
            assert_eq!(at_place, place, "{full:?}");
        }
        for (draw, before) in roomy.iter().zip(before) {
            assert_eq!(used(quota, 0, draw).await, before, "case {number}: {draw:?} has been taken from");
        }
    }
    // Everything fits, to the last.
    let exact = [budget("k", Some(20)), requests("k", 2), tokens("k", 20), parallel("k", 2)];
    let reservation = reserve(&*shared.other, request(0, &exact)).await;
    let levels: Vec<(u64, u64)> = reservation.levels.iter().map(|level| (level.used, level.held)).collect();
    assert_eq!(levels, [(20, 20), (2, 0), (20, 20), (2, 2)]);
}

pub async fn a_window_begins_with_its_first_call_and_everything_fits_again_after_it(shared: &SharedQuota) {
    let (one, other) = (&*shared.one, &*shared.other);
    for (name, limited) in [("requests", requests("k", 3)), ("tokens", tokens("k", 30))] {
        let ask = |seconds| request(seconds, std::slice::from_ref(&limited));
        let none = level(one, 0, &limited).await;
        assert_eq!(none, Level::default(), "{name}: asking has begun a window");
        // The first window begins at 17 s, the next with the first call after its end.
        for (begins, ends) in [(17, 77), (77, 137), (500, 560)] {
            for seconds in [begins, begins + 20, ends - 1] {
                let reservation = reserve(one, ask(seconds)).await;
                let resets_at = reservation.levels.first().and_then(|level| level.resets_at);
                assert_eq!(resets_at, Some(at(ends)), "{name}, at {seconds} s");
            }
            let (_, level) = refused(other, ask(ends - 1)).await;
            let full = limited_to(&limited);
            assert_eq!((level.used, level.resets_at), (full, Some(at(ends))), "{name}, before {ends} s");
            assert_eq!(used(other, ends, &limited).await, (0, 0), "{name}, at {ends} s");
        }
    }
    // No room at all, ever.
    for nothing in [requests("none", 0), tokens("none", 0), tokens("none", 9), parallel("none", 0)] {
        refused(one, request(0, &[nothing])).await;
    }
}

fn limited_to(draw: &Draw) -> u64 {
    match draw.measure {
        Measure::Requests { limit, .. } | Measure::Tokens { limit, .. } | Measure::Parallel { limit } => limit,
        Measure::Money(_) => unreachable!("this is a budget"),
    }
}

pub async fn no_window_ever_has_more_than_its_limit(shared: &SharedQuota) {
    let users = [&*shared.one, &*shared.other];
    let limited = requests("k", 7);
    let mut admitted: Vec<u64> = Vec::new();
    // A call every second for ten minutes, now from here, now from there.
    for seconds in 0..600 {
        let draws = std::slice::from_ref(&limited);
        if users[seconds as usize % 2].reserve(request(seconds, draws)).await.is_ok() {
            admitted.push(seconds);
        }
    }
    let expected: Vec<u64> = (0..10).flat_map(|minute| (0..7).map(move |call| minute * 60 + call)).collect();
    assert_eq!(admitted, expected);
}

pub async fn a_place_is_free_again_when_its_call_ends(shared: &SharedQuota) {
    let (one, other) = (&*shared.one, &*shared.other);
    let alone = [parallel("k", 1)];
    for seconds in [0, 1000, 100_000] {
        let first = reserve(one, request(seconds, &alone)).await;
        let (_, level) = refused(other, request(seconds, &alone)).await;
        assert_eq!(level, Level { used: 1, held: 1, resets_at: None }, "at {seconds} s");
        one.settle(first, costs(0));
        (shared.hear)().await;
        let second = reserve(other, request(seconds, &alone)).await;
        other.settle(second, costs(0));
        (shared.hear)().await;
        assert_eq!(used(one, seconds, &alone[0]).await, (0, 0), "at {seconds} s");
    }
}

pub async fn tokens_are_corrected_in_their_own_window_alone(shared: &SharedQuota) {
    let quota = &*shared.one;
    // 10 tokens are taken at 0 s: how many were used, when that is known, and what is counted then.
    let cases = [(4, 59, 4), (10, 1, 10), (25, 30, 25), (0, 59, 0), (4, 60, 10), (25, 61, 10), (0, 500, 10)];
    for (number, (used_tokens, seconds, expected)) in cases.into_iter().enumerate() {
        let limited = tokens(&number.to_string(), 1000);
        let first = reserve(quota, request(0, std::slice::from_ref(&limited))).await;
        let after = seconds >= 60;
        if after {
            // Somebody has begun the next window.
            reserve(&*shared.other, request(seconds, std::slice::from_ref(&limited))).await;
        }
        quota.settle(first, Used { output_tokens: used_tokens, ..Used::default() });
        (shared.hear)().await;
        let held = if after { 10 } else { 0 };
        assert_eq!(used(quota, seconds, &limited).await, (expected, held), "{used_tokens} tokens, at {seconds} s");
    }
}

pub async fn each_kind_of_tokens_is_counted_alone(shared: &SharedQuota) {
    let quota = &*shared.one;
    let kinds = [(TokenKind::Total, 10, 104), (TokenKind::Input, 3, 4), (TokenKind::Output, 7, 100)];
    for (kind, before, after) in kinds {
        let limited = draw(format!("rate:{kind:?}"), Measure::Tokens { limit: 200, window: MINUTE, kind });
        let first = reserve(quota, request(0, std::slice::from_ref(&limited))).await;
        assert_eq!(used(quota, 0, &limited).await, (before, before), "{kind:?}");
        quota.settle(first, Used { cost_picousd: 9, input_tokens: 4, output_tokens: 100 });
        (shared.hear)().await;
        assert_eq!(used(quota, 0, &limited).await, (after, 0), "{kind:?}");
    }
}

pub async fn whoever_waits_for_room_hears_of_it(shared: &SharedQuota) {
    let quota = &*shared.one;
    let alone = [parallel("k", 1)];
    let first = reserve(quota, request(0, &alone)).await;
    let waiting: Vec<_> = (0..3).map(|_| quota.freed()).collect();
    quota.settle(first, costs(0));
    (shared.hear)().await;
    join_all(waiting).await;
    reserve(quota, request(0, &alone)).await;
}
