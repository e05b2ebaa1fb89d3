//! A chat's whole answer as a message.
//!
//! Thinking first, then text, then tool calls. Follows LiteLLM's `translate_openai_response_to_anthropic`.
//! Knows no provider.

use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::usage::MessageUsage;
use super::{clean, repair};
use crate::answer::{Answer, Garbage};
use crate::chat::{Choice, Completion, Reply, ToolCall};
use crate::client::Wanted;
use crate::dialect::Context;
use crate::generated::Generated;
use crate::prepare::JSON_TOOL;
use crate::usage::Usage;

/// A message of the model.
#[derive(Debug, Serialize)]
pub struct Message<'a> {
    pub id: &'a str,
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub role: &'static str,
    pub model: &'a str,
    pub stop_sequence: Option<&'a str>,
    pub usage: MessageUsage,
    pub content: Vec<Block>,
    pub stop_reason: &'static str,
    pub stop_details: Option<Value>,
}

/// One block of its content.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Block {
    Thinking {
        thinking: String,
        /// Null where no one signed.
        signature: Option<String>,
    },
    RedactedThinking {
        data: String,
    },
    Text {
        text: String,
    },
    ToolUse {
        id: String,
        name: String,
        input: Box<RawValue>,
        #[serde(skip_serializing_if = "Option::is_none")]
        provider_specific_fields: Option<Value>,
    },
}

/// Writes the message.
///
/// # Errors
/// Where a tool's arguments are no JSON and cannot be made so.
pub fn message(context: &Context, wanted: &Wanted, mut completion: Completion) -> Result<Answer, Garbage> {
    let usage = count(wanted, &completion);
    let shown = completion.usage.as_ref().map_or_else(|| usage.into(), MessageUsage::of);
    if context.notes.json_tool {
        completion.choices.iter_mut().for_each(unwrap_json_tool);
    }
    let mut content = Vec::new();
    let (mut refusal, mut called) = (None, false);
    let reason = completion.choices.first().and_then(|choice| choice.finish_reason.clone());
    for Choice { message, .. } in completion.choices {
        refusal =
            refusal.or_else(|| refusal_text(message.refusal.as_deref(), message.provider_specific_fields.as_ref()));
        called |= message.tool_calls.as_ref().is_some_and(|calls| !calls.is_empty());
        blocks(message, &wanted.echo, &mut content)?;
    }
    let stop_reason = stop_reason(reason.as_deref().unwrap_or("stop"), called, refusal.is_some());
    let chat_id = context.stamp.chat_id();
    let message = Message {
        id: if completion.id.is_empty() { &chat_id } else { &completion.id },
        kind: "message",
        role: "assistant",
        model: &wanted.model,
        stop_sequence: None,
        usage: shown,
        content,
        stop_reason,
        stop_details: (stop_reason == "refusal").then(|| stop_details(refusal.as_deref())),
    };
    Ok(Answer { body: serde_json::to_vec(&message).unwrap_or_default(), usage })
}

/// Why the model stopped, in Anthropic's words.
pub fn stop_reason(finish_reason: &str, called: bool, refused: bool) -> &'static str {
    match finish_reason {
        "length" => "max_tokens",
        _ if refused => "refusal",
        "content_filter" | "refusal" => "refusal",
        "tool_calls" => "tool_use",
        // Some providers end a call of a tool as they end a text.
        "stop" if called => "tool_use",
        _ => "end_turn",
    }
}

/// What Anthropic says beside a refusal.
pub fn stop_details(explanation: Option<&str>) -> Value {
    json!({ "type": "refusal", "category": null, "explanation": explanation })
}

/// The text of a refusal, where the model gave one.
pub fn refusal_text(refusal: Option<&str>, fields: Option<&Map<String, Value>>) -> Option<String> {
    let parked = fields.and_then(|fields| fields.get("refusal")?.as_str());
    refusal.filter(|text| !text.is_empty()).or(parked.filter(|text| !text.is_empty())).map(str::to_owned)
}

fn blocks(message: Reply, names: &Map<String, Value>, content: &mut Vec<Block>) -> Result<(), Garbage> {
    let refusal = refusal_text(message.refusal.as_deref(), message.provider_specific_fields.as_ref());
    let said = message.thinking_blocks.unwrap_or_default();
    let bare = message.extra.get("reasoning").and_then(Value::as_str).map(str::to_owned);
    match message.reasoning_content.or(bare).filter(|text| !text.is_empty()) {
        Some(thinking) if said.is_empty() => content.push(Block::Thinking { thinking, signature: None }),
        _ => content.extend(said.iter().filter_map(thinking)),
    }
    content.extend(message.content.into_iter().chain(refusal).map(|text| Block::Text { text }));
    for call in message.tool_calls.into_iter().flatten() {
        content.push(tool_use(call, names)?);
    }
    Ok(())
}

/// A block of thinking; an empty one that no one signed says nothing.
fn thinking(block: &Value) -> Option<Block> {
    let text = |name: &str| block.get(name).and_then(Value::as_str).map(str::to_owned);
    match block.get("type")?.as_str()? {
        "thinking" => {
            let thinking = text("thinking").unwrap_or_default();
            let signature = text("signature").or_else(|| block.get("signature").is_none().then(String::new));
            let says_nothing = thinking.trim().is_empty() && signature.as_deref().unwrap_or("").is_empty();
            (!says_nothing).then_some(Block::Thinking { thinking, signature })
        }
        "redacted_thinking" => Some(Block::RedactedThinking { data: text("data").unwrap_or_default() }),
        _ => None,
    }
}

fn tool_use(call: ToolCall, names: &Map<String, Value>) -> Result<Block, Garbage> {
    let name = names.get(&call.function.name).and_then(Value::as_str).unwrap_or(&call.function.name).to_owned();
    let input = repair::arguments(&call.function.arguments)
        .ok_or_else(|| Garbage(format!("the arguments of tool `{name}` are no JSON")))?;
    let fields = call.provider_specific_fields.as_ref();
    let thought = fields.and_then(|fields| fields.get("thought_signature")).filter(|thought| thought.is_string());
    let provider_specific_fields = thought.map(|thought| json!({ "signature": thought }));
    Ok(Block::ToolUse { id: clean::id(&call.id).into_owned(), name, input, provider_specific_fields })
}

/// The arguments of the forced tool are the content that the client asked for.
fn unwrap_json_tool(choice: &mut Choice) {
    let is_forced = |call: &ToolCall| call.function.name == JSON_TOOL;
    let calls = choice.message.tool_calls.as_deref().unwrap_or_default();
    let Some(call) = calls.first().filter(|call| is_forced(call)) else { return };
    choice.message.content = Some(call.function.arguments.clone());
    choice.message.tool_calls = None;
    choice.finish_reason = Some("stop".to_owned());
}

fn count(wanted: &Wanted, completion: &Completion) -> Usage {
    if let Some(usage) = &completion.usage {
        return Usage {
            total_tokens: usage.total_tokens.max(usage.prompt_tokens.saturating_add(usage.completion_tokens)),
            ..Usage::of_chat(usage)
        };
    }
    let mut generated = Generated::default();
    for choice in &completion.choices {
        generated.content.add(choice.message.content.as_deref().unwrap_or(""));
        generated.reasoning.add(choice.message.reasoning_content.as_deref().unwrap_or(""));
        for call in choice.message.tool_calls.iter().flatten() {
            generated.content.add(&call.function.arguments);
        }
    }
    wanted.estimator.usage(&generated)
}
