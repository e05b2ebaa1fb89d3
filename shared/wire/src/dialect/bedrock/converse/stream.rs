//! ConverseStream, event by event, as chunks (LiteLLM's `converse_chunk_parser`). Knows no frame.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::usage::{self, Counts, Thought};
use crate::chat::{Chunk, Delta, FunctionDelta, ToolCallDelta};
use crate::dialect::{Context, Decoder, Fault, Frame, Notes};
use crate::prepare::JSON_TOOL;
use crate::stream::garbage;
use crate::tokens::count_text;

/// Of reasoning no more is kept to be counted.
const REASONING_BYTES_MAX: usize = 1024 * 1024;

/// Decodes one stream.
#[derive(Debug)]
pub(in crate::dialect::bedrock) struct ConverseStream {
    notes: Notes,
    model: String,
    /// Calls of tools so far.
    calls: u32,
    block: Block,
    reasoning: String,
    thought: Thought,
    is_finished: bool,
}

/// The block under way.
#[derive(Debug, Default, PartialEq, Eq)]
enum Block {
    #[default]
    Text,
    Call {
        has_arguments: bool,
    },
    /// The tool that brings a structured answer: its arguments are text.
    JsonTool,
}

/// Every event in one: which fields are there tells which it is.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Event<'a> {
    #[serde(borrow)]
    start: Option<Start<'a>>,
    #[serde(borrow)]
    delta: Option<Piece<'a>>,
    content_block_index: Option<u64>,
    #[serde(borrow)]
    stop_reason: Option<Cow<'a, str>>,
    additional_model_response_fields: Option<Value>,
    usage: Option<Counts>,
    trace: Option<Value>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Start<'a> {
    #[serde(borrow)]
    tool_use: Option<Opened<'a>>,
    #[serde(borrow)]
    reasoning_content: Option<Reasoned<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Opened<'a> {
    #[serde(borrow)]
    tool_use_id: Cow<'a, str>,
    #[serde(borrow)]
    name: Cow<'a, str>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Piece<'a> {
    #[serde(borrow)]
    text: Option<Cow<'a, str>>,
    #[serde(borrow)]
    tool_use: Option<Arguments<'a>>,
    #[serde(borrow)]
    reasoning_content: Option<Reasoned<'a>>,
    citations_content: Option<Value>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Arguments<'a> {
    #[serde(borrow)]
    input: Cow<'a, str>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Reasoned<'a> {
    #[serde(borrow)]
    text: Option<Cow<'a, str>>,
    #[serde(borrow)]
    signature: Option<Cow<'a, str>>,
    #[serde(borrow)]
    redacted_content: Option<Cow<'a, str>>,
}

impl ConverseStream {
    pub fn new(context: &Context) -> Self {
        Self {
            notes: context.notes.clone(),
            model: context.model.clone(),
            calls: 0,
            block: Block::Text,
            reasoning: String::new(),
            thought: Thought::default(),
            is_finished: false,
        }
    }

    fn event(&mut self, event: Event<'_>, out: &mut Vec<Chunk>) {
        if let Some(start) = event.start {
            self.start(start, out);
        } else if let Some(piece) = event.delta {
            self.piece(piece, out);
        } else if event.content_block_index.is_some() {
            self.stop(out);
        } else if let Some(reason) = &event.stop_reason {
            self.is_finished = true;
            self.thought.told = usage::told(event.additional_model_response_fields.as_ref());
            out.push(Chunk::finish(self.finish_reason(reason)));
        } else if let Some(counts) = &event.usage {
            self.thought.counted = self.count();
            out.push(Chunk::counts(counts.to_openai(self.thought)));
        }
        if let Some(trace) = event.trace.filter(|trace| !trace.is_null()) {
            let extra = Map::from_iter([("provider_specific_fields".to_owned(), json!({ "trace": trace }))]);
            out.push(Chunk { extra, ..Chunk::default() });
        }
    }

    /// A tool call that was an answer all along is no reason to call tools.
    fn finish_reason(&self, reason: &str) -> &'static str {
        match usage::finish_reason(reason) {
            "tool_calls" if self.notes.json_tool && self.calls == 0 => "stop",
            reason => reason,
        }
    }

    fn count(&self) -> u64 {
        if self.reasoning.is_empty() { 0 } else { count_text(&self.model, &self.reasoning) }
    }

    fn start(&mut self, start: Start<'_>, out: &mut Vec<Chunk>) {
        self.block = Block::Text;
        if let Some(opened) = start.tool_use {
            let name = self.notes.tool_name(&opened.name);
            if self.notes.json_tool && name == JSON_TOOL {
                self.block = Block::JsonTool;
                return;
            }
            let function = FunctionDelta { name: Some(name.to_owned()), arguments: Some(String::new()) };
            let id = Some(opened.tool_use_id.into_owned());
            self.calls += 1;
            self.block = Block::Call { has_arguments: false };
            out.push(self.call(id, function));
        } else if let Some(reasoned) = start.reasoning_content {
            out.push(self.reason(reasoned, None));
        }
    }

    fn piece(&mut self, piece: Piece<'_>, out: &mut Vec<Chunk>) {
        if let Some(text) = piece.text {
            out.extend((!text.is_empty()).then(|| Chunk::text(text)));
        } else if let Some(arguments) = piece.tool_use {
            self.arguments(arguments.input, out);
        } else if let Some(reasoned) = piece.reasoning_content {
            let text = reasoned.text.as_deref().unwrap_or_default().to_owned();
            out.push(self.reason(reasoned, Some(text)));
        } else if let Some(citations) = piece.citations_content {
            let fields = Map::from_iter([("citationsContent".to_owned(), citations)]);
            out.push(Chunk::of(Delta {
                content: Some(String::new()),
                provider_specific_fields: Some(fields),
                ..Delta::default()
            }));
        }
    }

    fn arguments(&mut self, input: Cow<'_, str>, out: &mut Vec<Chunk>) {
        match &mut self.block {
            Block::JsonTool => out.extend((!input.is_empty()).then(|| Chunk::text(input))),
            Block::Call { has_arguments } => {
                *has_arguments |= !input.is_empty();
                out.push(self.call(None, FunctionDelta { name: None, arguments: Some(input.into_owned()) }));
            }
            Block::Text => {}
        }
    }

    /// A call without arguments has none, which is an empty object.
    fn stop(&mut self, out: &mut Vec<Chunk>) {
        if std::mem::take(&mut self.block) == (Block::Call { has_arguments: false }) {
            out.push(self.call(None, FunctionDelta { name: None, arguments: Some("{}".to_owned()) }));
        }
    }

    fn call(&self, id: Option<String>, function: FunctionDelta) -> Chunk {
        let index = self.calls.saturating_sub(1);
        let kind = Some("function".to_owned());
        let call = ToolCallDelta { index, id, kind, function, provider_specific_fields: None };
        Chunk::of(Delta { content: Some(String::new()), tool_calls: Some(vec![call]), ..Delta::default() })
    }

    fn reason(&mut self, reasoned: Reasoned<'_>, reasoning_content: Option<String>) -> Chunk {
        self.thought.ran = true;
        if let Some(text) = &reasoned.text
            && self.reasoning.len() + text.len() <= REASONING_BYTES_MAX
        {
            self.reasoning.push_str(text);
        }
        let (block, field) = if let Some(text) = reasoned.text {
            (json!({ "type": "thinking", "thinking": text }), json!({ "text": text }))
        } else if let Some(signature) = reasoned.signature {
            let block = json!({ "type": "thinking", "signature": signature, "thinking": "" });
            (block, json!({ "signature": signature }))
        } else {
            let data = reasoned.redacted_content.unwrap_or_default();
            (json!({ "type": "redacted_thinking", "data": data }), json!({ "redactedContent": data }))
        };
        Chunk::of(Delta {
            content: Some(String::new()),
            reasoning_content,
            thinking_blocks: Some(vec![block]),
            provider_specific_fields: Some(Map::from_iter([("reasoningContent".to_owned(), field)])),
            ..Delta::default()
        })
    }
}

impl Decoder for ConverseStream {
    fn frame(&mut self, frame: Frame<'_>, out: &mut Vec<Chunk>) -> Result<(), Fault> {
        if frame.data.is_empty() {
            return Ok(());
        }
        let event = serde_json::from_slice(frame.data).map_err(|_| garbage(frame.data))?;
        self.event(event, out);
        Ok(())
    }
}
