//! A whole response as a message: its output items, one block after the other. Knows no stream.

use serde::Deserialize;

use super::super::whole::{Block, Message, stop_details};
use super::super::{repair, signature};
use super::{Counts, PART_SEPARATOR};
use crate::answer::{Answer, Garbage};
use crate::chat::Text;
use crate::client::Wanted;
use crate::generated::Generated;
use crate::usage::Usage;

/// A response, as far as it is read.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Response<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow)]
    status: Option<Text<'a>>,
    #[serde(borrow)]
    output: Option<Vec<Item<'a>>>,
    usage: Option<Counts>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Item<'a> {
    #[serde(rename = "type", borrow)]
    kind: Text<'a>,
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow)]
    call_id: Option<Text<'a>>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    arguments: Option<Text<'a>>,
    #[serde(borrow)]
    content: Option<Vec<Piece<'a>>>,
    #[serde(borrow)]
    summary: Option<Vec<Piece<'a>>>,
    #[serde(borrow)]
    encrypted_content: Option<Text<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Piece<'a> {
    #[serde(rename = "type", borrow)]
    kind: Text<'a>,
    #[serde(borrow)]
    text: Option<Text<'a>>,
    #[serde(borrow)]
    refusal: Option<Text<'a>>,
}

/// Writes the message.
///
/// # Errors
/// Where the body is no response.
pub fn message(wanted: &Wanted, body: &[u8]) -> Result<Answer, Garbage> {
    let response: Response<'_> = serde_json::from_slice(body).map_err(|error| Garbage(error.to_string()))?;
    let items = response.output.ok_or_else(|| Garbage("the answer has no `output`".to_owned()))?;
    let usage = count(wanted, response.usage.as_ref(), &items);
    let refusal = items.iter().find_map(refusal);
    let called = items.iter().any(|item| &*item.kind == "function_call");
    let stop_reason = match response.status.as_deref() {
        Some("incomplete") => "max_tokens",
        _ if refusal.is_some() => "refusal",
        _ if called => "tool_use",
        _ => "end_turn",
    };
    let message = Message {
        id: &response.id,
        kind: "message",
        role: "assistant",
        model: &wanted.model,
        stop_sequence: None,
        usage: response.usage.map_or_else(|| usage.into(), |counts| counts.shown()),
        content: items.iter().flat_map(blocks).collect(),
        stop_reason,
        stop_details: (stop_reason == "refusal").then(|| stop_details(refusal)),
    };
    Ok(Answer { body: serde_json::to_vec(&message).unwrap_or_default(), usage })
}

fn blocks(item: &Item<'_>) -> Vec<Block> {
    match &*item.kind {
        "reasoning" => thinking(item).into_iter().collect(),
        "message" => item.content.iter().flatten().filter_map(text).collect(),
        "function_call" => vec![call(item)],
        _ => Vec::new(),
    }
}

fn text(piece: &Piece<'_>) -> Option<Block> {
    let text = match &*piece.kind {
        "output_text" => &piece.text,
        "refusal" => &piece.refusal,
        _ => return None,
    };
    Some(Block::Text { text: text.as_deref().unwrap_or("").to_owned() })
}

fn refusal<'i>(item: &'i Item<'_>) -> Option<&'i str> {
    let pieces = item.content.iter().flatten().filter(|piece| &*piece.kind == "refusal");
    pieces.filter_map(|piece| piece.refusal.as_deref()).find(|text| !text.is_empty())
}

/// The summary, with the sealed reasoning where clients bring a signature back.
fn thinking(item: &Item<'_>) -> Option<Block> {
    let parts = item.summary.iter().flatten().filter_map(|piece| piece.text.as_deref());
    let thinking = parts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(PART_SEPARATOR);
    let sealed = item.encrypted_content.as_deref().filter(|text| !text.is_empty()).map(signature::seal);
    match (thinking.is_empty(), sealed) {
        (true, None) => None,
        (true, Some(data)) => Some(Block::RedactedThinking { data }),
        (false, signature) => Some(Block::Thinking { thinking, signature }),
    }
}

fn call(item: &Item<'_>) -> Block {
    let id = item.call_id.as_deref().filter(|id| !id.is_empty()).or(item.id.as_deref()).unwrap_or("");
    let arguments = item.arguments.as_deref().unwrap_or("");
    Block::ToolUse {
        id: id.to_owned(),
        name: item.name.as_deref().unwrap_or("").to_owned(),
        input: repair::arguments(arguments).or_else(|| repair::arguments("{}")).unwrap_or_default(),
        provider_specific_fields: None,
    }
}

fn count(wanted: &Wanted, counts: Option<&Counts>, items: &[Item<'_>]) -> Usage {
    if let Some(counts) = counts {
        return Usage::of_chat(&counts.chat());
    }
    let mut generated = Generated::default();
    for item in items {
        generated.content.add(item.arguments.as_deref().unwrap_or(""));
        for piece in item.content.iter().flatten() {
            generated.content.add(piece.text.as_deref().unwrap_or(""));
        }
    }
    wanted.estimator.usage(&generated)
}
