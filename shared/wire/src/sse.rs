//! Server-sent events: cuts a byte stream into events, however the bytes were cut before.
//!
//! Follows the HTML standard's event stream format. Knows no JSON and no provider.

use std::borrow::Cow;

use bytes::{Buf, Bytes};

use crate::pending;

/// One event may be at most this long: what has no end is not kept.
pub const EVENT_BYTES_MAX: usize = 16 * 1024 * 1024;

/// The event grew past [`EVENT_BYTES_MAX`] without a blank line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("one event of the stream is longer than {EVENT_BYTES_MAX} bytes")]
pub struct EventTooLong;

/// Collects bytes and hands out whole events.
///
/// A chunk that holds whole events is sliced, not copied.
#[derive(Debug, Default)]
pub struct Splitter {
    pending: Bytes,
    /// Bytes of `pending` already searched for an end.
    searched: usize,
    begun: bool,
}

impl Splitter {
    pub const fn new() -> Self {
        Self { pending: Bytes::new(), searched: 0, begun: false }
    }

    /// Adds what came from the network.
    ///
    /// # Errors
    /// When the event under way has become too long.
    pub fn push(&mut self, chunk: Bytes) -> Result<(), EventTooLong> {
        pending::append(&mut self.pending, chunk);
        if !self.begun && !self.pending.is_empty() && !b"\xef\xbb".starts_with(&self.pending) {
            self.begun = true;
            if self.pending.starts_with(b"\xef\xbb\xbf") {
                self.pending.advance(3);
            }
        }
        if self.pending.len() > EVENT_BYTES_MAX && find_end(&self.pending, self.searched).is_none() {
            return Err(EventTooLong);
        }
        Ok(())
    }

    /// The next whole event, without the blank line that ends it.
    pub fn next_event(&mut self) -> Option<Bytes> {
        if !self.begun {
            return None;
        }
        let Some((end, next)) = find_end(&self.pending, self.searched) else {
            // A line break at the very end may be the first half of a blank line.
            self.searched = self.pending.len().saturating_sub(3);
            return None;
        };
        let event = self.pending.split_to(end);
        self.pending.advance(next - end);
        self.searched = 0;
        Some(event)
    }

    /// What is left when the stream has ended: an event whose blank line never came.
    pub fn rest(&mut self) -> Option<Bytes> {
        self.searched = 0;
        let rest = std::mem::take(&mut self.pending);
        let blank = rest.iter().all(u8::is_ascii_whitespace);
        (!blank).then_some(rest)
    }
}

/// Where the event ends and where the next one begins.
fn find_end(bytes: &[u8], from: usize) -> Option<(usize, usize)> {
    let mut at = from;
    while let Some(offset) = memchr::memchr2(b'\n', b'\r', bytes.get(at..)?) {
        let end = at + offset;
        let after_first = end + line_break_length(&bytes[end..])?;
        let rest = &bytes[after_first..];
        match rest.first() {
            Some(b'\n' | b'\r') => return Some((end, after_first + line_break_length(rest)?)),
            Some(_) => at = after_first,
            None => return None,
        }
    }
    None
}

/// Length of the line break at the start; `None` while a `\r` may still be followed by `\n`.
fn line_break_length(bytes: &[u8]) -> Option<usize> {
    match bytes {
        [b'\r', b'\n', ..] => Some(2),
        [b'\r'] => None,
        _ => Some(1),
    }
}

/// The data of an event: its `data:` lines joined; `None` where it has none (a comment, a ping).
pub fn data(event: &[u8]) -> Option<Cow<'_, [u8]>> {
    let mut found: Option<Cow<'_, [u8]>> = None;
    for line in event.split(|byte| matches!(byte, b'\n' | b'\r')) {
        let Some(value) = line.strip_prefix(b"data:") else { continue };
        let value = value.strip_prefix(b" ").unwrap_or(value);
        found = Some(match found {
            None => Cow::Borrowed(value),
            Some(before) => Cow::Owned([before.as_ref(), value].join(&b'\n')),
        });
    }
    found
}

/// The event's name, where it has one that is UTF-8.
pub fn name(event: &[u8]) -> Option<Cow<'_, str>> {
    let lines = event.split(|byte| matches!(byte, b'\n' | b'\r'));
    let value = lines.filter_map(|line| line.strip_prefix(b"event:")).next_back()?;
    std::str::from_utf8(value.trim_ascii()).ok().map(Cow::Borrowed)
}

/// Whether the event carries something that is not a field of the format: no event stream at all.
pub fn is_foreign(event: &[u8]) -> bool {
    event.split(|byte| matches!(byte, b'\n' | b'\r')).any(|line| {
        let name = line.split(|byte| *byte == b':').next().unwrap_or(line);
        !line.is_empty() && !matches!(name, b"" | b"data" | b"event" | b"id" | b"retry")
    })
}

#[cfg(test)]
mod tests;
