//! Reading ended calls back from the files of a journal, a piece at a time.
//!
//! Decides what of a file counts: whole records, each position once. Writes nothing but what is set aside.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use tollgate_core::ledger::{Bounds, Entry, Spend};
use tracing::{error, warn};

use super::aside::Aside;
use super::frame::{self, Frame, Kind};
use super::segments;

/// Where reading goes on: after this many bytes of this file, with positions above this one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    pub segment: u64,
    pub offset: u64,
    pub position: u64,
}

/// What was read.
#[derive(Debug, Default)]
pub struct Page {
    pub entries: Vec<Entry>,
    bytes: usize,
    pub cursor: Cursor,
    /// Whether there was nothing more to read.
    pub is_last: bool,
}

/// A journal's folder, and where records of it go that nothing can be made of.
pub struct Place<'a> {
    pub folder: &'a Path,
    pub aside: &'a Aside,
}

impl Place<'_> {
    /// The ended calls after the cursor, up to an end (a file's number and its length).
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn read(&self, from: Cursor, until: (u64, u64), bounds: Bounds) -> io::Result<Page> {
        let mut page = Page { cursor: from, ..Page::default() };
        for number in segments::numbers(self.folder)? {
            if number < from.segment || number > until.0 {
                continue;
            }
            if number > page.cursor.segment {
                (page.cursor.segment, page.cursor.offset) = (number, 0);
            }
            let length = if number == until.0 { until.1 } else { u64::MAX };
            if self.read_file(&mut page, length, bounds)? == Stop::Full {
                return Ok(page);
            }
        }
        page.is_last = true;
        Ok(page)
    }

    fn read_file(&self, page: &mut Page, length: u64, bounds: Bounds) -> io::Result<Stop> {
        let mut file = File::open(segments::path(self.folder, page.cursor.segment))?;
        file.seek(SeekFrom::Start(page.cursor.offset))?;
        let mut file = BufReader::with_capacity(256 * 1024, file.take(length.saturating_sub(page.cursor.offset)));
        let (mut buffer, mut damaged) = (Vec::new(), 0_u64);
        let stop = loop {
            if page.entries.len() >= bounds.records_max || page.bytes >= bounds.bytes_max {
                break Stop::Full;
            }
            let line = frame::next_line(&mut file, &mut buffer, &mut |frame| self.take(page, &frame))?;
            if line.bytes == 0 {
                break Stop::End;
            }
            page.cursor.offset += line.bytes;
            damaged += u64::from(line.is_damaged);
        };
        if damaged > 0 {
            let path = segments::path(self.folder, page.cursor.segment);
            warn!(damaged, "{}: {damaged} lines are torn or damaged and are left out", path.display());
        }
        Ok(stop)
    }

    fn take(&self, page: &mut Page, frame: &Frame<'_>) {
        if frame.kind != Kind::End || frame.position <= page.cursor.position {
            return;
        }
        page.cursor.position = frame.position;
        match serde_json::from_slice::<Spend>(frame.json) {
            Ok(spend) => {
                page.bytes += frame.json.len();
                page.entries.push(Entry { position: frame.position, spend });
            }
            Err(fault) => {
                let kept = self.aside.keep(frame.json, &fault.to_string());
                error!(?kept, "a record of the spend journal is none: it is kept in {}", self.aside.path().display());
            }
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Stop {
    /// The file has no more.
    End,
    /// The page has enough.
    Full,
}
