//! A streamed answer put together again, as the spend log keeps it: a chat completion, or OpenAI's response.
//!
//! Reads what the client was sent, in the client's own format (LiteLLM's `stream_chunk_builder`). What is longer than a
//! log keeps is let go. Changes no byte.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::Format;
use crate::dialect::anthropic_usage;
use crate::sse::{self, Splitter};

/// The longest text that is put together; the log cuts it to a few thousand characters.
const TEXT_BYTES_MAX: usize = 256 * 1024;
/// Choices, and tools called by one of them.
const PARTS_MAX: u64 = 128;

/// An answer on its way together.
#[derive(Debug)]
pub struct Assembly {
    format: Format,
    splitter: Splitter,
    head: Map<String, Value>,
    choices: Vec<Choice>,
    usage: Value,
    /// OpenAI sends its whole response at the end.
    response: Option<Value>,
}

#[derive(Debug, Default)]
struct Choice {
    index: u64,
    /// Where it is a text completion's.
    is_text: bool,
    content: Option<String>,
    reasoning: Option<String>,
    refusal: Option<String>,
    annotations: Vec<Value>,
    calls: Vec<Called>,
    finish_reason: Value,
}

/// A tool that was called.
#[derive(Debug, Default)]
struct Called {
    index: u64,
    id: String,
    name: String,
    arguments: String,
}

impl Assembly {
    pub fn new(format: Format) -> Self {
        let (head, choices, usage) = (Map::new(), Vec::new(), Value::Null);
        Self { format, splitter: Splitter::new(), head, choices, usage, response: None }
    }

    /// Adds what the client is sent next.
    pub fn push(&mut self, bytes: Bytes) {
        if self.splitter.push(bytes).is_err() {
            return;
        }
        while let Some(event) = self.splitter.next_event() {
            let data = sse::data(&event).and_then(|data| serde_json::from_slice::<Value>(&data).ok());
            let Some(mut data) = data else { continue };
            match self.format {
                Format::OpenAi => self.chunk(&data),
                Format::Messages => self.message(&mut data),
                Format::Responses => {
                    let is_last = data["type"].as_str().is_some_and(|kind| {
                        matches!(kind, "response.completed" | "response.incomplete" | "response.failed")
                    });
                    self.response = Some(data["response"].take()).filter(|_| is_last).or(self.response.take());
                }
                Format::GenerateContent => self.candidates(&data),
            }
        }
    }

    /// What came together; `None` where nothing did.
    pub fn finish(self) -> Option<Value> {
        if self.response.is_some() {
            return self.response;
        }
        if self.choices.is_empty() {
            return None;
        }
        let is_text = self.choices.iter().any(|choice| choice.is_text);
        let mut whole = self.head;
        whole.insert("object".to_owned(), if is_text { "text_completion" } else { "chat.completion" }.into());
        whole.insert("choices".to_owned(), self.choices.into_iter().map(Choice::whole).collect());
        if !self.usage.is_null() {
            whole.insert("usage".to_owned(), self.usage);
        }
        Some(Value::Object(whole))
    }

    fn choice(&mut self, index: u64) -> &mut Choice {
        let index = index.min(PARTS_MAX);
        let place = self.choices.iter().position(|choice| choice.index == index);
        let place = place.unwrap_or_else(|| {
            self.choices.push(Choice { index, ..Choice::default() });
            self.choices.len() - 1
        });
        &mut self.choices[place]
    }

    fn note_head(&mut self, from: &Value, names: &[&str]) {
        for name in names {
            let told = from.get(*name).filter(|value| !value.is_null());
            if let Some(value) = told.filter(|_| !self.head.contains_key(*name)) {
                self.head.insert((*name).to_owned(), value.clone());
            }
        }
    }

    /// A chunk of a chat, or of a text completion.
    fn chunk(&mut self, chunk: &Value) {
        self.note_head(chunk, &["id", "created", "model", "system_fingerprint", "service_tier"]);
        if chunk["usage"].is_object() {
            self.usage = chunk["usage"].clone();
        }
        for given in chunk["choices"].as_array().into_iter().flatten() {
            let choice = self.choice(given["index"].as_u64().unwrap_or(0));
            let delta = &given["delta"];
            add(&mut choice.content, &delta["content"]);
            if given["text"].is_string() {
                choice.is_text = true;
                add(&mut choice.content, &given["text"]);
            }
            add(&mut choice.reasoning, &delta["reasoning_content"]);
            add(&mut choice.refusal, &delta["refusal"]);
            if let Some(annotations) = delta["annotations"].as_array().filter(|_| choice.annotations.len() < 1000) {
                choice.annotations.extend(annotations.iter().cloned());
            }
            for call in delta["tool_calls"].as_array().into_iter().flatten() {
                let called = choice.called(call["index"].as_u64().unwrap_or(0));
                extend(&mut called.id, &call["id"]);
                extend(&mut called.name, &call["function"]["name"]);
                extend(&mut called.arguments, &call["function"]["arguments"]);
            }
            if given["finish_reason"].is_string() {
                choice.finish_reason = given["finish_reason"].clone();
            }
        }
    }

    /// An event of Anthropic's.
    fn message(&mut self, event: &mut Value) {
        let index = event["index"].as_u64().unwrap_or(0);
        match event["type"].as_str().unwrap_or_default() {
            "message_start" => {
                self.note_head(&event["message"], &["id", "model"]);
                self.usage = event["message"]["usage"].take();
                self.choice(0);
            }
            "content_block_start" => {
                let block = &event["content_block"];
                if block["type"].as_str().is_some_and(|kind| kind.ends_with("tool_use")) {
                    let called = self.choice(0).called(index);
                    extend(&mut called.id, &block["id"]);
                    extend(&mut called.name, &block["name"]);
                }
            }
            "content_block_delta" => {
                let delta = &event["delta"];
                let choice = self.choice(0);
                add(&mut choice.content, &delta["text"]);
                add(&mut choice.reasoning, &delta["thinking"]);
                if delta["partial_json"].is_string() {
                    extend(&mut choice.called(index).arguments, &delta["partial_json"]);
                }
            }
            "message_delta" => {
                if let (Some(before), Some(later)) = (self.usage.as_object_mut(), event["usage"].as_object()) {
                    before.extend(later.clone());
                }
                self.choice(0).finish_reason = finish_reason(&event["delta"]["stop_reason"]);
            }
            "message_stop" => {
                let usage = self.usage.as_object().map(anthropic_usage);
                self.usage = usage.and_then(|usage| serde_json::to_value(usage).ok()).unwrap_or_default();
            }
            _ => {}
        }
    }

    /// A piece of Gemini's.
    fn candidates(&mut self, piece: &Value) {
        if let Some(model) = piece.get("modelVersion") {
            self.head.entry("model").or_insert_with(|| model.clone());
        }
        if let Some(id) = piece.get("responseId") {
            self.head.entry("id").or_insert_with(|| id.clone());
        }
        if let Some(counts) = piece["usageMetadata"].as_object() {
            let usage = crate::dialect::gemini_usage(counts, None);
            self.usage = usage.and_then(|usage| serde_json::to_value(usage).ok()).unwrap_or_default();
        }
        for candidate in piece["candidates"].as_array().into_iter().flatten() {
            let choice = self.choice(candidate["index"].as_u64().unwrap_or(0));
            for part in candidate["content"]["parts"].as_array().into_iter().flatten() {
                let is_thought = part["thought"] == true;
                add(if is_thought { &mut choice.reasoning } else { &mut choice.content }, &part["text"]);
                if let Some(call) = part.get("functionCall") {
                    let called = choice.called(choice.calls.len() as u64);
                    extend(&mut called.name, &call["name"]);
                    called.arguments = call["args"].to_string();
                }
            }
            if let Some(reason) = candidate["finishReason"].as_str() {
                let named = if reason == "MAX_TOKENS" { "length".to_owned() } else { reason.to_ascii_lowercase() };
                choice.finish_reason = named.into();
            }
        }
    }
}

impl Choice {
    fn called(&mut self, index: u64) -> &mut Called {
        let index = index.min(PARTS_MAX);
        let place = self.calls.iter().position(|called| called.index == index);
        let place = place.unwrap_or_else(|| {
            self.calls.push(Called { index, ..Called::default() });
            self.calls.len() - 1
        });
        &mut self.calls[place]
    }

    fn whole(self) -> Value {
        if self.is_text {
            return json!({"finish_reason": self.finish_reason, "index": self.index, "text": self.content});
        }
        let mut message = Map::new();
        message.insert("role".to_owned(), "assistant".into());
        message.insert("content".to_owned(), self.content.map_or(Value::Null, Value::String));
        for (name, text) in [("reasoning_content", self.reasoning), ("refusal", self.refusal)] {
            if let Some(text) = text {
                message.insert(name.to_owned(), text.into());
            }
        }
        if !self.calls.is_empty() {
            let calls = self.calls.into_iter().map(|called| {
                json!({
                    "id": called.id,
                    "type": "function",
                    "function": {"name": called.name, "arguments": called.arguments},
                })
            });
            message.insert("tool_calls".to_owned(), calls.collect());
        }
        if !self.annotations.is_empty() {
            message.insert("annotations".to_owned(), self.annotations.into());
        }
        json!({"finish_reason": self.finish_reason, "index": self.index, "message": message})
    }
}

/// Adds a text, if it is one.
fn add(text: &mut Option<String>, more: &Value) {
    if more.is_string() {
        extend(text.get_or_insert_default(), more);
    }
}

/// As much of a text as there is room for.
fn extend(text: &mut String, more: &Value) {
    let more = more.as_str().unwrap_or_default();
    let room = TEXT_BYTES_MAX.saturating_sub(text.len());
    text.push_str(&more[..more.floor_char_boundary(room)]);
}

/// Anthropic's reasons in OpenAI's words.
fn finish_reason(stop: &Value) -> Value {
    match stop.as_str() {
        Some("end_turn" | "stop_sequence") => "stop".into(),
        Some("max_tokens") => "length".into(),
        Some("tool_use") => "tool_calls".into(),
        Some("refusal") => "content_filter".into(),
        _ => stop.clone(),
    }
}

#[cfg(test)]
mod tests;
