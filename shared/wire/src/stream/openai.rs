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
                let object = Object::parse(text).map_err(|_| garbage(text))?;
                if let Some(error) = object.given("error") {
                    return Err(Fault::Provider(error.to_owned()));
                }
                let mut chunk: Chunk = serde_json::from_slice(text).map_err(|_| garbage(text))?;
                for choice in &mut chunk.choices {
                    let bare = choice.delta.extra.remove("reasoning");
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
