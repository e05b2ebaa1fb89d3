//! Where an image or a document is: Anthropic's `source` as the address that others read. Knows no message.

use std::borrow::Cow;

use serde::Deserialize;

use crate::chat::Text;

/// Anthropic's `source`.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Source<'a> {
    #[serde(rename = "type", borrow)]
    kind: Text<'a>,
    #[serde(borrow)]
    media_type: Option<Text<'a>>,
    #[serde(borrow)]
    data: Option<Text<'a>>,
    #[serde(borrow)]
    url: Option<Text<'a>>,
}

/// The address: a data URL for what is sent along; `None` for what cannot be addressed.
pub fn address(source: &str) -> Option<String> {
    address_as(source, "image/jpeg")
}

/// As [`address`], with the media type of data that name none.
pub fn address_as(source: &str, media_type: &str) -> Option<String> {
    let source: Source<'_> = serde_json::from_str(source).ok()?;
    match &*source.kind {
        "base64" => {
            let data = source.data.filter(|data| !data.is_empty())?;
            let media_type = source.media_type.as_deref().filter(|text| !text.is_empty()).unwrap_or(media_type);
            Some(format!("data:{media_type};base64,{}", &*data))
        }
        "url" => source.url.map(|url| url.0).filter(|url| !url.is_empty()).map(Cow::into_owned),
        _ => None,
    }
}
