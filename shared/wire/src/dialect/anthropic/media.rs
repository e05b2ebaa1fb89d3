//! Images and documents of a chat, in Anthropic's form.
//!
//! Addresses that the host cannot fetch have been replaced by their bytes before ([`crate::media`]). Fetches nothing.

use std::borrow::Cow;

use serde::Deserialize;

use super::host::Host;
use super::system::mark;
use crate::chat::{Part, Text};
use crate::json;
use crate::prepare::Refusal;

/// Where an image or a document is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Source<'a> {
    Base64 { media_type: Cow<'a, str>, data: &'a str },
    Url(&'a str),
}

/// An address with what LiteLLM reads beside it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Address<'a> {
    #[serde(borrow)]
    url: Option<Text<'a>>,
    #[serde(borrow)]
    format: Option<Text<'a>>,
    #[serde(borrow)]
    file_data: Option<Text<'a>>,
    #[serde(borrow)]
    file_id: Option<Text<'a>>,
}

/// What an address stands for: bytes of its own, or a place that the host fetches from.
///
/// # Errors
/// Where the address is neither, or the host fetches none of its kind.
pub(super) fn media_source<'a>(host: Host, url: &'a str, format: Option<&'a str>) -> Result<Source<'a>, Refusal> {
    let is_remote = url.starts_with("http://") || url.starts_with("https://");
    if is_remote && (host.inlines_images() || url.starts_with("http://")) {
        return Err(Refusal::bad(format!(
            "{} does not fetch images from `{}`: send the image as a `data:` address with base64",
            host.provider(),
            url.split(['?', '#']).next().unwrap_or_default(),
        )));
    }
    if is_remote {
        return Ok(Source::Url(url));
    }
    let (media_type, data) = inline(url).ok_or_else(|| {
        Refusal::bad(
            "Image url not in expected format. Example Expected input - \"image_url\": \
             \"data:image/jpeg;base64,{base64_image}\". Supported formats - ['image/jpeg', 'image/png', 'image/gif', \
             'image/webp'].",
        )
    })?;
    let media_type = match format {
        Some(format) => Cow::Borrowed(format),
        None if media_type.contains("\\/") => Cow::Owned(media_type.replace("\\/", "/")),
        None => Cow::Borrowed(media_type),
    };
    Ok(Source::Base64 { media_type, data })
}

fn inline(url: &str) -> Option<(&str, &str)> {
    let (_, rest) = url.split_once("data:")?;
    let (media_type, data) = rest.split_once(";base64,")?;
    (!data.contains(";base64,")).then_some((media_type, data))
}

/// Appends an `image` block for an `image_url` part.
///
/// # Errors
/// Where the part holds no image that the host takes.
pub(super) fn image(out: &mut Vec<u8>, host: Host, part: &Part<'_>) -> Result<(), Refusal> {
    let address = address(part, "image_url")?;
    let url = address.url.as_deref().unwrap_or_default();
    let source = media_source(host, url, given(&address.format))?;
    block(out, "image", &source, part);
    Ok(())
}

/// As [`image`], within a tool's result: there documents may come as images.
///
/// # Errors
/// Where the part holds no image that the host takes.
pub(super) fn image_of_tool(out: &mut Vec<u8>, host: Host, part: &Part<'_>) -> Result<(), Refusal> {
    let address = address(part, "image_url")?;
    let url = address.url.as_deref().unwrap_or_default();
    let is_document = ["data:application/pdf", "data:text/plain"]
        .iter()
        .any(|start| url.strip_prefix(start).is_some_and(|rest| rest.starts_with([';', ','])));
    let format = given(&address.format).filter(|_| !is_document);
    let source = media_source(host, url, format)?;
    block(out, if is_document { "document" } else { "image" }, &source, part);
    Ok(())
}

/// Appends the block of a `file` part.
///
/// # Errors
/// Where the part holds neither bytes nor an id.
pub(super) fn file(out: &mut Vec<u8>, host: Host, part: &Part<'_>) -> Result<(), Refusal> {
    let missing = "Content block has type='file' but is missing the required 'file' field";
    let file = part.get("file").ok_or_else(|| Refusal::bad(missing))?;
    let file: Address<'_> = serde_json::from_str(file).map_err(|_| Refusal::bad(missing))?;
    if let Some(data) = given(&file.file_data) {
        let source = media_source(host, data, given(&file.format))?;
        block(out, "document", &source, part);
        return Ok(());
    }
    let Some(id) = given(&file.file_id) else {
        return Err(Refusal::bad("Either file_data or file_id must be present in the file message"));
    };
    by_id(out, id, given(&file.format));
    mark(out, part.cache_control.map(|mark| mark.get()));
    out.push(b'}');
    Ok(())
}

fn by_id(out: &mut Vec<u8>, id: &str, format: Option<&str>) {
    let (kind, source, name) = match format {
        Some("application/pdf" | "text/plain") => ("document", "file", "file_id"),
        Some("image/jpeg" | "image/png" | "image/gif" | "image/webp") => ("image", "file", "file_id"),
        None if id.starts_with("http") => ("document", "url", "url"),
        _ => {
            out.extend_from_slice(b"{\"type\":\"container_upload\",\"file_id\":");
            json::write_string(out, id);
            return;
        }
    };
    out.extend_from_slice(format!("{{\"type\":\"{kind}\",\"source\":{{\"type\":\"{source}\",\"{name}\":").as_bytes());
    json::write_string(out, id);
    out.push(b'}');
}

fn given<'t>(text: &'t Option<Text<'_>>) -> Option<&'t str> {
    text.as_deref().filter(|text| !text.is_empty())
}

fn address<'p>(part: &'p Part<'_>, name: &str) -> Result<Address<'p>, Refusal> {
    let text = part.get(name).unwrap_or("{}");
    let parsed = if text.starts_with('"') {
        serde_json::from_str(text).map(|url| Address { url: Some(url), ..Address::default() })
    } else {
        serde_json::from_str(text)
    };
    parsed.map_err(|_| Refusal::bad(format!("`{name}` holds no address: send `{{\"url\": …}}`")))
}

fn block(out: &mut Vec<u8>, kind: &str, source: &Source<'_>, part: &Part<'_>) {
    out.extend_from_slice(b"{\"type\":\"");
    out.extend_from_slice(kind.as_bytes());
    match source {
        Source::Base64 { media_type, data } => {
            out.extend_from_slice(b"\",\"source\":{\"type\":\"base64\",\"media_type\":");
            json::write_string(out, media_type);
            out.extend_from_slice(b",\"data\":");
            json::write_string(out, data);
        }
        Source::Url(url) => {
            out.extend_from_slice(b"\",\"source\":{\"type\":\"url\",\"url\":");
            json::write_string(out, url);
        }
    }
    out.push(b'}');
    mark(out, part.cache_control.map(|mark| mark.get()));
    out.push(b'}');
}
