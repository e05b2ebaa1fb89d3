//! Images and documents that a request names by address, for providers that want the bytes.
//!
//! Says which addresses have to be fetched, and puts what was fetched in their place. Fetches nothing.
//! The shapes are LiteLLM's: `image_url` and `file` parts, and Anthropic's `image` and `document` blocks.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use memchr::memmem;
use serde_json::{Map, Value, json};

use crate::json::{Object, raw};
use crate::ocr;
use crate::prepare::Rules;

/// Addresses that one request may have fetched.
pub const ADDRESSES_MAX: usize = 100;

/// A part of a message that stands elsewhere.
#[derive(Clone, Copy, Debug)]
pub struct Remote<'a> {
    /// `image_url`, `file`, `image` or `document`.
    pub kind: &'a str,
    /// Begins with `http://` or `https://`.
    pub url: &'a str,
    /// The object that holds the address, where it is one: `format`, `detail`, …
    pub fields: Option<&'a Map<String, Value>>,
}

/// Something that was fetched.
#[derive(Clone, Debug)]
pub struct Fetched {
    pub url: String,
    /// Such as `image/png`.
    pub media_type: String,
    pub bytes: Vec<u8>,
}

/// The addresses in `messages` that the provider cannot fetch itself, each once, at most [`ADDRESSES_MAX`].
pub fn wanted(rules: &Rules, body: &Object<'_>) -> Vec<String> {
    if let Some(url) = ocr::wanted(rules, body) {
        return vec![url];
    }
    let Some(dialect) = rules.dialect else { return Vec::new() };
    let Some(messages) = messages(body) else { return Vec::new() };
    let mut found: Vec<String> = Vec::new();
    for part in messages.iter().flat_map(parts) {
        let Some(remote) = remote(part) else { continue };
        let is_new = !found.iter().any(|url| url == remote.url);
        if is_new && found.len() < ADDRESSES_MAX && dialect.inlines(&rules.settings, &remote) {
            found.push(remote.url.to_owned());
        }
    }
    found
}

/// Puts what was fetched into the messages, as `data:` addresses or base64 sources.
pub fn inline(rules: &Rules, body: &mut Object<'_>, fetched: &[Fetched]) {
    if let (Some(url), [found]) = (ocr::wanted(rules, body), fetched)
        && found.url == url
    {
        return ocr::inline(body, found);
    }
    let (Some(dialect), Some(mut messages)) = (rules.dialect, messages(body)) else { return };
    for part in messages.iter_mut().flat_map(parts_mut) {
        let Some(remote) = remote(part).filter(|remote| dialect.inlines(&rules.settings, remote)) else { continue };
        if let Some(found) = fetched.iter().find(|found| found.url == remote.url) {
            put(part, found);
        }
    }
    body.set("messages", raw(&messages));
}

/// The type of what was fetched: what its server says, else its address's ending, else its first bytes.
pub fn media_type(url: &str, content_type: Option<&str>, bytes: &[u8]) -> Option<String> {
    let said = content_type.map(str::trim).filter(|said| {
        !said.is_empty() && !said.starts_with("binary/octet-stream") && !said.starts_with("application/octet-stream")
    });
    if let Some(said) = said {
        return Some(said.to_owned());
    }
    let path = url.split(['?', '#']).next().unwrap_or(url);
    let ending = path.rsplit('/').next()?.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    let by_ending = ending.and_then(|ending| ENDINGS.iter().find(|(name, _)| *name == ending));
    let by_bytes = || STARTS.iter().find(|(start, _)| bytes.starts_with(start)).map(|(_, kind)| *kind);
    let webp = || (bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP")).then_some("image/webp");
    by_ending.map(|(_, kind)| *kind).or_else(by_bytes).or_else(webp).map(str::to_owned)
}

const ENDINGS: [(&str, &str); 13] = [
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("png", "image/png"),
    ("gif", "image/gif"),
    ("webp", "image/webp"),
    ("pdf", "application/pdf"),
    ("csv", "text/csv"),
    ("doc", "application/msword"),
    ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ("xls", "application/vnd.ms-excel"),
    ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ("html", "text/html"),
    ("txt", "text/plain"),
];
const STARTS: [(&[u8], &str); 5] = [
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"%PDF", "application/pdf"),
    (b"BM", "image/bmp"),
];

/// The messages, if an address can be among them.
fn messages(body: &Object<'_>) -> Option<Vec<Value>> {
    let text = body.given("messages")?;
    memmem::find(text.as_bytes(), b"\"http")?;
    serde_json::from_str(text).ok()
}

fn parts(message: &Value) -> impl Iterator<Item = &Value> {
    message.get("content").and_then(Value::as_array).into_iter().flatten()
}

fn parts_mut(message: &mut Value) -> impl Iterator<Item = &mut Value> {
    message.get_mut("content").and_then(Value::as_array_mut).into_iter().flatten()
}

fn remote(part: &Value) -> Option<Remote<'_>> {
    let kind = part.get("type")?.as_str()?;
    let (fields, url) = match kind {
        "image_url" => {
            let image = part.get("image_url")?;
            (image.as_object(), image.get("url").unwrap_or(image))
        }
        "file" => (part.get("file")?.as_object(), part.get("file")?.get("file_id")?),
        "image" | "document" => {
            let source = part.get("source").filter(|source| source["type"] == "url")?;
            (source.as_object(), source.get("url")?)
        }
        _ => return None,
    };
    let url = url.as_str().filter(|url| url.starts_with("http://") || url.starts_with("https://"))?;
    Some(Remote { kind, url, fields })
}

fn put(part: &mut Value, found: &Fetched) {
    let data = STANDARD.encode(&found.bytes);
    let is_pdf = found.url.to_ascii_lowercase().ends_with(".pdf");
    let data_url = || format!("data:{};base64,{data}", found.media_type);
    if let Some(image) = part.get_mut("image_url") {
        match image {
            Value::Object(fields) => fields.insert("url".to_owned(), data_url().into()),
            other => Some(std::mem::replace(other, data_url().into())),
        };
    } else if let Some(Value::Object(file)) = part.get_mut("file") {
        file.remove("file_id");
        if is_pdf && !file.contains_key("format") {
            file.insert("format".to_owned(), "application/pdf".into());
        }
        file.insert("file_data".to_owned(), data_url().into());
    } else if let Some(source) = part.get_mut("source") {
        let media_type = if is_pdf { "application/pdf" } else { found.media_type.as_str() };
        *source = json!({ "type": "base64", "media_type": media_type, "data": data });
    }
}

#[cfg(test)]
mod tests;
