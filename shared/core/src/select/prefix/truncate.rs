//! Long base64 data in a prompt gives way to its size. Must not know what the rest is for.
//!
//! LiteLLM remembers a prompt in the shape its log has. Source: `truncate_base64_in_messages` of LiteLLM 1.106.2
//! (`litellm_core_utils/logging_utils.py`), with the limits it has by default.

use std::borrow::Cow;

use serde_json::{Map, Value};

const PAYLOAD_CHARS_MAX: usize = 64;
const MIME_CHARS_MAX: usize = 255;
/// Lists and objects below the list of messages, which has depth 0; what is deeper is left alone.
const DEPTH_MAX: usize = 20;
const KIB: f64 = 1024.0;
const MIB: f64 = 1024.0 * 1024.0;

/// Truncates in every text of the message, names of fields excepted.
pub(super) fn in_message(message: &mut Map<String, Value>) {
    message.values_mut().for_each(|value| in_value(value, 1));
}

/// `depth` is that of the list or object that holds `value`.
fn in_value(value: &mut Value, depth: usize) {
    if depth > DEPTH_MAX {
        return;
    }
    match value {
        Value::String(text) => {
            if let Cow::Owned(truncated) = truncated(text) {
                *text = truncated;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| in_value(item, depth + 1)),
        Value::Object(fields) => fields.values_mut().for_each(|item| in_value(item, depth + 1)),
        _ => {}
    }
}

fn truncated(text: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut copied = 0;
    let mut searched = 0;
    while let Some(found) = memchr::memmem::find(&text.as_bytes()[searched..], b"data:") {
        let begin = searched + found;
        let Some((payload, end)) = payload(text, begin) else {
            searched = begin + 1;
            continue;
        };
        searched = end;
        if end - payload > PAYLOAD_CHARS_MAX {
            out.push_str(&text[copied..payload]);
            out.push_str(&format!("[base64_data truncated: {}]", size(end - payload)));
            copied = end;
        }
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[copied..]);
    Cow::Owned(out)
}

/// Where the payload of the data URI at `begin` starts and ends: `data:([^;,\s]{1,255});base64,([A-Za-z0-9+/=]+)`.
fn payload(text: &str, begin: usize) -> Option<(usize, usize)> {
    let rest = &text[begin + "data:".len()..];
    let is_end = |character: char| matches!(character, ';' | ',') || is_space(character);
    let (mime_end, _) = rest.char_indices().take(MIME_CHARS_MAX + 1).find(|(_, character)| is_end(*character))?;
    let data = rest[mime_end..].strip_prefix(";base64,").filter(|_| mime_end > 0)?;
    let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    let length = data.bytes().position(|byte| !is_base64(&byte)).unwrap_or(data.len());
    let start = text.len() - data.len();
    (length > 0).then_some((start, start + length))
}

/// Python's `\s`, which has the separators of ASCII too.
fn is_space(character: char) -> bool {
    character.is_whitespace() || matches!(character, '\u{1c}'..='\u{1f}')
}

/// About how much the payload decodes to.
fn size(chars: usize) -> String {
    let bytes = u32::try_from(chars).map_or(f64::MAX, f64::from) * 3.0 / 4.0;
    if bytes >= MIB {
        return format!("{:.2}MB", bytes / MIB);
    }
    if bytes >= KIB {
        return format!("{:.1}KB", bytes / KIB);
    }
    format!("{}B", bytes.trunc())
}
