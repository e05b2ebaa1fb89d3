//! What an item says, as the content of a message. Knows no turn.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::json;
use crate::prepare::Refusal;

/// A message's content.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Content<'a> {
    Text(Cow<'a, str>),
    Parts(Vec<Part<'a>>),
}

/// One part of it.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Part<'a> {
    Said {
        #[serde(rename = "type")]
        kind: Cow<'a, str>,
        text: Cow<'a, str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<&'a RawValue>,
    },
    Image {
        #[serde(rename = "type")]
        kind: &'static str,
        image_url: Image<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<&'a RawValue>,
    },
    /// Anything else, written already.
    Other(Value),
}

#[derive(Debug, Serialize)]
pub(super) struct Image<'a> {
    url: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<Cow<'a, str>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Given<'a> {
    #[serde(rename = "type", borrow)]
    kind: Option<Cow<'a, str>>,
    #[serde(borrow)]
    text: Option<&'a RawValue>,
    #[serde(borrow)]
    image_url: Option<&'a RawValue>,
    #[serde(borrow)]
    url: Option<Cow<'a, str>>,
    #[serde(borrow)]
    detail: Option<Cow<'a, str>>,
    #[serde(borrow)]
    file_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    file_url: Option<Cow<'a, str>>,
    #[serde(borrow)]
    file_data: Option<Cow<'a, str>>,
    #[serde(borrow)]
    filename: Option<Cow<'a, str>>,
    #[serde(borrow)]
    encrypted_content: Option<Cow<'a, str>>,
    #[serde(borrow)]
    input_audio: Option<&'a RawValue>,
    #[serde(borrow)]
    cache_control: Option<&'a RawValue>,
}

/// The content of a message.
///
/// # Errors
/// Where it is neither a string nor a list of parts.
pub(super) fn of_message(given: &RawValue) -> Result<Content<'_>, Refusal> {
    if let Some(text) = json::parse_string(given.get()) {
        return Ok(Content::Text(text));
    }
    let Ok(parts) = serde_json::from_str::<Vec<&RawValue>>(given.get()) else {
        return Err(Refusal::bad("input: content is neither a string nor a list of parts: send one of them"));
    };
    let mut said = Vec::with_capacity(parts.len());
    for part in parts {
        match json::parse_string(part.get()) {
            Some(text) => said.push(Part::Said { kind: "text".into(), text, cache_control: None }),
            None => {
                let given = serde_json::from_str::<Given<'_>>(part.get());
                said.extend(part_of(given.map_err(|error| Refusal::bad(format!("input: content: {error}")))?));
            }
        }
    }
    Ok(Content::Parts(said))
}

fn part_of(given: Given<'_>) -> Option<Part<'_>> {
    let cache_control = given.cache_control;
    match given.kind.as_deref().unwrap_or_default() {
        "input_file" => Some(Part::Other(file(&given))),
        "input_image" => {
            let url = given.image_url.and_then(|url| json::parse_string(url.get())).unwrap_or_default();
            let detail = given.detail.filter(|detail| !detail.is_empty()).unwrap_or("auto".into());
            Some(Part::Image { kind: "image_url", image_url: Image { url, detail: Some(detail) }, cache_control })
        }
        "input_audio" if given.input_audio.is_some() => {
            let audio = given.input_audio.and_then(|audio| serde_json::from_str::<Value>(audio.get()).ok());
            Some(Part::Other(json!({ "type": "input_audio", "input_audio": audio })))
        }
        "encrypted_content" => {
            let text = given.encrypted_content?;
            Some(Part::Said { kind: "text".into(), text, cache_control: None })
        }
        kind => {
            let kind = said_kind(kind).into();
            let text = given.text.filter(|text| text.get() != "null")?;
            let text = json::parse_string(text.get()).unwrap_or(Cow::Borrowed(text.get()));
            Some(Part::Said { kind, text, cache_control })
        }
    }
}

/// What a chat calls a part that has a text: almost always plainly so.
fn said_kind(kind: &str) -> &'static str {
    match kind {
        "thinking" => "thinking",
        "redacted_thinking" => "redacted_thinking",
        "guarded_text" | "input_guarded_text" => "guarded_text",
        _ => "text",
    }
}

/// An address stands in the place of an id: providers that fetch for themselves read it there.
fn file(given: &Given<'_>) -> Value {
    let mut file = json!({});
    let filled = |text: &Option<Cow<'_, str>>| text.as_deref().filter(|text| !text.is_empty()).map(str::to_owned);
    let id = filled(&given.file_id).or_else(|| filled(&given.file_url));
    for (name, value) in
        [("file_id", id), ("file_data", filled(&given.file_data)), ("filename", filled(&given.filename))]
    {
        if let Some(value) = value {
            file[name] = value.into();
        }
    }
    let mut part = json!({ "type": "file", "file": file });
    if let Some(Ok(mark)) = given.cache_control.map(|mark| serde_json::from_str::<Value>(mark.get())) {
        part["cache_control"] = mark;
    }
    part
}

/// The result of a call: a text where there are no images in it.
pub(super) fn of_result(given: &RawValue) -> Content<'_> {
    let text = given.get();
    if text == "null" {
        return Content::Text(Cow::Borrowed(""));
    }
    if let Some(text) = json::parse_string(text) {
        return Content::Text(text);
    }
    let Ok(parts) = serde_json::from_str::<Vec<Given<'_>>>(text) else { return Content::Text(Cow::Borrowed(text)) };
    let said: Vec<Part<'_>> = parts.into_iter().filter_map(result_part).collect();
    if said.iter().any(|part| matches!(part, Part::Image { .. })) {
        return Content::Parts(said);
    }
    let texts = said.into_iter().filter_map(|part| if let Part::Said { text, .. } = part { Some(text) } else { None });
    let joined: String = texts.collect();
    if joined.is_empty() { Content::Text(Cow::Borrowed(text)) } else { Content::Text(joined.into()) }
}

fn result_part(given: Given<'_>) -> Option<Part<'_>> {
    match given.kind.as_deref().unwrap_or_default() {
        "input_text" | "output_text" | "text" => {
            let text = json::parse_string(given.text?.get()).filter(|text| !text.is_empty())?;
            Some(Part::Said { kind: "text".into(), text, cache_control: None })
        }
        "input_image" | "image_url" => {
            let nested = |url: &'_ RawValue| serde_json::from_str::<Value>(url.get()).ok();
            let url = match given.image_url {
                Some(url) => match json::parse_string(url.get()) {
                    Some(url) => url,
                    None => nested(url)?.get("url")?.as_str()?.to_owned().into(),
                },
                None => given.url?,
            };
            (!url.is_empty()).then_some(Part::Image {
                kind: "image_url",
                image_url: Image { url, detail: None },
                cache_control: None,
            })
        }
        _ => None,
    }
}

/// Reasoning in plain text: of a string, or of a list of parts.
pub(super) fn reasoning_text(given: &RawValue) -> Option<String> {
    if let Some(text) = json::parse_string(given.get()) {
        return (!text.trim().is_empty()).then(|| text.into_owned());
    }
    let parts: Vec<Given<'_>> = serde_json::from_str(given.get()).ok()?;
    let readable =
        parts.iter().filter(|part| !matches!(part.kind.as_deref(), Some("encrypted_content" | "redacted_thinking")));
    let texts = readable.filter_map(|part| Some(json::parse_string(part.text?.get())?.trim().to_owned()));
    let texts: Vec<String> = texts.filter(|text| !text.is_empty()).collect();
    (!texts.is_empty()).then(|| texts.join("\n"))
}

/// Two contents of one turn, one after the other.
pub(super) fn joined<'a>(before: Option<Content<'a>>, after: Option<Content<'a>>) -> Option<Content<'a>> {
    let is_empty = |content: &Content<'_>| match content {
        Content::Text(text) => text.is_empty(),
        Content::Parts(parts) => parts.is_empty(),
    };
    match (before.filter(|content| !is_empty(content)), after) {
        (Some(before), Some(after)) => {
            let mut parts = into_parts(before);
            parts.extend(into_parts(after));
            Some(Content::Parts(parts))
        }
        (before, after) => after.or(before),
    }
}

fn into_parts(content: Content<'_>) -> Vec<Part<'_>> {
    match content {
        Content::Text(text) => vec![Part::Said { kind: "text".into(), text, cache_control: None }],
        Content::Parts(parts) => parts,
    }
}
