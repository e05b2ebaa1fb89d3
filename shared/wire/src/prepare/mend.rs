//! Requests mended where their provider would refuse them (`litellm_settings.modify_params`).
//!
//! LiteLLM's rules of what may be changed of a client's request. Knows no provider's form.

use super::call::Call;
use crate::chat::{Content, Message, Part, Text};
use crate::models;
use crate::tokens::count_chat;

/// What the user says, or the assistant, where somebody has to (LiteLLM's `DEFAULT_USER_CONTINUE_MESSAGE`).
pub(crate) const CONTINUE: &str = "Please continue.";
/// The smallest reserve for tokens that were counted too low.
const RESERVE_TOKENS: u64 = 10;

/// Gives every call of a tool its one result: missing ones are made up, results of no call and repeated ones left out.
///
/// As LiteLLM's `sanitize_messages_for_tool_calling`, except that nothing which the user says is lost.
pub(crate) fn results(messages: Vec<Message<'_>>) -> Vec<Message<'_>> {
    let mut mended: Vec<Message<'_>> = Vec::with_capacity(messages.len());
    let mut slots: Vec<Option<Message<'_>>> = messages.into_iter().map(Some).collect();
    for place in 0..slots.len() {
        let Some(message) = slots[place].take() else { continue };
        if is_result(&message) && !answers_a_call(&message, &mended) {
            continue;
        }
        let following = &mut slots[place + 1..];
        let end = following.iter().position(|slot| slot.as_ref().is_some_and(is_assistant)).unwrap_or(following.len());
        let following = &mut following[..end];
        let missing = missing(&message, following);
        if missing.is_empty() {
            mended.push(message);
            continue;
        }
        let calls: Vec<String> = ids(&message).map(str::to_owned).collect();
        mended.push(message);
        let is_found = |slot: &&mut Option<Message<'_>>| slot.as_ref().is_some_and(|next| is_answer(next, &calls));
        mended.extend(following.iter_mut().filter(is_found).filter_map(Option::take));
        mended.extend(missing);
    }
    without_repeated(mended)
}

fn is_assistant(message: &Message<'_>) -> bool {
    &*message.role == "assistant"
}

fn is_result(message: &Message<'_>) -> bool {
    matches!(&*message.role, "tool" | "function")
}

fn is_answer(message: &Message<'_>, calls: &[String]) -> bool {
    is_result(message) && answered(message).is_some_and(|id| calls.iter().any(|call| call == id))
}

/// The call that a result names.
fn answered<'m>(message: &'m Message<'_>) -> Option<&'m str> {
    message.tool_call_id.as_deref().filter(|id| !id.is_empty())
}

fn ids<'m>(message: &'m Message<'_>) -> impl Iterator<Item = &'m str> {
    message.tool_calls.iter().filter_map(|call| call.id.as_deref()).filter(|id| !id.is_empty())
}

/// Whether the assistant called for this result when it spoke last. A result without a name is taken as it is.
fn answers_a_call(result: &Message<'_>, earlier: &[Message<'_>]) -> bool {
    let Some(id) = answered(result) else { return true };
    let said = earlier.iter().rev().find(|message| is_assistant(message));
    said.is_some_and(|message| ids(message).any(|call| call == id))
}

/// Results that stand for those which `following` does not give.
fn missing<'a>(message: &Message<'a>, following: &[Option<Message<'a>>]) -> Vec<Message<'a>> {
    let mut missing: Vec<Message<'a>> = Vec::new();
    for call in message.tool_calls.iter().filter(|_| is_assistant(message)) {
        let Some(id) = call.id.as_deref().filter(|id| !id.is_empty()) else { continue };
        let is_given =
            following.iter().flatten().chain(&missing).any(|next| is_result(next) && answered(next) == Some(id));
        if is_given {
            continue;
        }
        let name = call.function.as_ref().and_then(|function| function.name.as_deref()).unwrap_or("unknown_tool");
        let text =
            format!("[System: Tool execution skipped/interrupted by user. No result provided for tool '{name}'.]");
        missing.push(Message {
            role: Text("tool".into()),
            content: Content::Text(Text(text.into())),
            tool_call_id: call.id.clone(),
            ..Message::default()
        });
    }
    missing
}

/// Of several results of one call, the last: a session that is resumed repeats them.
fn without_repeated(messages: Vec<Message<'_>>) -> Vec<Message<'_>> {
    let mut kept: Vec<Message<'_>> = Vec::with_capacity(messages.len());
    let mut block = 0;
    for message in messages {
        if is_result(&message) {
            let known = kept[block..].iter().position(|other| answered(other) == answered(&message));
            if let Some(place) = known.filter(|_| answered(&message).is_some()) {
                kept.remove(block + place);
            }
            kept.push(message);
        } else {
            kept.push(message);
            block = kept.len();
        }
    }
    kept
}

/// Whether thinking has to be switched off: the assistant called tools, and no thought of its is in the history.
///
/// Claude refuses such a history while it thinks.
pub(crate) fn lacks_thoughts(messages: &[Message<'_>]) -> bool {
    let said = || messages.iter().filter(|message| is_assistant(message));
    said().any(|message| !message.tool_calls.is_empty()) && said().all(|message| message.thinking_blocks.is_empty())
}

/// A conversation for Bedrock's Converse: the user speaks first and last, and nobody says nothing.
///
/// As LiteLLM's `BedrockConverseMessagesProcessor`.
pub(crate) fn alternate(mut messages: Vec<Message<'_>>) -> Vec<Message<'_>> {
    let is_open = |message: Option<&Message<'_>>| {
        message.is_none_or(|message| is_assistant(message) && message.get("prefix") != Some("true"))
    };
    if is_open(messages.first()) {
        messages.insert(0, continuing("user"));
    }
    if is_open(messages.last()) {
        messages.push(continuing("user"));
    }
    messages.iter_mut().for_each(speak);
    messages
}

/// A message that only asks to go on.
pub(crate) fn continuing(role: &'static str) -> Message<'static> {
    Message { role: Text(role.into()), content: Content::Text(Text(CONTINUE.into())), ..Message::default() }
}

/// Puts words into a message that has none.
fn speak(message: &mut Message<'_>) {
    let is_user = &*message.role == "user";
    if !is_user && &*message.role != "assistant" {
        return;
    }
    let is_blank =
        |part: &Part<'_>| &*part.kind == "text" && part.text.as_deref().is_none_or(|text| text.trim().is_empty());
    let is_silent = says_nothing_else(message);
    match &mut message.content {
        Content::Nothing if is_user => *message = continuing("user"),
        Content::Text(text) if text.trim().is_empty() && is_user => *message = continuing("user"),
        Content::Text(text) if text.trim().is_empty() && is_silent => *message = continuing("assistant"),
        Content::Parts(parts) if parts.is_empty() && is_user => *message = continuing("user"),
        Content::Parts(parts) if is_user => {
            if let Some(part) = parts.iter_mut().find(|part| is_blank(part)) {
                part.text = Some(Text(CONTINUE.into()));
            }
        }
        Content::Parts(parts) if parts.iter().all(is_blank) => message.content = continuing("assistant").content,
        _ => {}
    }
}

fn says_nothing_else(message: &Message<'_>) -> bool {
    message.tool_calls.is_empty()
        && message.thinking_blocks.is_empty()
        && message.function_call.is_none()
        && message.tool_call_id.is_none()
        && message.reasoning_content.is_none()
        && message.cache_control.is_none()
        && message.rest.is_empty()
}

/// Lowers `max_tokens` to what the model can say (LiteLLM's `get_modified_max_tokens`).
pub(super) fn limit_output(call: &mut Call<'_, '_>) {
    let settings = &call.rules.settings;
    // Every chat comes by here: the map is searched only for those that ask for it.
    if !settings.modify_params {
        return;
    }
    let Some(asked) = call.body.given("max_tokens").and_then(|text| text.parse::<u64>().ok()) else { return };
    let Some(known) = models::lookup(settings.provider.name, &settings.model) else { return };
    let Some(limit) = known.max_output_tokens().or_else(|| known.max_tokens()) else { return };
    let allowed = if known.max_input_tokens() == Some(limit) { room(call, limit) } else { Some(limit) };
    if let Some(allowed) = allowed.filter(|allowed| asked > *allowed) {
        call.set("max_tokens", &allowed);
    }
}

/// What is left beside the prompt where both share one window; `None` where the prompt does not fit itself.
fn room(call: &Call<'_, '_>, window: u64) -> Option<u64> {
    let counted = count_chat(&call.rules.settings.model, &call.body).ok()?;
    window.checked_sub(counted + (counted / 10).max(RESERVE_TOKENS))
}

#[cfg(test)]
mod tests;
