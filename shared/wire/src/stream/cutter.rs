//! Cuts a provider's bytes into frames, whichever of the three ways it frames them. Knows no provider.

use std::borrow::Cow;

use bytes::Bytes;

use super::event_stream::{self, Message};
use super::lines::Lines;
use super::{Fault, garbage};
use crate::dialect::{Frame, Framing};
use crate::sse::{self, Splitter};

/// Bytes on their way to become frames.
#[derive(Debug)]
pub(super) enum Cutter {
    Events(Splitter),
    Lines(Lines),
    EventStream(event_stream::Splitter),
}

/// One whole frame.
pub(super) enum Whole {
    Event(Bytes),
    Line(Bytes),
    Message(Message),
}

impl Cutter {
    pub fn new(framing: Framing) -> Self {
        match framing {
            Framing::Events => Self::Events(Splitter::new()),
            Framing::Lines => Self::Lines(Lines::default()),
            Framing::EventStream => Self::EventStream(event_stream::Splitter::default()),
        }
    }

    /// Adds what came from the network.
    ///
    /// # Errors
    /// When a frame has become too long.
    pub fn push(&mut self, bytes: Bytes) -> Result<(), Fault> {
        match self {
            Self::Events(splitter) => splitter.push(bytes).map_err(|_| Fault::TooLong),
            Self::Lines(lines) => lines.push(bytes),
            Self::EventStream(splitter) => splitter.push(bytes),
        }
    }

    /// The next whole frame.
    ///
    /// # Errors
    /// Where a checksum does not hold.
    pub fn next(&mut self) -> Result<Option<Whole>, Fault> {
        Ok(match self {
            Self::Events(splitter) => splitter.next_event().map(Whole::Event),
            Self::Lines(lines) => lines.next().map(Whole::Line),
            Self::EventStream(splitter) => splitter.next()?.map(Whole::Message),
        })
    }

    /// What is left when the stream has ended.
    ///
    /// # Errors
    /// Where a binary frame is cut off.
    pub fn rest(&mut self) -> Result<Option<Whole>, Fault> {
        Ok(match self {
            Self::Events(splitter) => splitter.rest().map(Whole::Event),
            Self::Lines(lines) => lines.rest().map(Whole::Line),
            Self::EventStream(splitter) => return splitter.rest().map(|()| None),
        })
    }
}

impl Whole {
    /// Hands the frame to `take`; one without data, such as a comment, is nobody's business.
    ///
    /// # Errors
    /// What `take` says, or bytes that are no frame.
    pub fn read(&self, take: impl FnOnce(Frame<'_>) -> Result<(), Fault>) -> Result<(), Fault> {
        match self {
            Self::Event(event) => {
                let Some(data) = sse::data(event) else {
                    return if sse::is_foreign(event) { Err(garbage(event)) } else { Ok(()) };
                };
                let name = sse::name(event).unwrap_or(Cow::Borrowed(""));
                take(Frame { name: &name, data: data.trim_ascii() })
            }
            Self::Line(line) => take(Frame { name: "", data: line.trim_ascii() }),
            Self::Message(message) => take(Frame { name: &message.name, data: &message.payload }),
        }
    }
}
