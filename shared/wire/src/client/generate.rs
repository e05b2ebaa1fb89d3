//! Gemini's `generateContent` as a client's format: asked of a provider in a chat, and answered in Google's shapes.
//!
//! LiteLLM's adapter, and what it leaves out where a chat can say it. A provider that speaks the format itself gets
//! and gives it untouched: only its counts are read. Knows no provider's wire.

mod encode;
mod messages;
mod request;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Asked, Encoder, Seen, Wanted};
use crate::Operation;
use crate::answer::{Answer, Form, Garbage};
use crate::chat::{self, Completion, Reply};
use crate::dialect::Context;
use crate::generated::Generated;
use crate::json::Object;
use crate::prepare::{Refusal, Rules};
use crate::stream::{self, Fault};
use crate::tokens;
use crate::usage::{Details, Source, Usage};

/// Whether the client wants to see thoughts: noted for the answer.
const THOUGHTS: &str = "include_thoughts";

/// What the provider is asked in a chat.
pub(super) fn ask<'a>(rules: &Rules, body: Object<'a>) -> Result<Asked<'a>, Refusal> {
    let (body, wants_thoughts) = request::to_chat(rules, &body)?;
    let echo = Map::from_iter([(THOUGHTS.to_owned(), wants_thoughts.into())]);
    Ok(Asked { operation: Operation::ChatCompletion, body, form: Form::GenerateContent, echo })
}

/// The gateway's own count of a request, in Google's form; beside it LiteLLM tells who counted.
pub(super) fn count_here(rules: &Rules, body: &Object<'_>) -> Result<Vec<u8>, Refusal> {
    let (chat, _) = request::to_chat(rules, body)?;
    let count = tokens::count_chat(&rules.settings.model, &chat).map_err(|error| Refusal::bad(error.to_string()))?;
    let shown = json!({ "totalTokens": count, "promptTokensDetails": [], "litellm_count_source": "local_estimate" });
    Ok(shown.to_string().into_bytes())
}

/// A chat's whole answer in this format.
pub(super) fn answer(_context: &Context, wanted: &Wanted, completion: Completion) -> Answer {
    let shows = shows_thoughts(wanted);
    let candidates: Vec<Value> = completion.choices.iter().map(|choice| candidate(choice, shows)).collect();
    let usage = match &completion.usage {
        Some(counted) => Usage::of_chat(counted),
        None => wanted.estimator.usage(&said(&completion)),
    };
    let answer = json!({ "candidates": candidates, "usageMetadata": counts(usage) });
    Answer { body: answer.to_string().into_bytes(), usage }
}

/// What was generated, for counting.
fn said(completion: &Completion) -> Generated {
    let mut generated = Generated::default();
    for choice in &completion.choices {
        generated.content.add(choice.message.content.as_deref().unwrap_or_default());
        generated.reasoning.add(choice.message.reasoning_content.as_deref().unwrap_or_default());
        for call in choice.message.tool_calls.iter().flatten() {
            generated.content.add(&call.function.arguments);
        }
    }
    generated
}

fn shows_thoughts(wanted: &Wanted) -> bool {
    wanted.echo.get(THOUGHTS).and_then(Value::as_bool).unwrap_or(false)
}

fn candidate(choice: &chat::Choice, shows_thoughts: bool) -> Value {
    json!({
        "content": { "parts": parts(&choice.message, shows_thoughts), "role": "model" },
        "finishReason": finish_reason(choice.finish_reason.as_deref()),
        "index": choice.index,
        "safetyRatings": [],
    })
}

fn parts(message: &Reply, shows_thoughts: bool) -> Vec<Value> {
    let mut parts = Vec::new();
    let thought = message.reasoning_content.as_deref().filter(|text| shows_thoughts && !text.is_empty());
    parts.extend(thought.map(|text| json!({ "text": text, "thought": true })));
    let text = message.content.as_deref().filter(|text| !text.is_empty());
    parts.extend(text.map(|text| json!({ "text": text })));
    parts.extend(message.images.iter().flatten().filter_map(image));
    for call in message.tool_calls.iter().flatten() {
        parts.push(function_call(&call.function.name, &call.function.arguments));
    }
    if parts.is_empty() {
        parts.push(json!({ "text": "" }));
    }
    parts
}

/// A call; arguments that are no object count as none.
fn function_call(name: &str, arguments: &str) -> Value {
    let args = serde_json::from_str(arguments).ok().filter(Value::is_object).unwrap_or_else(|| json!({}));
    let name = if name.is_empty() { "undefined_tool_name" } else { name };
    json!({ "functionCall": { "name": name, "args": args } })
}

/// A picture that came as a `data:` address.
fn image(image: &Value) -> Option<Value> {
    let url = image.pointer("/image_url/url")?.as_str()?;
    let (mime_type, data) = url.strip_prefix("data:")?.split_once(";base64,")?;
    Some(json!({ "inlineData": { "mimeType": mime_type, "data": data } }))
}

/// Google's word for the end of an answer.
fn finish_reason(reason: Option<&str>) -> &'static str {
    match reason {
        Some("length") => "MAX_TOKENS",
        Some("content_filter") => "SAFETY",
        _ => "STOP",
    }
}

fn counts(usage: Usage) -> Value {
    json!({
        "promptTokenCount": usage.prompt_tokens,
        "candidatesTokenCount": usage.completion_tokens,
        "totalTokenCount": usage.total_tokens,
    })
}

/// A chat's stream in this format.
pub(super) fn encoder(_context: &Context, wanted: &Wanted) -> Box<dyn Encoder> {
    Box::new(encode::GenerateEncoder::new(shows_thoughts(wanted)))
}

/// What an answer in this format says of its tokens.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Counted {
    usage_metadata: Option<Counts>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Counts {
    prompt_token_count: u64,
    candidates_token_count: u64,
    thoughts_token_count: u64,
    cached_content_token_count: u64,
    total_token_count: u64,
}

impl Counts {
    fn usage(&self) -> Usage {
        Usage {
            prompt_tokens: self.prompt_token_count,
            completion_tokens: self.candidates_token_count.saturating_add(self.thoughts_token_count),
            total_tokens: self.total_token_count,
            source: Source::Provider,
            is_partial: false,
            details: Details {
                cached: self.cached_content_token_count,
                reasoning: self.thoughts_token_count,
                ..Details::NONE
            },
        }
    }
}

/// An answer of a provider that speaks this format itself.
pub(super) fn native(wanted: &Wanted, body: &[u8]) -> Result<Answer, Garbage> {
    let counted: Counted = serde_json::from_slice(body).map_err(|error| Garbage(error.to_string()))?;
    let usage = counted.usage_metadata.map(|counts| counts.usage());
    let usage = usage.unwrap_or_else(|| wanted.estimator.guess());
    Ok(Answer { body: body.to_vec(), usage })
}

/// One event of a relayed stream.
pub(super) fn observe(data: &[u8], seen: &mut Seen) -> Result<(), Fault> {
    let Ok(counted) = serde_json::from_slice::<Counted>(data) else { return Err(stream::garbage(data)) };
    if let Some(counts) = counted.usage_metadata {
        seen.usage = Some(counts.usage());
    }
    Ok(())
}

#[cfg(test)]
mod tests;
