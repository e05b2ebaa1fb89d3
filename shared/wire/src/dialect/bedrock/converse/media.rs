//! Images, films and documents of a message as blocks. Knows no turn.
//!
//! LiteLLM's `BedrockImageProcessor`: the media type decides what a thing is, whichever part it came in.

use std::borrow::Cow;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::block::{Block, Document, Media, Source};
use crate::chat::{Part, Text};
use crate::prepare::Refusal;

const IMAGES: [&str; 4] = ["png", "jpeg", "gif", "webp"];
const FILMS: [&str; 9] = ["mp4", "mov", "mkv", "webm", "flv", "mpeg", "mpg", "wmv", "3gp"];
/// Media types of documents, and what Bedrock calls them.
const DOCUMENTS: [(&str, &str); 9] = [
    ("application/pdf", "pdf"),
    ("text/csv", "csv"),
    ("application/msword", "doc"),
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"),
    ("application/vnd.ms-excel", "xls"),
    ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"),
    ("text/html", "html"),
    ("text/plain", "txt"),
    ("text/markdown", "md"),
];
/// Of a document no more is read for its name.
const HASHED_BYTES_MAX: usize = 64 * 1024;

/// `image_url`, as an object or as the bare address.
#[derive(Deserialize)]
#[serde(untagged)]
enum Address<'a> {
    Object {
        #[serde(borrow)]
        url: Text<'a>,
        #[serde(borrow)]
        format: Option<Text<'a>>,
    },
    Bare(#[serde(borrow)] Text<'a>),
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct File<'a> {
    #[serde(borrow)]
    file_data: Option<Text<'a>>,
    #[serde(borrow)]
    file_id: Option<Text<'a>>,
    #[serde(borrow)]
    format: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Base64Source<'a> {
    #[serde(rename = "type", borrow)]
    kind: Text<'a>,
    #[serde(borrow, default)]
    media_type: Text<'a>,
    #[serde(borrow, default)]
    data: Text<'a>,
}

/// The block of an `image_url` part.
pub(super) fn image<'a>(part: &Part<'a>) -> Result<Block<'a>, Refusal> {
    let unreadable = || Refusal::bad("`image_url` has no address: send `{\"url\": \"…\"}`");
    let raw = field(part, "image_url").ok_or_else(unreadable)?;
    match serde_json::from_str(raw).map_err(|_| unreadable())? {
        Address::Object { url, format } => of_url(url.0, format.map(|format| format.0)),
        Address::Bare(url) => of_url(url.0, None),
    }
}

/// The block of a `file` part.
pub(super) fn file<'a>(part: &Part<'a>) -> Result<Block<'a>, Refusal> {
    let missing = || Refusal::bad("Content block has type='file' but is missing the required 'file' field");
    let raw = field(part, "file").ok_or_else(missing)?;
    let file: File<'a> = serde_json::from_str(raw).map_err(|_| missing())?;
    let Some(data) = file.file_id.or(file.file_data) else {
        return Err(Refusal::bad(format!("file_data and file_id cannot both be None. Got={raw}")));
    };
    of_url(data.0, file.format.map(|format| format.0))
}

/// The block of a `document` part in Anthropic's form.
pub(super) fn document<'a>(part: &Part<'a>) -> Result<Block<'a>, Refusal> {
    let missing = || Refusal::bad("a document needs a `source` of type `base64`");
    let raw = field(part, "source").ok_or_else(missing)?;
    let source: Base64Source<'a> = serde_json::from_str(raw).map_err(|_| missing())?;
    if &*source.kind != "base64" {
        return Err(Refusal::bad(format!(
            "Bedrock Converse only supports base64-encoded document sources, got '{}'. Please convert the document \
             to base64 before sending to Bedrock.",
            &*source.kind
        )));
    }
    let format = document_format(&source.media_type)?;
    let name = document_name("Document", &source.data.0, format);
    Ok(Block::Document(Document { source: Source { bytes: source.data.0 }, format: format.into(), name }))
}

/// A field of the part, for as long as the request lives.
fn field<'a>(part: &Part<'a>, name: &str) -> Option<&'a str> {
    part.rest.iter().find(|(own, _)| own == name).map(|(_, raw)| raw.get())
}

/// What a `data:` address holds.
fn of_url<'a>(url: Cow<'a, str>, format: Option<Cow<'a, str>>) -> Result<Block<'a>, Refusal> {
    let unsupported = || Refusal::bad("Unsupported image type. Expected either image url or base64 encoded string");
    let (head, data) = match url {
        Cow::Borrowed(url) => {
            let (head, data) = url.split_once(',').ok_or_else(unsupported)?;
            (Cow::Borrowed(head), Cow::Borrowed(data))
        }
        Cow::Owned(url) => {
            let (head, data) = url.split_once(',').ok_or_else(unsupported)?;
            (Cow::Owned(head.to_owned()), Cow::Owned(data.to_owned()))
        }
    };
    if !head.contains("base64") || data.contains(',') {
        return Err(unsupported());
    }
    let named = head.strip_prefix("data:").and_then(|rest| rest.split(';').next());
    let media_type = format.unwrap_or_else(|| Cow::Owned(named.unwrap_or("image/jpeg").to_owned()));
    block(data, &media_type)
}

fn block<'a>(data: Cow<'a, str>, media_type: &str) -> Result<Block<'a>, Refusal> {
    if media_type.starts_with("application") || media_type.starts_with("text") {
        let format = document_format(media_type)?;
        let name = document_name("DocumentPDFmessages", &data, format);
        return Ok(Block::Document(Document { source: Source { bytes: data }, format: format.into(), name }));
    }
    let format = media_type.split('/').nth(1).unwrap_or_default().to_owned();
    let is_film = FILMS.contains(&format.as_str());
    if !is_film && !IMAGES.contains(&format.as_str()) {
        let known: Vec<&str> = FILMS.iter().chain(&IMAGES).copied().collect();
        let known = crate::python::list(known);
        return Err(Refusal::bad(format!("Unsupported image format: {format}. Supported formats: {known}")));
    }
    let media = Media { source: Source { bytes: data }, format: format.into() };
    Ok(if is_film { Block::Video(media) } else { Block::Image(media) })
}

fn document_format(media_type: &str) -> Result<&'static str, Refusal> {
    let found = DOCUMENTS.iter().find(|(known, _)| *known == media_type).map(|(_, format)| *format);
    found.ok_or_else(|| {
        let known = crate::python::list(DOCUMENTS.iter().map(|(_, format)| *format));
        Refusal::bad(format!("No supported extensions for MIME type: {media_type}. Supported formats: {known}"))
    })
}

/// A name that is the same for the same content, as prompt caching wants it.
fn document_name(kind: &str, data: &str, format: &str) -> String {
    let text: Cow<'_, str> = if data.contains(char::is_whitespace) {
        data.split_whitespace().collect::<String>().into()
    } else {
        data.into()
    };
    let mut hasher = Sha256::new();
    hasher.update(&text.as_bytes()[..text.len().min(HASHED_BYTES_MAX)]);
    hasher.update(text.len().to_string());
    format!("{kind}_{}_{format}", hex(&hasher.finalize()[..8]))
}

/// Bytes in lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
