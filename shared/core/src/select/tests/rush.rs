//! Limits hold when calls come all at once: through the balancer, on a meter that many threads share.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::fixture::{Fixture, usage};
use crate::balance::Hold;
use crate::catalog::Group;
use crate::meter::Meter;
use crate::random::Random;
use crate::select::{Query, Trace};

const ARRIVALS: u64 = 10_000;

/// So many calls at once, each of so many tokens; how many each deployment has got, and who was refused.
async fn rush(fixture: &Fixture, tokens: u64, used: u64) -> (Vec<usize>, usize) {
    let counts: Arc<Vec<AtomicUsize>> = Arc::new(fixture.group.seats.iter().map(|_| AtomicUsize::new(0)).collect());
    let mut calls = tokio::task::JoinSet::new();
    for number in 0..ARRIVALS {
        let (balancer, group) = (Arc::clone(&fixture.balancer), Arc::clone(&fixture.group));
        let counts = Arc::clone(&counts);
        calls.spawn(async move {
            let query = Query { tokens, input_tokens: Some(tokens), ..Query::default() };
            let (mut random, mut trace) = (Random::new(number), Trace::default());
            let Ok(choice) = balancer.take(&group, &query, 0, (&mut random, &mut trace)).await else { return 0 };
            counts[place(&group, &choice.deployment.id)].fetch_add(1, Ordering::Relaxed);
            tokio::task::yield_now().await;
            choice.hold.map_or(0, |hold| served(hold, used))
        });
    }
    let served: usize = calls.join_all().await.into_iter().sum();
    let counts = counts.iter().map(|count| count.load(Ordering::Relaxed)).collect();
    (counts, ARRIVALS as usize - served)
}

fn served(hold: Hold, used: u64) -> usize {
    hold.served(Some(usage(used, 0)), false);
    1
}

fn place(group: &Group, id: &str) -> usize {
    group.deployments.iter().position(|deployment| deployment.id == id).unwrap()
}

fn tokens(fixture: &Fixture) -> Vec<u64> {
    counted(fixture).into_iter().map(|(_, tokens, _)| tokens).collect()
}

/// Requests and tokens of this minute, and calls under way, of each.
fn counted(fixture: &Fixture) -> Vec<(u32, u64, u32)> {
    let (mut counted, now) = (Vec::new(), fixture.now());
    fixture.meter.view(&mut |view| {
        let of = |seat: &crate::catalog::Seat| {
            let state = view.state(seat.handle);
            (state.requests(now), state.tokens(now), state.in_flight)
        };
        counted = fixture.group.seats.iter().map(of).collect();
    });
    counted
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_permitted_request_of_a_minute_is_used_and_none_beyond() {
    let limits = [1, 50, 333, 1000, 1616];
    let deployments = limits.map(|rpm| format!("rpm: {rpm}, max_parallel_requests: 100000"));
    let deployments: Vec<&str> = deployments.iter().map(String::as_str).collect();
    for strategy in ["usage-based-routing-v2", "cost-based-routing", "latency-based-routing"] {
        let fixture = Fixture::new(&deployments, &format!("routing_strategy: {strategy}"));
        for minute in 0..2 {
            let (counts, refused) = rush(&fixture, 0, 5).await;
            assert_eq!(counts, limits, "{strategy}, minute {minute}");
            assert_eq!(refused, 7000, "{strategy}, minute {minute}");
            let expected = limits.map(|rpm| (rpm as u32, rpm as u64 * 5, 0));
            assert_eq!(counted(&fixture), expected, "{strategy}, minute {minute}");
            fixture.advance(60);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn tokens_are_held_back_and_corrected_afterwards() {
    let limits = [1000, 4005, 20_000];
    let deployments = limits.map(|tpm| format!("tpm: {tpm}, max_parallel_requests: 100000"));
    let deployments: Vec<&str> = deployments.iter().map(String::as_str).collect();
    let fixture = Fixture::new(&deployments, "routing_strategy: usage-based-routing-v2");
    // Each call holds ten tokens back, and uses ten.
    let (counts, refused) = rush(&fixture, 10, 10).await;
    assert_eq!((counts, refused), (vec![100, 400, 2000], 7500));
    assert_eq!(tokens(&fixture), [1000, 4000, 20_000]);
    fixture.advance(60);
    // What is held back and not used is there for the next one.
    let (counts, refused) = rush(&fixture, 10, 1).await;
    assert_eq!(refused, 0, "{counts:?}");
    let tokens = tokens(&fixture);
    assert_eq!(tokens.iter().sum::<u64>(), ARRIVALS, "{tokens:?}");
    assert_eq!(tokens, counts.iter().map(|count| *count as u64).collect::<Vec<_>>());
    assert!(tokens.iter().zip(limits).all(|(tokens, limit)| *tokens <= limit), "{tokens:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn parallel_calls_of_all_threads_are_limited_and_their_places_used_again() {
    let fixture = Fixture::new(&["max_parallel_requests: 3", "max_parallel_requests: 4"], "max_queued_requests: 20000");
    let (counts, refused) = rush(&fixture, 0, 1).await;
    assert_eq!((counts.iter().sum::<usize>(), refused), (10_000, 0));
    assert_eq!(counted(&fixture).iter().map(|(_, _, under_way)| under_way).sum::<u32>(), 0);
    assert!(fixture.balancer.queue.is_empty());
}
