//! A stream within a stream: SageMaker hands on what the container writes in parts, cut anywhere.
//!
//! The container writes server-sent events, or one JSON text after another. Knows neither's meaning.

use crate::chat::Chunk;
use crate::dialect::{Decoder, Fault, Frame};
use crate::sse::EVENT_BYTES_MAX;

/// Joins the parts and gives each JSON text to the decoder of the container's stream.
#[derive(Debug)]
pub(in crate::dialect) struct Parts {
    inner: Box<dyn Decoder>,
    /// What has come and is no whole line yet; at most [`EVENT_BYTES_MAX`] bytes.
    pending: Vec<u8>,
}

impl Parts {
    pub fn new(inner: Box<dyn Decoder>) -> Self {
        Self { inner, pending: Vec::new() }
    }

    fn line(&mut self, line: &[u8], out: &mut Vec<Chunk>) -> Result<(), Fault> {
        match data_of(line) {
            Some(data) => self.inner.frame(Frame { name: "", data }, out),
            None => Ok(()),
        }
    }
}

/// What a line says: the data of an event, or the line itself; nothing for an event's other lines.
fn data_of(line: &[u8]) -> Option<&[u8]> {
    let line = line.trim_ascii();
    let line = line.strip_prefix(b"data:").map_or(line, <[u8]>::trim_ascii);
    let is_other = [&b"event:"[..], b"id:", b"retry:", b":"].iter().any(|name| line.starts_with(name));
    (!is_other && !line.is_empty()).then_some(line)
}

/// Whether a line whose end has not come is whole all the same.
fn is_whole(line: &[u8]) -> bool {
    let ends = line.trim_ascii_end().ends_with(b"}");
    ends && data_of(line).is_some_and(|data| serde_json::from_slice::<serde::de::IgnoredAny>(data).is_ok())
}

impl Decoder for Parts {
    fn frame(&mut self, frame: Frame<'_>, out: &mut Vec<Chunk>) -> Result<(), Fault> {
        self.pending.extend_from_slice(frame.data);
        let pending = std::mem::take(&mut self.pending);
        let mut rest = pending.as_slice();
        while let Some(end) = memchr::memchr(b'\n', rest) {
            self.line(&rest[..end], out)?;
            rest = &rest[end + 1..];
        }
        if is_whole(rest) {
            return self.line(rest, out);
        }
        if rest.len() > EVENT_BYTES_MAX {
            return Err(Fault::TooLong);
        }
        self.pending = rest.to_vec();
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<Chunk>) -> Result<(), Fault> {
        let rest = std::mem::take(&mut self.pending);
        self.line(&rest, out)?;
        self.inner.finish(out)
    }

    fn is_done(&self) -> bool {
        self.inner.is_done()
    }
}
