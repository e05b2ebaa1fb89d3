use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::UNIX_EPOCH;

use super::*;

fn at(second: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(second)
}

/// Credentials of one source, numbered as they are fetched.
#[derive(Default)]
struct Source {
    cache: Cache<&'static str, usize>,
    fetched: Arc<AtomicUsize>,
}

impl Source {
    /// Asks at this second; a fetch gives what is valid until `expires`, and fails without it.
    async fn ask(&self, second: u64, expires: Option<u64>) -> Result<usize, SignError> {
        let fetched = Arc::clone(&self.fetched);
        let fetch = move || -> Fetch<usize> {
            Box::pin(async move {
                let value = fetched.fetch_add(1, Ordering::SeqCst);
                for _ in 0..3 {
                    tokio::task::yield_now().await;
                }
                match expires {
                    Some(second) => Ok(Timed { value, expires: Some(at(second)) }),
                    None => Err(SignError::Unreachable(format!("down {value}"))),
                }
            })
        };
        self.cache.get(&"source", || at(second), fetch).await
    }
}

#[tokio::test]
async fn credentials_are_kept_until_a_minute_before_they_expire() {
    let source = Source::default();
    let mut found = Vec::new();
    for second in [0, 1, 3539, 3540, 3541] {
        found.push(source.ask(second, Some(second + 3600)).await.unwrap());
    }
    assert_eq!(found, [0, 0, 0, 1, 1]);
}

#[tokio::test]
async fn short_lived_credentials_are_kept_for_half_of_their_life() {
    let source = Source::default();
    let mut found = Vec::new();
    for second in [0, 14, 15] {
        found.push(source.ask(second, Some(second + 30)).await.unwrap());
    }
    assert_eq!(found, [0, 0, 1]);
}

#[tokio::test]
async fn many_callers_wait_for_one_fetch() {
    let source = Source::default();
    let asked = (0..100).map(|_| source.ask(0, Some(3600)));
    let found = futures_util::future::join_all(asked).await;
    assert!(found.iter().all(|found| found == &Ok(0)));
    assert_eq!(source.fetched.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_caller_that_leaves_does_not_stop_the_others() {
    let source = Source::default();
    let mut first = Box::pin(source.ask(0, Some(3600)));
    assert!(first.as_mut().now_or_never().is_none());
    let second = source.ask(0, Some(3600));
    drop(first);
    assert_eq!(second.await, Ok(1), "nobody waited any more: fetched anew");

    let mut first = Box::pin(source.ask(4000, Some(8000)));
    let mut second = Box::pin(source.ask(4000, Some(8000)));
    assert!(first.as_mut().now_or_never().is_none());
    assert!(second.as_mut().now_or_never().is_none());
    drop(first);
    assert_eq!(second.await, Ok(2), "the one who still waits drives the same fetch");
}

#[tokio::test]
async fn a_failure_is_remembered_for_a_second_only() {
    let source = Source::default();
    let down = |number: usize| Err(SignError::Unreachable(format!("down {number}")));
    assert_eq!(source.ask(0, None).await, down(0));
    assert_eq!(source.ask(0, None).await, down(0));
    assert_eq!(source.ask(1, None).await, down(1));
    assert_eq!(source.ask(2, Some(100)).await, Ok(2));
}

#[tokio::test]
async fn what_is_still_valid_bridges_an_issuer_that_is_down() {
    let source = Source::default();
    assert_eq!(source.ask(0, Some(3600)).await, Ok(0));
    assert_eq!(source.ask(3550, None).await, Ok(0));
    assert_eq!(source.ask(3550, None).await, Ok(0));
    assert_eq!(source.fetched.load(Ordering::SeqCst), 2, "the second failure was not asked for");
    assert!(source.ask(3600, None).await.is_err());
}
