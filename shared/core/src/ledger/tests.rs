//! Draining, and writing at once, over a directory that fails as it is told.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::*;
use crate::quota::{Draw, Level, Quota, Refused, Request, Reservation, Used};

/// What a ledger was given, and what it is to answer.
#[derive(Default)]
struct Fake {
    /// Calls by journal, in the order in which they were written.
    written: Mutex<Vec<String>>,
    positions: Mutex<HashMap<String, u64>>,
    /// Answers to come, before all others succeed. The text says whether the batch is written all the same.
    answers: Mutex<VecDeque<(Fault, IsWritten)>>,
    /// The id of a call that never fits.
    poison: &'static str,
    committed: Mutex<Vec<String>>,
}

#[derive(Clone, Copy, PartialEq)]
enum IsWritten {
    Yes,
    No,
}

fn away() -> Fault {
    Fault::Unavailable("it is away".to_owned())
}

impl Fake {
    fn poisoned(poison: &'static str) -> Arc<Self> {
        Arc::new(Self { poison, ..Self::default() })
    }

    fn answers(&self, answers: impl IntoIterator<Item = (Fault, IsWritten)>) {
        self.answers.lock().expect("answers").extend(answers);
    }

    fn written(&self) -> Vec<String> {
        self.written.lock().expect("calls").clone()
    }

    fn write(&self, journal: &str, entries: &[Entry]) {
        let mut positions = self.positions.lock().expect("positions");
        let known = positions.entry(journal.to_owned()).or_default();
        let fresh = entries.iter().filter(|entry| entry.position > *known);
        self.written.lock().expect("calls").extend(fresh.map(|entry| entry.spend.id.clone()));
        *known = entries.iter().map(|entry| entry.position).max().unwrap_or(0).max(*known);
    }
}

impl Ledger for Fake {
    fn commit<'a>(&'a self, journal: &'a str, entries: &'a [Entry]) -> BoxFuture<'a, Result<(), Fault>> {
        let answer = self.answers.lock().expect("answers").pop_front();
        let is_poisoned = entries.iter().any(|entry| entry.spend.id == self.poison);
        let outcome = match answer {
            Some((fault, is_written)) => {
                if is_written == IsWritten::Yes {
                    self.write(journal, entries);
                }
                Err(fault)
            }
            None if is_poisoned => Err(Fault::Misfit("it does not fit".to_owned())),
            None => {
                self.write(journal, entries);
                Ok(())
            }
        };
        Box::pin(std::future::ready(outcome))
    }
}

impl Quota for Fake {
    fn reserve(&self, _: Request) -> BoxFuture<'_, Result<Reservation, Refused>> {
        Box::pin(std::future::ready(Err(Refused::Unknown(String::new()))))
    }

    fn settle(&self, _: Reservation, _: Used) {}

    fn committed(&self, records: &[&Spend]) {
        self.committed.lock().expect("calls").extend(records.iter().map(|record| record.id.clone()));
    }

    fn levels<'a>(&'a self, _: &'a [Draw], _: crate::clock::Moment) -> BoxFuture<'a, Vec<Level>> {
        Box::pin(std::future::ready(Vec::new()))
    }

    fn rewritten(&self, _: &str, _: u64) {}

    fn freed(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}

/// A journal in memory.
#[derive(Default)]
struct Kept {
    waiting: Mutex<VecDeque<Entry>>,
    aside: Mutex<Vec<String>>,
    ripe: tokio::sync::Notify,
}

impl Kept {
    fn end(&self, ids: &[&str]) {
        let mut waiting = self.waiting.lock().expect("entries");
        for id in ids {
            let position = waiting.back().map_or(1, |entry| entry.position + 1);
            waiting.push_back(Entry { position, spend: spend(id) });
        }
    }

    fn is_empty(&self) -> bool {
        self.waiting.lock().expect("entries").is_empty()
    }
}

impl Backlog for Kept {
    fn next(&self, bounds: Bounds) -> BoxFuture<'_, Result<Option<Batch>, JournalFault>> {
        let waiting = self.waiting.lock().expect("entries");
        let entries: Arc<[Entry]> = waiting.iter().take(bounds.records_max).cloned().collect();
        let is_last = entries.len() == waiting.len();
        let batch = (!entries.is_empty()).then(|| Batch { journal: "kept".to_owned(), entries, is_last });
        Box::pin(std::future::ready(Ok(batch)))
    }

    fn acknowledge<'a>(&'a self, batch: &'a Batch) -> BoxFuture<'a, Result<(), JournalFault>> {
        self.waiting.lock().expect("entries").drain(..batch.entries.len());
        Box::pin(std::future::ready(Ok(())))
    }

    fn set_aside<'a>(&'a self, entry: &'a Entry, reason: &'a str) -> BoxFuture<'a, Result<(), JournalFault>> {
        self.aside.lock().expect("calls").push(format!("{}: {reason}", entry.spend.id));
        Box::pin(std::future::ready(Ok(())))
    }

    fn ripe(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.ripe.notified())
    }
}

fn spend(id: &str) -> Spend {
    Spend { id: id.to_owned(), cost_picousd: 1, ..Spend::default() }
}

struct Rig {
    kept: Arc<Kept>,
    ledger: Arc<Fake>,
    drain: Arc<Drain>,
}

/// A drain that runs, on a clock that moves when everybody waits.
fn rig(ledger: Arc<Fake>) -> Rig {
    let kept = Arc::new(Kept::default());
    let pace = Pace {
        interval: Duration::from_secs(10),
        jitter: Duration::ZERO,
        bounds: Bounds { records_max: 2, bytes_max: 1024 },
    };
    let quota: Arc<dyn Quota> = Arc::<Fake>::clone(&ledger);
    let drain = Arc::new(Drain::new(Arc::<Kept>::clone(&kept), Arc::<Fake>::clone(&ledger), quota, pace));
    let running = Arc::clone(&drain);
    tokio::spawn(async move { running.run().await });
    Rig { kept, ledger, drain }
}

async fn pass(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}

#[tokio::test(start_paused = true)]
async fn records_are_drained_at_their_time_and_told_to_the_quota() {
    let rig = rig(Fake::poisoned(""));
    pass(1).await;
    rig.kept.end(&["a", "b", "c"]);
    pass(8).await;
    assert!(rig.ledger.written().is_empty(), "not before 10 s");
    pass(2).await;
    assert_eq!(rig.ledger.written(), ["a", "b", "c"]);
    assert_eq!(*rig.ledger.committed.lock().expect("calls"), ["a", "b", "c"]);
    assert!(rig.kept.is_empty());
}

#[tokio::test(start_paused = true)]
async fn many_records_are_drained_before_their_time() {
    let rig = rig(Fake::poisoned(""));
    pass(1).await;
    rig.kept.end(&["a"]);
    rig.kept.ripe.notify_one();
    pass(1).await;
    assert_eq!(rig.ledger.written(), ["a"]);
}

#[tokio::test(start_paused = true)]
async fn a_directory_that_is_away_is_waited_for_and_nothing_is_written_twice() {
    let rig = rig(Fake::poisoned(""));
    pass(1).await;
    rig.ledger.answers((0..50).map(|number| (away(), if number == 0 { IsWritten::Yes } else { IsWritten::No })));
    rig.kept.end(&["a", "b", "c"]);
    pass(600).await;
    assert_eq!(rig.ledger.written(), ["a", "b"], "the first answer was lost");
    assert!(!rig.kept.is_empty());
    pass(3600).await;
    assert_eq!(rig.ledger.written(), ["a", "b", "c"]);
    assert!(rig.kept.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_record_that_never_fits_is_set_aside_and_the_others_go_on() {
    let rig = rig(Fake::poisoned("b"));
    rig.kept.end(&["a", "b", "c"]);
    pass(11).await;
    assert_eq!(rig.ledger.written(), ["a", "c"]);
    assert_eq!(*rig.kept.aside.lock().expect("calls"), ["b: it does not fit"]);
    assert_eq!(*rig.ledger.committed.lock().expect("calls"), ["a", "c"]);
}

#[tokio::test(start_paused = true)]
async fn everything_is_drained_when_it_is_asked_for() {
    let rig = rig(Fake::poisoned(""));
    pass(1).await;
    rig.kept.end(&["a", "b", "c"]);
    assert!(rig.drain.drain_all(Duration::from_secs(1)).await);
    assert_eq!(rig.ledger.written(), ["a", "b", "c"]);
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_for_a_directory_that_is_away_is_told() {
    let rig = rig(Fake::poisoned(""));
    pass(1).await;
    rig.ledger.answers((0..10).map(|_| (away(), IsWritten::No)));
    rig.kept.end(&["a"]);
    assert!(!rig.drain.drain_all(Duration::from_secs(5)).await);
    assert!(rig.drain.drain_all(Duration::from_secs(300)).await, "it came back meanwhile");
}

fn direct(ledger: &Arc<Fake>) -> Direct {
    Direct::new(Arc::<Fake>::clone(ledger), Arc::<Fake>::clone(ledger))
}

#[tokio::test]
async fn without_a_journal_a_call_is_written_when_it_ends() {
    let ledger = Fake::poisoned("");
    let direct = direct(&ledger);
    direct.begin(&spend("a")).await.expect("begun");
    assert!(ledger.written().is_empty());
    direct.end(spend("a")).await.expect("written");
    assert_eq!(ledger.written(), ["a"]);
    assert_eq!(*ledger.committed.lock().expect("calls"), ["a"]);
}

#[tokio::test]
async fn what_could_not_be_written_is_written_with_the_next_call_once() {
    let ledger = Fake::poisoned("");
    let direct = direct(&ledger);
    ledger.answers([(away(), IsWritten::Yes), (away(), IsWritten::No)]);
    for id in ["a", "b"] {
        assert!(matches!(direct.end(spend(id)).await, Err(JournalFault::Broken(_))), "{id}");
    }
    drop(direct.end(spend("dropped")));
    direct.end(spend("c")).await.expect("written");
    assert_eq!(ledger.written(), ["a", "b", "dropped", "c"]);
}

#[tokio::test]
async fn a_call_that_never_fits_holds_up_no_other() {
    let ledger = Fake::poisoned("b");
    let direct = direct(&ledger);
    direct.end(spend("a")).await.expect("written");
    direct.end(spend("b")).await.expect_err("it is lost, and said to be");
    direct.end(spend("c")).await.expect("written");
    assert_eq!(ledger.written(), ["a", "c"]);
}

#[tokio::test]
async fn calls_are_refused_when_too_many_records_wait() {
    let ledger = Fake::poisoned("");
    let direct = direct(&ledger);
    for number in 0..10_000 {
        drop(direct.end(spend(&number.to_string())));
    }
    assert!(matches!(direct.begin(&spend("one too many")).await, Err(JournalFault::Full(_))));
    direct.end(spend("last")).await.expect("written");
    direct.begin(&spend("next")).await.expect("there is room again");
}
