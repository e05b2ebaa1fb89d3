//! A stream from a provider's wire to a client's: cut into frames, decoded into chunks, encoded again.
//!
//! Knows neither wire: the decoder knows the provider's, the encoder the client's.

use bytes::Bytes;

use super::Fault;
use super::cutter::{Cutter, Whole};
use super::tally::Tally;
use crate::chat::Chunk;
use crate::client::Encoder;
use crate::dialect::{Decoder, Framing};
use crate::failure::Begun;
use crate::tokens::Estimator;
use crate::usage::Usage;

/// Translates one stream. Feed it with [`push`](Self::push), end it with [`finish`](Self::finish).
#[derive(Debug)]
pub struct Translator {
    cutter: Cutter,
    decoder: Box<dyn Decoder>,
    encoder: Box<dyn Encoder>,
    tally: Tally,
    /// Kept between pushes, so that a chunk costs no allocation for the list.
    chunks: Vec<Chunk>,
    is_done: bool,
}

impl Translator {
    pub(crate) fn new(
        framing: Framing,
        decoder: Box<dyn Decoder>,
        encoder: Box<dyn Encoder>,
        estimator: Estimator,
    ) -> Self {
        let tally = Tally::new(estimator);
        Self { cutter: Cutter::new(framing), decoder, encoder, tally, chunks: Vec::new(), is_done: false }
    }

    /// Takes bytes from the provider and appends what the client gets now to `out`.
    ///
    /// # Errors
    /// When the stream has to end here; `out` holds what came before the fault.
    pub fn push(&mut self, bytes: Bytes, out: &mut Vec<u8>) -> Result<(), Fault> {
        if self.is_done {
            return Ok(());
        }
        self.cutter.push(bytes)?;
        while let Some(frame) = self.cutter.next()? {
            self.frame(&frame, out)?;
            if self.decoder.is_done() {
                self.end(out);
                break;
            }
        }
        Ok(())
    }

    /// The provider's stream has ended cleanly: appends what is still owed to the client.
    ///
    /// # Errors
    /// When what is left is no frame, or the decoder expected more.
    pub fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), Fault> {
        if self.is_done {
            return Ok(());
        }
        if let Some(frame) = self.cutter.rest()? {
            self.frame(&frame, out)?;
        }
        let outcome = self.decoder.finish(&mut self.chunks);
        self.encode(out);
        outcome?;
        self.end(out);
        Ok(())
    }

    /// Whether the client has had the end.
    pub const fn is_done(&self) -> bool {
        self.is_done
    }

    /// What the client has been told of the stream.
    pub fn begun(&self) -> Begun {
        self.encoder.begun()
    }

    /// The whole response that the stream came to; only clients of Responses get one.
    pub fn response(&self) -> Option<&[u8]> {
        self.encoder.response()
    }

    /// Whether anything that was generated has been written, or the end of it.
    pub const fn has_content(&self) -> bool {
        self.tally.has_content
    }

    /// Tokens so far.
    pub fn usage(&self) -> Usage {
        self.tally.usage()
    }

    fn frame(&mut self, frame: &Whole, out: &mut Vec<u8>) -> Result<(), Fault> {
        let Self { decoder, chunks, .. } = self;
        let outcome = frame.read(|frame| decoder.frame(frame, chunks));
        self.encode(out);
        outcome
    }

    fn encode(&mut self, out: &mut Vec<u8>) {
        for chunk in self.chunks.drain(..) {
            self.tally.note(&chunk);
            self.encoder.chunk(chunk, out);
        }
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        self.encoder.finish(&self.tally, out);
        self.is_done = true;
    }
}
