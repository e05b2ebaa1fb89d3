//! System messages: the leading ones are the system prompt, later ones stay where they are.
//!
//! A later one must not move into the prompt: the provider's cache of the conversation would be lost. Where the model
//! takes no system message in the conversation, it becomes words of the user behind a note (LiteLLM's
//! `place_mid_conversation_system`). Knows no other role's content.

use crate::chat::{Content, Message};
use crate::json;

/// Stands before a system message that is shown as the user's (LiteLLM's `CONVERTED_SYSTEM_NOTE`).
pub(super) const NOTE: &str =
    "Operator note (not from the user): the following was originally a mid-conversation system-role reminder.";
const BILLING: &str = "x-anthropic-billing-header:";

/// One step of the conversation.
#[derive(Clone, Debug)]
pub(super) enum Step<'m, 'a> {
    Said(&'m Message<'a>),
    /// A system message shown as the user's.
    Noted(&'m Message<'a>),
    /// System messages that stand together.
    Instructed(Vec<&'m Message<'a>>),
}

pub(super) fn is_system(message: &Message<'_>) -> bool {
    matches!(&*message.role, "system" | "developer")
}

/// How many messages make up the system prompt.
pub(super) fn leading(messages: &[Message<'_>]) -> usize {
    messages.iter().take_while(|message| is_system(message)).count()
}

/// The `system` field's blocks for the leading messages; `None` where nothing is said.
pub(super) fn prompt(messages: &[Message<'_>], strips_billing_lines: bool) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    for message in messages {
        texts(message, |text, cache| {
            if !(strips_billing_lines && text.starts_with(BILLING)) {
                out.push(if out.is_empty() { b'[' } else { b',' });
                text_block(&mut out, text, cache);
            }
        });
    }
    if out.is_empty() {
        return None;
    }
    out.push(b']');
    Some(out)
}

/// Each text of a system message that is not empty, with its cache mark.
pub(super) fn texts(message: &Message<'_>, mut take: impl FnMut(&str, Option<&str>)) {
    match &message.content {
        Content::Nothing => {}
        Content::Text(text) if text.is_empty() => {}
        Content::Text(text) => take(text, message.cache_control.map(|mark| mark.get())),
        Content::Parts(parts) => {
            for part in parts {
                if let Some(text) = part.text.as_deref().filter(|text| !text.is_empty()) {
                    take(text, part.cache_control.map(|mark| mark.get()));
                }
            }
        }
    }
}

/// Appends a block of text; a cache mark is an object.
pub(super) fn text_block(out: &mut Vec<u8>, text: &str, cache: Option<&str>) {
    out.extend_from_slice(b"{\"type\":\"text\",\"text\":");
    json::write_string(out, text);
    mark(out, cache);
    out.push(b'}');
}

/// Appends the cache mark as a field, where it is one.
pub(super) fn mark(out: &mut Vec<u8>, cache: Option<&str>) {
    if let Some(mark) = cache.filter(|mark| mark.starts_with('{')) {
        out.extend_from_slice(b",\"cache_control\":");
        out.extend_from_slice(mark.as_bytes());
    }
}

fn has_text(message: &Message<'_>) -> bool {
    let mut found = false;
    texts(message, |_, _| found = true);
    found
}

/// The conversation after the leading system messages.
pub(super) fn place<'m, 'a>(messages: &'m [Message<'a>], takes_system: impl FnOnce() -> bool) -> Vec<Step<'m, 'a>> {
    if !messages.iter().any(is_system) {
        return messages.iter().map(Step::Said).collect();
    }
    if takes_system() { placed(messages) } else { converted(messages) }
}

fn is_tool(message: &Message<'_>) -> bool {
    matches!(&*message.role, "tool" | "function")
}

fn is_users(message: &Message<'_>) -> bool {
    is_tool(message) || &*message.role == "user"
}

/// Every system message as the user's, in its place; but never between a tool's call and its result.
fn converted<'m, 'a>(messages: &'m [Message<'a>]) -> Vec<Step<'m, 'a>> {
    let mut steps = Vec::with_capacity(messages.len());
    let mut waiting: Vec<&Message<'_>> = Vec::new();
    let mut place = 0;
    while let Some(message) = messages.get(place) {
        if is_system(message) {
            waiting.push(message);
        } else if is_tool(message) && !waiting.is_empty() {
            let results = messages[place..].iter().take_while(|message| is_tool(message)).count();
            steps.extend(messages[place..place + results].iter().map(Step::Said));
            place += results - 1;
            release(&mut steps, &mut waiting);
        } else {
            release(&mut steps, &mut waiting);
            steps.push(Step::Said(message));
        }
        place += 1;
    }
    release(&mut steps, &mut waiting);
    steps
}

fn release<'m, 'a>(steps: &mut Vec<Step<'m, 'a>>, waiting: &mut Vec<&'m Message<'a>>) {
    steps.extend(waiting.drain(..).filter(|message| has_text(message)).map(Step::Noted));
}

/// A run of messages that are all the user's or all not, by their places; system messages do not count.
struct Block {
    is_users: bool,
    places: Vec<usize>,
    /// Whether anything of it reaches the provider.
    renders: bool,
}

/// Keeps system messages where Anthropic takes them: behind a turn of the user, before the assistant's or at the end.
fn placed<'m, 'a>(messages: &'m [Message<'a>]) -> Vec<Step<'m, 'a>> {
    let blocks = blocks(messages);
    let mut anchored: Vec<Vec<&Message<'_>>> = blocks.iter().map(|_| Vec::new()).collect();
    // Places of the messages behind which system messages are shown as the user's.
    let mut noted: Vec<(usize, &Message<'_>)> = Vec::new();
    let mut place = 0;
    while place < messages.len() {
        let length = messages[place..].iter().take_while(|message| is_system(message)).count();
        let run = &messages[place..place + length];
        if length > 0 {
            match anchor(messages, &blocks, place, length) {
                Some(block) => anchored[block].extend(run),
                None => noted.extend(run.iter().map(|message| (place.saturating_sub(1), message))),
            }
        }
        place += length.max(1);
    }
    let mut steps = Vec::with_capacity(messages.len());
    let mut noted = noted.into_iter().peekable();
    for (block, instructions) in blocks.iter().zip(anchored) {
        for place in &block.places {
            steps.push(Step::Said(&messages[*place]));
            while let Some((_, message)) = noted.next_if(|(before, _)| before == place) {
                if has_text(message) {
                    steps.push(Step::Noted(message));
                }
            }
        }
        if instructions.iter().any(|message| has_text(message)) {
            steps.push(Step::Instructed(instructions));
        }
    }
    steps
}

fn blocks(messages: &[Message<'_>]) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    for (place, message) in messages.iter().enumerate().filter(|(_, message)| !is_system(message)) {
        let (is_users, renders) = (is_users(message), renders(message));
        match blocks.last_mut().filter(|block| block.is_users == is_users) {
            Some(block) => {
                block.places.push(place);
                block.renders |= renders;
            }
            None => blocks.push(Block { is_users, places: vec![place], renders }),
        }
    }
    blocks
}

/// The block behind which the run of system messages at `start` may stand.
fn anchor(messages: &[Message<'_>], blocks: &[Block], start: usize, length: usize) -> Option<usize> {
    let previous = start.checked_sub(1)?;
    let neighbour = if is_users(messages.get(previous)?) { previous } else { start + length };
    messages.get(neighbour).filter(|message| is_users(message))?;
    let block = blocks.iter().position(|block| block.places.binary_search(&neighbour).is_ok())?;
    let next = blocks[block + 1..].iter().find(|later| later.renders);
    let may_follow = next.is_none_or(|later| !later.is_users);
    (blocks[block].renders && may_follow).then_some(block)
}

/// Whether anything of the message reaches the provider.
fn renders(message: &Message<'_>) -> bool {
    const SHOWN: [&str; 4] = ["text", "image_url", "document", "file"];
    if is_tool(message) {
        return true;
    }
    let Content::Parts(parts) = &message.content else {
        return matches!(message.content, Content::Text(_)) || has_calls(message);
    };
    if &*message.role == "user" {
        return parts.iter().any(|part| SHOWN.contains(&&*part.kind));
    }
    let is_shown =
        |kind: &str| matches!(kind, "text" | "server_tool_use" | "thinking") || kind.ends_with("_tool_result");
    parts.iter().any(|part| is_shown(&part.kind)) || has_calls(message)
}

fn has_calls(message: &Message<'_>) -> bool {
    !message.tool_calls.is_empty() || message.function_call.is_some() || !message.thinking_blocks.is_empty()
}
