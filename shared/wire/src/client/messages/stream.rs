//! A chat's stream as Anthropic's events: one block after the other, each of one kind.
//!
//! `message_start`, the blocks, `message_delta` with why it ended and the counts, `message_stop`; no `[DONE]`.
//! Follows LiteLLM's `AnthropicStreamWrapper`. Knows no provider.

use serde_json::{Map, Value};

use super::events::Events;
use super::usage::MessageUsage;
use super::{clean, whole};
use crate::chat::{Chunk, Delta, ToolCallDelta};
use crate::client::{Encoder, Wanted};
use crate::dialect::{Context, Stamp};
use crate::stream::Tally;

/// Writes chunks as events.
#[derive(Debug)]
pub struct MessagesEncoder {
    stamp: Stamp,
    model: String,
    /// Names of tools that were cut, and what they were.
    names: Map<String, Value>,
    begun: bool,
    /// The block under way.
    open: Option<Kind>,
    /// Blocks begun so far.
    blocks: u32,
    /// Calls of tools by their index in the chat, and the block of each.
    calls: Vec<(u32, u32)>,
    finish_reason: Option<String>,
    refusal: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Thinking,
    /// Thinking that has been signed: nothing can be added to it.
    Signed,
    Tool(u32),
}

impl MessagesEncoder {
    pub fn new(context: &Context, wanted: &Wanted) -> Self {
        Self {
            stamp: context.stamp.clone(),
            model: wanted.model.clone(),
            names: wanted.echo.clone(),
            begun: false,
            open: None,
            blocks: 0,
            calls: Vec::new(),
            finish_reason: None,
            refusal: String::new(),
        }
    }

    fn begin(&mut self, out: &mut Vec<u8>) {
        if !self.begun {
            self.begun = true;
            Events(out).message_start(&format!("msg_{}", self.stamp.id), &self.model);
        }
    }

    fn delta(&mut self, delta: Delta, out: &mut Vec<u8>) {
        let blocks = delta.thinking_blocks.unwrap_or_default();
        if blocks.is_empty() {
            self.thinking(delta.reasoning_content.as_deref().unwrap_or(""), out);
        }
        for block in &blocks {
            self.thinking_block(block, out);
        }
        self.text(delta.content.as_deref().unwrap_or(""), out);
        let refusal = whole::refusal_text(delta.refusal.as_deref(), delta.provider_specific_fields.as_ref());
        if let Some(refusal) = refusal {
            self.text(&refusal, out);
            self.refusal.push_str(&refusal);
        }
        for call in delta.tool_calls.into_iter().flatten() {
            self.call(call, out);
        }
    }

    fn text(&mut self, text: &str, out: &mut Vec<u8>) {
        if text.is_empty() {
            return;
        }
        if self.open != Some(Kind::Text) {
            self.open(Kind::Text, out);
            Events(out).text_start(self.current());
        }
        Events(out).delta(self.current(), "text_delta", "text", text);
    }

    fn thinking(&mut self, text: &str, out: &mut Vec<u8>) {
        if text.is_empty() {
            return;
        }
        if self.open != Some(Kind::Thinking) {
            self.open(Kind::Thinking, out);
            Events(out).thinking_start(self.current());
        }
        Events(out).delta(self.current(), "thinking_delta", "thinking", text);
    }

    fn thinking_block(&mut self, block: &Value, out: &mut Vec<u8>) {
        let text = |name: &str| block.get(name).and_then(Value::as_str).unwrap_or("");
        if text("type") == "redacted_thinking" {
            self.open(Kind::Signed, out);
            return Events(out).redacted_start(self.current(), text("data"));
        }
        let signature = text("signature");
        // What comes with the signature repeats what has been said, unless nothing has been.
        if signature.is_empty() || self.open != Some(Kind::Thinking) {
            self.thinking(text("thinking"), out);
        }
        if signature.is_empty() {
            return;
        }
        if self.open != Some(Kind::Thinking) {
            self.open(Kind::Thinking, out);
            Events(out).thinking_start(self.current());
        }
        Events(out).delta(self.current(), "signature_delta", "signature", signature);
        self.open = Some(Kind::Signed);
    }

    fn call(&mut self, call: ToolCallDelta, out: &mut Vec<u8>) {
        let name = call.function.name.unwrap_or_default();
        let known = self.calls.iter().rev().find(|(index, _)| *index == call.index).map(|(_, block)| *block);
        let block = match known.filter(|_| name.is_empty()) {
            Some(block) => block,
            None => self.begin_call(call.index, call.id, &name, out),
        };
        if let Some(arguments) = call.function.arguments.filter(|text| !text.is_empty()) {
            Events(out).delta(block, "input_json_delta", "partial_json", &arguments);
        }
    }

    fn begin_call(&mut self, index: u32, id: Option<String>, name: &str, out: &mut Vec<u8>) -> u32 {
        let id = id.filter(|id| !id.is_empty()).unwrap_or_else(|| format!("toolu_{}", self.stamp.next_hex(24)));
        self.open(Kind::Tool(index), out);
        let block = self.current();
        self.calls.push((index, block));
        let name = self.names.get(name).and_then(Value::as_str).unwrap_or(name);
        Events(out).tool_start(block, &clean::id(&id), name, clean::thought_in_id(&id));
        block
    }

    /// Ends the block under way and counts the next one.
    fn open(&mut self, kind: Kind, out: &mut Vec<u8>) {
        self.close(out);
        self.blocks += 1;
        self.open = Some(kind);
    }

    fn close(&mut self, out: &mut Vec<u8>) {
        if self.open.take().is_some() {
            Events(out).block_stop(self.current());
        }
    }

    const fn current(&self) -> u32 {
        self.blocks.saturating_sub(1)
    }
}

impl Encoder for MessagesEncoder {
    fn chunk(&mut self, chunk: Chunk, out: &mut Vec<u8>) {
        self.begin(out);
        for choice in chunk.choices {
            self.delta(choice.delta, out);
            self.finish_reason = choice.finish_reason.or_else(|| self.finish_reason.take());
        }
    }

    fn finish(&mut self, tally: &Tally, out: &mut Vec<u8>) {
        self.begin(out);
        if self.blocks == 0 {
            // Clients expect a block, also of a model that said nothing.
            self.open(Kind::Text, out);
            Events(out).text_start(self.current());
        }
        self.close(out);
        let finish_reason = self.finish_reason.as_deref().unwrap_or("stop");
        let reason = whole::stop_reason(finish_reason, !self.calls.is_empty(), !self.refusal.is_empty());
        let explanation = Some(self.refusal.as_str()).filter(|text| !text.is_empty());
        let details = (reason == "refusal" && explanation.is_some()).then(|| whole::stop_details(explanation));
        let usage = tally.counted.as_ref().map_or_else(|| tally.usage().into(), MessageUsage::of);
        Events(out).message_delta(reason, details.as_ref(), &usage);
        Events(out).message_stop();
    }
}
