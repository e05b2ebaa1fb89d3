//! The input file of a batch: is every line a request?
//!
//! Checked before the file leaves, as LiteLLM does, for a provider says so only hours later. Knows no provider.

use memchr::memchr_iter;

use crate::json::Object;

/// What every line must have.
const KEYS: [&str; 4] = ["custom_id", "method", "url", "body"];

/// Why a file is no batch input; the sentences are LiteLLM's, which clients match on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadBatchFile {
    #[error(
        "Invalid file format for Batch API: '{0}'. Batch input files must be .jsonl files. The file was not forwarded to the provider."
    )]
    WrongExtension(String),
    #[error("Batch input file has no request lines. The file was not forwarded to the provider.")]
    Empty,
    #[error("Batch input file line {line} is not valid JSON. The file was not forwarded to the provider.")]
    NotJson { line: usize },
    #[error("Batch input file line {line} must be a JSON object. The file was not forwarded to the provider.")]
    NotObject { line: usize },
    #[error(
        "Missing required parameter: '{key}' (batch input file line {line}). Each line must be a JSON object with keys custom_id, method, url, body. The file was not forwarded to the provider."
    )]
    MissingKey { line: usize, key: &'static str },
}

impl BadBatchFile {
    /// `error.param` of the answer.
    pub fn param(&self) -> &'static str {
        match self {
            Self::MissingKey { key, .. } => key,
            _ => "file",
        }
    }
}

/// Looks through the file line by line; blank lines are skipped.
///
/// # Errors
/// The first thing that is wrong.
pub fn check(filename: &str, bytes: &[u8]) -> Result<(), BadBatchFile> {
    if !filename.to_ascii_lowercase().ends_with(".jsonl") {
        return Err(BadBatchFile::WrongExtension(filename.to_owned()));
    }
    // A byte order mark is no part of the first line's JSON.
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let mut start = 0;
    let mut requests = 0_usize;
    let ends = memchr_iter(b'\n', bytes).chain([bytes.len()]);
    for (number, end) in ends.enumerate() {
        let text = bytes[start..end].trim_ascii();
        start = end + 1;
        if !text.is_empty() {
            check_line(number + 1, text)?;
            requests += 1;
        }
    }
    if requests == 0 { Err(BadBatchFile::Empty) } else { Ok(()) }
}

fn check_line(line: usize, text: &[u8]) -> Result<(), BadBatchFile> {
    let Ok(object) = Object::parse(text) else {
        let is_json = serde_json::from_slice::<serde::de::IgnoredAny>(text).is_ok();
        return Err(if is_json { BadBatchFile::NotObject { line } } else { BadBatchFile::NotJson { line } });
    };
    match KEYS.into_iter().find(|key| object.get(key).is_none()) {
        Some(key) => Err(BadBatchFile::MissingKey { line, key }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
