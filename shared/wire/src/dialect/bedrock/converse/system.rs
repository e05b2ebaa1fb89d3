//! Instructions: those before the conversation are its system prompt, later ones become turns of the user.
//!
//! Converse knows no role `system` within a conversation, and moving a late instruction to its beginning would spoil
//! the cached prefix. LiteLLM's `_transform_system_message`. Knows no other block than text.

use super::block::Block;
use super::cache;
use crate::chat::{Content, Message, Part, Text};
use crate::dialect::bedrock::facts::Model;

/// Stands before an instruction that became a turn of the user (LiteLLM's `CONVERTED_SYSTEM_NOTE`).
const NOTE: &str =
    "Operator note (not from the user): the following was originally a mid-conversation system-role reminder.";

/// The blocks of the system prompt, and the conversation without instructions.
pub(super) fn split<'a>(mut messages: Vec<Message<'a>>, model: &Model<'_>) -> (Vec<Block<'a>>, Vec<Message<'a>>) {
    messages.iter_mut().for_each(unify);
    let leading = messages.iter().position(|message| !is_system(message)).unwrap_or(messages.len());
    let conversation = messages.split_off(leading);
    let mut blocks = Vec::new();
    for message in messages {
        push(message, model, &mut blocks);
    }
    (blocks, reorder(conversation).into_iter().filter_map(as_user).collect())
}

/// `developer` is OpenAI's newer word for `system`; LiteLLM keeps nothing of it but what it says.
fn unify(message: &mut Message<'_>) {
    if &*message.role == "developer" {
        message.role = Text("system".into());
        message.cache_control = None;
    }
}

fn is_system(message: &Message<'_>) -> bool {
    &*message.role == "system"
}

fn push<'a>(message: Message<'a>, model: &Model<'_>, blocks: &mut Vec<Block<'a>>) {
    for part in texts(message) {
        let point = cache::point(model, part.cache_control);
        blocks.extend(part.text.map(|text| Block::Text(text.0)));
        blocks.extend(point.map(Block::CachePoint));
    }
}

/// The parts of an instruction that say something.
fn texts<'a>(message: Message<'a>) -> Vec<Part<'a>> {
    let has_text = |part: &Part<'_>| part.text.as_deref().is_some_and(|text| !text.is_empty());
    let parts = match message.content {
        Content::Nothing => Vec::new(),
        Content::Text(text) => {
            let cache_control = message.cache_control;
            vec![Part { kind: Text("text".into()), text: Some(text), cache_control, ..Part::default() }]
        }
        Content::Parts(parts) => parts,
    };
    parts.into_iter().filter(|part| &*part.kind == "text" && has_text(part)).collect()
}

/// Moves instructions between a tool's call and its answer behind the answer, for the two must not be parted.
fn reorder(mut messages: Vec<Message<'_>>) -> Vec<Message<'_>> {
    let mut order = Vec::with_capacity(messages.len());
    let run = |from: usize, holds: fn(&Message<'_>) -> bool| {
        (from..messages.len()).find(|place| !holds(&messages[*place])).unwrap_or(messages.len())
    };
    let mut place = 0;
    while place < messages.len() {
        let follows_call = place > 0 && calls_tools(&messages[place - 1]);
        let systems_end = run(place, is_system);
        let answers_end = run(systems_end, answers_tool);
        if follows_call && systems_end > place && answers_end > systems_end {
            order.extend((systems_end..answers_end).chain(place..systems_end));
            place = answers_end;
        } else {
            order.push(place);
            place += 1;
        }
    }
    order.into_iter().map(|place| std::mem::take(&mut messages[place])).collect()
}

fn calls_tools(message: &Message<'_>) -> bool {
    &*message.role == "assistant" && !message.tool_calls.is_empty()
}

fn answers_tool(message: &Message<'_>) -> bool {
    let opens_with_result = match &message.content {
        Content::Parts(parts) => parts.first().is_some_and(|part| &*part.kind == "tool_result"),
        Content::Nothing | Content::Text(_) => false,
    };
    &*message.role == "tool" || (&*message.role == "user" && opens_with_result)
}

/// A late instruction as a turn of the user; one that says nothing is left out.
fn as_user(message: Message<'_>) -> Option<Message<'_>> {
    if !is_system(&message) {
        return Some(message);
    }
    let mut parts = texts(message);
    if parts.is_empty() {
        return None;
    }
    let note = Part { kind: Text("text".into()), text: Some(Text(NOTE.into())), ..Part::default() };
    parts.insert(0, note);
    Some(Message { role: Text("user".into()), content: Content::Parts(parts), ..Message::default() })
}
