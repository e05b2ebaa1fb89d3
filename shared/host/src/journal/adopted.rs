//! A journal whose process is gone: what had begun in it and not ended is ended here.
//!
//! Nobody knows what became of such a call: it is charged the most that it could cost. Knows no directory.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tollgate_core::ledger::{Bounds, Outcome, Spend};
use tracing::warn;

use super::aside::Aside;
use super::frame::{self, Kind};
use super::reader::{Cursor, Page, Place};
use super::segments;

/// How far above the last position what is ended here begins: beyond any that the process may have used and lost.
const POSITIONS_APART: u64 = 1 << 32;
const PIECE_BYTES: usize = 1024 * 1024;

#[derive(Debug)]
pub struct Adopted {
    pub id: String,
    folder: PathBuf,
    cursor: Cursor,
    until: (u64, u64),
    bytes: u64,
    used: Arc<AtomicU64>,
    _lock: File,
}

/// What a journal holds.
#[derive(Debug, Default)]
struct Survey {
    /// Calls that have begun and not ended: what they began with.
    open: HashMap<String, Vec<u8>>,
    position: u64,
}

impl Adopted {
    /// Takes a journal over.
    ///
    /// # Errors
    /// When it cannot be read, or what has lapsed cannot be written: the folder is left as it is.
    pub fn open((id, folder, lock): (String, PathBuf, File), used: Arc<AtomicU64>) -> io::Result<Self> {
        let numbers = segments::numbers(&folder)?;
        let survey = survey(&folder, &numbers)?;
        let mut last = numbers.last().copied().unwrap_or(0);
        if !survey.open.is_empty() {
            last += 1;
            lapse(&folder, last, &survey)?;
        }
        let mut bytes = 0;
        for number in segments::numbers(&folder)? {
            bytes += fs::metadata(segments::path(&folder, number))?.len();
        }
        used.fetch_add(bytes, Ordering::Relaxed);
        let cursor = Cursor { position: super::folder::acknowledged(&folder), ..Cursor::default() };
        Ok(Self { id, folder, cursor, until: (last, u64::MAX), bytes, used, _lock: lock })
    }

    pub fn read(&self, aside: &Aside, bounds: Bounds) -> io::Result<Page> {
        Place { folder: &self.folder, aside }.read(self.cursor, self.until, bounds)
    }

    pub fn acknowledge(&mut self, cursor: Cursor) -> io::Result<()> {
        self.cursor = cursor;
        super::folder::acknowledge(&self.folder, cursor.position)
    }

    /// Removes the journal: everything in it is in the directory.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn remove(&self) -> io::Result<()> {
        super::folder::remove(&self.folder)
    }
}

impl Drop for Adopted {
    fn drop(&mut self) {
        self.used.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

fn survey(folder: &Path, numbers: &[u64]) -> io::Result<Survey> {
    let mut survey = Survey::default();
    let mut line = Vec::new();
    for number in numbers {
        let file = File::open(segments::path(folder, *number))?;
        let mut file = BufReader::with_capacity(256 * 1024, file);
        while frame::next_line(&mut file, &mut line, &mut |frame| survey.see(frame.kind, &frame))?.bytes > 0 {}
    }
    Ok(survey)
}

impl Survey {
    fn see(&mut self, kind: Kind, frame: &frame::Frame<'_>) {
        self.position = self.position.max(frame.position);
        // What is no spend is told when it is read for the directory.
        let Ok(spend) = serde_json::from_slice::<Spend>(frame.json) else { return };
        match kind {
            Kind::Begin => self.open.insert(spend.id, frame.json.to_vec()),
            Kind::End => self.open.remove(&spend.id),
        };
    }
}

/// Ends what has not ended, in a file of its own.
fn lapse(folder: &Path, number: u64, survey: &Survey) -> io::Result<()> {
    let mut file = segments::create(folder, number)?;
    let mut position = survey.position + POSITIONS_APART;
    let mut piece = Vec::new();
    for json in survey.open.values() {
        let Ok(mut spend) = serde_json::from_slice::<Spend>(json) else { continue };
        spend.outcome = Outcome::Lapsed;
        spend.ended = spend.ended.max(spend.started);
        position += 1;
        frame::write(Kind::End, position, &serde_json::to_vec(&spend)?, &mut piece);
        if piece.len() >= PIECE_BYTES {
            file.write_all(&piece)?;
            piece.clear();
        }
    }
    file.write_all(&piece)?;
    file.sync_all()?;
    let count = survey.open.len();
    warn!(count, "{count} calls of a process that is gone had not ended: they are charged what they could cost");
    Ok(())
}
