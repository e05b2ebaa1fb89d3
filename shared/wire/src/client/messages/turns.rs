//! The conversation: Anthropic's turns as a chat's messages.
//!
//! Text, images, documents, tool calls and their results, thinking. Follows LiteLLM's
//! `translate_anthropic_messages_to_openai`. Knows no parameter and no provider.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;

use super::clean::{id, string};
use super::signature;
use super::tools::short_name;
use crate::chat::{Content, Message, Part};
use crate::json;

/// A message of a chat.
#[derive(Debug, Default, Serialize)]
pub struct ChatMessage<'a> {
    role: &'static str,
    /// Null where an assistant only called tools.
    content: Option<ChatContent<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_call_id: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    thinking_blocks: Vec<Thinking<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<Call<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_content: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_control: Option<&'a RawValue>,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum ChatContent<'a> {
    Text(Cow<'a, str>),
    Parts(Vec<ChatPart<'a>>),
}

#[derive(Debug, Default, Serialize)]
struct ChatPart<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image_url: Option<Address>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_name: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_control: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt_cache_breakpoint: Option<&'a RawValue>,
}

#[derive(Debug, Serialize)]
struct Address {
    url: String,
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Thinking<'a> {
    Thinking { thinking: Cow<'a, str>, signature: Cow<'a, str> },
    RedactedThinking { data: Cow<'a, str> },
}

#[derive(Debug, Serialize)]
struct Call<'a> {
    id: Cow<'a, str>,
    #[serde(rename = "type")]
    kind: &'static str,
    function: CalledFunction<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_control: Option<&'a RawValue>,
}

#[derive(Debug, Serialize)]
struct CalledFunction<'a> {
    name: String,
    arguments: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_specific_fields: Option<Thought>,
}

#[derive(Debug, Serialize)]
struct Thought {
    thought_signature: String,
}

/// Whether the target reads `cache_control`; it is left out for all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheControl {
    Kept,
    Dropped,
}

impl CacheControl {
    fn of<'a>(self, part: &Part<'a>) -> Option<&'a RawValue> {
        part.cache_control.filter(|_| self == Self::Kept)
    }
}

/// The system prompt and the turns as a chat; `system` is the request's own field.
pub fn chat<'a>(system: &'a Content<'a>, turns: &'a [Message<'a>], cache: CacheControl) -> Vec<ChatMessage<'a>> {
    let mut messages = Vec::with_capacity(turns.len() + 1);
    messages.extend(leading(system, cache));
    for turn in turns {
        match &*turn.role {
            "system" => messages.extend(system_message(&turn.content, cache)),
            "user" => user(&turn.content, cache, &mut messages),
            "assistant" => messages.extend(assistant(&turn.content, cache)),
            _ => {}
        }
    }
    messages
}

fn leading<'a>(system: &'a Content<'a>, cache: CacheControl) -> Option<ChatMessage<'a>> {
    let content = match system {
        Content::Text(text) if !text.is_empty() => ChatContent::Text(Cow::Borrowed(text)),
        Content::Parts(parts) => {
            let texts: Vec<_> =
                parts.iter().filter(|part| &*part.kind == "text").map(|part| text(part, cache)).collect();
            ChatContent::Parts(Some(texts).filter(|texts| !texts.is_empty())?)
        }
        _ => return None,
    };
    Some(ChatMessage { role: "system", content: Some(content), ..ChatMessage::default() })
}

/// A system message inside the conversation; one without text is none.
fn system_message<'a>(content: &'a Content<'a>, cache: CacheControl) -> Option<ChatMessage<'a>> {
    let Content::Parts(parts) = content else { return leading(content, cache) };
    let has_text =
        |part: &&Part<'_>| &*part.kind == "text" && part.text.as_deref().is_some_and(|text| !text.is_empty());
    let texts: Vec<_> = parts.iter().filter(has_text).map(|part| text(part, cache)).collect();
    let content = Some(texts).filter(|texts| !texts.is_empty()).map(ChatContent::Parts)?;
    Some(ChatMessage { role: "system", content: Some(content), ..ChatMessage::default() })
}

/// Tool results stand before what the user says: that is where a chat expects them.
fn user<'a>(content: &'a Content<'a>, cache: CacheControl, messages: &mut Vec<ChatMessage<'a>>) {
    let parts = match content {
        Content::Text(text) if !text.is_empty() => {
            let content = Some(ChatContent::Text(Cow::Borrowed(&**text)));
            messages.push(ChatMessage { role: "user", content, ..ChatMessage::default() });
            return;
        }
        Content::Parts(parts) => parts,
        _ => return,
    };
    messages.extend(parts.iter().filter(|part| &*part.kind == "tool_result").map(|part| result(part, cache)));
    let said: Vec<_> = parts.iter().filter_map(|part| said(part, cache)).collect();
    if !said.is_empty() {
        let content = Some(ChatContent::Parts(said));
        messages.push(ChatMessage { role: "user", content, ..ChatMessage::default() });
    }
}

fn said<'a>(part: &'a Part<'a>, cache: CacheControl) -> Option<ChatPart<'a>> {
    match &*part.kind {
        "text" => Some(text(part, cache)),
        "image" => Some(ChatPart { prompt_cache_breakpoint: breakpoint(part), ..image(part, cache)? }),
        "document" => image(part, cache),
        _ => None,
    }
}

fn text<'a>(part: &'a Part<'a>, cache: CacheControl) -> ChatPart<'a> {
    ChatPart {
        kind: "text",
        text: Some(Cow::Borrowed(part.text.as_deref().unwrap_or(""))),
        cache_control: cache.of(part),
        prompt_cache_breakpoint: breakpoint(part),
        ..ChatPart::default()
    }
}

fn breakpoint<'a>(part: &Part<'a>) -> Option<&'a RawValue> {
    part.rest.iter().find(|(name, _)| name == "prompt_cache_breakpoint").map(|(_, value)| *value)
}

/// An image or a document by its address; LiteLLM sends documents as images too.
fn image<'a>(part: &Part<'a>, cache: CacheControl) -> Option<ChatPart<'a>> {
    let url = super::source::address(part.get("source")?)?;
    let cache_control = cache.of(part);
    Some(ChatPart { kind: "image_url", image_url: Some(Address { url }), cache_control, ..ChatPart::default() })
}

fn result<'a>(part: &'a Part<'a>, cache: CacheControl) -> ChatMessage<'a> {
    let content = part.rest.iter().find(|(name, _)| name == "content").map(|(_, value)| *value);
    let parts = content.and_then(|content| serde_json::from_str::<Content<'a>>(content.get()).ok()).unwrap_or_default();
    ChatMessage {
        role: "tool",
        content: Some(result_content(parts)),
        tool_call_id: Some(Cow::Owned(id(&string(part, "tool_use_id")).into_owned())),
        cache_control: cache.of(part),
        ..ChatMessage::default()
    }
}

fn result_content(content: Content<'_>) -> ChatContent<'_> {
    let parts = match content {
        Content::Nothing => return ChatContent::Text(Cow::Borrowed("")),
        Content::Text(text) => return ChatContent::Text(text.0),
        Content::Parts(parts) => parts,
    };
    let mut told: Vec<_> = parts.into_iter().filter_map(result_part).collect();
    match told.as_mut_slice() {
        [] => ChatContent::Text(Cow::Borrowed("")),
        [ChatPart { kind: "text", text: Some(text), .. }] => ChatContent::Text(std::mem::take(text)),
        _ => ChatContent::Parts(told),
    }
}

fn result_part(part: Part<'_>) -> Option<ChatPart<'_>> {
    match &*part.kind {
        "text" => {
            let text = Some(part.text.map_or(Cow::Borrowed(""), |text| text.0));
            Some(ChatPart { kind: "text", text, ..ChatPart::default() })
        }
        "image" | "document" => image(&part, CacheControl::Dropped),
        "tool_reference" => {
            let tool_name = Some(Cow::Owned(string(&part, "tool_name").into_owned()));
            Some(ChatPart { kind: "tool_reference", tool_name, ..ChatPart::default() })
        }
        _ => None,
    }
}

fn assistant<'a>(content: &'a Content<'a>, cache: CacheControl) -> Option<ChatMessage<'a>> {
    let parts = match content {
        Content::Nothing => return None,
        Content::Text(text) => {
            let content = Some(ChatContent::Text(Cow::Borrowed(&**text)));
            return Some(ChatMessage { role: "assistant", content, ..ChatMessage::default() });
        }
        Content::Parts(parts) => parts,
    };
    let of_kind = |kind: &'static str| parts.iter().filter(move |part| &*part.kind == kind);
    let texts: Vec<_> =
        of_kind("text").map(|part| ChatPart { prompt_cache_breakpoint: None, ..text(part, cache) }).collect();
    let tool_calls: Vec<_> = of_kind("tool_use").map(|part| call(part, cache)).collect();
    let thinking_blocks: Vec<_> = parts.iter().filter_map(thinking).collect();
    if texts.is_empty() && tool_calls.is_empty() && thinking_blocks.is_empty() {
        return None;
    }
    let reasoning = thinking_blocks.iter().filter_map(readable).collect::<Vec<_>>().join("\n");
    let reasoning_content = Some(reasoning).filter(|text| !text.is_empty());
    let role = "assistant";
    let content = joined(texts);
    Some(ChatMessage { role, content, thinking_blocks, tool_calls, reasoning_content, ..ChatMessage::default() })
}

/// Texts become one string, unless one of them bears `cache_control`.
fn joined(mut texts: Vec<ChatPart<'_>>) -> Option<ChatContent<'_>> {
    if texts.iter().any(|text| text.cache_control.is_some()) {
        return Some(ChatContent::Parts(texts));
    }
    match texts.as_mut_slice() {
        [] => None,
        [only] => only.text.take().map(ChatContent::Text),
        _ => Some(ChatContent::Text(texts.iter().filter_map(|text| text.text.as_deref()).collect::<String>().into())),
    }
}

fn call<'a>(part: &'a Part<'a>, cache: CacheControl) -> Call<'a> {
    let fields = part.get("provider_specific_fields").and_then(|text| serde_json::from_str(text).ok());
    let signature = fields.as_ref().and_then(|fields: &serde_json::Value| fields.get("signature")?.as_str());
    let thought = signature.filter(|text| !text.is_empty()).map(|text| Thought { thought_signature: text.to_owned() });
    Call {
        id: Cow::Owned(id(&string(part, "id")).into_owned()),
        kind: "function",
        function: CalledFunction {
            name: short_name(&string(part, "name")).into_owned(),
            arguments: part.get("input").unwrap_or("{}"),
            provider_specific_fields: thought,
        },
        cache_control: cache.of(part),
    }
}

/// The block as a chat carries it; what another provider sealed is of no use to this one.
fn thinking<'a>(part: &'a Part<'a>) -> Option<Thinking<'a>> {
    match &*part.kind {
        "thinking" => {
            let (thinking, signature) = (string(part, "thinking"), string(part, "signature"));
            (!signature::is_sealed(&signature)).then_some(Thinking::Thinking { thinking, signature })
        }
        "redacted_thinking" => {
            let data = string(part, "data");
            (!signature::is_sealed(&data)).then_some(Thinking::RedactedThinking { data })
        }
        _ => None,
    }
}

fn readable<'b>(block: &'b Thinking<'_>) -> Option<&'b str> {
    match block {
        Thinking::Thinking { thinking, .. } => Some(thinking.as_ref()).filter(|text| !text.is_empty()),
        Thinking::RedactedThinking { .. } => None,
    }
}

/// The messages as JSON text.
pub fn text_of(messages: &[ChatMessage<'_>]) -> Box<RawValue> {
    json::raw(&messages)
}
