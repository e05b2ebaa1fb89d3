//! Whole answers of invoked models in OpenAI's form. Knows no request but its model.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::Family;
use crate::chat::{Choice, Completion, Reply, Usage};
use crate::dialect::bedrock::converse::{self, finish_reason};
use crate::dialect::{Context, Unreadable};

/// What any of the families answers; each fills a few of the fields.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Answer {
    pub generation: Option<String>,
    pub text: Option<String>,
    pub stop_reason: Option<String>,
    pub prompt_token_count: Option<u64>,
    pub generation_token_count: Option<u64>,
    pub outputs: Vec<Output>,
    pub generations: Vec<Output>,
    choices: Vec<Said>,
    results: Vec<Painted>,
    completions: Vec<Written>,
    #[serde(rename = "inputTextTokenCount")]
    input_text_token_count: Option<u64>,
    usage: Option<Counts>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Output {
    pub text: String,
    #[serde(alias = "finish_reason")]
    pub stop_reason: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Said {
    message: Content,
    finish_reason: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Content {
    content: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Painted {
    output_text: String,
    token_count: Option<u64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Written {
    data: Data,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Data {
    text: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Counts {
    prompt_tokens: u64,
    completion_tokens: u64,
}

/// Reads an answer.
///
/// # Errors
/// Where it is none of the family's.
pub(in crate::dialect::bedrock) fn answer(
    family: Family,
    context: &Context,
    body: &[u8],
) -> Result<Completion, Unreadable> {
    let unreadable = |error: serde_json::Error| Unreadable(error.to_string());
    match family {
        Family::Nova => return converse::answer(context, body),
        Family::OpenAi | Family::Moonshot => return serde_json::from_slice(body).map_err(unreadable),
        _ => {}
    }
    let answer: Answer = serde_json::from_slice(body).map_err(unreadable)?;
    let usage = answer.usage();
    let (text, reason) = answer.said(family);
    let text = text.filter(|text| !text.is_empty());
    let text = text.ok_or_else(|| Unreadable("the answer holds no text".to_owned()))?;
    let message = reply(family, text);
    let finish = finish_reason(reason.as_deref().unwrap_or("stop"));
    Ok(Completion {
        id: context.stamp.chat_id(),
        created: context.stamp.created_s,
        model: context.model.clone(),
        object: "chat.completion".to_owned(),
        choices: vec![Choice { finish_reason: Some(finish.to_owned()), message, ..Choice::default() }],
        usage,
        extra: Map::new(),
    })
}

impl Answer {
    /// The text, and why it ends where the family tells it.
    fn said(self, family: Family) -> (Option<String>, Option<String>) {
        let first =
            |outputs: Vec<Output>| outputs.into_iter().next().map(|output| (Some(output.text), output.stop_reason));
        match family {
            Family::Mistral if !self.choices.is_empty() => {
                let said = self.choices.into_iter().next().unwrap_or_default();
                (said.message.content, said.finish_reason)
            }
            Family::Mistral => first(self.outputs).unwrap_or_default(),
            Family::Cohere if self.text.is_some() => (self.text, None),
            Family::Cohere => first(self.generations).unwrap_or_default(),
            Family::Titan => (self.results.into_iter().next().map(|result| result.output_text), None),
            Family::Ai21 => (self.completions.into_iter().next().map(|written| written.data.text), None),
            Family::Qwen2 | Family::Qwen3 => {
                let text = self.generation.filter(|text| !text.is_empty()).or(self.text).unwrap_or_default();
                let text = text.strip_prefix("<|im_start|>assistant\n").unwrap_or(&text);
                (Some(text.strip_suffix("<|im_end|>").unwrap_or(text).to_owned()), None)
            }
            _ => (self.generation, None),
        }
    }

    /// The counts, where the family tells them in its body.
    fn usage(&self) -> Option<Usage> {
        let painted = self.results.first().and_then(|result| result.token_count);
        let (prompt, written) = match &self.usage {
            Some(counts) => (Some(counts.prompt_tokens), Some(counts.completion_tokens)),
            None => (self.prompt_token_count.or(self.input_text_token_count), self.generation_token_count.or(painted)),
        };
        Some(counted(prompt?, written?))
    }
}

/// Counts alone, without details.
pub(super) fn counted(prompt_tokens: u64, completion_tokens: u64) -> Usage {
    let total_tokens = prompt_tokens.saturating_add(completion_tokens);
    Usage { prompt_tokens, completion_tokens, total_tokens, ..Usage::default() }
}

/// DeepSeek's model begins by thinking: its prompt has opened the tag already.
fn reply(family: Family, text: String) -> Reply {
    let role = "assistant".to_owned();
    let thought = if family == Family::DeepSeekR1 { text.split_once("</think>") } else { None };
    let Some((reasoning, said)) = thought else { return Reply { content: Some(text), role, ..Reply::default() } };
    let fields = Map::from_iter([("reasoning_content".to_owned(), Value::from(reasoning))]);
    Reply {
        content: Some(said.to_owned()),
        role,
        reasoning_content: Some(reasoning.to_owned()),
        provider_specific_fields: Some(fields),
        ..Reply::default()
    }
}
