//! One JSON text a line, however the bytes were cut. Knows no JSON.

use bytes::{Buf, Bytes};

use super::Fault;
use crate::pending;
use crate::sse::EVENT_BYTES_MAX;

/// Collects bytes and hands out whole lines that are not blank.
#[derive(Debug, Default)]
pub(super) struct Lines {
    pending: Bytes,
    /// Bytes of `pending` already searched for a line break.
    searched: usize,
}

impl Lines {
    /// Adds what came from the network.
    ///
    /// # Errors
    /// When the line under way has become too long.
    pub fn push(&mut self, bytes: Bytes) -> Result<(), Fault> {
        pending::append(&mut self.pending, bytes);
        let is_open = memchr::memchr(b'\n', &self.pending[self.searched..]).is_none();
        if self.pending.len() > EVENT_BYTES_MAX && is_open { Err(Fault::TooLong) } else { Ok(()) }
    }

    /// The next whole line, without its end.
    pub fn next(&mut self) -> Option<Bytes> {
        loop {
            let Some(offset) = memchr::memchr(b'\n', &self.pending[self.searched..]) else {
                self.searched = self.pending.len();
                return None;
            };
            let line = self.pending.split_to(self.searched + offset);
            self.pending.advance(1);
            self.searched = 0;
            if !line.trim_ascii().is_empty() {
                return Some(line);
            }
        }
    }

    /// What is left when the stream has ended: a line whose end never came.
    pub fn rest(&mut self) -> Option<Bytes> {
        self.searched = 0;
        let rest = std::mem::take(&mut self.pending);
        (!rest.trim_ascii().is_empty()).then_some(rest)
    }
}
