//! One stream of a call, whichever way it goes from a provider to a client. Knows no wire.

use bytes::Bytes;

use super::{Fault, Observer, Rewriter, Translator};
use crate::failure::Begun;
use crate::usage::Usage;

/// One stream on its way from a provider to a client.
#[derive(Debug)]
pub enum Stream {
    /// OpenAI's wire on both sides.
    Rewritten(Box<Rewriter>),
    /// Two different wires.
    Translated(Box<Translator>),
    /// The same wire on both sides, which is not OpenAI's chat.
    Observed(Box<Observer>),
}

impl Stream {
    /// Takes bytes from the provider and appends what the client gets now to `out`.
    ///
    /// # Errors
    /// When the stream has to end here; `out` holds what came before the fault.
    pub fn push(&mut self, bytes: Bytes, out: &mut Vec<u8>) -> Result<(), Fault> {
        match self {
            Self::Rewritten(stream) => stream.push(bytes, out),
            Self::Translated(stream) => stream.push(bytes, out),
            Self::Observed(stream) => stream.push(bytes, out),
        }
    }

    /// The provider's stream has ended cleanly: appends what is still owed to the client.
    ///
    /// # Errors
    /// When the end came where none can be.
    pub fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), Fault> {
        match self {
            Self::Rewritten(stream) => stream.finish(out),
            Self::Translated(stream) => stream.finish(out),
            Self::Observed(stream) => stream.finish(out),
        }
    }

    /// Whether the client has had the end.
    pub fn is_done(&self) -> bool {
        match self {
            Self::Rewritten(stream) => stream.is_done(),
            Self::Translated(stream) => stream.is_done(),
            Self::Observed(stream) => stream.is_done(),
        }
    }

    /// Whether anything that was generated has been written, or the end of it.
    pub fn has_content(&self) -> bool {
        match self {
            Self::Rewritten(stream) => stream.has_content(),
            Self::Translated(stream) => stream.has_content(),
            Self::Observed(stream) => stream.has_content(),
        }
    }

    /// What the stream has told the client of itself, for the event that ends it where it breaks.
    pub fn begun(&self) -> Begun {
        match self {
            Self::Rewritten(_) => Begun::default(),
            Self::Translated(stream) => stream.begun(),
            Self::Observed(stream) => stream.begun(),
        }
    }

    /// The whole response that a translated stream came to, once it has ended; only clients of Responses get one.
    pub fn response(&self) -> Option<&[u8]> {
        match self {
            Self::Translated(stream) => stream.response(),
            Self::Rewritten(_) | Self::Observed(_) => None,
        }
    }

    /// Tokens so far.
    pub fn usage(&self) -> Usage {
        match self {
            Self::Rewritten(stream) => stream.usage(),
            Self::Translated(stream) => stream.usage(),
            Self::Observed(stream) => stream.usage(),
        }
    }
}
