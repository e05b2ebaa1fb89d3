//! Budgets: what they admit, what they hold back, and what their homes have to say.

use tollgate_core::quota::{Draw, Edge, Enforcement, Level, Measure, Money, Request};

use super::{
    SharedQuota, at, budget, costs, home, level, record, refused, request, reserve, spent, used, window, windowed,
};

fn with_edge(draw: Draw, edge: Edge) -> Draw {
    let Measure::Money(money) = draw.measure else { unreachable!("this is no budget") };
    Draw { account: draw.account, measure: Measure::Money(Money { edge, ..money }) }
}

fn costing(cost_picousd: u64, draw: &Draw) -> Request {
    Request { cost_picousd, ..request(0, std::slice::from_ref(draw)) }
}

pub async fn a_budget_admits_up_to_its_edge(shared: &SharedQuota) {
    use Edge::{Exceeded, Reached};
    // The limit, what is spent of it, what a call may cost; whether it is admitted as LiteLLM would, and strictly.
    let cases = [
        (Some(100), 0, 100, Reached, (true, true)),
        (Some(100), 0, 101, Reached, (true, false)),
        (Some(100), 99, 1, Reached, (true, true)),
        (Some(100), 99, 2, Reached, (true, false)),
        (Some(100), 100, 0, Reached, (false, false)),
        (Some(100), 100, 1, Reached, (false, false)),
        (Some(100), 101, 0, Reached, (false, false)),
        (Some(0), 0, 0, Reached, (false, false)),
        (Some(0), 0, 5, Reached, (false, false)),
        (Some(100), 100, 0, Exceeded, (true, true)),
        (Some(100), 100, 1, Exceeded, (true, false)),
        (Some(100), 101, 0, Exceeded, (false, false)),
        (Some(0), 0, 0, Exceeded, (true, true)),
        (Some(0), 0, 5, Exceeded, (true, false)),
        (None, u64::MAX >> 16, 1 << 40, Reached, (true, true)),
    ];
    for (number, case) in cases.into_iter().enumerate() {
        let (limit, before, cost, edge, expected) = case;
        let outcomes = [Enforcement::Shrink, Enforcement::Strict].map(async |enforcement| {
            let draw = with_edge(budget(&format!("{number}-{enforcement:?}"), limit), edge);
            (shared.write)(home(&draw), before).await;
            let request = Request { enforcement, ..costing(cost, &spent(draw, before)) };
            shared.one.reserve(request).await.is_ok()
        });
        let [shrink, strict] = outcomes;
        assert_eq!((shrink.await, strict.await), expected, "case {number}: {case:?}");
    }
}

pub async fn a_budget_is_overspent_by_one_call_at_most_however_calls_end(shared: &SharedQuota) {
    let quota = &*shared.one;
    let draw = budget("k", Some(1000));
    (shared.write)(home(&draw), 0).await;
    let mut under_way = Vec::new();
    for _ in 0..10 {
        under_way.push(reserve(quota, costing(100, &draw)).await);
    }
    // Each makes a little room, in which there is never a place for more than one call that costs more.
    let mut late = Vec::new();
    for reservation in under_way {
        refused(quota, costing(100, &draw)).await;
        quota.settle(reservation, costs(99));
        (shared.hear)().await;
        if let Ok(admitted) = quota.reserve(costing(100, &draw)).await {
            late.push(admitted);
        }
    }
    assert_eq!(late.len(), 1, "1 of the budget was left, and one call may go out for it");
    for reservation in late {
        quota.settle(reservation, costs(100));
    }
    (shared.hear)().await;
    assert_eq!(used(quota, 0, &draw).await, (1090, 0));
    // What two budgets hold of one call is each its own.
    let (tight, wide) = (budget("tight", Some(1)), budget("wide", Some(1000)));
    (shared.write)(home(&tight), 0).await;
    (shared.write)(home(&wide), 0).await;
    let both = Request { draws: vec![tight, wide.clone()], ..costing(100, &draw) };
    reserve(quota, both).await;
    assert_eq!(used(quota, 0, &wide).await, (100, 100), "what one budget has left says nothing about another");
}

pub async fn an_account_begins_with_what_its_home_says(shared: &SharedQuota) {
    let draw = spent(budget("k", Some(1000)), 400);
    (shared.write)(home(&draw), 400).await;
    assert_eq!(used(&*shared.one, 0, &draw).await, (400, 0));
    let first = reserve(&*shared.one, costing(70, &draw)).await;
    assert_eq!(first.levels, [Level { used: 470, held: 70, resets_at: None }]);
    // Whoever comes later may have read the home earlier, or later: it is not counted again.
    for seed in [0, 400, 900] {
        let draw = spent(draw.clone(), seed);
        assert_eq!(used(&*shared.other, 0, &draw).await, (470, 70), "with a seed of {seed}");
    }
    shared.one.settle(first, costs(30));
    (shared.hear)().await;
    assert_eq!(used(&*shared.other, 0, &draw).await, (430, 0));
}

pub async fn what_is_written_to_its_home_is_counted_once(shared: &SharedQuota) {
    let draw = budget("k", Some(1000));
    (shared.write)(home(&draw), 0).await;
    let mut records = Vec::new();
    for (user, cost) in [(&shared.one, 3), (&shared.other, 40), (&shared.one, 500)] {
        let reservation = reserve(&**user, costing(500, &draw)).await;
        records.push(record(&reservation.id, "k", cost));
        user.settle(reservation, costs(cost));
        (shared.hear)().await;
    }
    let under_way = reserve(&*shared.one, costing(50, &draw)).await;
    assert_eq!(used(&*shared.other, 0, &draw).await, (593, 50));
    let later = records.split_off(1);
    for records in [records, later] {
        (shared.commit)(records).await;
        for user in [&shared.one, &shared.other] {
            assert_eq!(used(&**user, 0, &draw).await, (593, 50), "writing it down has changed what was spent");
        }
    }
    shared.one.settle(under_way, costs(0));
    (shared.hear)().await;
    assert_eq!(used(&*shared.other, 0, &draw).await, (543, 0));
}

pub async fn a_reset_counts_at_once_and_leaves_calls_under_way_held(shared: &SharedQuota) {
    let draw = budget("k", Some(100));
    (shared.write)(home(&draw), 0).await;
    let reset = async |spent_picousd| {
        (shared.write)(home(&draw), spent_picousd).await;
        shared.one.rewritten(&draw.account, spent_picousd);
        (shared.hear)().await;
    };
    let written = reserve(&*shared.one, costing(60, &draw)).await;
    let record = record(&written.id, "k", 60);
    shared.one.settle(written, costs(60));
    (shared.hear)().await;
    (shared.commit)(vec![record]).await;
    let under_way = reserve(&*shared.other, costing(40, &draw)).await;
    refused(&*shared.one, costing(1, &draw)).await;
    reset(0).await;
    assert_eq!(used(&*shared.one, 0, &draw).await, (40, 40), "the call under way is paid from what is new");
    let next = reserve(&*shared.one, costing(60, &draw)).await;
    shared.other.settle(under_way, costs(30));
    shared.one.settle(next, costs(60));
    (shared.hear)().await;
    assert_eq!(used(&*shared.one, 0, &draw).await, (90, 0));
    // Overspend that is carried into the next period.
    reset(7).await;
    let level = level(&*shared.one, 0, &draw).await;
    assert_eq!((level.used, level.held), (97, 0), "what is not written to the home yet is still to come");
    // An account that nobody has used is not made by it.
    shared.one.rewritten("spend:key:unknown", 3);
}

pub async fn a_window_that_is_over_takes_what_it_holds_with_it(shared: &SharedQuota) {
    let [first, second] = [(0, 100), (100, 200)].map(|(start, end)| window("k", at(start), at(end)));
    let in_first = windowed(&first, 50);
    let in_second = windowed(&second, 50);
    let spent_before = reserve(&*shared.one, costing(20, &in_first)).await;
    shared.one.settle(spent_before, costs(20));
    let under_way = reserve(&*shared.one, costing(30, &in_first)).await;
    (shared.hear)().await;
    let (_, full) = refused(&*shared.other, costing(1, &in_first)).await;
    assert_eq!(full, Level { used: 50, held: 30, resets_at: Some(at(100)) });
    let next = Request { now: at(100), ..costing(50, &in_second) };
    let next = reserve(&*shared.other, next).await;
    assert_eq!(next.levels, [Level { used: 50, held: 50, resets_at: Some(at(200)) }], "all of it is there again");
    shared.one.settle(under_way, costs(30));
    (shared.hear)().await;
    let held = used(&*shared.one, 100, &in_second).await;
    assert_eq!(held, (50, 50), "a call of the window before has nothing to give back, and costs nothing here");
    shared.other.settle(next, costs(5));
    (shared.hear)().await;
    assert_eq!(used(&*shared.one, 100, &in_second).await, (5, 0));
}

pub async fn levels_say_what_is_used_and_held_and_take_nothing(shared: &SharedQuota) {
    let draws = [
        spent(budget("k", Some(100)), 20),
        super::requests("k", 5),
        super::tokens("k", 100),
        super::parallel("k", 5),
        spent(budget("unused", None), 8),
    ];
    (shared.write)(home(&draws[0]), 20).await;
    (shared.write)(home(&draws[4]), 8).await;
    reserve(&*shared.one, Request { draws: draws[..4].to_vec(), ..costing(10, &draws[0]) }).await;
    let ends = Some(at(60));
    let expected = [
        Level { used: 30, held: 10, resets_at: None },
        Level { used: 1, held: 0, resets_at: ends },
        Level { used: 10, held: 10, resets_at: ends },
        Level { used: 1, held: 1, resets_at: None },
        Level { used: 8, held: 0, resets_at: None },
    ];
    for user in [&shared.one, &shared.other] {
        for _ in 0..2 {
            assert_eq!(user.levels(&draws, at(1)).await, expected);
        }
    }
}
