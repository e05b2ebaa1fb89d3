//! Anthropic's stream as Bedrock wraps it: each message holds one event in base64.
//!
//! Knows the wrapping and nothing of what is in it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::decoder::Decoder;
use crate::chat::{Chunk, Text};
use crate::dialect::{self, Context, Fault, Frame};
use crate::stream::garbage;

#[derive(Deserialize)]
struct Wrapped<'a> {
    #[serde(borrow, default)]
    bytes: Option<Text<'a>>,
}

/// Decodes one stream of Bedrock's `invoke-with-response-stream` for a Claude model.
#[derive(Debug)]
pub(crate) struct InvokeDecoder {
    inner: Decoder,
    /// Kept between events, so that an event costs no allocation.
    event: Vec<u8>,
}

impl InvokeDecoder {
    pub fn new(context: &Context) -> Self {
        Self { inner: Decoder::new(context), event: Vec::new() }
    }
}

impl dialect::Decoder for InvokeDecoder {
    fn frame(&mut self, frame: Frame<'_>, out: &mut Vec<Chunk>) -> Result<(), Fault> {
        if frame.name.ends_with("Exception") {
            return Err(Fault::Provider(String::from_utf8_lossy(frame.data).into_owned()));
        }
        let wrapped: Wrapped<'_> = serde_json::from_slice(frame.data).map_err(|_| garbage(frame.data))?;
        let Some(bytes) = wrapped.bytes else { return Ok(()) };
        self.event.clear();
        STANDARD.decode_vec(bytes.as_bytes(), &mut self.event).map_err(|_| garbage(frame.data))?;
        self.inner.event(&self.event, out)
    }

    fn is_done(&self) -> bool {
        dialect::Decoder::is_done(&self.inner)
    }
}
