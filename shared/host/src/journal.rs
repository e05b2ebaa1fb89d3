//! The journal in files: what a call costs is written here at once, and drained into the directory later.
//!
//! A folder a process (`<data folder>/journal/<id>/`), in it files of whole lines. One thread writes, many records
//! together; one syncs meanwhile. Decides when a record counts as noted; knows no directory.

mod adopted;
mod aside;
mod backlog;
mod complaint;
mod folder;
mod frame;
mod queue;
mod reader;
mod segments;
mod syncer;
#[cfg(test)]
mod tests;
mod writer;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;
use std::{fmt, io};

use tokio::sync::oneshot;
use tollgate_core::directory::Fault;
use tollgate_core::ledger::{Backlog, Batch, Bounds, Entry, Journal, JournalFault, Spend};
use tollgate_core::upstream::BoxFuture;

use aside::Aside;
use backlog::{Files, Next, State};
use frame::{Kind, RECORD_BYTES_MAX};
use queue::{Queue, Record, Task};
use segments::Segments;
use syncer::Durable;
use writer::Writer;

/// How long a call waits for a disk that does not answer.
const WAIT_MAX: Duration = Duration::from_secs(10);
const SEGMENT_BYTES_MAX: u64 = 64 * 1024 * 1024;
const SEGMENT_BYTES_MIN: u64 = 64 * 1024;
/// Enough files that most of a small journal can be given back.
const SEGMENTS: u64 = 16;

/// How a journal is kept.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// All journals of this process together: `spend_journal_size_max_mb`.
    pub bytes_max: u64,
    /// Whether the end of a call waits for the disk: `spend_journal_sync`.
    pub syncs: bool,
    /// How many ended calls are drained before their time.
    pub ripe_at: u64,
}

/// A journal in a folder of this process's own.
#[derive(Debug)]
pub struct FileJournal {
    queue: Arc<Queue>,
    files: Arc<Files>,
    farewell: Option<Farewell>,
}

/// What has to be done when a process is gone, by the name of its journal.
pub struct Farewell(pub Box<dyn Fn(String) -> BoxFuture<'static, Result<(), Fault>> + Send + Sync>);

impl fmt::Debug for Farewell {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Farewell")
    }
}

impl FileJournal {
    /// Begins a journal under this folder; journals of processes that are gone are found when it is drained.
    ///
    /// # Errors
    /// When the folder cannot be made, or the system gives no threads.
    pub fn open(root: &Path, rules: Rules) -> io::Result<Self> {
        Self::open_as(tollgate_core::new_id(), root, rules)
    }

    /// The same under this name, which no other journal has.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_as(id: String, root: &Path, rules: Rules) -> io::Result<Self> {
        let (folder, lock) = folder::create(root, &id)?;
        let used = Arc::new(AtomicU64::new(0));
        let segment_bytes_max = (rules.bytes_max / SEGMENTS).clamp(SEGMENT_BYTES_MIN, SEGMENT_BYTES_MAX);
        let queue = Arc::new(Queue::default());
        let durable = Arc::new(Durable::new(rules.ripe_at));
        let writer = Writer {
            segments: Segments::begin(&folder, segment_bytes_max, Arc::clone(&used))?,
            queue: Arc::clone(&queue),
            durable: Arc::clone(&durable),
            used: Arc::clone(&used),
            bytes_max: rules.bytes_max,
            syncs: rules.syncs,
            lock,
        };
        writer.start()?;
        let files = Files {
            id,
            root: root.to_owned(),
            folder,
            queue: Arc::clone(&queue),
            durable,
            used,
            aside: Aside::of(root),
            state: std::sync::Mutex::new(State::default()),
        };
        Ok(Self { queue, files: Arc::new(files), farewell: None })
    }

    /// Has this done when the journal of a process that is gone has been drained, before it is removed.
    pub fn with_farewell(mut self, farewell: Farewell) -> Self {
        self.farewell = Some(farewell);
        self
    }

    /// A process is gone, and everything it has noted is in the directory.
    async fn part_with(&self, journal: String) -> Result<(), JournalFault> {
        if let Some(Farewell(farewell)) = &self.farewell {
            let outcome = farewell(journal.clone()).await;
            outcome.map_err(|fault| JournalFault::Broken(format!("what {journal} held is not given back: {fault}")))?;
        }
        self.on_disk(move |files| files.remove(&journal)).await
    }

    /// Ends the threads, and removes the folder where nothing in it is needed; else the next process drains it.
    ///
    /// # Errors
    /// When the folder cannot be removed.
    pub async fn close(&self) -> Result<(), JournalFault> {
        wait(self.ask(Task::Close)).await
    }

    fn ask(&self, task: impl FnOnce(queue::Waiter) -> Task) -> Told {
        let (waiter, told) = oneshot::channel();
        self.queue.push(task(waiter));
        told
    }

    fn write(&self, kind: Kind, id: &str, json: Vec<u8>) -> Told {
        self.ask(|waiter| Task::Write(Record { kind, id: id.into(), json, waiter: Some(waiter) }))
    }

    async fn on_disk<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Files) -> io::Result<T> + Send + 'static,
    ) -> Result<T, JournalFault> {
        let files = Arc::clone(&self.files);
        let outcome = tokio::task::spawn_blocking(move || work(&files)).await;
        let outcome = outcome.map_err(|error| JournalFault::Broken(error.to_string()))?;
        outcome.map_err(|error| JournalFault::Broken(error.to_string()))
    }
}

impl Drop for FileJournal {
    fn drop(&mut self) {
        let (waiter, _) = oneshot::channel();
        self.queue.push(Task::Close(waiter));
    }
}

type Told = oneshot::Receiver<Result<(), JournalFault>>;

async fn wait(told: Told) -> Result<(), JournalFault> {
    let broken = |text: &str| Err(JournalFault::Broken(text.to_owned()));
    match tokio::time::timeout(WAIT_MAX, told).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_)) => broken("it is closed"),
        Err(_) => broken("the disk does not answer"),
    }
}

/// How long a record usually is.
const USUAL_BYTES: usize = 1024;

/// The record as JSON; without what was said in the call where that is too long.
fn written(spend: &Spend) -> Result<Vec<u8>, JournalFault> {
    let json = |spend: &Spend| {
        let mut json = Vec::with_capacity(USUAL_BYTES);
        let outcome = serde_json::to_writer(&mut json, spend);
        outcome.map(|()| json).map_err(|error| JournalFault::Broken(error.to_string()))
    };
    let whole = json(spend)?;
    if whole.len() <= RECORD_BYTES_MAX {
        return Ok(whole);
    }
    let short = json(&Spend { messages: None, response: None, metadata: None, error: None, ..spend.clone() })?;
    if short.len() <= RECORD_BYTES_MAX {
        return Ok(short);
    }
    Err(JournalFault::Broken(format!("a record of {} bytes is too long for it", short.len())))
}

impl Journal for FileJournal {
    fn begin<'a>(&'a self, spend: &'a Spend) -> BoxFuture<'a, Result<(), JournalFault>> {
        Box::pin(async move {
            if !self.queue.has_room() {
                return Err(JournalFault::Broken("the disk does not keep up".to_owned()));
            }
            wait(self.write(Kind::Begin, &spend.id, written(spend)?)).await
        })
    }

    fn end(&self, spend: Spend) -> BoxFuture<'static, Result<(), JournalFault>> {
        match written(&spend) {
            Ok(json) => Box::pin(wait(self.write(Kind::End, &spend.id, json))),
            Err(fault) => Box::pin(std::future::ready(Err(fault))),
        }
    }
}

impl Backlog for FileJournal {
    fn next(&self, bounds: Bounds) -> BoxFuture<'_, Result<Option<Batch>, JournalFault>> {
        Box::pin(async move {
            wait(self.ask(Task::Flush)).await?;
            loop {
                match self.on_disk(move |files| files.next(bounds)).await? {
                    Next::Batch(batch) => return Ok(Some(batch)),
                    Next::Nothing => return Ok(None),
                    Next::Drained(journal) => self.part_with(journal).await?,
                }
            }
        })
    }

    fn acknowledge<'a>(&'a self, batch: &'a Batch) -> BoxFuture<'a, Result<(), JournalFault>> {
        // What is acknowledged is told by its journal and number: the records need not be copied.
        let receipt = Receipt { journal: batch.journal.clone(), count: batch.entries.len() as u64 };
        Box::pin(self.on_disk(move |files| files.acknowledge(&receipt)))
    }

    fn set_aside<'a>(&'a self, entry: &'a Entry, reason: &'a str) -> BoxFuture<'a, Result<(), JournalFault>> {
        Box::pin(async move {
            let (json, reason) = (written(&entry.spend)?, reason.to_owned());
            self.on_disk(move |files| files.aside.keep(&json, &reason)).await
        })
    }

    fn ripe(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.files.durable.ripe())
    }
}

/// Which batch is acknowledged.
#[derive(Debug)]
struct Receipt {
    journal: String,
    count: u64,
}
