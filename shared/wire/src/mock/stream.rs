//! Dictated answers in pieces of three characters. Knows no failure.

use serde_json::{Value, json};

use super::whole::usage;
use super::{Call, count};
use crate::Operation;
use crate::json::Object;

/// LiteLLM cuts the text so, counting Unicode characters.
const PIECE_CHARACTERS: usize = 3;

pub(super) fn events(text: &str, call: &Call, request: &Object) -> Vec<Vec<u8>> {
    let with_usage = wants_usage(request);
    let form = Form { call, count: count(request), with_usage };
    let characters: Vec<char> = text.chars().collect();
    let mut events: Vec<Vec<u8>> = Vec::with_capacity(characters.len() / PIECE_CHARACTERS + 4);
    for (place, piece) in characters.chunks(PIECE_CHARACTERS).enumerate() {
        events.push(event(&form.piece(place, &piece.iter().collect::<String>())));
    }
    events.push(event(&form.finish()));
    if with_usage {
        events.push(event(&form.usage()));
    }
    events.push(b"data: [DONE]\n\n".to_vec());
    events
}

fn wants_usage(request: &Object) -> bool {
    let options = request.given("stream_options").and_then(|text| serde_json::from_str::<Value>(text).ok());
    options.is_some_and(|options| options["include_usage"] == Value::Bool(true))
}

fn event(chunk: &Value) -> Vec<u8> {
    format!("data: {chunk}\n\n").into_bytes()
}

struct Form<'a> {
    call: &'a Call<'a>,
    count: usize,
    with_usage: bool,
}

impl Form<'_> {
    fn is_text(&self) -> bool {
        self.call.origin.operation == Operation::TextCompletion
    }

    fn chunk(&self, choices: Value) -> Value {
        let object = if self.is_text() { "text_completion" } else { "chat.completion.chunk" };
        let mut chunk = json!({
            "id": self.call.id, "object": object, "created": self.call.created_s, "model": self.call.alias,
            "choices": choices,
        });
        // Texts carry an empty count in every piece, unless the client asked for the real one at the end.
        if self.is_text() && !self.with_usage {
            chunk["usage"] = json!({"completion_tokens": 0, "prompt_tokens": 0, "total_tokens": 0});
        }
        chunk
    }

    fn piece(&self, place: usize, text: &str) -> Value {
        let choices = (0..self.count).map(|index| self.choice(place, index, text)).collect();
        self.chunk(choices)
    }

    fn choice(&self, place: usize, index: usize, text: &str) -> Value {
        if self.is_text() {
            return json!({"index": index, "text": text});
        }
        // LiteLLM takes the repeated role out of the first choice only.
        let with_role = place == 0 || index > 0;
        let delta = if with_role { json!({"role": "assistant", "content": text}) } else { json!({"content": text}) };
        json!({"index": index, "delta": delta})
    }

    fn finish(&self) -> Value {
        if self.is_text() {
            return self.chunk(json!([{"finish_reason": "stop", "index": 0}]));
        }
        self.chunk(json!([{"index": 0, "delta": {}, "finish_reason": "stop"}]))
    }

    fn usage(&self) -> Value {
        let choices = if self.is_text() { json!([{"index": 0}]) } else { json!([{"index": 0, "delta": {}}]) };
        let mut chunk = self.chunk(choices);
        chunk["usage"] = usage();
        chunk
    }
}
