//! The input of a response, cleaned of what the provider's check refuses. Each item that is fine stays its own text.
//!
//! Knows no parameter.

use serde_json::Value;
use serde_json::value::RawValue;

use super::super::call::Call;
use super::super::messages;
use crate::json::{Object, raw};
use crate::provider::Adapter;

/// Texts without which no item needs a change.
const SUSPECTS: [&str; 5] = ["\"reasoning\"", "_call\"", "\"cache_control\"", "\"status\"", "\"encitem_"];
/// Ids of the gateway's own making begin so, followed by a UUID.
const REASONING_PREFIX: &str = "rs_";
const UUID_CHARACTERS: usize = 36;

pub(super) fn clean(call: &mut Call<'_, '_>) {
    let Some(text) = call.body.get("input").filter(|text| text.starts_with('[')) else { return };
    if !SUSPECTS.iter().any(|suspect| text.contains(suspect)) {
        return;
    }
    let Ok(items) = serde_json::from_str::<Vec<&RawValue>>(text) else { return };
    let adapter = call.rules.provider().adapter;
    let cleaned: Vec<Box<RawValue>> = items.into_iter().filter_map(|item| clean_item(item, adapter)).collect();
    call.body.set("input", raw(&cleaned));
}

/// `None` where the item must not be sent at all.
fn clean_item(item: &RawValue, adapter: Adapter) -> Option<Box<RawValue>> {
    let text = item.get();
    let mut object = match Object::parse(text.as_bytes()) {
        Ok(object) => object,
        Err(_) => return Some(item.to_owned()),
    };
    // OpenAI and Azure check that an id is of their own making.
    let is_checked = matches!(adapter, Adapter::OpenAi | Adapter::Azure | Adapter::AzureAi);
    let kind = object.string("type").map(|kind| kind.into_owned()).unwrap_or_default();
    let id = object.string("id").map(|id| id.into_owned());
    match kind.as_str() {
        "reasoning" if is_checked && is_own_reasoning(&object, id.as_deref()) => return None,
        "reasoning" => clean_reasoning(&mut object, adapter),
        "message" if matches!(adapter, Adapter::Azure | Adapter::AzureAi) => drop(object.remove("status")),
        "function_call" if is_checked && id.as_ref().is_some_and(|id| !id.starts_with("fc")) => {
            drop(object.remove("id"))
        }
        "custom_tool_call" if is_checked && id.is_some_and(|id| !id.starts_with("ctc")) => drop(object.remove("id")),
        _ => {}
    }
    if !text.contains("\"cache_control\"") {
        return RawValue::from_string(String::from_utf8(object.to_vec()).ok()?).ok();
    }
    let mut value: Value = serde_json::from_slice(&object.to_vec()).ok()?;
    messages::remove_everywhere(&mut value, "cache_control");
    Some(raw(&value))
}

/// Nulls are refused there; Azure refuses a status, too.
fn clean_reasoning(object: &mut Object<'_>, adapter: Adapter) {
    object.retain(|_, text| text != "null");
    if matches!(adapter, Adapter::Azure | Adapter::AzureAi) {
        object.remove("status");
    }
    if object.get("summary").is_none() {
        object.set_text("summary", "[]".to_owned());
    }
}

/// Whether this reasoning was made up here, from another provider's: OpenAI knows nothing of it.
fn is_own_reasoning(object: &Object<'_>, id: Option<&str>) -> bool {
    let suffix = id.and_then(|id| id.strip_prefix(REASONING_PREFIX));
    let is_own_id = suffix.is_some_and(is_random_uuid);
    is_own_id || object.string("encrypted_content").is_some_and(|content| holds_signed_blocks(&content))
}

fn is_random_uuid(text: &str) -> bool {
    text.len() == UUID_CHARACTERS
        && text.bytes().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => byte == b'-',
            14 => byte == b'4',
            _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        })
}

/// Blocks of Anthropic's reasoning, which travel in the place of OpenAI's encrypted text.
pub(crate) fn holds_signed_blocks(content: &str) -> bool {
    !signed_blocks(content).is_empty()
}

/// Anthropic's blocks with a signature that stand in this text; none where it is OpenAI's own.
pub(crate) fn signed_blocks(content: &str) -> Vec<Value> {
    if !content.trim_start().starts_with('[') {
        return Vec::new();
    }
    let Ok(mut blocks) = serde_json::from_str::<Vec<Value>>(content) else { return Vec::new() };
    blocks.retain(is_signed);
    blocks
}

/// Whether a block of reasoning can be checked by who made it.
pub(crate) fn is_signed(block: &Value) -> bool {
    let has = |name: &str| block.get(name).and_then(Value::as_str).is_some_and(|text| !text.is_empty());
    match block.get("type").and_then(Value::as_str) {
        Some("thinking") => has("signature"),
        Some("redacted_thinking") => has("data"),
        _ => false,
    }
}
