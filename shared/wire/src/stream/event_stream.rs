//! AWS's binary event stream: frames with a prelude, headers, a payload and two checksums.
//!
//! Follows the specification of `application/vnd.amazon.eventstream`: big-endian lengths of the whole message and of
//! its headers, a CRC-32 of these eight bytes, headers, payload, and a CRC-32 of everything before it. Knows no JSON.

mod exception;
mod headers;

use bytes::{Buf, Bytes, BytesMut};

use self::headers::Headers;
use super::Fault;
use crate::sse::EVENT_BYTES_MAX;

/// Both lengths and their checksum.
const PRELUDE_BYTES: usize = 12;
const CHECKSUM_BYTES: usize = 4;
/// AWS sends less; more is no header block of theirs.
const HEADERS_BYTES_MAX: usize = 128 * 1024;

/// Collects bytes and hands out whole messages.
///
/// Keeps the message under way and what came after it in the same piece of network data, nothing else.
#[derive(Debug, Default)]
pub(crate) struct Splitter {
    pending: BytesMut,
}

/// One message of the stream.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Message {
    /// `:event-type`.
    pub name: String,
    pub payload: Bytes,
}

/// The lengths that a message begins with.
#[derive(Clone, Copy)]
struct Prelude {
    whole: usize,
    headers: usize,
}

impl Splitter {
    /// Adds what came from the network.
    ///
    /// # Errors
    /// When the message under way is longer than is borne, or does not begin as a message.
    pub fn push(&mut self, bytes: Bytes) -> Result<(), Fault> {
        self.pending.extend_from_slice(&bytes);
        self.prelude().map(|_| ())
    }

    /// The next whole message.
    ///
    /// # Errors
    /// Where a checksum does not hold, where headers are none, and where the message is an exception.
    pub fn next(&mut self) -> Result<Option<Message>, Fault> {
        let Some(prelude) = self.prelude()? else { return Ok(None) };
        if self.pending.len() < prelude.whole {
            return Ok(None);
        }
        message(self.pending.split_to(prelude.whole).freeze(), prelude).map(Some)
    }

    /// The stream has ended.
    ///
    /// # Errors
    /// Where it ended within a message.
    pub fn rest(&mut self) -> Result<(), Fault> {
        if self.pending.is_empty() { Ok(()) } else { Err(garbage("it ends within a message")) }
    }

    /// The prelude of the message under way, once it is there.
    fn prelude(&self) -> Result<Option<Prelude>, Fault> {
        let Some(bytes) = self.pending.first_chunk::<PRELUDE_BYTES>() else { return Ok(None) };
        let mut fields = &bytes[..];
        let (whole, headers, checksum) = (length(&mut fields), length(&mut fields), fields.get_u32());
        if crc32fast::hash(&bytes[..8]) != checksum {
            return Err(garbage("the checksum of a prelude does not hold"));
        }
        if whole > EVENT_BYTES_MAX {
            return Err(Fault::TooLong);
        }
        let is_whole = headers <= HEADERS_BYTES_MAX && whole >= PRELUDE_BYTES + headers + CHECKSUM_BYTES;
        if is_whole { Ok(Some(Prelude { whole, headers })) } else { Err(garbage("its lengths contradict each other")) }
    }
}

/// A length in four bytes, which are known to be there.
fn length(fields: &mut &[u8]) -> usize {
    usize::try_from(fields.get_u32()).unwrap_or(usize::MAX)
}

/// Takes a message apart. `bytes` are as long as the prelude says.
fn message(bytes: Bytes, prelude: Prelude) -> Result<Message, Fault> {
    let end = prelude.whole - CHECKSUM_BYTES;
    let checksum = bytes.slice(end..).get_u32();
    if crc32fast::hash(&bytes[..end]) != checksum {
        return Err(garbage("the checksum of a message does not hold"));
    }
    let start = PRELUDE_BYTES + prelude.headers;
    let headers = Headers::read(&bytes[PRELUDE_BYTES..start]).ok_or_else(|| garbage("a header is cut or unknown"))?;
    let payload = bytes.slice(start..end);
    match exception::fault(&headers, &payload) {
        Some(fault) => Err(fault),
        None => Ok(Message { name: headers.event_type.to_owned(), payload }),
    }
}

fn garbage(what: &str) -> Fault {
    Fault::Garbage(format!("no AWS event stream: {what}"))
}

#[cfg(test)]
pub(crate) mod tests;
