//! Images, sounds, films and documents: what a part of a message becomes, and which of it has to be fetched.
//!
//! LiteLLM's rules for types and addresses. Fetches nothing.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::contents::Part;
use super::model;
use crate::chat::Text;
use crate::media::Remote;
use crate::prepare::Refusal;

/// Files that were uploaded to Google: it alone can read them.
const UPLOADED: &str = "https://generativelanguage.googleapis.com/v1beta/files/";
/// Types told by the ending of an address that Vertex AI fetches itself.
const FETCHED_TYPES: [(&str, &str); 17] = [
    (".jpg", "image/jpeg"),
    (".jpeg", "image/jpeg"),
    (".png", "image/png"),
    (".webp", "image/webp"),
    (".mp4", "video/mp4"),
    (".mov", "video/mov"),
    (".mpeg", "video/mpeg"),
    (".mpg", "video/mpeg"),
    (".avi", "video/avi"),
    (".wmv", "video/wmv"),
    (".mpegps", "video/mpegps"),
    (".flv", "video/flv"),
    (".mp3", "audio/mp3"),
    (".wav", "audio/wav"),
    (".ogg", "audio/ogg"),
    (".pdf", "application/pdf"),
    (".txt", "text/plain"),
];
/// Types told by the ending of a name in Google's storage.
const STORED_TYPES: [(&str, &str); 23] = [
    ("png", "image/png"),
    ("jpeg", "image/jpeg"),
    ("jpg", "image/jpeg"),
    ("webp", "image/webp"),
    ("aac", "audio/aac"),
    ("flac", "audio/flac"),
    ("mp3", "audio/mpeg"),
    ("mpa", "audio/m4a"),
    ("mpeg", "video/mpeg"),
    ("mpga", "audio/mpga"),
    ("opus", "audio/opus"),
    ("pcm", "audio/pcm"),
    ("wav", "audio/wav"),
    ("webm", "video/webm"),
    ("flv", "video/x-flv"),
    ("mov", "video/quicktime"),
    ("mpegps", "video/mpegps"),
    ("mpg", "video/mpg"),
    ("mp4", "video/mp4"),
    ("wmv", "video/wmv"),
    ("3gpp", "video/3gpp"),
    ("pdf", "application/pdf"),
    ("txt", "text/plain"),
];

/// Bytes within the request.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Blob<'a> {
    pub data: Cow<'a, str>,
    pub mime_type: Cow<'a, str>,
}

/// A file that Google fetches.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct FileData<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mime_type: Option<Cow<'a, str>>,
    pub file_uri: Cow<'a, str>,
}

/// What a part says of its medium: `image_url`, or `file`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Medium<'a> {
    #[serde(borrow)]
    url: Option<Text<'a>>,
    #[serde(borrow)]
    file_id: Option<Text<'a>>,
    #[serde(borrow)]
    file_data: Option<Text<'a>>,
    #[serde(borrow)]
    format: Option<Text<'a>>,
    #[serde(borrow)]
    mime_type: Option<Text<'a>>,
    #[serde(borrow)]
    content_type: Option<Text<'a>>,
    #[serde(borrow)]
    detail: Option<Text<'a>>,
    #[serde(borrow)]
    video_metadata: Option<&'a RawValue>,
}

/// A sound within a message.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Sound<'a> {
    #[serde(borrow)]
    data: Option<Text<'a>>,
    #[serde(borrow)]
    format: Option<Text<'a>>,
}

impl<'a> Medium<'a> {
    fn read(raw: &'a str) -> Result<Self, Refusal> {
        if raw.starts_with('"') {
            let url = serde_json::from_str(raw).ok();
            return Ok(Self { url, ..Self::default() });
        }
        serde_json::from_str(raw).map_err(|error| Refusal::bad(format!("Invalid message content: {error}")))
    }

    fn given_type(&self) -> Option<&Text<'a>> {
        [&self.format, &self.mime_type, &self.content_type]
            .into_iter()
            .filter_map(Option::as_ref)
            .find(|text| !text.is_empty())
    }
}

/// The part for an `image_url`.
///
/// # Errors
/// Where nothing can be told of it.
pub(super) fn image<'a>(raw: Option<&'a str>, model: &str) -> Result<Part<'a>, Refusal> {
    let missing = |name| {
        Refusal::bad(format!("Invalid message content: element type is 'image_url' but '{name}' field is missing "))
    };
    let medium = Medium::read(raw.ok_or_else(|| missing("image_url"))?)?;
    let url = medium.url.clone().ok_or_else(|| missing("url"))?;
    let part = part(url.0, medium.given_type().map(|text| text.0.clone()))?;
    Ok(with_detail(part, &medium, model))
}

/// The part for a `file`.
///
/// # Errors
/// Where it has neither id nor data, or its type cannot be told.
pub(super) fn file<'a>(raw: Option<&'a str>, model: &str) -> Result<Part<'a>, Refusal> {
    let missing = || Refusal::bad("Content block has type='file' but is missing the required 'file' field");
    let medium = Medium::read(raw.ok_or_else(missing)?)?;
    let passed = medium.file_id.clone().filter(|id| !id.is_empty()).or_else(|| medium.file_data.clone());
    let passed = passed.ok_or_else(|| Refusal::bad("Unknown file type. Please pass in a file_id or file_data"))?;
    let part = part(passed.0, medium.given_type().map(|text| text.0.clone())).map_err(|error| {
        let id = medium.file_id.as_deref().unwrap_or("provided data");
        Refusal::bad(format!(
            "Unable to determine mime type for file: {id}, set this explicitly using file.format (or \
             file.mime_type/content_type). Original error: {error}"
        ))
    })?;
    let mut part = with_detail(part, &medium, model);
    part.video_metadata = medium.video_metadata.and_then(|raw| film(raw.get())).map(Box::new);
    Ok(part)
}

/// The part for an `input_audio`; `None` where it holds no sound.
pub(super) fn sound(raw: Option<&str>) -> Option<Part<'_>> {
    let sound: Sound<'_> = serde_json::from_str(raw?).ok()?;
    let (data, format) = (sound.data?.0, sound.format?.0);
    let mime_type = if format.starts_with("audio/") { format } else { format!("audio/{format}").into() };
    Some(Part { inline_data: Some(Box::new(Blob { data, mime_type })), ..Part::default() })
}

fn film(raw: &str) -> Option<Value> {
    let given: Map<String, Value> = serde_json::from_str(raw).ok()?;
    let names = [("fps", "fps"), ("start_offset", "startOffset"), ("end_offset", "endOffset")];
    let kept: Map<String, Value> =
        names.iter().filter_map(|(own, name)| Some(((*name).to_owned(), given.get(*own)?.clone()))).collect();
    (!kept.is_empty()).then_some(Value::Object(kept))
}

/// Later models are told the resolution part by part, earlier ones once for all.
fn with_detail<'a>(mut part: Part<'a>, medium: &Medium<'_>, model: &str) -> Part<'a> {
    if model::is_third(model) {
        part.media_resolution = medium.detail.as_deref().and_then(resolution);
    }
    part
}

/// Gemini's name of a `detail`.
pub(super) fn resolution(detail: &str) -> Option<super::contents::Resolution> {
    let level = match detail {
        "low" => "MEDIA_RESOLUTION_LOW",
        "medium" => "MEDIA_RESOLUTION_MEDIUM",
        "high" => "MEDIA_RESOLUTION_HIGH",
        "ultra_high" => "MEDIA_RESOLUTION_ULTRA_HIGH",
        _ => return None,
    };
    Some(super::contents::Resolution { level })
}

/// The `detail` of an image or file.
pub(super) fn detail<'a>(raw: Option<&'a str>) -> Option<Text<'a>> {
    Medium::read(raw?).ok()?.detail
}

/// The part for an address or a `data:` text.
///
/// # Errors
/// Where it is neither, or its type cannot be told.
pub(super) fn part<'a>(url: Cow<'a, str>, given_type: Option<Cow<'a, str>>) -> Result<Part<'a>, Refusal> {
    if url.contains("gs://") {
        let mime_type = match given_type {
            Some(given) => plain_type(&given).into(),
            None => stored_type(&url)?.into(),
        };
        return Ok(by_address(url, Some(mime_type)));
    }
    if url.starts_with(UPLOADED) {
        return Ok(by_address(url, given_type));
    }
    if url.contains("https://")
        && let Some(mime_type) = given_type.clone().or_else(|| fetched_type(&url).map(Cow::Borrowed))
    {
        return Ok(by_address(url, Some(mime_type)));
    }
    let Some(mut blob) = data_url(&url) else {
        let start: String = url.chars().take(100).collect();
        return Err(Refusal::bad(format!("Invalid image received - {start}")));
    };
    if let Some(given) = given_type {
        blob.mime_type = given;
    }
    Ok(Part { inline_data: Some(Box::new(blob)), ..Part::default() })
}

fn by_address<'a>(file_uri: Cow<'a, str>, mime_type: Option<Cow<'a, str>>) -> Part<'a> {
    Part { file_data: Some(Box::new(FileData { mime_type, file_uri })), ..Part::default() }
}

/// Takes `data:<type>;base64,<data>` apart.
pub(super) fn data_url<'a>(url: &Cow<'a, str>) -> Option<Blob<'a>> {
    fn split(url: &str) -> Option<(&str, &str)> {
        url.strip_prefix("data:")?.split_once(";base64,")
    }
    Some(match url {
        Cow::Borrowed(url) => {
            let (mime_type, data) = split(url)?;
            Blob { data: data.into(), mime_type: mime_type.into() }
        }
        Cow::Owned(url) => {
            let (mime_type, data) = split(url)?;
            Blob { data: data.to_owned().into(), mime_type: mime_type.to_owned().into() }
        }
    })
}

/// A type without parameters, under its usual name.
fn plain_type(given: &str) -> String {
    let bare = given.split(';').next().unwrap_or(given).trim().to_ascii_lowercase();
    if bare == "image/jpg" { "image/jpeg".to_owned() } else { bare }
}

fn stored_type(url: &str) -> Result<&'static str, Refusal> {
    let ending = model::last(url).rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    let Some(ending) = ending else {
        return Err(Refusal::bad(format!(
            "Unable to determine mime type for gs URI: {url}. Set it explicitly using image_url.format (or \
             image_url.mime_type/content_type) or message.content[].file.format."
        )));
    };
    let found = STORED_TYPES.iter().find(|(name, _)| *name == ending);
    let refuse = || Refusal::bad(format!("File type not supported by gemini - {ending}"));
    found.map(|(_, mime)| *mime).ok_or_else(refuse)
}

fn fetched_type(url: &str) -> Option<&'static str> {
    let path = url.split(['?', '#']).next().unwrap_or(url).to_ascii_lowercase();
    FETCHED_TYPES.iter().find(|(ending, _)| path.ends_with(ending)).map(|(_, mime)| *mime)
}

/// Whether the bytes have to be sent: AI Studio fetches nothing, Vertex AI what it can tell the type of.
pub(super) fn inlines(is_vertex: bool, remote: &Remote<'_>) -> bool {
    if remote.url.starts_with(UPLOADED) {
        return false;
    }
    if !is_vertex || remote.url.starts_with("http://") {
        return true;
    }
    let given = |name: &str| remote.fields.and_then(|fields| fields.get(name)).and_then(Value::as_str);
    let is_typed = ["format", "mime_type", "content_type"].iter().any(|name| given(name).is_some());
    !is_typed && fetched_type(remote.url).is_none()
}
