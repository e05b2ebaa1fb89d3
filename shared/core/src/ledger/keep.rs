//! What of a call's request and answer is kept in a spend log: long texts cut, credentials left out.
//!
//! As LiteLLM does it, word for word, so that its readers know a cut text. Decides nothing about whether anything is kept.

use std::borrow::Cow;

use serde_json::Value;

/// LiteLLM's `MAX_STRING_LENGTH_PROMPT_IN_DB`, in characters.
pub const TEXT_CHARS_MAX: usize = 2048;
const REDACTED: &str = "REDACTED_BY_LITELM";
/// Deeper values are left out, and their size with them.
const DEPTH_MAX: usize = 64;
/// Raw headers of the request.
const LEFT_OUT: &str = "secret_fields";
/// A member whose name has one of these words holds a credential.
const SENSITIVE: &[&str] = &[
    "password",
    "secret",
    "key",
    "apikey",
    "token",
    "auth",
    "authorization",
    "cookie",
    "credential",
    "credentials",
    "access",
    "private",
    "certificate",
    "fingerprint",
    "tenancy",
];
/// Unless it has this one, too.
const HARMLESS: &str = "cost";
const TOOL_INPUTS: &[&str] = &["tool_use", "server_tool_use", "mcp_tool_use"];
const TOOL_OUTPUTS: &[&str] = &["tool_result", "mcp_tool_result", "function_call_output"];

/// Whether members are looked at for credentials.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    Closely,
    /// What tools are told and say is the user's.
    Away,
}

/// The value as it may be kept.
pub fn kept(value: &Value, chars_max: usize) -> Value {
    tidy(value, chars_max, Look::Closely, 0)
}

fn tidy(value: &Value, chars_max: usize, look: Look, depth: usize) -> Value {
    if depth > DEPTH_MAX {
        return Value::Null;
    }
    match value {
        Value::String(text) => cut(text, chars_max).into(),
        Value::Array(items) => items.iter().map(|item| tidy(item, chars_max, look, depth + 1)).collect(),
        Value::Object(members) => {
            let kept = members.iter().filter(|(name, _)| *name != LEFT_OUT).map(|(name, member)| {
                let is_credential = look == Look::Closely && member.is_string() && is_sensitive(name);
                let inner = if is_tools(value, name) { Look::Away } else { look };
                let kept = if is_credential { REDACTED.into() } else { tidy(member, chars_max, inner, depth + 1) };
                (without_nul(name), kept)
            });
            Value::Object(kept.collect())
        }
        other => other.clone(),
    }
}

fn is_sensitive(name: &str) -> bool {
    let name = name.to_lowercase().replace('-', "_");
    let has = |wanted: &&str| name.split('_').any(|word| word == *wanted);
    !has(&HARMLESS) && SENSITIVE.iter().any(has)
}

fn is_tools(parent: &Value, name: &str) -> bool {
    let text = |name: &str| parent.get(name).and_then(Value::as_str).unwrap_or_default();
    match name {
        "arguments" | "logprobs" => true,
        "input" => TOOL_INPUTS.contains(&text("type")),
        "content" | "output" => TOOL_OUTPUTS.contains(&text("type")) || text("role") == "tool",
        _ => false,
    }
}

/// A long text's first 35 and last 65 hundredths, and what is left out between them.
fn cut(text: &str, chars_max: usize) -> String {
    let text = without_nul(text);
    let count = text.chars().count();
    if count <= chars_max {
        return text;
    }
    let (first, last) = (chars_max * 35 / 100, chars_max * 65 / 100);
    let place = |chars: usize| text.char_indices().nth(chars).map_or(text.len(), |(place, _)| place);
    let (head, tail) = (&text[..place(first)], &text[place(count - last)..]);
    let skipped = count - first - last;
    format!(
        "{head}... (litellm_truncated skipped {skipped} chars. Truncation is a DB storage safeguard. Full, untruncated \
         data is logged to logging callbacks (OTEL, Datadog, etc.). To increase the truncation limit, set \
         `MAX_STRING_LENGTH_PROMPT_IN_DB` in your env.) ...{tail}"
    )
}

/// PostgreSQL keeps no NUL.
pub fn without_nul(text: &str) -> String {
    text.replace('\0', "")
}

/// The same, borrowed where there is none.
pub fn clean(text: &str) -> Cow<'_, str> {
    if memchr::memchr(0, text.as_bytes()).is_none() { text.into() } else { without_nul(text).into() }
}
