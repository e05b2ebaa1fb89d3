//! Calls that wait their turn for a deployment.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::Choice;
use crate::Error;
use crate::random::Random;
use crate::select::tests::fixture::{Fixture, usage};
use crate::select::{Pin, Query, RefusalKind, Trace};

/// A call under way: which deployment it gets, or why none.
fn start(fixture: &Fixture, priority: i64, pin: Option<&str>) -> JoinHandle<Result<Choice, RefusalKind>> {
    let (balancer, group) = (Arc::clone(&fixture.balancer), Arc::clone(&fixture.group));
    let pins: Vec<Pin> = pin.map(|id| Pin { id: id.to_owned() }).into_iter().collect();
    tokio::spawn(async move {
        let query = Query { pins: &pins, ..Query::default() };
        let (mut random, mut trace) = (Random::new(1), Trace::default());
        match balancer.take(&group, &query, priority, (&mut random, &mut trace)).await {
            Ok(choice) => Ok(choice),
            Err(Error::NoDeployment(refusal)) => Err(refusal.kind),
            Err(error) => panic!("{error}"),
        }
    })
}

/// A call that has got so far as it gets without anybody else's doing.
async fn started(fixture: &Fixture, priority: i64, pin: Option<&str>) -> JoinHandle<Result<Choice, RefusalKind>> {
    let call = start(fixture, priority, pin);
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
    call
}

async fn id(call: JoinHandle<Result<Choice, RefusalKind>>) -> (String, Choice) {
    let choice = call.await.unwrap().unwrap_or_else(|kind| panic!("{kind:?}"));
    (choice.deployment.id.clone(), choice)
}

const ONE: [&str; 1] = ["max_parallel_requests: 1"];

#[tokio::test(start_paused = true)]
async fn a_waiting_call_is_served_as_soon_as_another_ends_however_it_ends() {
    let ends: [fn(super::Hold); 3] = [|hold| hold.served(Some(usage(1, 1)), false), |hold| hold.left(None), drop];
    for end in ends {
        let fixture = Fixture::new(&ONE, "");
        let first = fixture.take(&fixture.query()).unwrap();
        let (began, waiting) = (Instant::now(), started(&fixture, 0, None).await);
        assert!(!waiting.is_finished());
        end(first.hold.unwrap());
        let served = id(waiting).await;
        assert_eq!((served.0.as_str(), began.elapsed()), ("a", Duration::ZERO));
        assert!(fixture.balancer.queue.is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_waits_as_long_as_it_may_and_is_refused_then() {
    let fixture = Fixture::new(&ONE, "queue_timeout: 3");
    let _held = fixture.take(&fixture.query()).unwrap();
    let began = Instant::now();
    assert_eq!(start(&fixture, 0, None).await.unwrap().err(), Some(RefusalKind::Parallel));
    assert_eq!(began.elapsed(), Duration::from_secs(3));
    assert!(fixture.balancer.queue.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_call_that_finds_the_queue_full_is_refused_at_once() {
    let fixture = Fixture::new(&ONE, "max_queued_requests: 1");
    let held = fixture.take(&fixture.query()).unwrap();
    let (began, waiting) = (Instant::now(), started(&fixture, 0, None).await);
    assert_eq!(start(&fixture, 0, None).await.unwrap().err(), Some(RefusalKind::Parallel));
    assert_eq!(start(&fixture, -1, None).await.unwrap().err(), Some(RefusalKind::Parallel));
    assert_eq!(began.elapsed(), Duration::ZERO);
    // A client that leaves frees its place in the queue.
    waiting.abort();
    let next = started(&fixture, 0, None).await;
    drop(held);
    assert_eq!(id(next).await.0, "a");
    let none = Fixture::new(&ONE, "max_queued_requests: 0");
    let _held = none.take(&none.query()).unwrap();
    assert_eq!(start(&none, 0, None).await.unwrap().err(), Some(RefusalKind::Parallel));
}

#[tokio::test(start_paused = true)]
async fn a_new_call_does_not_take_the_place_that_another_waits_for() {
    let fixture = Fixture::new(&ONE, "");
    let held = fixture.take(&fixture.query()).unwrap();
    let waiting = started(&fixture, 0, None).await;
    // The new call comes between the end of the first one and the moment at which the waiting one looks.
    let new = start(&fixture, 0, None);
    drop(held);
    let served = id(waiting).await;
    assert!(!new.is_finished());
    drop(served);
    id(new).await;
}

#[tokio::test(start_paused = true)]
async fn waiting_calls_are_served_by_priority_and_age() {
    let fixture = Fixture::new(&ONE, "");
    let mut held = fixture.take(&fixture.query()).unwrap();
    let mut calls = Vec::new();
    for priority in [7, 0, 0, -3] {
        calls.push(Some(started(&fixture, priority, None).await));
    }
    for next in [3, 1, 2, 0] {
        drop(held);
        held = id(calls[next].take().unwrap()).await.1;
        assert!(calls.iter().flatten().all(|call| !call.is_finished()), "more than {next} were served");
    }
}

#[tokio::test(start_paused = true)]
async fn a_more_urgent_call_goes_before_those_that_wait() {
    let fixture = Fixture::new(&ONE, "");
    let held = fixture.take(&fixture.query()).unwrap();
    let waiting = started(&fixture, 5, None).await;
    let urgent = start(&fixture, 0, None);
    drop(held);
    let served = id(urgent).await;
    assert!(!waiting.is_finished());
    drop(served);
    id(waiting).await;
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_one_deployment_does_not_keep_others_from_another() {
    let fixture = Fixture::new(&["max_parallel_requests: 1", "max_parallel_requests: 2"], "");
    let began = Instant::now();
    let held = id(start(&fixture, 0, Some("a"))).await;
    let waiting = started(&fixture, 0, Some("a")).await;
    let (first, second) = (id(start(&fixture, 0, Some("b"))).await, id(start(&fixture, 0, None)).await);
    assert_eq!((first.0.as_str(), second.0.as_str(), began.elapsed()), ("b", "b", Duration::ZERO));
    let behind = started(&fixture, 0, Some("b")).await;
    drop(first);
    assert_eq!((id(behind).await.0.as_str(), began.elapsed()), ("b", Duration::ZERO));
    assert!(!waiting.is_finished());
    drop(held);
    assert_eq!(id(waiting).await.0, "a");
}

#[tokio::test(start_paused = true)]
async fn a_place_that_another_instance_has_freed_is_found() {
    let fixture = Fixture::new(&ONE, "");
    let elsewhere = fixture.begin('a', 0);
    let (began, waiting) = (Instant::now(), started(&fixture, 0, None).await);
    fixture.end(elsewhere, crate::meter::Ending::Served, None);
    id(waiting).await;
    assert_eq!(began.elapsed(), Duration::from_millis(100));
}
