//! Writes OpenAI's chat stream, or its text stream, out of chunks.
//!
//! As LiteLLM does: the role in the first delta, no empty chunks, why it ended in a chunk of its own, usage only if
//! asked for, `[DONE]` at the end.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{Encoder, Wanted};
use crate::chat::{self, Chunk, ChunkChoice, Delta};
use crate::dialect::Context;
use crate::json;
use crate::stream::{Form, Tally, UsageWish};

pub(super) fn encoder(form: Form, context: &Context, wanted: &Wanted) -> Box<dyn Encoder> {
    let id = match form {
        Form::Chat => context.stamp.chat_id(),
        Form::Text | Form::ChatAsText => format!("cmpl-{}", context.stamp.id),
    };
    let object = if form == Form::Chat { "chat.completion.chunk" } else { "text_completion" };
    let head = format!(
        "data: {{\"id\":{},\"created\":{},\"model\":{},\"object\":\"{object}\"",
        json::raw(&id),
        context.stamp.created_s,
        json::raw(&wanted.model),
    );
    Box::new(ChatEncoder { form, head, usage: wanted.usage, begun: Vec::new(), ends: Vec::new(), called: Vec::new() })
}

/// Writes chunks as events.
#[derive(Debug)]
struct ChatEncoder {
    form: Form,
    /// What every event begins with.
    head: String,
    usage: UsageWish,
    /// Choices whose role has been told.
    begun: Vec<u32>,
    /// Choices that have ended, and why: told at the very end.
    ends: Vec<ChunkChoice>,
    /// Choices that have called a tool.
    called: Vec<u32>,
}

#[derive(Serialize)]
struct TextChoice<'a> {
    index: u32,
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    logprobs: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    finish_reason: Option<&'a str>,
}

impl Encoder for ChatEncoder {
    fn chunk(&mut self, chunk: Chunk, out: &mut Vec<u8>) {
        for mut choice in chunk.choices {
            if choice.delta.tool_calls.is_some() && !self.called.contains(&choice.index) {
                self.called.push(choice.index);
            }
            if let Some(reason) = choice.finish_reason.take() {
                let end = ChunkChoice {
                    index: choice.index,
                    finish_reason: Some(reason),
                    provider_specific_fields: choice.provider_specific_fields.clone(),
                    ..ChunkChoice::default()
                };
                self.ends.retain(|other| other.index != end.index);
                self.ends.push(end);
            }
            if choice.delta != Delta::default() || choice.logprobs.is_some() {
                self.piece(choice, &chunk.extra, out);
            }
        }
    }

    fn finish(&mut self, tally: &Tally, out: &mut Vec<u8>) {
        let mut ends = std::mem::take(&mut self.ends);
        if ends.is_empty() {
            ends.push(ChunkChoice { finish_reason: Some("stop".to_owned()), ..ChunkChoice::default() });
        }
        let last = ends.len().saturating_sub(1);
        for (place, mut end) in ends.into_iter().enumerate() {
            if self.called.contains(&end.index) && end.finish_reason.as_deref() == Some("stop") {
                end.finish_reason = Some("tool_calls".to_owned());
            }
            let mut extra = Map::new();
            // LiteLLM's text streams tell their usage with the end.
            if self.form != Form::Chat && place == last {
                extra.insert("usage".to_owned(), tally.usage().counts());
            }
            self.write(&end, &extra, out);
        }
        if self.usage == UsageWish::Shown {
            self.counts(&tally.shown(), out);
        }
        out.extend_from_slice(b"data: [DONE]\n\n");
    }
}

impl ChatEncoder {
    fn piece(&mut self, mut choice: ChunkChoice, extra: &Map<String, Value>, out: &mut Vec<u8>) {
        if !self.begun.contains(&choice.index) {
            self.begun.push(choice.index);
            choice.delta.role = Some("assistant".to_owned());
        }
        self.write(&choice, extra, out);
    }

    fn write(&self, choice: &ChunkChoice, extra: &Map<String, Value>, out: &mut Vec<u8>) {
        out.extend_from_slice(self.head.as_bytes());
        out.extend_from_slice(b",\"choices\":[");
        match self.form {
            Form::Chat => append(choice, out),
            Form::Text | Form::ChatAsText => append(
                &TextChoice {
                    index: choice.index,
                    text: choice.delta.content.as_deref().unwrap_or(""),
                    logprobs: choice.logprobs.as_ref(),
                    finish_reason: choice.finish_reason.as_deref(),
                },
                out,
            ),
        }
        out.push(b']');
        for (name, value) in extra {
            out.push(b',');
            json::write_string(out, name);
            out.push(b':');
            append(value, out);
        }
        out.extend_from_slice(b"}\n\n");
    }

    fn counts(&self, usage: &chat::Usage, out: &mut Vec<u8>) {
        let empty = match self.form {
            Form::Chat => json!([{ "index": 0, "delta": {} }]),
            Form::Text | Form::ChatAsText => json!([{ "index": 0, "text": "" }]),
        };
        out.extend_from_slice(self.head.as_bytes());
        out.extend_from_slice(b",\"choices\":");
        append(&empty, out);
        out.extend_from_slice(b",\"usage\":");
        append(usage, out);
        out.extend_from_slice(b"}\n\n");
    }
}

fn append(value: &impl Serialize, out: &mut Vec<u8>) {
    // Writing to memory cannot fail, and these types hold nothing that is no JSON.
    if serde_json::to_writer(&mut *out, value).is_err() {
        out.extend_from_slice(b"null");
    }
}
