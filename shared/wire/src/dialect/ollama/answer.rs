//! Ollama's whole answer of a chat. LiteLLM's `OllamaChatConfig.transform_response`.

use serde::Deserialize;
use serde_json::Value;

use crate::chat::{Choice, Completion, Reply, ToolCall, Usage};
use crate::dialect::{Context, Unreadable};
use crate::python;

/// What Ollama sends, whole or a line at a time.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Said {
    pub message: Option<Turn>,
    pub done: bool,
    pub done_reason: Option<String>,
    pub prompt_eval_count: Option<u64>,
    pub eval_count: Option<u64>,
    pub error: Option<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Turn {
    pub content: Option<String>,
    pub thinking: Option<String>,
    pub tool_calls: Option<Vec<Called>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Called {
    pub id: Option<String>,
    pub function: Function,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Function {
    pub name: String,
    pub arguments: Value,
}

impl Function {
    /// The arguments as OpenAI's clients read them: JSON in a string.
    pub fn arguments_text(&self) -> String {
        match &self.arguments {
            Value::String(text) => text.clone(),
            Value::Null => "{}".to_owned(),
            value => python::dumps(value),
        }
    }
}

impl Said {
    /// The counts, where both are told.
    pub fn usage(&self) -> Option<Usage> {
        let (prompt_tokens, completion_tokens) = (self.prompt_eval_count?, self.eval_count?);
        let total_tokens = prompt_tokens.saturating_add(completion_tokens);
        Some(Usage { prompt_tokens, completion_tokens, total_tokens, ..Usage::default() })
    }
}

pub(super) fn answer(context: &Context, body: &[u8]) -> Result<Completion, Unreadable> {
    let said: Said = serde_json::from_slice(body).map_err(|error| Unreadable(error.to_string()))?;
    let usage = said.usage();
    let Some(turn) = said.message else { return Err(Unreadable("the answer has no `message`".to_owned())) };
    let (reasoning_content, content) = match turn.thinking {
        Some(thinking) => (Some(thinking), turn.content.unwrap_or_default()),
        None => split_thoughts(turn.content.unwrap_or_default()),
    };
    let mut stamp = context.stamp.clone();
    let calls = turn.tool_calls.filter(|calls| !calls.is_empty());
    let tool_calls = calls.map(|calls| {
        let whole = |call: Called| {
            let id = call.id.clone().unwrap_or_else(|| format!("call_{}", stamp.next_hex(24)));
            let arguments = call.function.arguments_text();
            ToolCall::function(id, call.function.name, arguments)
        };
        calls.into_iter().map(whole).collect::<Vec<_>>()
    });
    let finish = if tool_calls.is_some() { "tool_calls" } else { finish_reason(said.done_reason.as_deref()) };
    let role = "assistant".to_owned();
    let message = Reply { content: Some(content), role, tool_calls, reasoning_content, ..Reply::default() };
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

pub(super) fn finish_reason(done_reason: Option<&str>) -> &'static str {
    match done_reason {
        Some("length") => "length",
        _ => "stop",
    }
}

/// Thoughts that a model writes into its text, between `<think>` and `</think>` at the start.
pub(in crate::dialect) fn split_thoughts(text: String) -> (Option<String>, String) {
    for (open, close) in
        [("<think>", "</think>"), ("<thinking>", "</thinking>"), ("<budget:thinking>", "</budget:thinking>")]
    {
        let thoughts = text.strip_prefix(open).and_then(|rest| rest.split_once(close));
        if let Some((thoughts, rest)) = thoughts {
            return (Some(thoughts.to_owned()), rest.to_owned());
        }
    }
    (None, text)
}
