//! AWS's binary event stream: frames with a prelude, headers, a payload and two checksums.
//!
//! Follows the specification of `application/vnd.amazon.eventstream`. Knows no JSON and no service.

use bytes::{Bytes, BytesMut};

use super::Fault;
use crate::sse::EVENT_BYTES_MAX;

/// Collects bytes and hands out whole messages.
#[derive(Debug, Default)]
pub(crate) struct Splitter {
    pending: BytesMut,
}

/// One message of the stream.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Message {
    /// `:event-type`, or `:exception-type` where the message is one.
    pub name: String,
    pub payload: Bytes,
}

impl Splitter {
    /// Adds what came from the network.
    ///
    /// # Errors
    /// When the message under way is longer than is borne.
    pub fn push(&mut self, bytes: Bytes) -> Result<(), Fault> {
        self.pending.extend_from_slice(&bytes);
        if self.pending.len() > EVENT_BYTES_MAX { Err(Fault::TooLong) } else { Ok(()) }
    }

    /// The next whole message.
    ///
    /// # Errors
    /// Where a checksum does not hold.
    pub fn next(&mut self) -> Result<Option<Message>, Fault> {
        Ok(None)
    }

    /// The stream has ended.
    ///
    /// # Errors
    /// Where it ended within a message.
    pub fn rest(&mut self) -> Result<(), Fault> {
        if self.pending.is_empty() {
            Ok(())
        } else {
            Err(Fault::Garbage("a cut message of an event stream".to_owned()))
        }
    }
}
