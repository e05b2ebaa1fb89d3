//! What the drain reads: the own journal, and those of processes that are gone.
//!
//! Everything here may wait for the disk, and runs where it may. Knows no directory.

use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tollgate_core::ledger::{Batch, Bounds};
use tracing::{error, info};

use super::Receipt;
use super::adopted::Adopted;
use super::aside::Aside;
use super::folder;
use super::queue::{Queue, Task};
use super::reader::{Cursor, Page, Place};
use super::syncer::Durable;

/// How often journals of processes that have gone meanwhile are looked for.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// What the drain meets next.
#[derive(Debug)]
pub enum Next {
    Batch(Batch),
    /// The journal of a process that is gone, of which everything is in the directory.
    Drained(String),
    Nothing,
}

#[derive(Debug)]
pub struct Files {
    pub id: String,
    pub root: PathBuf,
    pub folder: PathBuf,
    pub queue: Arc<Queue>,
    pub durable: Arc<Durable>,
    pub used: Arc<AtomicU64>,
    pub aside: Aside,
    pub state: Mutex<State>,
}

#[derive(Debug, Default)]
pub struct State {
    own: Cursor,
    adopted: VecDeque<Adopted>,
    looked: Option<Instant>,
    /// Where the batch ends that was read last.
    read: Cursor,
}

impl Files {
    pub fn next(&self, bounds: Bounds) -> io::Result<Next> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        self.look(&mut state)?;
        if let Some(adopted) = state.adopted.front() {
            let (journal, page) = (adopted.id.clone(), adopted.read(&self.aside, bounds)?);
            return Ok(match page.entries.is_empty() {
                true => Next::Drained(journal),
                false => Next::Batch(state.hand_out(journal, page, IsOwn::No)),
            });
        }
        let place = Place { folder: &self.folder, aside: &self.aside };
        let page = place.read(state.own, self.durable.end(), bounds)?;
        if page.entries.is_empty() {
            state.own = page.cursor;
            return Ok(Next::Nothing);
        }
        Ok(Next::Batch(state.hand_out(self.id.clone(), page, IsOwn::Yes)))
    }

    /// Removes the journal of a process that is gone, from which nothing more comes.
    pub fn remove(&self, journal: &str) -> io::Result<()> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(adopted) = state.adopted.iter().find(|adopted| adopted.id == journal) {
            adopted.remove()?;
        }
        state.adopted.retain(|adopted| adopted.id != journal);
        Ok(())
    }

    /// Looks for journals that nobody owns, now and then.
    fn look(&self, state: &mut State) -> io::Result<()> {
        if state.looked.is_some_and(|looked| looked.elapsed() < LOOK_AGAIN) {
            return Ok(());
        }
        state.looked = Some(Instant::now());
        for found in folder::adopt(&self.root)? {
            let is_known = found.0 == self.id || state.adopted.iter().any(|adopted| adopted.id == found.0);
            if is_known {
                continue;
            }
            let path = found.1.display().to_string();
            match Adopted::open(found, Arc::clone(&self.used)) {
                Ok(adopted) => {
                    info!("the spend journal {path} of a process that is gone is written to the database, too");
                    state.adopted.push_back(adopted);
                }
                Err(error) => error!("the spend journal {path} of a process that is gone cannot be read: {error}"),
            }
        }
        Ok(())
    }

    pub fn acknowledge(&self, batch: &Receipt) -> io::Result<()> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let read = state.read;
        if batch.journal != self.id {
            let adopted = state.adopted.iter_mut().find(|adopted| adopted.id == batch.journal);
            return adopted.map_or(Ok(()), |adopted| adopted.acknowledge(read));
        }
        state.own = read;
        self.durable.drained(batch.count);
        self.queue.push(Task::Acknowledged(read.position));
        folder::acknowledge(&self.folder, read.position)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum IsOwn {
    Yes,
    No,
}

impl State {
    fn hand_out(&mut self, journal: String, page: Page, own: IsOwn) -> Batch {
        self.read = page.cursor;
        Batch { journal, entries: page.entries.into(), is_last: page.is_last && own == IsOwn::Yes }
    }
}
