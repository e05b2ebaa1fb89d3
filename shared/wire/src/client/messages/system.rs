//! System messages inside a conversation, for models that know them at its beginning only.
//!
//! LiteLLM's rule: they become turns of the user with a note before them, behind the tool results that answer the
//! turn before. Knows no provider.

use crate::chat::{Content, Message, Part, Text};

/// What LiteLLM puts before such a message.
const NOTE: &str =
    "Operator note (not from the user): the following was originally a mid-conversation system-role reminder.";

/// Rewrites all system messages but those that begin the conversation.
pub fn convert(turns: Vec<Message<'_>>) -> Vec<Message<'_>> {
    let leading = turns.iter().take_while(|turn| is_system(turn)).count();
    if !turns.iter().skip(leading).any(is_system) {
        return turns;
    }
    let mut placed: Vec<Message<'_>> = Vec::with_capacity(turns.len());
    let mut waiting: Vec<Message<'_>> = Vec::new();
    for (place, turn) in turns.into_iter().enumerate() {
        if place >= leading && is_system(&turn) {
            waiting.push(as_user(turn));
            continue;
        }
        let goes_first = opens_with_results(&turn);
        if !goes_first {
            placed.append(&mut waiting);
        }
        placed.push(turn);
        placed.append(&mut waiting);
    }
    placed.append(&mut waiting);
    placed
}

fn is_system(turn: &Message<'_>) -> bool {
    &*turn.role == "system"
}

fn opens_with_results(turn: &Message<'_>) -> bool {
    match &turn.content {
        Content::Parts(parts) if &*turn.role == "user" => {
            parts.first().is_some_and(|part| &*part.kind == "tool_result")
        }
        _ => false,
    }
}

fn as_user(turn: Message<'_>) -> Message<'_> {
    let mut parts = vec![text(Text(NOTE.into()))];
    match turn.content {
        Content::Nothing => {}
        Content::Text(said) => parts.push(text(said)),
        Content::Parts(said) => parts.extend(said),
    }
    Message { role: Text("user".into()), content: Content::Parts(parts), ..Message::default() }
}

fn text(text: Text<'_>) -> Part<'_> {
    Part { kind: Text("text".into()), text: Some(text), ..Part::default() }
}
