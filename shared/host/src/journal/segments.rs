//! The files of one journal: which one is written, where calls under way stand, and when a file can go.
//!
//! A file goes when everything that has ended in it is in the directory, and never before an older one: else a call's
//! beginning could outlive its end. What has begun in it and not ended is carried over into the file that is written.

use std::collections::{HashMap, VecDeque};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The name's ending.
const ENDING: &str = "log";

/// The path of a file of a journal.
pub fn path(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number:010}.{ENDING}"))
}

/// The numbers of a folder's files, in their order.
///
/// # Errors
/// When the folder cannot be read.
pub fn numbers(folder: &Path) -> io::Result<Vec<u64>> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let stem = path.file_stem().and_then(|stem| stem.to_str());
        if path.extension().is_some_and(|ending| ending == ENDING)
            && let Some(number) = stem.and_then(|stem| stem.parse().ok())
        {
            numbers.push(number);
        }
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// A new file of a journal, whose name outlives a loss of power.
///
/// # Errors
/// When it cannot be made.
pub fn create(folder: &Path, number: u64) -> io::Result<File> {
    let file = OpenOptions::new().create_new(true).append(true).open(path(folder, number))?;
    File::open(folder)?.sync_all()?;
    Ok(file)
}

/// Where the beginning of a call stands.
#[derive(Clone, Copy, Debug)]
struct Place {
    segment: u64,
    offset: u64,
    length: usize,
}

#[derive(Debug)]
struct Segment {
    number: u64,
    length: u64,
    /// The position of the last end in it; 0 where there is none.
    last_end: u64,
}

#[derive(Debug)]
pub struct Segments {
    folder: PathBuf,
    bytes_max: u64,
    /// The bytes of all journals of this process.
    used: Arc<AtomicU64>,
    older: VecDeque<Segment>,
    current: Segment,
    file: Arc<File>,
    open: HashMap<Box<str>, Place>,
    /// Whether the file ends within a line.
    is_torn: bool,
}

/// What became of a write.
#[derive(Debug)]
pub struct Appended {
    /// Where the bytes begin in the file.
    pub offset: u64,
    pub written: usize,
    pub outcome: io::Result<()>,
}

impl Segments {
    /// Begins a journal in an empty folder.
    ///
    /// # Errors
    /// When the first file cannot be made.
    pub fn begin(folder: &Path, bytes_max: u64, used: Arc<AtomicU64>) -> io::Result<Self> {
        Ok(Self {
            folder: folder.to_owned(),
            bytes_max,
            used,
            older: VecDeque::new(),
            current: Segment { number: 1, length: 0, last_end: 0 },
            file: Arc::new(create(folder, 1)?),
            open: HashMap::new(),
            is_torn: false,
        })
    }

    pub const fn file(&self) -> &Arc<File> {
        &self.file
    }

    /// Writes into another file from now on.
    #[cfg(test)]
    pub fn swap_file(&mut self, file: Arc<File>) -> Arc<File> {
        std::mem::replace(&mut self.file, file)
    }

    /// Leaves a part of a line, as a write that breaks off.
    #[cfg(test)]
    pub fn tear(&mut self, part: &[u8]) {
        self.write(part).1.ok();
        self.is_torn = true;
    }

    /// The end of what is written: the file's number, and its length.
    pub const fn end(&self) -> (u64, u64) {
        (self.current.number, self.current.length)
    }

    pub const fn is_long(&self) -> bool {
        self.current.length >= self.bytes_max
    }

    /// How many calls are under way.
    pub fn open_count(&self) -> usize {
        self.open.len()
    }

    pub fn has_begun(&self, id: &str) -> bool {
        self.open.contains_key(id)
    }

    pub fn begun(&mut self, id: Box<str>, offset: u64, length: usize) {
        self.open.insert(id, Place { segment: self.current.number, offset, length });
    }

    pub fn ended(&mut self, id: &str, position: u64) {
        self.open.remove(id);
        self.current.last_end = position;
    }

    /// Whether nothing has begun and not ended, and all that has ended is in the directory.
    pub fn is_settled(&self, acknowledged: u64) -> bool {
        let last_end = self.older.iter().map(|segment| segment.last_end).max().unwrap_or(0);
        self.open.is_empty() && last_end.max(self.current.last_end) <= acknowledged
    }

    /// Writes as much as the disk takes.
    pub fn append(&mut self, bytes: &[u8]) -> Appended {
        if self.is_torn {
            let (written, outcome) = self.write(b"\n");
            if written == 0 {
                return Appended { offset: self.current.length, written, outcome };
            }
            self.is_torn = false;
        }
        let offset = self.current.length;
        let (written, outcome) = self.write(bytes);
        self.is_torn = outcome.is_err() && written > 0;
        Appended { offset, written, outcome }
    }

    fn write(&mut self, bytes: &[u8]) -> (usize, io::Result<()>) {
        let mut written = 0;
        let outcome = loop {
            if written == bytes.len() {
                break Ok(());
            }
            match (&*self.file).write(&bytes[written..]) {
                Ok(0) => break Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => written += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => break Err(error),
            }
        };
        self.current.length += written as u64;
        self.used.fetch_add(written as u64, Ordering::Relaxed);
        (written, outcome)
    }

    /// Begins a new file.
    ///
    /// # Errors
    /// When it cannot be made: the old one is written on.
    pub fn rotate(&mut self) -> io::Result<()> {
        let number = self.current.number + 1;
        self.file = Arc::new(create(&self.folder, number)?);
        self.is_torn = false;
        let old = std::mem::replace(&mut self.current, Segment { number, length: 0, last_end: 0 });
        self.older.push_back(old);
        Ok(())
    }

    /// Begins a new file where the current one holds nothing that the directory lacks, so that it can go.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn retire(&mut self, acknowledged: u64) -> io::Result<()> {
        if self.current.length > 0 && self.current.last_end <= acknowledged {
            self.rotate()?;
        }
        Ok(())
    }

    /// Removes the files that are not needed any more, the oldest first.
    ///
    /// # Errors
    /// When a file cannot be read, written or removed; it is kept.
    pub fn reclaim(&mut self, acknowledged: u64) -> io::Result<()> {
        while let Some(oldest) = self.older.front()
            && oldest.last_end <= acknowledged
        {
            let number = oldest.number;
            self.carry_over(number)?;
            fs::remove_file(path(&self.folder, number))?;
            if let Some(gone) = self.older.pop_front() {
                self.used.fetch_sub(gone.length, Ordering::Relaxed);
            }
        }
        Ok(())
    }

    /// Writes what has begun in this file and not ended into the current one, where it is durable before the old goes.
    fn carry_over(&mut self, number: u64) -> io::Result<()> {
        let is_here = |place: &Place| place.segment == number;
        let stays = self.open.iter().filter(|(_, place)| is_here(place));
        let stays: Vec<(Box<str>, Place)> = stays.map(|(id, place)| (id.clone(), *place)).collect();
        if stays.is_empty() {
            return Ok(());
        }
        let old = File::open(path(&self.folder, number))?;
        for (id, place) in stays {
            let mut line = vec![0; place.length];
            old.read_exact_at(&mut line, place.offset)?;
            let appended = self.append(&line);
            appended.outcome?;
            let segment = self.current.number;
            self.open.insert(id, Place { segment, offset: appended.offset, length: place.length });
        }
        self.file.sync_data()
    }

    /// Removes the whole journal.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn remove(&mut self) -> io::Result<()> {
        let length = self.older.iter().map(|segment| segment.length).sum::<u64>() + self.current.length;
        super::folder::remove(&self.folder)?;
        self.used.fetch_sub(length, Ordering::Relaxed);
        Ok(())
    }
}
