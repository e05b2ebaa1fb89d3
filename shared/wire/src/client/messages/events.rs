//! Anthropic's events as text. Knows their form and nothing of their order.

use serde_json::{Value, json};

use super::usage::MessageUsage;
use crate::json::write_string;

/// Appends events to a client's stream.
pub struct Events<'a>(pub &'a mut Vec<u8>);

impl Events<'_> {
    /// The first event; counts follow at the end, and the zeros tell clients that there is a cache.
    pub fn message_start(&mut self, id: &str, model: &str) {
        let usage = json!({
            "input_tokens": 0,
            "output_tokens": 0,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
        });
        let message = json!({
            "id": id,
            "type": "message",
            "role": "assistant",
            "content": [],
            "model": model,
            "stop_reason": null,
            "stop_sequence": null,
            "usage": usage,
        });
        self.event("message_start", &json!({ "type": "message_start", "message": message }));
    }

    pub fn text_start(&mut self, index: u32) {
        self.block_start(index, &json!({ "type": "text", "text": "" }));
    }

    pub fn thinking_start(&mut self, index: u32) {
        self.block_start(index, &json!({ "type": "thinking", "thinking": "", "signature": "" }));
    }

    pub fn redacted_start(&mut self, index: u32, data: &str) {
        self.block_start(index, &json!({ "type": "redacted_thinking", "data": data }));
    }

    /// `thought` is Gemini's signature of the call, which its next turn has to bring back.
    pub fn tool_start(&mut self, index: u32, id: &str, name: &str, thought: Option<&str>) {
        let mut block = json!({ "type": "tool_use", "id": id, "name": name, "input": {} });
        if let Some(thought) = thought {
            block["provider_specific_fields"] = json!({ "signature": thought });
        }
        self.block_start(index, &block);
    }

    /// A piece of a block: the field `name` of a delta of this kind.
    pub fn delta(&mut self, index: u32, kind: &str, name: &str, text: &str) {
        let head = format!(
            "event: content_block_delta\ndata: {{\"type\":\"content_block_delta\",\"index\":{index},\
             \"delta\":{{\"type\":\"{kind}\",\"{name}\":"
        );
        self.0.extend_from_slice(head.as_bytes());
        write_string(self.0, text);
        self.0.extend_from_slice(b"}}\n\n");
    }

    pub fn block_stop(&mut self, index: u32) {
        self.event("content_block_stop", &json!({ "type": "content_block_stop", "index": index }));
    }

    /// Why the message ended, and what it cost.
    pub fn message_delta(&mut self, stop_reason: &str, details: Option<&Value>, usage: &MessageUsage) {
        let mut delta = json!({ "stop_reason": stop_reason, "stop_sequence": null });
        if let Some(details) = details {
            delta["stop_details"] = details.clone();
        }
        self.event("message_delta", &json!({ "type": "message_delta", "delta": delta, "usage": usage }));
    }

    pub fn message_stop(&mut self) {
        self.event("message_stop", &json!({ "type": "message_stop" }));
    }

    fn block_start(&mut self, index: u32, block: &Value) {
        self.event(
            "content_block_start",
            &json!({ "type": "content_block_start", "index": index, "content_block": block }),
        );
    }

    fn event(&mut self, name: &str, data: &Value) {
        self.0.extend_from_slice(format!("event: {name}\ndata: {data}\n\n").as_bytes());
    }
}
