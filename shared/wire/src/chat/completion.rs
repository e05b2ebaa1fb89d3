//! A whole answer in OpenAI's chat form, built by a provider's translation and read by a client's.
//!
//! Absent fields are not written: LiteLLM's clients see neither nulls nor empty lists, but for `content`.
//! Knows no provider.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Chunk, ChunkChoice, Delta, FunctionDelta, ToolCallDelta};

/// `chat.completion`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Completion {
    pub id: String,
    pub created: u64,
    pub model: String,
    pub object: String,
    pub choices: Vec<Choice>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    /// What else stands at the top: `system_fingerprint`, `citations`, `service_tier`, …
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// One of the answers that were asked for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Choice {
    pub finish_reason: Option<String>,
    pub index: u32,
    pub message: Reply,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logprobs: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider_specific_fields: Option<Map<String, Value>>,
}

/// What the model said.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Reply {
    /// Written as null where there is none.
    pub content: Option<String>,
    pub role: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_calls: Option<Vec<ToolCall>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning_content: Option<String>,
    /// Anthropic's blocks, with their signatures.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thinking_blocks: Option<Vec<Value>>,
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

/// A call of a tool.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ToolCall {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<u32>,
    pub id: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub function: FunctionCall,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider_specific_fields: Option<Map<String, Value>>,
}

/// Name and arguments; the arguments are a string that holds JSON.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FunctionCall {
    pub name: String,
    pub arguments: String,
}

/// Token counts in OpenAI's form, with LiteLLM's details.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Usage {
    pub completion_tokens: u64,
    pub prompt_tokens: u64,
    pub total_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completion_tokens_details: Option<Map<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt_tokens_details: Option<Map<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_creation_input_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_read_input_tokens: Option<u64>,
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Completion {
    /// The same answer in pieces, as a stream would have brought it.
    pub fn into_chunks(self) -> Vec<Chunk> {
        let mut chunks = Vec::new();
        for choice in self.choices {
            let (index, message) = (choice.index, choice.message);
            let calls = message.tool_calls.map(|calls| calls.into_iter().enumerate().map(ToolCall::whole).collect());
            let delta = Delta {
                content: message.content.filter(|text| !text.is_empty()),
                reasoning_content: message.reasoning_content,
                thinking_blocks: message.thinking_blocks,
                tool_calls: calls,
                images: message.images,
                annotations: message.annotations,
                audio: message.audio,
                refusal: message.refusal,
                provider_specific_fields: message.provider_specific_fields,
                ..Delta::default()
            };
            let logprobs = choice.logprobs;
            let said = ChunkChoice { index, delta, logprobs, ..ChunkChoice::default() };
            let provider_specific_fields = choice.provider_specific_fields;
            let finish_reason = choice.finish_reason;
            let end = ChunkChoice { index, finish_reason, provider_specific_fields, ..ChunkChoice::default() };
            chunks.push(Chunk { choices: vec![said], ..Chunk::default() });
            chunks.push(Chunk { choices: vec![end], ..Chunk::default() });
        }
        chunks.push(Chunk { usage: self.usage, extra: self.extra, ..Chunk::default() });
        chunks
    }
}

impl ToolCall {
    /// The call in one piece, at its place among the others.
    fn whole((place, call): (usize, Self)) -> ToolCallDelta {
        let function = FunctionDelta { name: Some(call.function.name), arguments: Some(call.function.arguments) };
        ToolCallDelta {
            index: u32::try_from(place).unwrap_or(u32::MAX),
            id: Some(call.id),
            kind: Some(call.kind),
            function,
            provider_specific_fields: call.provider_specific_fields,
        }
    }

    /// A function's call.
    pub fn function(id: impl Into<String>, name: impl Into<String>, arguments: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            kind: "function".to_owned(),
            function: FunctionCall { name: name.into(), arguments: arguments.into() },
            ..Self::default()
        }
    }
}
