//! Cohere's whole answer of a chat, first version.

use serde::Deserialize;
use serde_json::Value;

use super::super::answer::{finish_reason, whole};
use crate::chat::{Choice, Completion, Reply, ToolCall, Usage};
use crate::dialect::{Context, Stamp, Unreadable};
use crate::python;

/// What Cohere sends whole, and at the end of a stream.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Answer {
    pub text: Option<String>,
    pub finish_reason: Option<String>,
    pub tool_calls: Option<Vec<Invoked>>,
    pub citations: Option<Value>,
    pub meta: Option<Meta>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Invoked {
    pub name: String,
    pub parameters: Value,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Meta {
    billed_units: Option<Billed>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Billed {
    input_tokens: Option<f64>,
    output_tokens: Option<f64>,
}

impl Meta {
    /// What Cohere bills, which is what LiteLLM shows.
    pub fn usage(&self) -> Option<Usage> {
        let billed = self.billed_units.as_ref()?;
        let (prompt_tokens, completion_tokens) = (whole(billed.input_tokens), whole(billed.output_tokens));
        let total_tokens = prompt_tokens.saturating_add(completion_tokens);
        Some(Usage { prompt_tokens, completion_tokens, total_tokens, ..Usage::default() })
    }
}

impl Invoked {
    /// The call in OpenAI's form, under an id of its own: Cohere gives none.
    pub fn into_call(self, stamp: &mut Stamp) -> ToolCall {
        let arguments = if self.parameters.is_null() { "{}".to_owned() } else { python::dumps(&self.parameters) };
        ToolCall::function(format!("call_{}", stamp.next_hex(24)), self.name, arguments)
    }
}

pub(super) fn answer(context: &Context, body: &[u8]) -> Result<Completion, Unreadable> {
    let answer: Answer = serde_json::from_slice(body).map_err(|error| Unreadable(error.to_string()))?;
    let Some(text) = answer.text else { return Err(Unreadable("the answer has no `text`".to_owned())) };
    let mut stamp = context.stamp.clone();
    let calls = answer.tool_calls.filter(|calls| !calls.is_empty());
    let tool_calls: Option<Vec<ToolCall>> =
        calls.map(|calls| calls.into_iter().map(|invoked| invoked.into_call(&mut stamp)).collect());
    let content = Some(text).filter(|text| tool_calls.is_none() || !text.is_empty());
    let finish = if tool_calls.is_some() { "tool_calls" } else { finish_reason(answer.finish_reason.as_deref()) };
    let message = Reply { content, role: "assistant".to_owned(), tool_calls, ..Reply::default() };
    Ok(Completion {
        id: context.stamp.chat_id(),
        created: context.stamp.created_s,
        model: context.model.clone(),
        object: "chat.completion".to_owned(),
        choices: vec![Choice { finish_reason: Some(finish.to_owned()), message, ..Choice::default() }],
        usage: answer.meta.as_ref().and_then(Meta::usage),
        extra: answer.citations.map(|citations| ("citations".to_owned(), citations)).into_iter().collect(),
    })
}
