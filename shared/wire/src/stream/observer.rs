//! A stream that is the client's own format already: relayed, and watched for its usage and its end.
//!
//! Knows no format: what an event says, and what of it the client is to see otherwise, the format knows.

use std::borrow::Cow;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Deserialize;

use super::cutter::{Cutter, Whole};
use super::{Fault, garbage};
use crate::Format;
use crate::client::{self, Ids, Invocation, Seen, Wanted};
use crate::dialect::Framing;
use crate::failure::Begun;
use crate::sse;
use crate::tokens::Estimator;
use crate::usage::Usage;

/// Watches one stream. Feed it with [`push`](Self::push), end it with [`finish`](Self::finish).
#[derive(Debug)]
pub struct Observer {
    format: Format,
    cutter: Cutter,
    estimator: Estimator,
    seen: Seen,
    invocation: Invocation,
}

/// A piece of Bedrock's stream of an invocation: an event of the model's own format, in base64.
#[derive(Deserialize)]
struct Piece<'a> {
    #[serde(borrow)]
    bytes: Cow<'a, str>,
}

impl Observer {
    pub(crate) fn new(format: Format, framing: Framing, wanted: &Wanted) -> Self {
        let seen = Seen { model: wanted.model.clone(), ..Seen::default() };
        Self {
            format,
            cutter: Cutter::new(framing),
            estimator: wanted.estimator.clone(),
            seen,
            invocation: Invocation::default(),
        }
    }

    /// The same, with ids of responses made by `ids`.
    pub(crate) fn with_ids(mut self, ids: Option<Arc<dyn Ids>>) -> Self {
        self.seen.ids = ids;
        self
    }

    /// Takes bytes from the provider and appends what the client gets now to `out`.
    ///
    /// # Errors
    /// When the stream has to end here.
    pub fn push(&mut self, bytes: Bytes, out: &mut Vec<u8>) -> Result<(), Fault> {
        self.cutter.push(bytes)?;
        while let Some(frame) = self.cutter.next()? {
            self.frame(&frame, out)?;
        }
        Ok(())
    }

    /// The provider's stream has ended.
    ///
    /// # Errors
    /// When what is left is no event, or the format's last event is missing.
    pub fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), Fault> {
        if let Some(rest) = self.cutter.rest()? {
            self.frame(&rest, out)?;
        }
        if let Some(held) = self.invocation.finish(None) {
            self.named(held, out)?;
        }
        client::observed_end(self.format, &self.seen)
    }

    /// Whether the last event of the format has been relayed.
    pub const fn is_done(&self) -> bool {
        self.seen.is_done
    }

    /// What the client has been told of the stream.
    pub fn begun(&self) -> Begun {
        self.seen.begun.clone()
    }

    /// Whether anything that was generated has been relayed.
    pub const fn has_content(&self) -> bool {
        !self.seen.generated.is_empty()
    }

    /// Tokens so far: the provider's count, else an estimate of what was delivered.
    pub fn usage(&self) -> Usage {
        self.seen.usage.unwrap_or_else(|| self.estimator.usage(&self.seen.generated))
    }

    fn frame(&mut self, frame: &Whole, out: &mut Vec<u8>) -> Result<(), Fault> {
        match frame {
            Whole::Event(event) => self.event(event, out),
            Whole::Line(line) => self.event(&[b"data: ", line.as_ref()].concat(), out),
            Whole::Message(message) => {
                let events = unpacked(&message.payload).and_then(|data| self.invocation.take(data));
                events
                    .ok_or_else(|| garbage(&message.payload))?
                    .into_iter()
                    .try_for_each(|event| self.named(event, out))
            }
        }
    }

    fn named(&mut self, (name, data): (String, Vec<u8>), out: &mut Vec<u8>) -> Result<(), Fault> {
        self.event(&[b"event: ", name.as_bytes(), b"\ndata: ", &data].concat(), out)
    }

    fn event(&mut self, event: &[u8], out: &mut Vec<u8>) -> Result<(), Fault> {
        if self.format == Format::Responses && self.seen.is_done {
            return Ok(());
        }
        if let Some(data) = sse::data(event) {
            client::observe(self.format, data.trim_ascii(), &mut self.seen)?;
        }
        match self.seen.replaced.take() {
            Some(data) if data.is_empty() => return Ok(()),
            Some(data) => {
                // LiteLLM names no event of Responses: its data tell the type.
                let name = sse::name(event).filter(|_| self.format != Format::Responses);
                if let Some(name) = name {
                    out.extend_from_slice(format!("event: {name}\n").as_bytes());
                }
                out.extend_from_slice(b"data: ");
                out.extend_from_slice(&data);
            }
            None => out.extend_from_slice(event),
        }
        out.extend_from_slice(b"\n\n");
        // Of the formats relayed here Responses alone ends with a mark, and OpenAI itself sends none.
        if self.format == Format::Responses && self.seen.is_done {
            out.extend_from_slice(b"data: [DONE]\n\n");
        }
        Ok(())
    }
}

/// The event that a piece of an invocation holds.
fn unpacked(payload: &[u8]) -> Option<Vec<u8>> {
    let piece: Piece<'_> = serde_json::from_slice(payload).ok()?;
    STANDARD.decode(piece.bytes.as_bytes()).ok()
}

#[cfg(test)]
mod tests;
