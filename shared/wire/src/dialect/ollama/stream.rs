//! Ollama's stream of a chat: one JSON text a line. LiteLLM's `OllamaChatCompletionResponseIterator`.

use super::answer::{Called, Said, finish_reason};
use crate::chat::{Chunk, Delta, FunctionDelta, ToolCallDelta};
use crate::dialect::{Context, Decoder, Fault, Frame, Stamp};
use crate::stream::garbage;

/// Decodes one stream.
#[derive(Debug)]
pub(super) struct Stream {
    stamp: Stamp,
    /// Calls of tools so far.
    calls: u32,
    thoughts: Thoughts,
    is_done: bool,
}

/// Where the model stands in thoughts that it writes into its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Thoughts {
    None,
    Begun,
    Ended,
}

impl Stream {
    pub fn new(context: &Context) -> Self {
        Self { stamp: context.stamp.clone(), calls: 0, thoughts: Thoughts::None, is_done: false }
    }

    fn text(&mut self, text: String) -> Chunk {
        let mut text = text;
        if text.contains("<think>") {
            text = text.replace("<think>", "");
            self.thoughts = Thoughts::Begun;
        }
        if text.contains("</think>") && self.thoughts == Thoughts::Begun {
            text = text.replace("</think>", "");
            self.thoughts = Thoughts::Ended;
        }
        if self.thoughts == Thoughts::Begun { Chunk::reasoning(text) } else { Chunk::text(text) }
    }

    fn call(&mut self, called: Called) -> ToolCallDelta {
        let id = called.id.clone().unwrap_or_else(|| format!("call_{}", self.stamp.next_hex(24)));
        let arguments = called.function.arguments_text();
        let function = FunctionDelta { name: Some(called.function.name), arguments: Some(arguments) };
        let index = self.calls;
        self.calls = self.calls.saturating_add(1);
        ToolCallDelta { index, id: Some(id), kind: Some("function".to_owned()), function, ..ToolCallDelta::default() }
    }
}

impl Decoder for Stream {
    fn frame(&mut self, frame: Frame<'_>, out: &mut Vec<Chunk>) -> Result<(), Fault> {
        let said: Said = serde_json::from_slice(frame.data).map_err(|_| garbage(frame.data))?;
        if let Some(error) = said.error {
            return Err(Fault::Provider(error.to_string()));
        }
        let usage = said.usage();
        let turn = said.message.unwrap_or_default();
        if let Some(thinking) = turn.thinking.filter(|text| !text.is_empty()) {
            out.push(Chunk::reasoning(thinking));
        }
        if let Some(text) = turn.content.filter(|text| !text.is_empty()) {
            out.push(self.text(text));
        }
        if let Some(calls) = turn.tool_calls.filter(|calls| !calls.is_empty()) {
            let calls = calls.into_iter().map(|called| self.call(called)).collect();
            out.push(Chunk::of(Delta { tool_calls: Some(calls), ..Delta::default() }));
        }
        if said.done {
            let reason = if self.calls > 0 { "tool_calls" } else { finish_reason(said.done_reason.as_deref()) };
            out.push(Chunk::finish(reason));
            out.extend(usage.map(Chunk::counts));
            self.is_done = true;
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
