//! Answers of providers that speak Anthropic's format themselves: what is changed in them, and what they tell.
//!
//! LiteLLM shows the model's name as the client wrote it; everything else stays the provider's own bytes.
//! Knows no provider.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::answer::{Answer, Garbage};
use crate::chat::Text;
use crate::client::{Seen, Wanted};
use crate::generated::Generated;
use crate::json::{self, Object};
use crate::stream::{Fault, garbage};
use crate::usage::{Source, Usage};

/// One event, as far as it is looked at.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Event<'a> {
    #[serde(rename = "type", borrow)]
    kind: Text<'a>,
    #[serde(borrow)]
    message: Option<&'a RawValue>,
    #[serde(borrow)]
    delta: Option<Piece<'a>>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Piece<'a> {
    #[serde(borrow)]
    text: Option<Text<'a>>,
    #[serde(borrow)]
    partial_json: Option<Text<'a>>,
    #[serde(borrow)]
    thinking: Option<Text<'a>>,
}

/// A whole answer, with the client's name of the model.
///
/// # Errors
/// Where the body is no JSON object.
pub fn whole(wanted: &Wanted, body: &[u8]) -> Result<Answer, Garbage> {
    let mut object = Object::parse(body).map_err(|error| Garbage(error.to_string()))?;
    let usage = object.given("usage").and_then(usage_of).unwrap_or_else(|| {
        let mut generated = Generated::default();
        generated.push(object.get("content").unwrap_or(""));
        wanted.estimator.usage(&generated)
    });
    if object.get("model").is_some() {
        object.set("model", json::raw(&wanted.model));
    }
    Ok(Answer { body: object.to_vec(), usage })
}

/// Notes what one event tells, and puts the client's name of the model into the first.
///
/// # Errors
/// Where the data is no JSON.
pub fn event(data: &[u8], seen: &mut Seen) -> Result<(), Fault> {
    let event: Event<'_> = serde_json::from_slice(data).map_err(|_| garbage(data))?;
    match &*event.kind {
        "message_start" => begin(data, &event, seen),
        "content_block_delta" => piece(event.delta.unwrap_or_default(), seen),
        "message_delta" => note(event.usage.map_or("", RawValue::get), seen),
        // An error is relayed as it came, and nothing follows it.
        "message_stop" | "error" => seen.is_done = true,
        _ => {}
    }
    Ok(())
}

fn begin(data: &[u8], event: &Event<'_>, seen: &mut Seen) {
    let Some(Ok(mut message)) = event.message.map(|raw| Object::parse(raw.get().as_bytes())) else { return };
    note(message.given("usage").unwrap_or_default(), seen);
    let Ok(mut whole) = Object::parse(data) else { return };
    if message.get("model").is_some() {
        message.set("model", json::raw(&seen.model));
        whole.set_text("message", String::from_utf8_lossy(&message.to_vec()).into_owned());
        seen.replaced = Some(whole.to_vec());
    }
}

fn piece(piece: Piece<'_>, seen: &mut Seen) {
    seen.generated.content.add(piece.text.as_deref().unwrap_or(""));
    seen.generated.content.add(piece.partial_json.as_deref().unwrap_or(""));
    seen.generated.reasoning.add(piece.thinking.as_deref().unwrap_or(""));
}

/// Adds counts: they only grow, and a later event may repeat a part of them.
fn note(counts: &str, seen: &mut Seen) {
    let Some(later) = usage_of(counts) else { return };
    let before = seen.usage.unwrap_or(Usage { source: Source::Provider, ..Usage::default() });
    let prompt_tokens = later.prompt_tokens.max(before.prompt_tokens);
    let completion_tokens = later.completion_tokens.max(before.completion_tokens);
    let total_tokens = prompt_tokens.saturating_add(completion_tokens);
    let details = before.details.grown(later.details);
    seen.usage = Some(Usage { prompt_tokens, completion_tokens, total_tokens, details, ..later });
}

/// Counts in Anthropic's form: what went into or came out of the cache is counted apart. `None` where nothing was
/// counted.
fn usage_of(counts: &str) -> Option<Usage> {
    let counted = Usage::parse(counts)?;
    let cache = counted.details.cached.saturating_add(counted.details.written);
    let prompt_tokens = counted.prompt_tokens.saturating_add(cache);
    let total_tokens = prompt_tokens.saturating_add(counted.completion_tokens);
    Some(Usage { prompt_tokens, total_tokens, is_partial: false, ..counted })
}
