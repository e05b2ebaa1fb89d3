//! The folder of one journal: whose it is, and how far it has been drained.
//!
//! A folder belongs to the process that holds the lock of its file `lock`; the system frees it however that process
//! ends. Knows no record.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

const LOCK: &str = "lock";
const ACKNOWLEDGED: &str = "acknowledged";
/// A folder under this is not a journal yet: it gets its name when it is locked.
const UNFINISHED: char = '.';
/// And one with this behind it is none any more.
const GONE: &str = ".gone";

/// A new journal's folder, locked for this process.
///
/// # Errors
/// When it cannot be made.
pub fn create(root: &Path, id: &str) -> io::Result<(PathBuf, File)> {
    fs::create_dir_all(root)?;
    let unfinished = root.join(format!("{UNFINISHED}{id}"));
    fs::create_dir(&unfinished)?;
    let lock = OpenOptions::new().create_new(true).write(true).open(unfinished.join(LOCK))?;
    lock.try_lock().map_err(io::Error::from)?;
    let folder = root.join(id);
    fs::rename(&unfinished, &folder)?;
    File::open(root)?.sync_all()?;
    Ok((folder, lock))
}

/// The folders that no process owns any more, by their ids, locked for this one.
///
/// # Errors
/// When the folder cannot be read.
pub fn adopt(root: &Path) -> io::Result<Vec<(String, PathBuf, File)>> {
    let mut adopted = Vec::new();
    for entry in fs::read_dir(root)? {
        let entry = entry?;
        let Ok(id) = entry.file_name().into_string() else { continue };
        if id.starts_with(UNFINISHED) && id.ends_with(GONE) {
            // Whoever was removing it is gone, or quicker.
            fs::remove_dir_all(entry.path()).ok();
            continue;
        }
        if id.starts_with(UNFINISHED) || !entry.file_type()?.is_dir() {
            continue;
        }
        if let Some(lock) = lock(&entry.path())? {
            adopted.push((id, entry.path(), lock));
        }
    }
    adopted.sort_by(|left, right| left.0.cmp(&right.0));
    Ok(adopted)
}

/// Removes a journal's folder. It loses its name first: of a removal that breaks off nothing is left that could be taken
/// for a journal, or that nobody removes.
///
/// # Errors
/// When it cannot be removed.
pub fn remove(folder: &Path) -> io::Result<()> {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let gone = folder.with_file_name(format!("{UNFINISHED}{name}{GONE}"));
    fs::rename(folder, &gone)?;
    fs::remove_dir_all(&gone)
}

/// The lock of a folder, unless somebody has it, or has removed the folder meanwhile.
fn lock(folder: &Path) -> io::Result<Option<File>> {
    let path = folder.join(LOCK);
    let lock = match OpenOptions::new().write(true).open(&path) {
        Ok(lock) => lock,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    match lock.try_lock() {
        Ok(()) => Ok(path.exists().then_some(lock)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// The position up to which the journal was drained, as far as it was noted; 0 where it was not.
pub fn acknowledged(folder: &Path) -> u64 {
    let text = fs::read_to_string(folder.join(ACKNOWLEDGED)).unwrap_or_default();
    // A number that was cut off would be another one: each stands twice.
    let mut halves = text.split_whitespace().map(str::parse);
    match (halves.next(), halves.next()) {
        (Some(Ok(one)), Some(Ok(other))) if one == other => one,
        _ => 0,
    }
}

/// Notes it. Where the note is lost, records are offered to the directory again, which leaves them out.
///
/// # Errors
/// When it cannot be written.
pub fn acknowledge(folder: &Path, position: u64) -> io::Result<()> {
    fs::write(folder.join(ACKNOWLEDGED), format!("{position} {position}\n"))
}
