//! A text completion asked of a model that only chats.
//!
//! LiteLLM's rule: every prompt is a turn of the user.

use serde_json::{Value, json};

use crate::json::{Object, raw};

/// Turns the request into one for a chat; the answer is turned back by [`crate::answer`] and [`crate::stream`].
///
/// A prompt of token numbers cannot be shown to a chat: `None`.
pub fn text_to_chat(mut request: Object<'_>) -> Option<Object<'_>> {
    let prompt: Value = serde_json::from_str(&request.remove("prompt")?).ok()?;
    let prompts = match prompt {
        Value::String(text) => vec![text],
        Value::Array(items) => {
            let texts: Option<Vec<String>> = items.iter().map(|item| item.as_str().map(str::to_owned)).collect();
            texts?
        }
        _ => return None,
    };
    let messages: Vec<Value> = prompts.iter().map(|text| json!({ "role": "user", "content": text })).collect();
    request.set("messages", raw(&messages));
    Some(request)
}

#[cfg(test)]
mod tests;
