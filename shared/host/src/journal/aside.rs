//! Where records are kept that can be read by a person alone: the file `rejected` beside the journals.
//!
//! Decides nothing about them.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

#[derive(Clone, Debug)]
pub struct Aside(PathBuf);

impl Aside {
    pub fn of(root: &Path) -> Self {
        Self(root.join("rejected"))
    }

    /// Appends the record and why it is here, as one line of JSON.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep(&self, record: &[u8], reason: &str) -> io::Result<()> {
        let record = serde_json::from_slice(record)
            .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(record).into_owned()));
        let line = json!({"reason": reason, "record": record});
        let mut file = OpenOptions::new().create(true).append(true).open(&self.0)?;
        file.write_all(format!("{line}\n").as_bytes())?;
        file.sync_data()
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}
