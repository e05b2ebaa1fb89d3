//! Ollama's stream of a prompt: one JSON text a line. LiteLLM's `OllamaTextCompletionResponseIterator`.
//!
//! A text that begins like a JSON object is held back, because it may be the call of a tool.

use super::answer::{Json, Said, read};
use crate::chat::{Chunk, Delta, FunctionDelta, ToolCallDelta};
use crate::dialect::{Context, Decoder, Fault, Frame, Stamp};
use crate::sse::EVENT_BYTES_MAX;
use crate::stream::garbage;

/// Decodes one stream.
#[derive(Debug)]
pub(super) struct Stream {
    stamp: Stamp,
    /// Text that may turn out to be a tool call; at most [`EVENT_BYTES_MAX`] bytes.
    held: String,
    holds: bool,
    is_thinking: bool,
    has_begun: bool,
    is_done: bool,
}

impl Stream {
    pub fn new(context: &Context) -> Self {
        Self {
            stamp: context.stamp.clone(),
            held: String::new(),
            holds: true,
            is_thinking: false,
            has_begun: false,
            is_done: false,
        }
    }

    fn text(&mut self, text: String) -> Result<Option<Chunk>, Fault> {
        if text.contains("<think>") {
            self.is_thinking = true;
            return Ok(Some(Chunk::reasoning(text.replace("<think>", ""))));
        }
        if text.contains("</think>") {
            self.is_thinking = false;
            return self.content(text.replace("</think>", ""));
        }
        if self.is_thinking { Ok(Some(Chunk::reasoning(text))) } else { self.content(text) }
    }

    fn content(&mut self, text: String) -> Result<Option<Chunk>, Fault> {
        if !self.holds {
            return Ok(Some(Chunk::text(text)));
        }
        self.held.push_str(&text);
        if self.held.len() > EVENT_BYTES_MAX {
            return Err(Fault::TooLong);
        }
        let begun = self.held.trim_start();
        let may_be_json =
            begun.is_empty() || begun.starts_with('{') || "```json".starts_with(begun) || is_fenced(begun);
        if may_be_json {
            return Ok(None);
        }
        self.holds = false;
        Ok(Some(Chunk::text(std::mem::take(&mut self.held))))
    }

    fn end(&mut self, said: &Said, out: &mut Vec<Chunk>) {
        let held = std::mem::take(&mut self.held);
        match read(&held) {
            Some(Json::Call { name, arguments }) => {
                let id = Some(format!("call_{}", self.stamp.next_hex(24)));
                let function = FunctionDelta { name: Some(name), arguments: Some(arguments) };
                let call =
                    ToolCallDelta { id, kind: Some("function".to_owned()), function, ..ToolCallDelta::default() };
                out.push(Chunk::of(Delta { tool_calls: Some(vec![call]), ..Delta::default() }));
                out.push(Chunk::finish("tool_calls"));
            }
            _ => {
                if !held.is_empty() {
                    out.push(Chunk::text(held));
                }
                out.push(Chunk::finish("stop"));
            }
        }
        out.extend(said.usage().map(Chunk::counts));
        self.is_done = true;
    }
}

/// A fenced block that an object may follow in.
fn is_fenced(text: &str) -> bool {
    let inside = text.strip_prefix("```json").or_else(|| text.strip_prefix("```"));
    inside.is_some_and(|rest| rest.trim_start().is_empty() || rest.trim_start().starts_with('{'))
}

impl Decoder for Stream {
    fn frame(&mut self, frame: Frame<'_>, out: &mut Vec<Chunk>) -> Result<(), Fault> {
        let mut said: Said = serde_json::from_slice(frame.data).map_err(|_| garbage(frame.data))?;
        if let Some(error) = &said.error {
            return Err(Fault::Provider(error.to_string()));
        }
        let thinking = said.thinking.take().filter(|text| !text.is_empty());
        out.extend(thinking.map(Chunk::reasoning));
        if let Some(text) = said.response.take().filter(|text| !text.is_empty()) {
            out.extend(self.text(text)?);
        }
        if !self.has_begun && out.is_empty() && !said.done && self.held.is_empty() {
            // The model has begun, and says nothing yet: clients see the role.
            out.push(Chunk::reasoning(""));
        }
        self.has_begun = true;
        if said.done {
            self.end(&said, out);
        }
        Ok(())
    }

    fn finish(&mut self, _out: &mut Vec<Chunk>) -> Result<(), Fault> {
        if self.is_done { Ok(()) } else { Err(Fault::Garbage("the stream ended before `done`".to_owned())) }
    }

    fn is_done(&self) -> bool {
        self.is_done
    }
}
