//! The blocks of Converse: what turns, the system prompt and tools' results are made of, as they are serialised.
//!
//! Shapes follow AWS's API reference of `Converse`. Text and bytes are the client's own, borrowed. Decides nothing.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;

/// One turn of the conversation.
#[derive(Debug, Serialize)]
pub(super) struct Turn<'a> {
    pub role: &'static str,
    pub content: Vec<Block<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Block<'a> {
    Text(Cow<'a, str>),
    Image(Media<'a>),
    Video(Media<'a>),
    Document(Document<'a>),
    ToolUse(ToolUse<'a>),
    ToolResult(ToolResult<'a>),
    ReasoningContent(Reasoning<'a>),
    CachePoint(CachePoint),
    /// What a guardrail is to look at.
    GuardContent(Guarded<'a>),
    /// A search result in a tool's answer, as the client wrote it.
    SearchResult(&'a RawValue),
}

#[derive(Debug, Serialize)]
pub(super) struct Media<'a> {
    pub source: Source<'a>,
    pub format: Cow<'a, str>,
}

#[derive(Debug, Serialize)]
pub(super) struct Document<'a> {
    pub source: Source<'a>,
    pub format: Cow<'a, str>,
    pub name: String,
}

/// Base64.
#[derive(Debug, Serialize)]
pub(super) struct Source<'a> {
    pub bytes: Cow<'a, str>,
}

#[derive(Debug, Serialize)]
pub(super) struct ToolUse<'a> {
    /// A JSON object.
    pub input: Box<RawValue>,
    pub name: String,
    #[serde(rename = "toolUseId")]
    pub id: Cow<'a, str>,
}

#[derive(Debug, Serialize)]
pub(super) struct ToolResult<'a> {
    pub content: Vec<Block<'a>>,
    #[serde(rename = "toolUseId")]
    pub id: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<&'static str>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Reasoning<'a> {
    pub reasoning_text: ReasoningText<'a>,
}

#[derive(Debug, Serialize)]
pub(super) struct ReasoningText<'a> {
    pub text: Cow<'a, str>,
    pub signature: Cow<'a, str>,
}

/// `type` is always `default`.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct CachePoint {
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// `5m` or `1h`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ttl: Option<&'static str>,
}

#[derive(Debug, Serialize)]
pub(super) struct Guarded<'a> {
    pub text: GuardedText<'a>,
}

#[derive(Debug, Serialize)]
pub(super) struct GuardedText<'a> {
    pub text: Cow<'a, str>,
}

impl<'a> Block<'a> {
    pub fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self::Text(text.into())
    }

    pub fn guarded(text: impl Into<Cow<'a, str>>) -> Self {
        Self::GuardContent(Guarded { text: GuardedText { text: text.into() } })
    }
}
