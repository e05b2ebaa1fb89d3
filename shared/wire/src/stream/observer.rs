//! A stream that is the client's own format already: relayed byte for byte, and watched for its usage.
//!
//! Knows where each format tells its usage and its end. Changes nothing.

use bytes::Bytes;

use super::Fault;
use crate::Format;
use crate::client::{self, Seen};
use crate::failure::Begun;
use crate::sse::{self, Splitter};
use crate::usage::Usage;

/// Watches one stream. Feed it with [`push`](Self::push), end it with [`finish`](Self::finish).
#[derive(Debug)]
pub struct Observer {
    format: Format,
    splitter: Splitter,
    prompt_bytes: u64,
    seen: Seen,
}

impl Observer {
    pub fn new(format: Format, prompt_bytes: u64) -> Self {
        Self { format, splitter: Splitter::new(), prompt_bytes, seen: Seen::default() }
    }

    /// Takes bytes from the provider and appends what the client gets now to `out`.
    ///
    /// # Errors
    /// When the stream has to end here.
    pub fn push(&mut self, bytes: Bytes, out: &mut Vec<u8>) -> Result<(), Fault> {
        self.splitter.push(bytes).map_err(|_| Fault::TooLong)?;
        while let Some(event) = self.splitter.next_event() {
            self.event(&event, out)?;
        }
        Ok(())
    }

    /// The provider's stream has ended.
    ///
    /// # Errors
    /// When what is left is no event.
    pub fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), Fault> {
        match self.splitter.rest() {
            Some(rest) => self.event(&rest, out),
            None => Ok(()),
        }
    }

    /// Whether the last event of the format has been relayed.
    pub const fn is_done(&self) -> bool {
        self.seen.is_done
    }

    /// What the client has been told of the stream.
    pub fn begun(&self) -> Begun {
        self.seen.begun.clone()
    }

    /// Tokens so far: the provider's count, else an estimate of what was delivered.
    pub fn usage(&self) -> Usage {
        self.seen.usage.unwrap_or_else(|| Usage::estimate(self.prompt_bytes, self.seen.content_bytes))
    }

    fn event(&mut self, event: &[u8], out: &mut Vec<u8>) -> Result<(), Fault> {
        if let Some(data) = sse::data(event) {
            client::observe(self.format, data.trim_ascii(), &mut self.seen)?;
        }
        out.extend_from_slice(event);
        out.extend_from_slice(b"\n\n");
        Ok(())
    }
}
