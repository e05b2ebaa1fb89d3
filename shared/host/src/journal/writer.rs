//! The thread that writes a journal: many records in one piece, as they come.
//!
//! Decides which position a record gets, whether there is room for a call, and what becomes of what the disk did not
//! take. Knows no directory.

#[cfg(test)]
mod tests;

use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Sender;
use std::thread::{self, JoinHandle};
use std::time::Duration;
use std::{io, mem};

use tollgate_core::ledger::JournalFault;
use tracing::error;

use super::complaint::Complaint;
use super::frame::{self, Kind};
use super::queue::{Queue, Record, Task, Waiter};
use super::segments::Segments;
use super::syncer::{self, Durable, Written};

/// How long what the disk did not take waits for the next attempt.
const AGAIN: Duration = Duration::from_secs(1);
/// How long the thread sleeps when nothing comes.
const IDLE: Duration = Duration::from_secs(3600);
/// With so many calls under way records come so fast that they are gathered: each piece costs calls of the system and
/// changes of thread, however long it is.
const GATHERED_CALLS_MIN: usize = 8;
/// How long they are gathered, once a piece is written.
const GATHER: Duration = Duration::from_micros(300);

/// What the thread works with.
pub struct Writer {
    pub segments: Segments,
    pub queue: Arc<Queue>,
    pub durable: Arc<Durable>,
    /// The bytes of all journals of this process, and how many there may be.
    pub used: Arc<AtomicU64>,
    pub bytes_max: u64,
    pub syncs: bool,
    /// Held for as long as the folder is this process's.
    pub lock: File,
}

/// Where a record stands in the piece that is written.
struct Placed {
    record: Record,
    position: u64,
    start: usize,
    end: usize,
}

struct Running {
    writer: Writer,
    syncer: Sender<Written>,
    position: u64,
    acknowledged: u64,
    /// Ends of calls that the disk did not take yet.
    retained: Vec<Record>,
    complaint: Complaint,
    piece: Vec<u8>,
}

impl Writer {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(self) -> io::Result<()> {
        let (syncer, synced) = syncer::start(Arc::clone(&self.durable))?;
        let running = Running {
            writer: self,
            syncer,
            position: 0,
            acknowledged: 0,
            retained: Vec::new(),
            complaint: Complaint::default(),
            piece: Vec::new(),
        };
        thread::Builder::new().name("journal".to_owned()).spawn(move || running.run(synced))?;
        Ok(())
    }
}

impl Running {
    fn run(mut self, synced: JoinHandle<()>) {
        loop {
            if self.writer.segments.open_count() >= GATHERED_CALLS_MIN {
                thread::sleep(GATHER);
            }
            let tasks = self.writer.queue.take(if self.retained.is_empty() { IDLE } else { AGAIN });
            if let Some(done) = self.step(tasks) {
                return self.close(synced, done);
            }
        }
    }

    /// Does what is asked; the waiter for the end where that is asked.
    fn step(&mut self, tasks: Vec<Task>) -> Option<Waiter> {
        let mut records = mem::take(&mut self.retained);
        let (mut flushes, mut closing) = (Vec::new(), None);
        for task in tasks {
            match task {
                Task::Write(record) => records.push(record),
                Task::Flush(waiter) => flushes.push(waiter),
                Task::Acknowledged(position) => self.acknowledged = self.acknowledged.max(position),
                Task::Close(waiter) => closing = Some(waiter),
            }
        }
        self.rotate_when_long();
        self.write(records, flushes);
        if let Err(error) = self.writer.segments.reclaim(self.acknowledged) {
            error!("the spend journal cannot remove what it does not need any more: {error}");
        }
        closing
    }

    fn rotate_when_long(&mut self) {
        if !self.writer.segments.is_long() {
            return;
        }
        if let Err(error) = self.writer.segments.rotate() {
            error!("the spend journal cannot begin a new file: {error}: it goes on in the old one");
        }
    }

    /// Writes these records in one piece, and tells who waits for them.
    fn write(&mut self, records: Vec<Record>, flushes: Vec<Waiter>) {
        let placed = self.place(records);
        if placed.is_empty() && flushes.is_empty() {
            return;
        }
        let appended = self.writer.segments.append(&self.piece);
        if let Err(error) = &appended.outcome {
            self.complaint.make(&format!("the spend journal cannot be written: {error}"));
        }
        let fault = appended.outcome.err().map(|error| JournalFault::Broken(error.to_string()));
        let mut written = self.written(flushes);
        for placed in placed {
            if placed.end <= appended.written {
                self.note(placed, appended.offset, &mut written);
            } else if let Some(fault) = &fault {
                self.retain(placed.record, fault);
            }
        }
        self.hand_on(written);
    }

    /// Writes the piece, leaving out what there is no room for.
    fn place(&mut self, records: Vec<Record>) -> Vec<Placed> {
        self.piece.clear();
        let mut placed = Vec::with_capacity(records.len());
        for record in records {
            if !self.has_room(&record) {
                self.refuse(record);
                continue;
            }
            self.position += 1;
            let start = self.piece.len();
            frame::write(record.kind, self.position, &record.json, &mut self.piece);
            placed.push(Placed { record, position: self.position, start, end: self.piece.len() });
        }
        placed
    }

    /// What ends a call that has begun here always has room: no more of it comes than has begun.
    fn has_room(&mut self, record: &Record) -> bool {
        if record.kind == Kind::End && self.writer.segments.has_begun(&record.id) {
            return true;
        }
        let wanted = (self.piece.len() + frame::length(&record.json)) as u64;
        let fits = |writer: &Writer| writer.used.load(Ordering::Relaxed) + wanted <= writer.bytes_max;
        if fits(&self.writer) {
            return true;
        }
        let segments = &mut self.writer.segments;
        let made = segments.retire(self.acknowledged).and_then(|()| segments.reclaim(self.acknowledged));
        made.is_ok() && fits(&self.writer)
    }

    fn refuse(&mut self, record: Record) {
        let most_mb = self.writer.bytes_max / (1024 * 1024);
        let text = format!("{most_mb} MB wait for the database: raise general_settings.spend_journal_size_max_mb");
        self.complaint.make(&format!("the spend journal is full: {text}"));
        answer(record.waiter, Err(JournalFault::Full(text)));
    }

    fn written(&self, waiters: Vec<Waiter>) -> Written {
        let segments = &self.writer.segments;
        Written { file: Arc::clone(segments.file()), end: segments.end(), ended: 0, waiters }
    }

    /// A record stands in the file: a call that has begun goes on, one that has ended waits for the sync.
    fn note(&mut self, placed: Placed, offset: u64, written: &mut Written) {
        let Placed { record, position, start, end } = placed;
        match record.kind {
            Kind::Begin => {
                self.writer.segments.begun(record.id, offset + start as u64, end - start);
                answer(record.waiter, Ok(()));
            }
            Kind::End => {
                self.writer.segments.ended(&record.id, position);
                written.ended += 1;
                written.waiters.extend(record.waiter);
            }
        }
    }

    /// The disk did not take it: nobody waits on, and the end of a call that has begun is tried again.
    fn retain(&mut self, mut record: Record, fault: &JournalFault) {
        answer(record.waiter.take(), Err(fault.clone()));
        if record.kind == Kind::End && self.writer.segments.has_begun(&record.id) {
            self.retained.push(record);
        }
    }

    fn hand_on(&mut self, written: Written) {
        if written.ended == 0 && written.waiters.is_empty() {
            return;
        }
        if !self.writer.syncs {
            return syncer::tell(written, &self.writer.durable, &Ok(()));
        }
        if let Err(unsent) = self.syncer.send(written) {
            let fault = JournalFault::Broken("nothing is synced any more".to_owned());
            syncer::tell(unsent.0, &self.writer.durable, &Err(fault));
        }
    }

    /// Removes the journal where nothing in it is needed; else another process finds it.
    fn close(mut self, synced: JoinHandle<()>, done: Waiter) {
        drop(self.syncer);
        synced.join().ok();
        let is_settled = self.retained.is_empty() && self.writer.segments.is_settled(self.acknowledged);
        let outcome = if is_settled { self.writer.segments.remove() } else { Ok(()) };
        drop(self.writer.lock);
        done.send(outcome.map_err(|error| JournalFault::Broken(error.to_string()))).ok();
    }
}

fn answer(waiter: Option<Waiter>, outcome: Result<(), JournalFault>) {
    if let Some(waiter) = waiter {
        waiter.send(outcome).ok();
    }
}
