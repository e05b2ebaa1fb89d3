//! What responses are made of: items of their output, as providers send them.
//!
//! Typed as far as a chat can say it. Shapes follow OpenAI's API reference of responses. Knows no chat.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// A response, whole or as an event of a stream tells it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Response<'a> {
    #[serde(borrow)]
    pub id: Option<Cow<'a, str>>,
    pub created_at: Option<f64>,
    #[serde(borrow)]
    pub status: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub error: Option<&'a RawValue>,
    #[serde(borrow)]
    pub incomplete_details: Option<Details<'a>>,
    #[serde(borrow)]
    pub output: Option<Vec<Item<'a>>>,
    pub usage: Option<Map<String, Value>>,
    #[serde(borrow)]
    pub service_tier: Option<Cow<'a, str>>,
}

/// Why a response stopped short.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Details<'a> {
    #[serde(borrow)]
    pub reason: Option<Cow<'a, str>>,
}

/// One item of the output; which fields it has depends on its kind.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Item<'a> {
    #[serde(rename = "type", borrow)]
    pub kind: Cow<'a, str>,
    #[serde(borrow)]
    pub id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub call_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub arguments: Option<Cow<'a, str>>,
    /// What a tool without a schema is called with.
    #[serde(borrow)]
    pub input: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub content: Option<Vec<Part<'a>>>,
    #[serde(borrow)]
    pub summary: Option<Vec<Part<'a>>>,
    #[serde(borrow)]
    pub encrypted_content: Option<Cow<'a, str>>,
    pub operation: Option<Value>,
}

/// A part of a message, or of a summary.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Part<'a> {
    #[serde(rename = "type", borrow)]
    pub kind: Cow<'a, str>,
    #[serde(borrow)]
    pub text: Option<Cow<'a, str>>,
    pub annotations: Option<Vec<Value>>,
}

impl Item<'_> {
    /// Whether a chat would show it as a call of a tool.
    pub fn is_call(&self) -> bool {
        matches!(self.kind.as_ref(), "function_call" | "custom_tool_call")
    }

    /// Which id the result of this call has to name: some providers count calls from 0 in every answer.
    pub fn call_id(&self) -> &str {
        let (item, call) = (self.id.as_deref(), self.call_id.as_deref());
        match call {
            Some(id) if !id.is_empty() && !is_counted(id) => id,
            _ => item.or(call).unwrap_or_default(),
        }
    }

    /// The name that a chat calls the tool by.
    pub fn tool_name(&self) -> &str {
        let given = self.name.as_deref().filter(|name| !name.is_empty());
        given.unwrap_or(if self.kind == "custom_tool_call" { "custom_tool" } else { "" })
    }

    /// What the tool is called with.
    pub fn call_arguments(&self) -> &str {
        let given = if self.kind == "custom_tool_call" { &self.input } else { &self.arguments };
        given.as_deref().unwrap_or_default()
    }

    /// The reasoning as later turns have to bring it back; `None` of other items.
    pub fn reasoning(&self) -> Option<Value> {
        if self.kind != "reasoning" {
            return None;
        }
        let summary: Vec<Value> = self.summary.iter().flatten().map(summary_part).collect();
        Some(serde_json::json!({
            "id": self.id.as_deref().unwrap_or_default(),
            "type": "reasoning",
            "encrypted_content": self.encrypted_content,
            "summary": summary,
        }))
    }

    /// The text of the summary, its parts joined by a blank.
    pub fn summary_text(&self) -> String {
        let texts = self.summary.iter().flatten().filter_map(|part| part.text.as_deref());
        let texts: Vec<&str> = texts.filter(|text| !text.is_empty()).collect();
        texts.join(" ")
    }
}

fn summary_part(part: &Part<'_>) -> Value {
    let kind = if part.kind.is_empty() { "summary_text" } else { part.kind.as_ref() };
    serde_json::json!({ "type": kind, "text": part.text.as_deref().unwrap_or_default() })
}

/// `call_0`, `call_1`, …
fn is_counted(id: &str) -> bool {
    id.strip_prefix("call_").is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()))
}

impl Response<'_> {
    /// Why it is incomplete, in the words of a chat; `None` where it is complete.
    pub fn cut_short(&self) -> Option<&'static str> {
        let reason = self.incomplete_details.as_ref().and_then(|details| details.reason.as_deref());
        let is_incomplete = self.status.as_deref() == Some("incomplete") || reason.is_some();
        is_incomplete.then_some(if reason == Some("content_filter") { "content_filter" } else { "length" })
    }
}
