use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::{Limits, Queue, TooLong, Turn};

fn queue(waiting_max: usize, seconds: u64) -> Arc<Queue> {
    Arc::new(Queue::new(Limits { waiting_max, timeout: Duration::from_secs(seconds) }))
}

/// Whether the call may try now.
async fn may_try(turn: &mut Turn) -> bool {
    timeout(Duration::ZERO, turn.wait()).await.is_ok()
}

#[tokio::test(start_paused = true)]
async fn a_queue_is_as_long_as_its_limit_and_each_group_has_its_own() {
    let queue = queue(2, 10);
    let first = queue.enter("g", 0);
    let second = queue.enter("g", 0);
    assert!(first.is_some() && second.is_some());
    assert!(queue.enter("g", -9).is_none(), "the queue is full, however urgent the call");
    let other = queue.enter("h", 0);
    assert_eq!((other.is_some(), queue.len()), (true, 3));
    drop(first);
    assert!(queue.enter("g", 0).is_some(), "a call that left has freed its place");
    drop((second, other));
    assert!(queue.is_empty());
    assert!(super::Queue::new(Limits { waiting_max: 0, timeout: Duration::MAX }).is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_most_urgent_goes_first_then_the_eldest() {
    let queue = queue(9, 10);
    let mut turns: Vec<Option<Turn>> = [5, 0, 0, -1].map(|priority| queue.enter("g", priority)).into();
    queue.wake("h");
    queue.wake("g");
    for next in [3, 1, 2, 0] {
        for (place, turn) in turns.iter_mut().enumerate() {
            let Some(turn) = turn else { continue };
            assert_eq!(may_try(turn).await, place == next, "{place} while it is the turn of {next}");
        }
        // Who has been served leaves: whoever comes next may try as well, for there may be more room.
        turns[next] = None;
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_tried_in_vain_lets_the_next_one_try() {
    let queue = queue(9, 10);
    let [mut first, mut second, mut third] = [0, 0, 0].map(|priority| queue.enter("g", priority).unwrap());
    queue.wake("g");
    assert!(may_try(&mut first).await && !may_try(&mut second).await);
    first.pass();
    assert!(may_try(&mut second).await && !may_try(&mut first).await && !may_try(&mut third).await);
    second.pass();
    assert!(may_try(&mut third).await);
    third.pass();
    assert!(!may_try(&mut first).await, "nobody comes after the last");
    assert_eq!(queue.len(), 3, "places are kept");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_leaves_while_it_may_try_lets_the_next_one_try() {
    let queue = queue(9, 10);
    let (first, mut second) = (queue.enter("g", 0).unwrap(), queue.enter("g", 0).unwrap());
    queue.wake("g");
    drop(first);
    assert!(may_try(&mut second).await);
}

#[tokio::test(start_paused = true)]
async fn only_the_first_looks_by_itself() {
    let queue = queue(9, 10);
    let (mut first, mut second) = (queue.enter("g", 0).unwrap(), queue.enter("g", 0).unwrap());
    let began = Instant::now();
    assert_eq!(first.wait().await, Ok(()));
    assert_eq!(began.elapsed(), Duration::from_millis(100));
    assert!(timeout(Duration::from_secs(5), second.wait()).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_longer_than_the_limit() {
    let queue = queue(9, 10);
    let (mut first, mut second) = (queue.enter("g", 0).unwrap(), queue.enter("g", 0).unwrap());
    let began = Instant::now();
    assert_eq!(second.wait().await, Err(TooLong));
    assert_eq!(began.elapsed(), Duration::from_secs(10));
    assert_eq!(first.wait().await, Err(TooLong), "its time is over, too");
    let began = Instant::now();
    let mut last = queue.enter("g", -1).unwrap();
    let mut looks = 0;
    while last.wait().await.is_ok() {
        looks += 1;
    }
    assert_eq!((looks, began.elapsed()), (100, Duration::from_secs(10)));
}

#[tokio::test(start_paused = true)]
async fn a_new_call_comes_after_those_that_wait_unless_it_is_more_urgent() {
    let queue = queue(9, 10);
    assert!(!queue.is_waited_for("g", 0));
    let turn = queue.enter("g", 0);
    assert!(queue.is_waited_for("g", 0) && queue.is_waited_for("g", 1));
    assert!(!queue.is_waited_for("g", -1) && !queue.is_waited_for("h", 0));
    drop(turn);
    assert!(!queue.is_waited_for("g", 0));
}
