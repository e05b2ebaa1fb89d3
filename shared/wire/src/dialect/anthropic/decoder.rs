//! A stream of Anthropic's messages, event by event, as chunks in OpenAI's form.
//!
//! LiteLLM's `ModelResponseIterator`: calls count from 0, thoughts come with their blocks, the counts of the stream's
//! beginning hold until its end adds to them. Knows no socket.

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::answer::finish_reason;
use super::usage::{Answered, usage};
use crate::chat::{Chunk, ChunkChoice, Delta, Text};
use crate::dialect::{self, Context, Fault, Frame, Notes};
use crate::prepare::JSON_TOOL;
use crate::stream::garbage;

/// Results of hosted tools that are repeated to the client at most.
const RESULTS_MAX: usize = 1_000;

#[derive(Debug, Deserialize)]
struct Event<'a> {
    #[serde(borrow, rename = "type", default)]
    kind: Text<'a>,
    #[serde(borrow, default)]
    delta: Option<Piece<'a>>,
    #[serde(borrow, default)]
    content_block: Option<&'a RawValue>,
    #[serde(borrow, default)]
    message: Option<Start<'a>>,
    #[serde(borrow, default)]
    usage: Option<&'a RawValue>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
}

#[derive(Debug, Deserialize)]
struct Start<'a> {
    #[serde(borrow, default)]
    usage: Option<&'a RawValue>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Piece<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<Text<'a>>,
    #[serde(borrow)]
    text: Option<Text<'a>>,
    #[serde(borrow)]
    partial_json: Option<Text<'a>>,
    #[serde(borrow)]
    thinking: Option<Text<'a>>,
    #[serde(borrow)]
    signature: Option<Text<'a>>,
    #[serde(borrow)]
    citation: Option<&'a RawValue>,
    #[serde(borrow)]
    content: Option<&'a RawValue>,
    #[serde(borrow)]
    stop_reason: Option<Text<'a>>,
    #[serde(borrow)]
    container: Option<&'a RawValue>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Block<'a> {
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    text: Option<Text<'a>>,
    #[serde(borrow)]
    data: Option<Text<'a>>,
    #[serde(borrow)]
    content: Option<&'a RawValue>,
    #[serde(borrow)]
    caller: Option<&'a RawValue>,
}

/// What kind of block the pieces belong to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Open {
    #[default]
    Other,
    Tool,
    /// The tool whose arguments are the answer.
    Schema,
}

/// Decodes one stream.
#[derive(Debug)]
pub(crate) struct Decoder {
    notes: Notes,
    counts: Map<String, Value>,
    answered: Answered,
    open: Open,
    /// Calls so far.
    calls: u32,
    /// Whether the call under way has had arguments.
    has_arguments: bool,
    /// Whether the answer was a schema's.
    gave_schema: bool,
    web_results: Vec<Value>,
    tool_results: Vec<Value>,
    is_done: bool,
}

impl Decoder {
    pub fn new(context: &Context) -> Self {
        Self {
            notes: context.notes.clone(),
            counts: Map::new(),
            answered: Answered::default(),
            open: Open::Other,
            calls: 0,
            has_arguments: false,
            gave_schema: false,
            web_results: Vec::new(),
            tool_results: Vec::new(),
            is_done: false,
        }
    }

    /// Takes the text of one event.
    ///
    /// # Errors
    /// Where it is an error, or no event of Anthropic's.
    pub fn event(&mut self, data: &[u8], out: &mut Vec<Chunk>) -> Result<(), Fault> {
        if data.is_empty() {
            return Ok(());
        }
        // One fast check of the whole spares a slow one of every string.
        let text = std::str::from_utf8(data).map_err(|_| garbage(data))?;
        let event: Event<'_> = serde_json::from_str(text).map_err(|_| garbage(data))?;
        match &*event.kind {
            "content_block_delta" => event.delta.map_or(Ok(()), |piece| self.piece(&piece, out)),
            "content_block_start" => match event.content_block {
                Some(block) => self.start(block, out),
                None => Err(garbage(data)),
            },
            "content_block_stop" => {
                self.stop(out);
                Ok(())
            }
            "message_start" => {
                if let Some(counts) = event.message.and_then(|start| start.usage) {
                    out.push(self.count(counts));
                }
                Ok(())
            }
            "message_delta" => {
                self.finish(&event, out);
                Ok(())
            }
            "message_stop" => {
                self.is_done = true;
                Ok(())
            }
            "error" => {
                let error = event.error.map_or(text, RawValue::get);
                Err(Fault::Provider(error.to_owned()))
            }
            _ => Ok(()),
        }
    }

    fn piece(&mut self, piece: &Piece<'_>, out: &mut Vec<Chunk>) -> Result<(), Fault> {
        if let Some(text) = piece.text.as_deref() {
            if !text.is_empty() {
                out.push(Chunk::text(text));
            }
        } else if let Some(arguments) = piece.partial_json.as_deref() {
            self.arguments(arguments, out);
        } else if let Some(citation) = piece.citation {
            out.push(with_field("citation", whole(citation)));
        } else if piece.thinking.is_some() || piece.signature.is_some() {
            self.thought(piece, out);
        } else if let Some(content) = piece.content.filter(|_| piece.kind.as_deref() == Some("compaction_delta")) {
            let delta = json!({"type": "compaction_delta", "content": whole(content)});
            out.push(with_field("compaction_delta", delta));
        }
        Ok(())
    }

    fn arguments(&mut self, arguments: &str, out: &mut Vec<Chunk>) {
        self.has_arguments |= !arguments.is_empty();
        match self.open {
            Open::Tool => out.push(Chunk::arguments(self.calls.saturating_sub(1), arguments)),
            Open::Schema if !arguments.is_empty() => out.push(Chunk::text(arguments)),
            Open::Schema | Open::Other => {}
        }
    }

    fn thought(&mut self, piece: &Piece<'_>, out: &mut Vec<Chunk>) {
        self.answered.has_thoughts = true;
        if let Some(thinking) = piece.thinking.as_deref().filter(|text| !text.is_empty()) {
            out.push(thought_chunk(json!({"type": "thinking", "thinking": thinking}), Some(thinking)));
        }
        if let Some(signature) = piece.signature.as_deref().filter(|text| !text.is_empty()) {
            let block = json!({"type": "thinking", "thinking": "", "signature": signature});
            out.push(thought_chunk(block, Some("")));
        }
    }

    fn start(&mut self, raw: &RawValue, out: &mut Vec<Chunk>) -> Result<(), Fault> {
        let block: Block<'_> = serde_json::from_str(raw.get()).map_err(|_| garbage(raw.get().as_bytes()))?;
        self.open = Open::Other;
        self.has_arguments = false;
        match &*block.kind {
            "text" => {
                if let Some(text) = block.text.as_deref().filter(|text| !text.is_empty()) {
                    out.push(Chunk::text(text));
                }
            }
            "tool_use" | "server_tool_use" => self.call(&block, out),
            "redacted_thinking" => {
                self.answered.has_thoughts = true;
                let data = block.data.as_deref().unwrap_or_default();
                out.push(thought_chunk(json!({"type": "redacted_thinking", "data": data}), None));
            }
            "compaction" => {
                let mut fields = Map::new();
                fields.insert("compaction_blocks".to_owned(), json!([whole(raw)]));
                let content = block.content.map_or_else(|| "".into(), whole);
                fields.insert("compaction_start".to_owned(), json!({"type": "compaction", "content": content}));
                out.push(with_fields(fields));
            }
            "tool_search_tool_result" => {}
            "web_search_tool_result" | "web_fetch_tool_result" => {
                keep(&mut self.web_results, raw);
                out.push(with_field("web_search_results", Value::Array(self.web_results.clone())));
            }
            kind if kind.ends_with("_tool_result") => {
                keep(&mut self.tool_results, raw);
                out.push(with_field("tool_results", Value::Array(self.tool_results.clone())));
            }
            _ => {}
        }
        Ok(())
    }

    fn call(&mut self, block: &Block<'_>, out: &mut Vec<Chunk>) {
        let name = block.name.as_deref().unwrap_or_default();
        self.open = if self.notes.json_tool && name == JSON_TOOL { Open::Schema } else { Open::Tool };
        if self.open == Open::Schema {
            self.gave_schema = true;
            return;
        }
        let name = self.notes.tool_name(name);
        let mut chunk = Chunk::tool(self.calls, block.id.as_deref().unwrap_or_default(), name);
        if let Some(caller) = block.caller.map(whole).filter(|caller| !caller.is_null())
            && let Some(call) =
                chunk.choices.first_mut().and_then(|choice| choice.delta.tool_calls.as_mut()?.first_mut())
        {
            call.provider_specific_fields = Some(Map::from_iter([("caller".to_owned(), caller)]));
        }
        self.calls = self.calls.saturating_add(1);
        out.push(chunk);
    }

    fn stop(&mut self, out: &mut Vec<Chunk>) {
        if self.open == Open::Tool && !self.has_arguments {
            out.push(Chunk::arguments(self.calls.saturating_sub(1), "{}"));
        }
        self.open = Open::Other;
    }

    fn finish(&mut self, event: &Event<'_>, out: &mut Vec<Chunk>) {
        let piece = event.delta.as_ref();
        let stop = piece.and_then(|piece| piece.stop_reason.as_deref());
        let reason = if self.gave_schema { "stop" } else { finish_reason(stop) };
        if let Some(container) = piece.and_then(|piece| piece.container).map(whole).filter(|found| !found.is_null()) {
            out.push(with_field("container", container));
        }
        let mut chunk = Chunk::finish(reason);
        if let Some(counts) = event.usage {
            chunk.usage = self.count(counts).usage;
        }
        out.push(chunk);
    }

    /// Later counts add to earlier ones, and stand in their place.
    fn count(&mut self, counts: &RawValue) -> Chunk {
        if let Ok(counts) = serde_json::from_str::<Map<String, Value>>(counts.get()) {
            self.counts.extend(counts);
        }
        let mut usage = usage(&self.counts, self.answered);
        // LiteLLM puts the usage of a stream together anew, and leaves this out.
        usage.extra.shift_remove("service_tier");
        Chunk::counts(usage)
    }
}

impl dialect::Decoder for Decoder {
    fn frame(&mut self, frame: Frame<'_>, out: &mut Vec<Chunk>) -> Result<(), Fault> {
        self.event(frame.data, out)
    }

    fn is_done(&self) -> bool {
        self.is_done
    }
}

fn whole(raw: &RawValue) -> Value {
    serde_json::from_str(raw.get()).unwrap_or_default()
}

fn keep(results: &mut Vec<Value>, raw: &RawValue) {
    if results.len() < RESULTS_MAX {
        results.push(whole(raw));
    }
}

fn with_field(name: &str, value: Value) -> Chunk {
    with_fields(Map::from_iter([(name.to_owned(), value)]))
}

fn with_fields(fields: Map<String, Value>) -> Chunk {
    Chunk::of(Delta { provider_specific_fields: Some(fields), ..Delta::default() })
}

fn thought_chunk(block: Value, reasoning: Option<&str>) -> Chunk {
    let fields = Map::from_iter([("thinking_blocks".to_owned(), json!([block]))]);
    let delta = Delta {
        reasoning_content: reasoning.map(str::to_owned),
        thinking_blocks: Some(vec![block]),
        provider_specific_fields: Some(fields),
        ..Delta::default()
    };
    Chunk { choices: vec![ChunkChoice { delta, ..ChunkChoice::default() }], ..Chunk::default() }
}
