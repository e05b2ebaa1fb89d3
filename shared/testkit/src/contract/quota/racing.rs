//! Ten thousand calls on several threads: no budget and no window gives more than it has, and nothing is lost.

use std::sync::Arc;

use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt};
use tollgate_core::quota::{Draw, Enforcement, Quota, Refused, Request, Used};

use super::{SharedQuota, budget, costs, home, parallel, request, requests, reserve, tokens, used};

const CALLS: u64 = 10_000;
const BUDGETS: u64 = 16;

/// Enough for a third of the calls.
const LIMIT: u64 = 2_000;
const COST_MAX: u64 = 10;

/// How many calls of each user are under way at once.
const AT_ONCE: usize = 64;

/// What a call costs that may cost at most [`COST_MAX`], by its number.
const fn cost(number: u64) -> u64 {
    1 + (number * 7919) % COST_MAX
}

/// The call with this number, from beginning to end: what it cost, where it was admitted.
async fn call(quota: Arc<dyn Quota>, number: u64, enforcement: Enforcement) -> (u64, Option<u64>) {
    let place = number % BUDGETS;
    let draws = [budget(&place.to_string(), Some(LIMIT)), budget("all", None)];
    let asked = Request { cost_picousd: COST_MAX, enforcement, ..request(0, &draws) };
    match quota.reserve(asked).await {
        Ok(reservation) => {
            // Others go on while it is under way.
            tokio::task::yield_now().await;
            quota.settle(reservation, costs(cost(number)));
            (place, Some(cost(number)))
        }
        Err(Refused::Full { .. }) => (place, None),
        Err(Refused::Unknown(reason)) => unreachable!("{reason}"),
    }
}

/// Calls of one user, on a thread of its own: what was spent of each budget.
async fn drive(quota: Arc<dyn Quota>, numbers: Vec<u64>, enforcement: Enforcement) -> Vec<u64> {
    let mut spent = vec![0; BUDGETS as usize];
    let calls = stream::iter(numbers).map(|number| call(Arc::clone(&quota), number, enforcement));
    let mut calls = calls.buffer_unordered(AT_ONCE);
    while let Some((place, cost)) = calls.next().await {
        spent[place as usize] += cost.unwrap_or(0);
    }
    spent
}

pub async fn ten_thousand_calls_race_for_sixteen_budgets(shared: &SharedQuota, enforcement: Enforcement) {
    for place in 0..BUDGETS {
        (shared.write)(home(&budget(&place.to_string(), None)), 0).await;
    }
    (shared.write)(home(&budget("all", None)), 0).await;
    let users = [&shared.one, &shared.other, &shared.one, &shared.other];
    let races = users.iter().zip(0..).map(|(quota, user)| {
        let numbers: Vec<u64> = (0..CALLS).filter(|number| (number / BUDGETS) % 4 == user).collect();
        tokio::spawn(drive(Arc::clone(quota), numbers, enforcement))
    });
    let mut spent = vec![0; BUDGETS as usize];
    for race in join_all(races).await {
        let race = race.unwrap_or_default();
        spent.iter_mut().zip(race).for_each(|(sum, spent)| *sum += spent);
    }
    (shared.hear)().await;
    let most = if enforcement == Enforcement::Strict { LIMIT } else { LIMIT + COST_MAX - 1 };
    for (place, spent) in spent.iter().enumerate() {
        let draw = budget(&place.to_string(), Some(LIMIT));
        assert!(*spent <= most, "{enforcement:?}: budget {place} has spent {spent} of {LIMIT}");
        assert_eq!(used(&*shared.one, 0, &draw).await, (*spent, 0), "{enforcement:?}: budget {place}");
        // What is left is of use, to the last call that fits.
        let before = use_up(shared, &draw, enforcement).await;
        assert!(before > LIMIT - COST_MAX, "{enforcement:?}: {before} of {LIMIT} could be spent");
    }
    let (all, held) = used(&*shared.other, 0, &budget("all", None)).await;
    assert_eq!((all, held), (spent.iter().sum(), 0), "{enforcement:?}");
}

/// Spends what is left in calls of the highest cost; how much is spent then.
async fn use_up(shared: &SharedQuota, draw: &Draw, enforcement: Enforcement) -> u64 {
    let ask = || Request { cost_picousd: COST_MAX, enforcement, ..request(0, std::slice::from_ref(draw)) };
    while let Ok(reservation) = shared.other.reserve(ask()).await {
        shared.other.settle(reservation, costs(COST_MAX));
        (shared.hear)().await;
    }
    used(&*shared.one, 0, draw).await.0
}

pub async fn windows_hold_under_a_race(shared: &SharedQuota) {
    let draws = [requests("k", 100), tokens("k", 950), parallel("k", 90)];
    let calls = (0..400).map(|number| {
        let quota = Arc::clone(if number % 2 == 0 { &shared.one } else { &shared.other });
        let asked = request(0, &draws);
        tokio::spawn(async move { quota.reserve(asked).await.ok() })
    });
    let admitted: Vec<_> = join_all(calls).await.into_iter().filter_map(|joined| joined.ok().flatten()).collect();
    assert_eq!(admitted.len(), 90, "the tightest of the limits is used to the last");
    for reservation in admitted {
        shared.one.settle(reservation, Used { output_tokens: 10, ..Used::default() });
    }
    (shared.hear)().await;
    let mut next = 0;
    while shared.one.reserve(request(59, &draws)).await.is_ok() {
        next += 1;
    }
    assert_eq!(next, 5, "95 calls of 10 tokens fit into a minute");
    // At its end all of it is there again.
    reserve(&*shared.other, request(60, &draws)).await;
    assert_eq!((used(&*shared.one, 60, &draws[0]).await, used(&*shared.one, 60, &draws[1]).await), ((1, 0), (10, 10)));
}
