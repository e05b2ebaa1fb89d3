//! What a tool answered, as Gemini's `function_response`.
//!
//! LiteLLM's rules: JSON objects as they are, anything else as `content`, pictures beside it.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::media;
use crate::chat::{Content, Message, Part};

/// What a function answered.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Response<'a> {
    name: &'a str,
    response: Said<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    parts: Vec<Value>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
enum Said<'a> {
    Object(Cow<'a, RawValue>),
    Content { content: Cow<'a, str> },
}

/// The response of the function `name`; `id` is its call's, where the model wants it repeated.
pub(super) fn response<'a>(message: &'a Message<'a>, name: &'a str, id: Option<&'a str>) -> Response<'a> {
    let mut parts = Vec::new();
    let text = match &message.content {
        Content::Nothing => Cow::Borrowed(""),
        Content::Text(text) => match picture_in(text) {
            Some(picture) => {
                parts.push(picture);
                Cow::Borrowed("")
            }
            None => Cow::Borrowed(&**text),
        },
        Content::Parts(said) => {
            parts.extend(said.iter().filter_map(picture));
            said.iter().filter(|part| &*part.kind == "text").filter_map(|part| part.text.as_deref()).collect()
        }
    };
    Response { name, response: structured(text), id, parts }
}

/// An object stays one; everything else is content.
fn structured(text: Cow<'_, str>) -> Said<'_> {
    if !text.trim_start().starts_with('{') {
        return Said::Content { content: text };
    }
    let object = match &text {
        Cow::Borrowed(text) => serde_json::from_str::<&RawValue>(text).map(Cow::Borrowed),
        Cow::Owned(text) => RawValue::from_string(text.clone()).map(Cow::Owned),
    };
    object.map_or(Said::Content { content: text }, Said::Object)
}

/// A text that is a picture and nothing else.
fn picture_in(text: &str) -> Option<Value> {
    let has_scheme = text.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("data:"));
    let (kind, data) = text.get(5..).filter(|_| has_scheme)?.split_once(";base64,")?;
    let kind = kind.starts_with("image/").then(|| kind.split(';').next().unwrap_or(kind).trim())?;
    Some(inline(kind, data))
}

fn picture(part: &Part<'_>) -> Option<Value> {
    match &*part.kind {
        "image" => {
            let source: Value = serde_json::from_str(part.get("source")?).ok()?;
            let is_inline = source.get("type").and_then(Value::as_str) == Some("base64");
            let text = |name: &str| source.get(name).and_then(Value::as_str);
            is_inline.then(|| inline(text("media_type").unwrap_or("image/jpeg"), text("data").unwrap_or_default()))
        }
        "input_image" | "image_url" => from_data(part.get("image_url")?, "url"),
        "file" | "input_file" => from_data(part.get("file_data").or_else(|| part.get("file"))?, "file_data"),
        _ => None,
    }
}

/// A `data:` text that stands by itself or within an object.
fn from_data(raw: &str, name: &str) -> Option<Value> {
    let value: Value = serde_json::from_str(raw).ok()?;
    let text = value.as_str().or_else(|| value.get(name)?.as_str())?;
    let blob = media::data_url(&Cow::Borrowed(text))?;
    Some(inline(&blob.mime_type, &blob.data))
}

fn inline(mime_type: &str, data: &str) -> Value {
    json!({ "inline_data": { "data": data, "mime_type": mime_type } })
}
