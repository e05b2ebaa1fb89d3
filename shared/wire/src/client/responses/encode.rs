//! A chat's stream as the events of a response: one method for each kind of piece.
//!
//! The order is LiteLLM's: reasoning ends when anything else begins, calls are closed at the end, then the message.
//! Knows no provider.

use serde_json::{Map, Value, json};

use super::answer::{self, Ended, Head};
use super::tools::{Called, Names};
use super::{own_id, shown};
use crate::chat::{Choice, Chunk, Delta, FunctionCall, Reply, ToolCall, ToolCallDelta};
use crate::client::{Encoder, Wanted};
use crate::dialect::Context;
use crate::failure::Begun;
use crate::json;
use crate::stream::Tally;

/// Text of one answer that is kept for its last event; what comes later is only passed on.
const KEPT_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Calls that one answer may hold.
const CALLS_MAX: usize = 1_024;
/// Arguments are told in pieces of this many characters, as OpenAI does: some providers send them in one.
const PIECE_CHARACTERS: usize = 10;

/// Writes chunks as events.
#[derive(Debug)]
pub(super) struct ResponseEncoder {
    wanted: Wanted,
    context: Context,
    id: String,
    names: Names,
    sequence_number: u64,
    is_begun: bool,
    next_index: u64,
    reasoning: Option<Open>,
    message: Option<Open>,
    calls: Vec<OpenCall>,
    said: Reply,
    kept_bytes: usize,
    finish_reason: Option<String>,
    /// The provider's own fields: of each the last value that came.
    own_fields: Map<String, Value>,
    response: Option<Vec<u8>>,
}

/// An item that has begun.
#[derive(Debug, Default)]
struct Open {
    id: String,
    output_index: u64,
    is_closed: bool,
}

#[derive(Debug)]
struct OpenCall {
    index: u32,
    output_index: u64,
    item_id: String,
    call: ToolCall,
}

impl Encoder for ResponseEncoder {
    fn chunk(&mut self, chunk: Chunk, out: &mut Vec<u8>) {
        self.begin(out);
        // Items of several choices would be mixed up: the first is the answer, as with LiteLLM.
        let Some(choice) = chunk.choices.into_iter().find(|choice| choice.index == 0) else { return };
        let mut delta = choice.delta;
        self.own_fields.extend(delta.provider_specific_fields.take().unwrap_or_default());
        if is_reasoning(&delta) {
            self.think(&delta, out);
        }
        let has_more = delta.content.as_ref().is_some_and(|text| !text.is_empty()) || delta.tool_calls.is_some();
        if has_more || choice.finish_reason.is_some() {
            self.close_reasoning(out);
        }
        if let Some(text) = delta.content.as_deref().filter(|text| !text.is_empty()) {
            self.say(text, out);
        }
        for call in delta.tool_calls.unwrap_or_default() {
            self.call(call, out);
        }
        if let Some(annotations) = delta.annotations {
            self.annotate(annotations, out);
        }
        self.said.images = self.said.images.take().or(delta.images);
        self.finish_reason = choice.finish_reason.or(self.finish_reason.take());
    }

    fn finish(&mut self, tally: &Tally, out: &mut Vec<u8>) {
        self.begin(out);
        self.close_reasoning(out);
        self.close_calls(out);
        let says_nothing = self.calls.is_empty() && self.reasoning.is_none();
        if self.message.is_none() && says_nothing {
            self.open_message(out);
        }
        self.close_message(out);
        // Where calls are all there is, LiteLLM adds no details of its own.
        let has_text = self.message.is_some() || self.reasoning.is_some();
        let usage = tally.counted.clone().filter(|_| !has_text).unwrap_or_else(|| tally.shown());
        let finish_reason = self.finish_reason.take().unwrap_or_else(|| "stop".to_owned());
        let output = self.output(&finish_reason);
        let ended = Ended { finish_reason: Some(&finish_reason), output, usage: &usage };
        let head =
            Head { id: self.id.clone(), created_s: self.context.stamp.created_s, model: self.context.model.as_str() };
        let mut response = answer::response(&head, &self.wanted.echo, ended);
        if !self.own_fields.is_empty() {
            response["provider_specific_fields"] = std::mem::take(&mut self.own_fields).into();
        }
        let is_whole = response["status"] == "completed";
        let kind = if is_whole { "response.completed" } else { "response.incomplete" };
        self.response = Some(response.to_string().into_bytes());
        self.event(kind, json!({ "response": response }), out);
        out.extend_from_slice(b"data: [DONE]\n\n");
    }

    fn begun(&self) -> Begun {
        let (id, created_s) = (self.id.clone(), self.context.stamp.created_s);
        let model = self.is_begun.then(|| self.context.model.clone());
        Begun { id, created_s, model, sequence_number: self.sequence_number }
    }

    fn response(&self) -> Option<&[u8]> {
        self.response.as_deref()
    }
}

/// Whether a piece shows or proves thinking.
fn is_reasoning(delta: &Delta) -> bool {
    let has_text = delta.reasoning_content.as_ref().is_some_and(|text| !text.is_empty());
    has_text || delta.thinking_blocks.iter().flatten().any(crate::prepare::is_signed)
}

impl ResponseEncoder {
    pub fn new(context: &Context, wanted: &Wanted) -> Self {
        let tools = wanted.echo.get("tools").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        Self {
            id: shown(context.ids.as_ref(), &own_id(context)),
            names: Names::of(tools),
            wanted: wanted.clone(),
            context: context.clone(),
            sequence_number: 0,
            is_begun: false,
            next_index: 0,
            reasoning: None,
            message: None,
            calls: Vec::new(),
            said: Reply { role: "assistant".to_owned(), ..Reply::default() },
            kept_bytes: 0,
            finish_reason: None,
            own_fields: Map::new(),
            response: None,
        }
    }

    /// One event: its fields, and what every event has.
    fn event(&mut self, kind: &str, fields: Value, out: &mut Vec<u8>) {
        out.extend_from_slice(b"data: {\"type\":\"");
        out.extend_from_slice(kind.as_bytes());
        out.push(b'"');
        for (name, value) in fields.as_object().into_iter().flatten() {
            out.push(b',');
            json::write_string(out, name);
            out.push(b':');
            out.extend_from_slice(value.to_string().as_bytes());
        }
        out.extend_from_slice(format!(",\"sequence_number\":{},\"model\":", self.sequence_number).as_bytes());
        json::write_string(out, &self.wanted.model);
        out.extend_from_slice(b"}\n\n");
        self.sequence_number += 1;
    }

    fn begin(&mut self, out: &mut Vec<u8>) {
        if self.is_begun {
            return;
        }
        self.is_begun = true;
        let response = answer::started(&self.id, &self.context, &self.wanted.echo);
        self.event("response.created", json!({ "response": response }), out);
        self.event("response.in_progress", json!({ "response": response }), out);
    }

    fn open(&mut self, prefix: &str) -> Open {
        let output_index = self.next_index;
        self.next_index += 1;
        Open { id: answer::item_id(prefix, &mut self.context.stamp), output_index, is_closed: false }
    }

    /// Keeps a piece for the last event, as far as there is room.
    fn keeps(&mut self, text: &str) -> bool {
        self.kept_bytes += text.len();
        self.kept_bytes <= KEPT_BYTES_MAX
    }

    fn think(&mut self, delta: &Delta, out: &mut Vec<u8>) {
        if self.reasoning.is_none() {
            let open = self.open("rs_");
            let item = json!({ "id": open.id, "type": "reasoning", "status": "in_progress", "summary": [] });
            let index = open.output_index;
            self.reasoning = Some(open);
            self.event("response.output_item.added", json!({ "output_index": index, "item": item }), out);
        }
        for block in delta.thinking_blocks.iter().flatten() {
            if self.keeps(&block.to_string()) {
                answer::add_block(self.said.thinking_blocks.get_or_insert_default(), block);
            }
        }
        let Some(text) = delta.reasoning_content.as_deref().filter(|text| !text.is_empty()) else { return };
        if self.keeps(text) {
            self.said.reasoning_content.get_or_insert_default().push_str(text);
        }
        let Some(open) = &self.reasoning else { return };
        let fields =
            json!({ "item_id": open.id, "output_index": open.output_index, "summary_index": 0, "delta": text });
        self.event("response.reasoning_summary_text.delta", fields, out);
    }

    fn close_reasoning(&mut self, out: &mut Vec<u8>) {
        let Some(open) = self.reasoning.as_mut().filter(|open| !open.is_closed) else { return };
        open.is_closed = true;
        let (id, index) = (open.id.clone(), open.output_index);
        let text = self.said.reasoning_content.clone().unwrap_or_default();
        let part = json!({ "type": "summary_text", "text": text });
        let place = json!({ "item_id": id, "output_index": index, "summary_index": 0 });
        let with = |name: &str, value: &Value| {
            let mut fields = place.clone();
            fields[name] = value.clone();
            fields
        };
        self.event("response.reasoning_summary_text.done", with("text", &text.into()), out);
        self.event("response.reasoning_summary_part.done", with("part", &part), out);
        let item = json!({ "id": id, "type": "reasoning", "summary": [part] });
        self.event("response.output_item.done", json!({ "output_index": index, "item": item }), out);
    }

    fn open_message(&mut self, out: &mut Vec<u8>) {
        let open = self.open("msg_");
        let (id, index) = (open.id.clone(), open.output_index);
        self.message = Some(open);
        let item = json!({ "id": id, "type": "message", "role": "assistant", "status": "in_progress", "content": [] });
        self.event("response.output_item.added", json!({ "output_index": index, "item": item }), out);
        let part = json!({ "type": "output_text", "text": "", "annotations": [] });
        let fields = json!({ "item_id": id, "output_index": index, "content_index": 0, "part": part });
        self.event("response.content_part.added", fields, out);
    }

    fn say(&mut self, text: &str, out: &mut Vec<u8>) {
        if self.message.is_none() {
            self.open_message(out);
        }
        if self.keeps(text) {
            self.said.content.get_or_insert_default().push_str(text);
        }
        let Some(open) = &self.message else { return };
        let fields =
            json!({ "item_id": open.id, "output_index": open.output_index, "content_index": 0, "delta": text });
        self.event("response.output_text.delta", fields, out);
    }

    fn annotate(&mut self, given: Vec<Value>, out: &mut Vec<u8>) {
        let is_first = self.said.annotations.is_none();
        let flat = answer::annotations(Some(&given));
        self.said.annotations.get_or_insert_default().extend(given);
        let Some(open) = self.message.as_ref().filter(|_| is_first) else { return };
        let place = (open.id.clone(), open.output_index);
        for (annotation_index, annotation) in flat.into_iter().enumerate() {
            let fields = json!({
                "item_id": place.0,
                "output_index": place.1,
                "content_index": 0,
                "annotation_index": annotation_index,
                "annotation": annotation,
            });
            self.event("response.output_text.annotation.added", fields, out);
        }
    }

    fn close_message(&mut self, out: &mut Vec<u8>) {
        let Some(open) = self.message.as_mut().filter(|open| !open.is_closed) else { return };
        open.is_closed = true;
        let (id, index) = (open.id.clone(), open.output_index);
        let text = self.said.content.clone().unwrap_or_default();
        let annotations = answer::annotations(self.said.annotations.as_deref());
        let part = json!({ "type": "output_text", "text": text, "annotations": annotations });
        let place = json!({ "item_id": id, "output_index": index, "content_index": 0 });
        let with = |name: &str, value: Value| {
            let mut fields = place.clone();
            fields[name] = value;
            fields
        };
        self.event("response.output_text.done", with("text", text.into()), out);
        self.event("response.content_part.done", with("part", part.clone()), out);
        let item =
            json!({ "id": id, "status": "completed", "type": "message", "role": "assistant", "content": [part] });
        self.event("response.output_item.done", json!({ "output_index": index, "item": item }), out);
    }

    fn call(&mut self, delta: ToolCallDelta, out: &mut Vec<u8>) {
        let given = delta.id.as_deref().filter(|id| !id.is_empty());
        let is_same = |open: &&OpenCall| open.index == delta.index && given.is_none_or(|id| open.call.id == id);
        let place = match self.calls.iter().rev().position(|open| is_same(&open)) {
            Some(from_end) => self.calls.len() - 1 - from_end,
            None if self.calls.len() < CALLS_MAX => self.open_call(&delta, out),
            None => return,
        };
        if let Some(own) = delta.provider_specific_fields {
            self.calls[place].call.provider_specific_fields = Some(own);
        }
        let text = delta.function.arguments.unwrap_or_default();
        if !text.is_empty() && self.keeps(&text) {
            self.calls[place].call.function.arguments.push_str(&text);
        }
        let mut rest = text.as_str();
        while !rest.is_empty() {
            let end = rest.char_indices().nth(PIECE_CHARACTERS).map_or(rest.len(), |(at, _)| at);
            let (piece, after) = rest.split_at(end);
            let open = &self.calls[place];
            let fields = json!({ "item_id": open.item_id, "output_index": open.output_index, "delta": piece });
            self.event("response.function_call_arguments.delta", fields, out);
            rest = after;
        }
    }

    fn open_call(&mut self, delta: &ToolCallDelta, out: &mut Vec<u8>) -> usize {
        let output_index = self.next_index;
        self.next_index += 1;
        let name = delta.function.name.clone().unwrap_or_default();
        let mut id = delta.id.clone().unwrap_or_default();
        if id.is_empty() {
            id = format!("call_{}", self.context.stamp.next_hex(24));
        }
        let item = self.names.item(&Called { id: &id, name: &name, arguments: "", is_completed: false });
        let item_id = item["id"].as_str().unwrap_or_default().to_owned();
        let function = FunctionCall { name, arguments: String::new() };
        let call = ToolCall { id, kind: "function".to_owned(), function, ..ToolCall::default() };
        self.calls.push(OpenCall { index: delta.index, output_index, item_id, call });
        self.event("response.output_item.added", json!({ "output_index": output_index, "item": item }), out);
        self.calls.len() - 1
    }

    fn close_calls(&mut self, out: &mut Vec<u8>) {
        for place in 0..self.calls.len() {
            let open = &self.calls[place];
            let (index, arguments) = (open.output_index, open.call.function.arguments.clone());
            let fields = json!({ "item_id": open.item_id, "output_index": index, "arguments": arguments });
            let call = &open.call;
            let (id, name) = (&call.id, &call.function.name);
            let item = self.names.item(&Called { id, name, arguments: &arguments, is_completed: true });
            self.event("response.function_call_arguments.done", fields, out);
            self.event("response.output_item.done", json!({ "output_index": index, "item": item }), out);
        }
    }

    /// All items, with the ids and in the order in which the stream told them.
    fn output(&mut self, finish_reason: &str) -> Vec<Value> {
        let calls: Vec<ToolCall> = self.calls.iter().map(|open| open.call.clone()).collect();
        let mut message = std::mem::take(&mut self.said);
        message.tool_calls = (!calls.is_empty()).then_some(calls);
        if self.message.is_some() {
            message.content.get_or_insert_default();
        }
        let choice = Choice { finish_reason: Some(finish_reason.to_owned()), message, ..Choice::default() };
        let items = answer::items(&[choice], &self.wanted.echo, &mut self.context.stamp);
        let mut placed: Vec<(u64, Value)> = items.into_iter().map(|item| self.placed(item)).collect();
        placed.sort_by_key(|(index, _)| *index);
        placed.into_iter().map(|(_, item)| item).collect()
    }

    fn placed(&self, mut item: Value) -> (u64, Value) {
        let open = match item["type"].as_str() {
            Some("message") => self.message.as_ref(),
            Some("reasoning") => self.reasoning.as_ref(),
            _ => {
                let call = self.calls.iter().find(|open| item["call_id"] == open.call.id.as_str());
                return (call.map_or(u64::MAX, |open| open.output_index), item);
            }
        };
        match open {
            Some(open) => {
                item["id"] = open.id.clone().into();
                (open.output_index, item)
            }
            None => (u64::MAX, item),
        }
    }
}
