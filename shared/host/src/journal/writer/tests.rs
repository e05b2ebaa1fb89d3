use std::fs::OpenOptions;

use tempfile::TempDir;
use tokio::sync::oneshot;

use super::*;
use crate::journal::folder;

struct Rig {
    root: TempDir,
    running: Running,
    synced: Option<JoinHandle<()>>,
}

fn rig() -> Rig {
    let root = tempfile::tempdir().expect("a folder");
    let (folder, lock) = folder::create(root.path(), "own").expect("a folder");
    let used = Arc::new(AtomicU64::new(0));
    let durable = Arc::new(Durable::new(1000));
    let (syncer, synced) = syncer::start(Arc::clone(&durable)).expect("a thread");
    let writer = Writer {
        segments: Segments::begin(&folder, 1024 * 1024, Arc::clone(&used)).expect("a file"),
        queue: Arc::default(),
        durable,
        used,
        bytes_max: u64::MAX,
        syncs: true,
        lock,
    };
    let running = Running {
        writer,
        syncer,
        position: 0,
        acknowledged: 0,
        retained: Vec::new(),
        complaint: Complaint::default(),
        piece: Vec::new(),
    };
    Rig { root, running, synced: Some(synced) }
}

type Told = oneshot::Receiver<Result<(), JournalFault>>;

fn record(kind: Kind, id: &str) -> (Task, Told) {
    let (waiter, told) = oneshot::channel();
    let json = format!(r#"{{"id":"{id}"}}"#).into_bytes();
    (Task::Write(Record { kind, id: id.into(), json, waiter: Some(waiter) }), told)
}

impl Rig {
    fn step(&mut self, kind: Kind, id: &str) -> Told {
        let (task, told) = record(kind, id);
        self.running.step(vec![task]);
        told
    }

    /// The ids and kinds of the records in the file.
    fn lines(&self) -> Vec<String> {
        let text = std::fs::read(crate::journal::segments::path(&self.root.path().join("own"), 1)).expect("a file");
        let (mut reader, mut buffer, mut found) = (text.as_slice(), Vec::new(), Vec::new());
        loop {
            let line = frame::next_line(&mut reader, &mut buffer, &mut |frame| {
                found.push(format!("{:?} {}", frame.kind, String::from_utf8_lossy(frame.json)));
            });
            if line.expect("a line").bytes == 0 {
                return found;
            }
        }
    }
}

fn full_disk() -> File {
    OpenOptions::new().write(true).open("/dev/full").expect("the device that is always full")
}

#[test]
fn a_full_disk_refuses_calls_and_writes_the_ends_of_others_when_there_is_room() {
    let mut rig = rig();
    rig.step(Kind::Begin, "one").blocking_recv().expect("told").expect("begun");
    let disk = rig.running.writer.segments.swap_file(full_disk().into());

    let refused = rig.step(Kind::Begin, "two").blocking_recv().expect("told");
    assert!(matches!(refused, Err(JournalFault::Broken(_))), "{refused:?}");
    let unwritten = rig.step(Kind::End, "one").blocking_recv().expect("told");
    assert!(matches!(unwritten, Err(JournalFault::Broken(_))), "nobody waits for a disk that is full");
    let unknown = rig.step(Kind::End, "never begun").blocking_recv().expect("told");
    assert!(unknown.is_err());
    assert_eq!(rig.running.retained.len(), 1, "the end of a call that began is kept");

    rig.running.writer.segments.swap_file(disk);
    rig.running.step(Vec::new());
    assert_eq!(rig.lines(), [r#"Begin {"id":"one"}"#, r#"End {"id":"one"}"#]);
    assert!(rig.running.retained.is_empty());
}

#[test]
fn a_write_that_broke_off_within_a_line_costs_that_line_alone() {
    let mut rig = rig();
    rig.step(Kind::Begin, "one").blocking_recv().expect("told").expect("begun");
    rig.running.writer.segments.tear(b"00000000 0000");
    rig.step(Kind::Begin, "two").blocking_recv().expect("told").expect("begun");
    assert_eq!(rig.lines(), [r#"Begin {"id":"one"}"#, r#"Begin {"id":"two"}"#]);
}

#[test]
fn the_last_words_are_durable_when_the_thread_has_ended() {
    let mut rig = rig();
    let told = rig.step(Kind::End, "one");
    let (waiter, closed) = oneshot::channel();
    let synced = rig.synced.take().expect("a thread");
    rig.running.close(synced, waiter);
    closed.blocking_recv().expect("told").expect("closed");
    told.blocking_recv().expect("told").expect("synced");
    assert!(rig.root.path().join("own").exists(), "what is not drained stays");
}
