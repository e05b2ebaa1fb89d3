//! One piece of a streamed answer in OpenAI's chat form, made by a provider's decoder.
//!
//! Only what a piece says is there: `id`, `created` and `model` are the encoder's. Knows no provider.

mod read;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Usage;

/// What one event of a stream says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chunk {
    pub choices: Vec<ChunkChoice>,
    /// The counts so far: a later one replaces an earlier one.
    pub usage: Option<Usage>,
    /// What else stands at the top of the chunk: `citations`, `system_fingerprint`, …
    pub extra: Map<String, Value>,
}

/// A piece of one of the answers that were asked for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ChunkChoice {
    pub index: u32,
    pub delta: Delta,
    /// Why the answer ends here, in OpenAI's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finish_reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logprobs: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider_specific_fields: Option<Map<String, Value>>,
}

/// What is new.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Delta {
    /// Decoders leave it out: the encoder puts `assistant` into the first delta of a choice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning_content: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thinking_blocks: Option<Vec<Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_calls: Option<Vec<ToolCallDelta>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub images: Option<Vec<Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub annotations: Option<Vec<Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audio: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refusal: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider_specific_fields: Option<Map<String, Value>>,
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// The head of a tool call (`id` and `name`), or a piece of its arguments.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ToolCallDelta {
    pub index: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    pub function: FunctionDelta,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider_specific_fields: Option<Map<String, Value>>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FunctionDelta {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arguments: Option<String>,
}

impl Chunk {
    /// A piece of the first choice.
    pub fn of(delta: Delta) -> Self {
        Self { choices: vec![ChunkChoice { delta, ..ChunkChoice::default() }], ..Self::default() }
    }

    /// A piece of text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::of(Delta { content: Some(text.into()), ..Delta::default() })
    }

    /// A piece of the model's reasoning.
    pub fn reasoning(text: impl Into<String>) -> Self {
        Self::of(Delta { reasoning_content: Some(text.into()), ..Delta::default() })
    }

    /// The beginning of a tool call.
    pub fn tool(index: u32, id: impl Into<String>, name: impl Into<String>) -> Self {
        let function = FunctionDelta { name: Some(name.into()), arguments: Some(String::new()) };
        Self::call(ToolCallDelta { index, id: Some(id.into()), function, ..ToolCallDelta::default() })
    }

    /// A piece of a tool call's arguments.
    pub fn arguments(index: u32, text: impl Into<String>) -> Self {
        let function = FunctionDelta { name: None, arguments: Some(text.into()) };
        Self::call(ToolCallDelta { index, function, ..ToolCallDelta::default() })
    }

    /// The end of the first choice.
    pub fn finish(reason: impl Into<String>) -> Self {
        let choice = ChunkChoice { finish_reason: Some(reason.into()), ..ChunkChoice::default() };
        Self { choices: vec![choice], ..Self::default() }
    }

    /// Counts alone.
    pub fn counts(usage: Usage) -> Self {
        Self { usage: Some(usage), ..Self::default() }
    }

    fn call(mut call: ToolCallDelta) -> Self {
        call.kind = Some("function".to_owned());
        Self::of(Delta { tool_calls: Some(vec![call]), ..Delta::default() })
    }
}
