use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use proptest::prelude::*;
use tempfile::TempDir;
use tollgate_core::clock::Moment;
use tollgate_core::directory::Fault;
use tollgate_core::ledger::{Backlog, Bounds, Entry, Journal, JournalFault, Outcome, Spend};

use super::{Farewell, FileJournal, Rules, frame, segments};

const BOUNDS: Bounds = Bounds { records_max: 100, bytes_max: 1024 * 1024 };
const MB: u64 = 1024 * 1024;

fn rules(bytes_max: u64) -> Rules {
    Rules { bytes_max, syncs: true, ripe_at: 3 }
}

fn open(root: &Path) -> FileJournal {
    FileJournal::open(root, rules(1024 * MB)).expect("a journal")
}

fn begun(id: &str) -> Spend {
    Spend { id: id.to_owned(), started: Moment(5), cost_picousd: 1000, model: "m".to_owned(), ..Spend::default() }
}

fn ended(id: &str, cost_picousd: u64) -> Spend {
    Spend { ended: Moment(9), cost_picousd, ..begun(id) }
}

/// Reads and acknowledges everything that waits.
async fn drain(journal: &FileJournal) -> Vec<(String, Entry)> {
    let mut all = Vec::new();
    while let Some(batch) = journal.next(BOUNDS).await.expect("a batch") {
        journal.acknowledge(&batch).await.expect("acknowledged");
        all.extend(batch.entries.iter().map(|entry| (batch.journal.clone(), entry.clone())));
    }
    all
}

fn calls(drained: &[(String, Entry)]) -> Vec<(&str, u64, Outcome)> {
    drained.iter().map(|(_, entry)| (entry.spend.id.as_str(), entry.spend.cost_picousd, entry.spend.outcome)).collect()
}

/// What a disk holds when the process is killed now: every journal, under another root.
fn killed(root: &Path) -> TempDir {
    let copy = tempfile::tempdir().expect("a folder");
    for entry in fs::read_dir(root).expect("journals").flatten().filter(|entry| entry.path().is_dir()) {
        let to = copy.path().join(entry.file_name());
        fs::create_dir(&to).expect("a folder");
        for file in fs::read_dir(entry.path()).expect("files").flatten() {
            fs::copy(file.path(), to.join(file.file_name())).expect("a copy");
        }
    }
    copy
}

#[tokio::test]
async fn what_ended_is_read_in_its_order_and_once() {
    let root = tempfile::tempdir().expect("a folder");
    let journal = open(root.path());
    for number in 0..250_u64 {
        let id = format!("call-{number}");
        journal.begin(&begun(&id)).await.expect("begun");
        journal.end(ended(&id, number)).await.expect("ended");
    }
    let drained = drain(&journal).await;
    let costs: Vec<u64> = drained.iter().map(|(_, entry)| entry.spend.cost_picousd).collect();
    assert_eq!(costs, (0..250).collect::<Vec<_>>());
    assert!(drained.windows(2).all(|pair| pair[0].1.position < pair[1].1.position), "positions rise");
    assert!(drain(&journal).await.is_empty(), "nothing is read twice");
    journal.close().await.expect("closed");
    assert_eq!(fs::read_dir(root.path()).expect("a folder").count(), 0, "nothing is left of a journal that is drained");
}

#[tokio::test]
async fn a_batch_that_was_not_acknowledged_is_read_again() {
    let root = tempfile::tempdir().expect("a folder");
    let journal = open(root.path());
    journal.end(ended("one", 1)).await.expect("ended");
    let first = journal.next(BOUNDS).await.expect("a batch");
    assert_eq!(journal.next(BOUNDS).await.expect("a batch"), first);
    let small = Bounds { records_max: 1, ..BOUNDS };
    journal.end(ended("two", 2)).await.expect("ended");
    let batch = journal.next(small).await.expect("read").expect("a batch");
    assert_eq!((batch.entries.len(), batch.is_last), (1, false));
}

#[tokio::test]
async fn calls_of_a_killed_process_lapse_at_their_estimate() {
    let root = tempfile::tempdir().expect("a folder");
    let journal = open(root.path());
    for id in ["under way", "over"] {
        journal.begin(&begun(id)).await.expect("begun");
    }
    journal.end(ended("over", 7)).await.expect("ended");

    let left = killed(root.path());
    let next = open(left.path());
    let drained = drain(&next).await;
    assert_eq!(calls(&drained), [("over", 7, Outcome::Served), ("under way", 1000, Outcome::Lapsed)]);
    assert!(drained.iter().all(|(journal, _)| *journal != next.files.id), "they keep their journal's name");
    assert!(drained[1].1.position > drained[0].1.position + 1_000_000, "no position is used twice");
    assert!(drain(&next).await.is_empty());
    let folders: Vec<PathBuf> = fs::read_dir(left.path()).expect("a folder").flatten().map(|e| e.path()).collect();
    assert_eq!(folders, std::slice::from_ref(&next.files.folder), "a journal that was taken over and drained is gone");
}

#[tokio::test]
async fn a_process_that_is_gone_is_parted_with_once_everything_of_it_is_written() {
    let root = tempfile::tempdir().expect("a folder");
    let journal = open(root.path());
    journal.begin(&begun("under way")).await.expect("begun");
    let left = killed(root.path());
    let (told, answers) = (Arc::new(Mutex::new(Vec::new())), Mutex::new(vec![Ok(()), Err(away())]));
    let own = Arc::clone(&told);
    let next = open(left.path()).with_farewell(Farewell(Box::new(move |journal| {
        own.lock().expect("names").push(journal);
        let answer = answers.lock().expect("answers").pop().expect("an answer");
        Box::pin(std::future::ready(answer))
    })));
    let batch = next.next(BOUNDS).await.expect("read").expect("a batch");
    assert!(told.lock().expect("names").is_empty(), "it is not written yet");
    next.acknowledge(&batch).await.expect("acknowledged");
    let folder = left.path().join(&batch.journal);
    assert!(next.next(BOUNDS).await.is_err() && folder.exists(), "it is told again where that failed");
    assert_eq!(next.next(BOUNDS).await, Ok(None));
    assert!(!folder.exists());
    assert_eq!(*told.lock().expect("names"), [batch.journal.clone(), batch.journal]);
}

fn away() -> Fault {
    Fault::Unavailable("it is away".to_owned())
}

#[tokio::test]
async fn a_removal_that_broke_off_is_ended() {
    let root = tempfile::tempdir().expect("a folder");
    let (removed, begun) = (root.path().join(".one.gone"), root.path().join(".two"));
    for folder in [&removed, &begun] {
        fs::create_dir(folder).expect("a folder");
        fs::write(folder.join("0000000001.log"), b"rest").expect("a file");
    }
    assert!(drain(&open(root.path())).await.is_empty());
    assert!(!removed.exists() && begun.exists(), "what begins just now is left alone");
}

#[tokio::test]
async fn what_was_acknowledged_is_not_read_again_after_a_kill() {
    let root = tempfile::tempdir().expect("a folder");
    let journal = open(root.path());
    journal.end(ended("one", 1)).await.expect("ended");
    drain(&journal).await;
    journal.end(ended("two", 2)).await.expect("ended");
    let left = killed(root.path());
    assert_eq!(calls(&drain(&open(left.path())).await), [("two", 2, Outcome::Served)]);
}

#[tokio::test]
async fn a_journal_that_is_in_use_is_nobody_elses() {
    let root = tempfile::tempdir().expect("a folder");
    let (one, other) = (open(root.path()), open(root.path()));
    one.end(ended("mine", 1)).await.expect("ended");
    assert!(drain(&other).await.is_empty());
    assert_eq!(calls(&drain(&one).await), [("mine", 1, Outcome::Served)]);
}

#[tokio::test]
async fn files_go_when_they_are_drained_and_calls_under_way_are_carried_over() {
    let root = tempfile::tempdir().expect("a folder");
    let journal = FileJournal::open(root.path(), rules(MB)).expect("a journal");
    journal.begin(&begun("long")).await.expect("begun");
    for number in 0..2000_u64 {
        journal.end(ended(&format!("call-{number}"), number)).await.expect("within the limit");
        if number % 200 == 199 {
            drain(&journal).await;
        }
    }
    let numbers = segments::numbers(&journal.files.folder).expect("files");
    assert!(numbers.len() <= 2 && numbers[0] > 1, "{numbers:?}: old files are removed");
    let left = killed(root.path());
    assert_eq!(calls(&drain(&open(left.path())).await), [("long", 1000, Outcome::Lapsed)]);
    journal.end(ended("long", 3)).await.expect("ended");
    assert_eq!(calls(&drain(&journal).await), [("long", 3, Outcome::Served)]);
}

#[tokio::test]
async fn a_full_journal_refuses_calls_and_takes_the_ends_of_those_under_way() {
    let root = tempfile::tempdir().expect("a folder");
    let journal = FileJournal::open(root.path(), rules(64 * 1024)).expect("a journal");
    let mut admitted = 0;
    let fault = loop {
        match journal.begin(&begun(&admitted.to_string())).await {
            Ok(()) => admitted += 1,
            Err(fault) => break fault,
        }
    };
    assert!(matches!(fault, JournalFault::Full(_)), "{fault}");
    assert!(admitted > 10);
    for number in 0..admitted {
        journal.end(ended(&number.to_string(), 1)).await.expect("a call that began may end");
    }
    let unknown = journal.end(ended("unknown", 1)).await;
    assert!(matches!(unknown, Err(JournalFault::Full(_))), "what never began has no room");
    assert_eq!(drain(&journal).await.len(), admitted);
    journal.begin(&begun("again")).await.expect("there is room again");
}

#[tokio::test]
async fn a_drain_is_called_when_many_records_wait() {
    let root = tempfile::tempdir().expect("a folder");
    let journal = open(root.path());
    for id in ["one", "two"] {
        journal.end(ended(id, 1)).await.expect("ended");
    }
    tokio::time::timeout(Duration::from_millis(1), journal.ripe()).await.expect_err("two are not many");
    journal.end(ended("three", 1)).await.expect("ended");
    tokio::time::timeout(Duration::from_secs(5), journal.ripe()).await.expect("three are");
}

#[tokio::test]
async fn without_syncing_ends_are_readable_at_once() {
    let root = tempfile::tempdir().expect("a folder");
    let journal = FileJournal::open(root.path(), Rules { syncs: false, ..rules(MB) }).expect("a journal");
    journal.end(ended("one", 1)).await.expect("ended");
    assert_eq!(calls(&drain(&journal).await), [("one", 1, Outcome::Served)]);
}

#[tokio::test]
async fn what_is_set_aside_is_one_line_with_its_reason() {
    let root = tempfile::tempdir().expect("a folder");
    let journal = open(root.path());
    let entry = Entry { position: 1, spend: ended("poison", 4) };
    journal.set_aside(&entry, "does not fit").await.expect("kept");
    let text = fs::read_to_string(root.path().join("rejected")).expect("a file");
    assert_eq!(text.lines().count(), 1);
    assert!(text.contains("does not fit") && text.contains("poison"), "{text}");
}

/// A journal in which calls overlap, and what each of its bytes belongs to.
struct Written {
    root: TempDir,
    file: PathBuf,
    /// The call, whether it is its end, and where the line ends.
    lines: Vec<(String, bool, usize)>,
}

async fn written(calls: u64) -> Written {
    let root = tempfile::tempdir().expect("a folder");
    let journal = open(root.path());
    for number in 0..calls {
        journal.begin(&begun(&number.to_string())).await.expect("begun");
        if number >= 2 {
            journal.end(ended(&(number - 2).to_string(), number)).await.expect("ended");
        }
    }
    let copy = killed(root.path());
    let folder = copy.path().join(&journal.files.id);
    let file = segments::path(&folder, 1);
    let text = fs::read(&file).expect("a file");
    let (mut lines, mut buffer, mut end) = (Vec::new(), Vec::new(), 0);
    let mut reader = text.as_slice();
    loop {
        let mut found = None;
        let line = frame::next_line(&mut reader, &mut buffer, &mut |frame| {
            let spend: Spend = serde_json::from_slice(frame.json).expect("a spend");
            found = Some((spend.id, frame.kind == frame::Kind::End));
        });
        end += usize::try_from(line.expect("a line").bytes).expect("short");
        let Some((id, is_end)) = found else { break };
        lines.push((id, is_end, end));
    }
    Written { root: copy, file, lines }
}

impl Written {
    /// What must be found where the lines that this function names are not whole.
    fn expected(&self, is_lost: impl Fn(usize, usize) -> bool) -> BTreeMap<String, Outcome> {
        let (mut calls, mut start) = (BTreeMap::new(), 0);
        for (id, is_end, end) in &self.lines {
            if !is_lost(start, *end) {
                let outcome = if *is_end { Outcome::Served } else { Outcome::Lapsed };
                calls.insert(id.clone(), outcome);
            }
            start = *end;
        }
        calls
    }

    async fn found(&self) -> BTreeMap<String, Outcome> {
        let drained = drain(&open(self.root.path())).await;
        let ids: BTreeSet<&str> = drained.iter().map(|(_, entry)| entry.spend.id.as_str()).collect();
        assert_eq!(ids.len(), drained.len(), "no call is found twice");
        drained.into_iter().map(|(_, entry)| (entry.spend.id, entry.spend.outcome)).collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_journal_cut_off_anywhere_holds_every_record_before_the_cut(share in 0.0..1.0_f64) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let written = written(12).await;
            let text = fs::read(&written.file).expect("a file");
            let cut = (text.len() as f64 * share) as usize;
            fs::write(&written.file, &text[..cut]).expect("cut");
            // The line's end is not needed.
            assert_eq!(written.found().await, written.expected(|_, end| end - 1 > cut));
        });
    }

    #[test]
    fn one_damaged_byte_costs_one_record_at_most(share in 0.0..1.0_f64, byte: u8) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let written = written(12).await;
            let mut text = fs::read(&written.file).expect("a file");
            let place = (text.len() as f64 * share) as usize;
            text[place] = byte;
            fs::write(&written.file, &text).expect("damaged");
            let found = written.found().await;
            let whole = written.expected(|_, _| false);
            let damaged = written.expected(|start, end| (start..end).contains(&place));
            // The letters of a checksum may be written in either case, and a line's end is not part of a record.
            assert!(found == damaged || found == whole, "{found:?}");
        });
    }
}
