//! Ollama's whole answer of a prompt. LiteLLM's `OllamaConfig.transform_response`.

use serde::Deserialize;
use serde_json::Value;

use crate::chat::{Choice, Completion, Reply, ToolCall, Usage};
use crate::dialect::ollama::split_thoughts;
use crate::dialect::{Context, Unreadable};
use crate::python;

/// What Ollama sends, whole or a line at a time.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Said {
    pub response: Option<String>,
    pub thinking: Option<String>,
    pub done: bool,
    pub prompt_eval_count: Option<u64>,
    pub eval_count: Option<u64>,
    pub error: Option<Value>,
}

impl Said {
    /// The counts, where both are told.
    pub fn usage(&self) -> Option<Usage> {
        let (prompt_tokens, completion_tokens) = (self.prompt_eval_count?, self.eval_count?);
        let total_tokens = prompt_tokens.saturating_add(completion_tokens);
        Some(Usage { prompt_tokens, completion_tokens, total_tokens, ..Usage::default() })
    }
}

/// What a text that is JSON says.
pub(super) enum Json {
    Call { name: String, arguments: String },
    Other(String),
}

pub(super) fn answer(context: &Context, body: &[u8]) -> Result<Completion, Unreadable> {
    let said: Said = serde_json::from_slice(body).map_err(|error| Unreadable(error.to_string()))?;
    if said.error.is_some() || (said.response.is_none() && said.thinking.is_none() && !said.done) {
        return Err(Unreadable("the answer has no `response`".to_owned()));
    }
    let usage = said.usage();
    let (message, finish) = message(context, said);
    Ok(Completion {
        id: context.stamp.chat_id(),
        created: context.stamp.created_s,
        model: context.model.clone(),
        object: "chat.completion".to_owned(),
        choices: vec![Choice { finish_reason: Some(finish.to_owned()), message, ..Choice::default() }],
        usage,
        ..Completion::default()
    })
}

fn message(context: &Context, said: Said) -> (Reply, &'static str) {
    let text = said.response.unwrap_or_default();
    let role = "assistant".to_owned();
    let thinking = said.thinking.filter(|text| !text.is_empty());
    match read(&text).filter(|_| context.notes.reads_json) {
        Some(Json::Call { name, arguments }) => {
            let id = format!("call_{}", context.stamp.clone().next_hex(24));
            let tool_calls = Some(vec![ToolCall::function(id, name, arguments)]);
            (Reply { role, tool_calls, reasoning_content: thinking, ..Reply::default() }, "tool_calls")
        }
        Some(Json::Other(content)) => {
            (Reply { content: Some(content), role, reasoning_content: thinking, ..Reply::default() }, "stop")
        }
        None => {
            let (reasoning_content, content) = match thinking {
                Some(thinking) => (Some(thinking), text),
                None => split_thoughts(text),
            };
            (Reply { content: Some(content), role, reasoning_content, ..Reply::default() }, "stop")
        }
    }
}

/// A text as JSON, also where the model has put it into a fenced block; `None` where it is none.
pub(super) fn read(text: &str) -> Option<Json> {
    let trimmed = text.trim();
    let bare = trimmed.strip_prefix("```json").or_else(|| trimmed.strip_prefix("```"));
    let bare = bare.map_or(trimmed, |rest| rest.trim().strip_suffix("```").unwrap_or(rest).trim());
    let value: Value = serde_json::from_str(bare).ok()?;
    match (value.get("name"), value.get("arguments")) {
        (Some(name), Some(arguments)) => {
            let name = name.as_str().map_or_else(|| name.to_string(), str::to_owned);
            Some(Json::Call { name, arguments: python::dumps(arguments) })
        }
        _ => Some(Json::Other(python::dumps(&value))),
    }
}
