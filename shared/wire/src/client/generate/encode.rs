//! Writes Gemini's stream out of chunks: every event is an answer with what is new; no `[DONE]` at the end.
//!
//! Calls are written whole, when nothing more of them can come. Knows no provider.

use serde_json::{Value, json};

use super::{counts, finish_reason, function_call, image};
use crate::chat::{Chunk, ChunkChoice};
use crate::client::Encoder;
use crate::stream::Tally;

/// Writes chunks as events.
#[derive(Debug)]
pub(super) struct GenerateEncoder {
    shows_thoughts: bool,
    /// The call that is being said.
    call: Option<Call>,
    /// Why the answer ended: told with the counts, at the end.
    finish: Option<String>,
}

#[derive(Debug)]
struct Call {
    index: u32,
    name: String,
    arguments: String,
}

impl GenerateEncoder {
    pub const fn new(shows_thoughts: bool) -> Self {
        Self { shows_thoughts, call: None, finish: None }
    }
}

impl Encoder for GenerateEncoder {
    fn chunk(&mut self, chunk: Chunk, out: &mut Vec<u8>) {
        // A client of this format asks for one answer.
        for choice in chunk.choices.into_iter().filter(|choice| choice.index == 0) {
            let parts = self.parts(choice);
            if !parts.is_empty() {
                event(out, &json!({ "candidates": [candidate(&parts)] }));
            }
        }
    }

    fn finish(&mut self, tally: &Tally, out: &mut Vec<u8>) {
        let parts: Vec<Value> = self.call.take().iter().map(Call::part).collect();
        let mut last = candidate(&parts);
        last["finishReason"] = finish_reason(self.finish.as_deref()).into();
        event(out, &json!({ "candidates": [last], "usageMetadata": counts(tally.usage()) }));
    }
}

impl GenerateEncoder {
    fn parts(&mut self, choice: ChunkChoice) -> Vec<Value> {
        let mut parts = Vec::new();
        let delta = choice.delta;
        let thought = delta.reasoning_content.filter(|text| self.shows_thoughts && !text.is_empty());
        parts.extend(thought.map(|text| json!({ "text": text, "thought": true })));
        parts.extend(delta.content.filter(|text| !text.is_empty()).map(|text| json!({ "text": text })));
        parts.extend(delta.images.iter().flatten().filter_map(image));
        for piece in delta.tool_calls.into_iter().flatten() {
            if self.call.as_ref().is_some_and(|call| call.index != piece.index) {
                parts.extend(self.call.take().map(|call| call.part()));
            }
            let call = self.call.get_or_insert_with(|| Call {
                index: piece.index,
                name: String::new(),
                arguments: String::new(),
            });
            call.name.push_str(piece.function.name.as_deref().unwrap_or_default());
            call.arguments.push_str(piece.function.arguments.as_deref().unwrap_or_default());
        }
        if choice.finish_reason.is_some() {
            self.finish = choice.finish_reason;
        }
        parts
    }
}

impl Call {
    fn part(&self) -> Value {
        function_call(&self.name, &self.arguments)
    }
}

fn candidate(parts: &[Value]) -> Value {
    json!({ "content": { "parts": parts, "role": "model" }, "index": 0, "safetyRatings": [] })
}

fn event(out: &mut Vec<u8>, answer: &Value) {
    out.extend_from_slice(b"data: ");
    if serde_json::to_writer(&mut *out, answer).is_err() {
        out.extend_from_slice(b"{}");
    }
    out.extend_from_slice(b"\n\n");
}
