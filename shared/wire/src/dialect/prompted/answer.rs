//! Generated text, whole and streamed.

use serde_json::Value;

use super::Prompted;
use crate::chat::{Choice, Chunk, Completion, Reply, Usage};
use crate::dialect::{Context, Decoder, Fault, Frame, Unreadable};
use crate::stream::garbage;

/// Ends a text in the stream of some models.
const END_OF_TEXT: &str = "<|endoftext|>";

pub(super) fn answer(kind: Prompted, context: &Context, body: &[u8]) -> Result<Completion, Unreadable> {
    let given: Value = serde_json::from_slice(body).map_err(|error| Unreadable(error.to_string()))?;
    let found = match kind {
        Prompted::SageMaker => sagemaker(&given).map(|text| (text, "stop", None)),
        Prompted::Watsonx => watsonx(&given).map(|(text, reason)| (text, reason.unwrap_or("stop"), usage(&given))),
        Prompted::Replicate => replicate(&given).map(|text| (text, "stop", None)),
    };
    let Some((text, reason, usage)) = found else { return Err(Unreadable("the answer has no text".to_owned())) };
    let message = Reply { content: Some(text), role: "assistant".to_owned(), ..Reply::default() };
    Ok(Completion {
        id: context.stamp.chat_id(),
        created: context.stamp.created_s,
        model: context.model.clone(),
        object: "chat.completion".to_owned(),
        choices: vec![Choice { finish_reason: Some(reason.to_owned()), message, ..Choice::default() }],
        usage,
        ..Completion::default()
    })
}

fn sagemaker(given: &Value) -> Option<String> {
    let first = given.get(0).unwrap_or(given);
    let text = first.get("generation").or_else(|| first.get("generated_text"))?;
    text.as_str().map(str::to_owned)
}

/// The text, and why it ended; nothing while it goes on.
fn watsonx(given: &Value) -> Option<(String, Option<&'static str>)> {
    let result = given.pointer("/results/0")?;
    let text = result.get("generated_text")?.as_str()?;
    let reason = match result.get("stop_reason").and_then(Value::as_str) {
        Some("max_tokens" | "token_limit") => Some("length"),
        Some("not_finished") | None => None,
        Some("error") => Some("content_filter"),
        Some(_) => Some("stop"),
    };
    Some((text.to_owned(), reason))
}

fn usage(given: &Value) -> Option<Usage> {
    let result = given.pointer("/results/0")?;
    let prompt_tokens = result.get("input_token_count")?.as_u64()?;
    let completion_tokens = result.get("generated_token_count")?.as_u64()?;
    let total_tokens = prompt_tokens.saturating_add(completion_tokens);
    Some(Usage { prompt_tokens, completion_tokens, total_tokens, ..Usage::default() })
}

/// What a prediction that has ended well says.
fn replicate(given: &Value) -> Option<String> {
    if given.get("status").and_then(Value::as_str) != Some("succeeded") {
        return None;
    }
    match given.get("output")? {
        Value::String(text) => Some(text.clone()),
        Value::Array(texts) => Some(texts.iter().filter_map(Value::as_str).collect()),
        _ => None,
    }
}

/// Decodes one stream.
#[derive(Debug)]
pub(super) struct Stream {
    kind: Prompted,
    usage: Option<Usage>,
    has_ended: bool,
}

impl Stream {
    pub const fn new(kind: Prompted) -> Self {
        Self { kind, usage: None, has_ended: false }
    }

    fn end(&mut self, reason: &str, out: &mut Vec<Chunk>) {
        if !self.has_ended {
            out.push(Chunk::finish(reason));
        }
        self.has_ended = true;
    }

    fn token(&mut self, given: &Value, out: &mut Vec<Chunk>) {
        match given.pointer("/token/text").and_then(Value::as_str) {
            Some(END_OF_TEXT) => self.end("stop", out),
            Some(text) if !text.is_empty() => out.push(Chunk::text(text)),
            _ => {}
        }
        match given.pointer("/details/finish_reason").and_then(Value::as_str) {
            Some("length") => self.end("length", out),
            Some(_) => self.end("stop", out),
            None => {}
        }
    }
}

impl Decoder for Stream {
    fn frame(&mut self, frame: Frame<'_>, out: &mut Vec<Chunk>) -> Result<(), Fault> {
        let given: Value = serde_json::from_slice(frame.data).map_err(|_| garbage(frame.data))?;
        if let Some(error) = given.get("error").or_else(|| given.get("errors")).filter(|error| !error.is_null()) {
            return Err(Fault::Provider(error.to_string()));
        }
        if self.kind != Prompted::Watsonx {
            self.token(&given, out);
            return Ok(());
        }
        let Some((text, reason)) = watsonx(&given) else { return Ok(()) };
        if !text.is_empty() {
            out.push(Chunk::text(text));
        }
        self.usage = usage(&given).or(self.usage.take());
        if let Some(reason) = reason {
            self.end(reason, out);
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<Chunk>) -> Result<(), Fault> {
        out.extend(self.usage.take().map(Chunk::counts));
        Ok(())
    }
}
