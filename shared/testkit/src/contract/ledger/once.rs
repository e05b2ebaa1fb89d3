//! Exactly once, whatever becomes of a commit.

use std::time::Duration;

use tollgate_core::directory::{Fault, schema};
use tollgate_core::ledger::{Entry, Rules, Spend, Tokens};

use super::{Books, call, commit, entries, is_close, logged, number, seed};

async fn spent(books: &Books) -> f64 {
    number(books, &schema::KEYS, &["hash"], "total_spend").await.unwrap_or_default() - 2.0
}

pub async fn a_batch_is_written_once_however_often_it_comes(books: &Books) {
    seed(books).await;
    let ledger = (books.ledger)(Rules::default());
    let all = entries(5, (0..6).map(|id| call(&id.to_string(), 1_000_000_000_000)));
    commit(&*ledger, "journal", &all[..3]).await;
    commit(&*ledger, "journal", &all[..3]).await;
    assert!(is_close(spent(books).await, 3.0), "the same batch twice: {}", spent(books).await);
    commit(&*ledger, "journal", &all[1..5]).await;
    commit(&*ledger, "journal", &[]).await;
    commit(&*ledger, "journal", &all).await;
    assert!(is_close(spent(books).await, 6.0), "batches that overlap: {}", spent(books).await);
    assert_eq!(logged(books).await.len(), 6);
}

pub async fn journals_do_not_know_of_each_other(books: &Books) {
    seed(books).await;
    let ledger = (books.ledger)(Rules::default());
    commit(&*ledger, "one", &entries(1, [call("a", 1)])).await;
    commit(&*ledger, "other", &entries(1, [call("b", 1)])).await;
    assert_eq!(logged(books).await, ["chatcmpl-a", "chatcmpl-b"]);
}

pub async fn the_same_batch_at_the_same_time_is_written_once(books: &Books) {
    seed(books).await;
    let (one, other) = ((books.ledger)(Rules::default()), (books.ledger)(Rules::default()));
    for round in 0..5_u64 {
        let ids = (0..20).map(|id| call(&format!("{round}-{id}"), 500_000_000_000));
        let batch = entries(1 + round * 20, ids);
        futures_util::future::join(commit(&*one, "journal", &batch), commit(&*other, "journal", &batch)).await;
    }
    assert_eq!(logged(books).await.len(), 100);
    assert!(is_close(spent(books).await, 50.0), "{}", spent(books).await);
}

pub async fn a_commit_that_was_broken_off_is_repeated_without_harm(books: &Books) {
    seed(books).await;
    let ledger = (books.ledger)(Rules::default());
    let mut position = 1;
    for round in 0..40_u64 {
        let batch = entries(position, (0..10).map(|id| call(&format!("{round}-{id}"), 100_000_000_000)));
        // The answer does not come in time: nobody knows whether the batch is written.
        let brief = Duration::from_micros(150 * round);
        tokio::time::timeout(brief, ledger.commit("journal", &batch)).await.ok();
        commit(&*ledger, "journal", &batch).await;
        position += 10;
    }
    assert_eq!(logged(books).await.len(), 400);
    assert!(is_close(spent(books).await, 40.0), "{}", spent(books).await);
}

pub async fn a_batch_that_does_not_fit_leaves_nothing(books: &Books) {
    seed(books).await;
    let ledger = (books.ledger)(Rules::default());
    // More tokens than a column can count.
    let tokens = Tokens { prompt: u64::MAX, ..Tokens::default() };
    let batch = entries(1, [call("good", 1_000_000_000_000), Spend { tokens, ..call("poison", 1) }]);
    let outcome = ledger.commit("journal", &batch).await;
    assert!(matches!(outcome, Err(Fault::Misfit(_))), "{outcome:?}");
    assert!(logged(books).await.is_empty(), "nothing of it is written");
    assert!(is_close(spent(books).await, 0.0));
    let good: &[Entry] = &batch[..1];
    commit(&*ledger, "journal", good).await;
    assert!(is_close(spent(books).await, 1.0), "what fits is written alone");
}
