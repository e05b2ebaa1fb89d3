//! The decoder of OpenAI's own chat stream, for clients that speak another format. Knows no client.

use super::{Fault, garbage};
use crate::chat::Chunk;
use crate::dialect::{Decoder, Frame};
use crate::json::Object;

/// Decodes `chat.completion.chunk` events up to `[DONE]`.
#[derive(Debug, Default)]
pub(super) struct OpenAi {
    is_done: bool,
}

impl Decoder for OpenAi {
    fn frame(&mut self, frame: Frame<'_>, out: &mut Vec<Chunk>) -> Result<(), Fault> {
        match frame.data {
            b"[DONE]" => self.is_done = true,
            b"" => {}
            text => {
                let mut chunk = read(text)?;
                for choice in &mut chunk.choices {
                    let bare = choice.delta.extra.shift_remove("reasoning");
                    if let (None, Some(serde_json::Value::String(text))) = (&choice.delta.reasoning_content, bare) {
                        choice.delta.reasoning_content = Some(text);
                    }
                }
                out.push(chunk);
            }
        }
        Ok(())
    }

    fn is_done(&self) -> bool {
        self.is_done
    }
}

/// A chunk; an error in its place is the provider's.
fn read(text: &[u8]) -> Result<Chunk, Fault> {
    let chunk = match std::str::from_utf8(text) {
        Ok(text) => serde_json::from_str::<Chunk>(text),
        Err(_) => serde_json::from_slice(text),
    };
    match chunk {
        Ok(chunk) if chunk.extra.get("error").is_none_or(serde_json::Value::is_null) => Ok(chunk),
        _ => {
            let object = Object::parse(text).map_err(|_| garbage(text))?;
            Err(object.given("error").map_or_else(|| garbage(text), |error| Fault::Provider(error.to_owned())))
        }
    }
}
