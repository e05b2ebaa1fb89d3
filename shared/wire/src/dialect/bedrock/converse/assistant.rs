//! What the model said earlier as the blocks of a turn: reasoning, then text, then calls of tools.
//!
//! Knows no other role.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::block::{Block, Reasoning, ReasoningText, ToolUse};
use super::{cache, media, names};
use crate::chat::{Called, Content, Message, Part, Text};
use crate::dialect::Notes;
use crate::dialect::bedrock::facts::Model;
use crate::prepare::Refusal;

/// Calls that are read out of one string of arguments.
const CALLS_MAX: usize = 1_000;

/// A block of reasoning as clients send it back.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Thinking<'a> {
    #[serde(borrow)]
    thinking: Option<Text<'a>>,
    #[serde(borrow)]
    signature: Option<Text<'a>>,
}

/// The blocks of a run of messages, in Bedrock's order.
pub(super) fn blocks<'a>(
    run: Vec<Message<'a>>,
    model: &Model<'_>,
    notes: &mut Notes,
) -> Result<Vec<Block<'a>>, Refusal> {
    let mut blocks = Vec::new();
    for message in run {
        thoughts(message.thinking_blocks.iter().copied(), &mut blocks);
        match message.content {
            Content::Nothing => {}
            Content::Text(text) => {
                // A message that says nothing but calls tools is not marked: LiteLLM takes its content away first.
                let is_blank = text.trim().is_empty();
                let mark = if is_blank && !message.tool_calls.is_empty() { None } else { message.cache_control };
                blocks.extend((!is_blank).then_some(Block::Text(text.0)));
                blocks.extend(cache::point(model, mark).map(Block::CachePoint));
            }
            Content::Parts(parts) => {
                for part in parts {
                    said(part, model, &mut blocks)?;
                }
            }
        }
        for call in &message.tool_calls {
            called(call, model, notes, &mut blocks);
        }
    }
    drop_repeated(&mut blocks);
    blocks.sort_by_key(order);
    Ok(blocks)
}

fn said<'a>(part: Part<'a>, model: &Model<'_>, blocks: &mut Vec<Block<'a>>) -> Result<(), Refusal> {
    let point = cache::point(model, part.cache_control);
    match part.kind.as_ref() {
        "text" => match part.text {
            Some(text) if !text.trim().is_empty() => blocks.push(Block::Text(text.0)),
            _ => return Ok(()),
        },
        "image_url" => blocks.push(media::image(&part)?),
        "thinking" => thought(thinking(&part), blocks),
        _ => {}
    }
    blocks.extend(point.map(Block::CachePoint));
    Ok(())
}

fn thinking<'a>(part: &Part<'a>) -> Thinking<'a> {
    let text = |name: &str| {
        let raw = part.rest.iter().find(|(own, _)| own == name).map(|(_, raw)| *raw)?;
        serde_json::from_str::<Text<'a>>(raw.get()).ok()
    };
    Thinking { thinking: text("thinking"), signature: text("signature") }
}

/// Signed reasoning goes first within its message, behind what is not signed.
fn thoughts<'a>(raws: impl Iterator<Item = &'a RawValue>, blocks: &mut Vec<Block<'a>>) {
    let mut signed = Vec::new();
    for raw in raws {
        let thinking: Thinking<'a> = serde_json::from_str(raw.get()).unwrap_or_default();
        let is_signed = thinking.signature.as_deref().is_some_and(|signature| !signature.is_empty());
        thought(thinking, if is_signed { &mut signed } else { blocks });
    }
    blocks.append(&mut signed);
}

/// Bedrock takes reasoning only with its signature; what other models thought is text.
fn thought<'a>(thinking: Thinking<'a>, blocks: &mut Vec<Block<'a>>) {
    let text = thinking.thinking.unwrap_or_default();
    match thinking.signature.filter(|signature| !signature.is_empty()) {
        Some(Text(signature)) => blocks
            .push(Block::ReasoningContent(Reasoning { reasoning_text: ReasoningText { text: text.0, signature } })),
        None if text.trim().is_empty() => {}
        None => blocks.push(Block::Text(text.0)),
    }
}

fn called<'a>(call: &Called<'a>, model: &Model<'_>, notes: &mut Notes, blocks: &mut Vec<Block<'a>>) {
    let Some(function) = &call.function else { return };
    let name = names::tool(function.name.as_deref().unwrap_or_default(), notes);
    let id = call.id.clone().unwrap_or_default().0;
    for (place, input) in inputs(&function.arguments_text()).into_iter().enumerate() {
        let own = if place == 0 { id.clone() } else { Cow::Owned(format!("{id}_{place}")) };
        blocks.push(Block::ToolUse(ToolUse { input, name: name.clone(), id: names::call(own) }));
    }
    blocks.extend(cache::point(model, call.cache_control).map(Block::CachePoint));
}

/// The arguments as objects. Some models write several one behind the other: each becomes a call of its own.
fn inputs(arguments: &str) -> Vec<Box<RawValue>> {
    let values = serde_json::Deserializer::from_str(arguments).into_iter::<Box<RawValue>>();
    let objects = values.map_while(Result::ok).filter(|value| value.get().starts_with('{'));
    let objects: Vec<_> = objects.take(CALLS_MAX).collect();
    if objects.is_empty() { vec![crate::json::raw(&serde_json::Map::new())] } else { objects }
}

/// A call that is made twice counts once.
fn drop_repeated(blocks: &mut Vec<Block<'_>>) {
    let mut seen: Vec<String> = Vec::new();
    blocks.retain(|block| {
        let Block::ToolUse(call) = block else { return true };
        let is_new = call.id.is_empty() || !seen.iter().any(|id| *id == call.id);
        seen.push(call.id.clone().into_owned());
        is_new
    });
}

/// Marks for caching belong behind the call that they follow.
const fn order(block: &Block<'_>) -> u8 {
    match block {
        Block::ReasoningContent(_) => 0,
        Block::ToolUse(_) | Block::CachePoint(_) => 2,
        _ => 1,
    }
}
