//! Cohere's whole answer of a chat, second version. LiteLLM's `CohereV2ChatConfig.transform_response`.
//!
//! Why the answer ended and what the model thought are told too, which LiteLLM leaves out.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::chat::{Choice, Completion, Reply, ToolCall, Usage};
use crate::dialect::{Context, Unreadable};

#[derive(Deserialize)]
struct Answer {
    message: Said,
    #[serde(default)]
    finish_reason: Option<String>,
    #[serde(default)]
    usage: Option<Counts>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Said {
    content: Option<Vec<Option<Block>>>,
    tool_calls: Option<Vec<ToolCall>>,
    citations: Option<Vec<Citation>>,
}

/// One block of a content: text, or what the model thought.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Block {
    pub text: Option<String>,
    pub thinking: Option<String>,
}

/// Cohere's counts: `billed_units` are for its bill, `tokens` is what passed the model.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Counts {
    tokens: Option<Tokens>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Tokens {
    /// Cohere writes whole numbers with a decimal point.
    input_tokens: Option<f64>,
    output_tokens: Option<f64>,
}

/// A place in the text, and the documents that it rests on.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Citation {
    start: u64,
    end: u64,
    sources: Option<Vec<Source>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Source {
    #[serde(rename = "type")]
    kind: String,
    id: Option<String>,
    url: Option<String>,
    document: Option<Value>,
}

impl Counts {
    /// The counts in OpenAI's form, where they are told.
    pub fn usage(&self) -> Option<Usage> {
        let tokens = self.tokens.as_ref()?;
        let (prompt_tokens, completion_tokens) = (whole(tokens.input_tokens), whole(tokens.output_tokens));
        let total_tokens = prompt_tokens.saturating_add(completion_tokens);
        Some(Usage { prompt_tokens, completion_tokens, total_tokens, ..Usage::default() })
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count; casts saturate")]
pub(super) fn whole(count: Option<f64>) -> u64 {
    count.unwrap_or_default() as u64
}

impl Citation {
    /// OpenAI's annotations: one for each document.
    pub fn annotations(&self) -> impl Iterator<Item = Value> + '_ {
        let documents = self.sources.iter().flatten().filter(|source| source.kind == "document");
        documents.filter_map(|source| {
            let document = source.document.as_ref()?;
            let id = source.id.as_deref().unwrap_or("unknown");
            let url = source.url.clone().filter(|url| !url.is_empty()).unwrap_or_else(|| format!("source:{id}"));
            Some(json!({ "type": "url_citation", "url_citation": {
                "start_index": self.start,
                "end_index": self.end,
                "title": document.get("title").and_then(Value::as_str).unwrap_or_default(),
                "url": url,
            }}))
        })
    }
}

pub(super) fn answer(context: &Context, body: &[u8]) -> Result<Completion, Unreadable> {
    let answer: Answer = serde_json::from_slice(body).map_err(|error| Unreadable(error.to_string()))?;
    let Said { content, tool_calls, citations } = answer.message;
    let (text, reasoning_content) = content.map_or((None, None), joined);
    let annotations: Vec<Value> = citations.iter().flatten().flat_map(Citation::annotations).collect();
    let tool_calls = tool_calls.filter(|calls| !calls.is_empty()).map(numbered);
    let message = Reply {
        content: text,
        role: "assistant".to_owned(),
        tool_calls,
        reasoning_content,
        annotations: (!annotations.is_empty()).then_some(annotations),
        ..Reply::default()
    };
    let finish_reason = Some(finish_reason(answer.finish_reason.as_deref()).to_owned());
    Ok(Completion {
        id: context.stamp.chat_id(),
        created: context.stamp.created_s,
        model: context.model.clone(),
        object: "chat.completion".to_owned(),
        choices: vec![Choice { finish_reason, message, ..Choice::default() }],
        usage: answer.usage.as_ref().and_then(Counts::usage),
        ..Completion::default()
    })
}

/// Text and thoughts of a content.
fn joined(blocks: Vec<Option<Block>>) -> (Option<String>, Option<String>) {
    let (mut text, mut thoughts) = (String::new(), String::new());
    for block in blocks.into_iter().flatten() {
        text.push_str(block.text.as_deref().unwrap_or_default());
        thoughts.push_str(block.thinking.as_deref().unwrap_or_default());
    }
    (Some(text), (!thoughts.is_empty()).then_some(thoughts))
}

fn numbered(calls: Vec<ToolCall>) -> Vec<ToolCall> {
    let number = |(place, call): (usize, ToolCall)| ToolCall { index: u32::try_from(place).ok(), ..call };
    calls.into_iter().enumerate().map(number).collect()
}

/// OpenAI's word for Cohere's reason.
pub(super) fn finish_reason(reason: Option<&str>) -> &'static str {
    match reason {
        Some("MAX_TOKENS" | "ERROR_LIMIT") => "length",
        Some("TOOL_CALL") => "tool_calls",
        Some("ERROR_TOXIC") => "content_filter",
        _ => "stop",
    }
}
