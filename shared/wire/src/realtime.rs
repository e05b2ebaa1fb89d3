//! Realtime sessions: where a provider's WebSocket is, what its events count, and what is said when one fails.
//!
//! Knows no socket and no frame: an event is the text of one message.

use memchr::memmem;
use serde_json::json;

use crate::Usage;
use crate::json::Object;
use crate::provider::{AZURE_API_VERSION, Path, Provider, UrlError, resource_url};

/// RFC 6455: a control frame has room for 125 bytes, two of which are the code.
const REASON_BYTES_MAX: usize = 123;

/// What a session is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wish<'a> {
    pub model: &'a str,
    /// `intent=transcription` and the like, passed on.
    pub intent: Option<&'a str>,
    pub protocol: Protocol,
}

/// Which of OpenAI's two sets of events the client speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    Current,
    /// It says `OpenAI-Beta: realtime=v1`.
    Beta,
}

/// The address of a session, with `http` or `https` as its scheme: a WebSocket begins as a request.
///
/// OpenAI has one address for both protocols, Azure one for each.
///
/// # Errors
/// Where the provider has no base of its own and none is given.
pub fn url(
    provider: &Provider,
    api_base: Option<&str>,
    api_version: Option<&str>,
    wish: Wish<'_>,
) -> Result<String, UrlError> {
    let is_transcription = wish.intent == Some("transcription");
    let is_azure = provider.path == Path::Azure;
    let mut query = Vec::new();
    let base = if is_azure && wish.protocol == Protocol::Beta {
        query.push(("api-version", api_version.unwrap_or(AZURE_API_VERSION)));
        query.push(("deployment", wish.model));
        let dated = resource_url(provider, api_base, None, "/realtime")?;
        dated.split('?').next().unwrap_or_default().to_owned()
    } else {
        // A transcription names its model in the session: in the address it would open a conversation.
        if !is_transcription {
            query.push(("model", wish.model));
        }
        resource_url(provider, api_base, is_azure.then_some("v1"), "/realtime")?
    };
    query.extend(wish.intent.map(|intent| ("intent", intent)));
    let pairs: Vec<String> = query.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
    Ok(if pairs.is_empty() { base } else { format!("{base}?{}", pairs.join("&")) })
}

fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// The tokens that an event of the provider counts: those of one answer, in `response.done`.
pub fn usage(event: &str) -> Option<Usage> {
    memmem::find(event.as_bytes(), b"\"response.done\"")?;
    let object = Object::parse(event.as_bytes()).ok()?;
    if object.string("type")? != "response.done" {
        return None;
    }
    let response = Object::parse(object.given("response")?.as_bytes()).ok()?;
    Usage::parse(response.given("usage")?)
}

/// The event that says why a session ends, before its close frame.
pub fn error_event(message: &str) -> String {
    json!({ "type": "error", "error": { "type": "server_error", "message": message } }).to_string()
}

/// The code to close with when the provider refused the WebSocket with this status.
pub const fn refusal_code(status: u16) -> u16 {
    match status {
        401 | 403 => 1008,
        429 => 1013,
        _ => 1011,
    }
}

/// The provider's close code, where a client may be sent it.
pub const fn close_code(code: u16) -> u16 {
    match code {
        1000..=1003 | 1007..=1014 | 3000..=4999 => code,
        _ => 1011,
    }
}

/// A reason that fits into a close frame.
pub fn close_reason(text: &str) -> &str {
    &text[..text.floor_char_boundary(REASON_BYTES_MAX)]
}

#[cfg(test)]
mod tests;
