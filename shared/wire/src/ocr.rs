//! Reading documents (OCR): the request in Mistral's form, which LiteLLM's route has, and what of it is fetched.
//!
//! A client's file becomes a `data:` address; a path on this machine is never read. Knows no provider's address.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use crate::json::{Object, raw};
use crate::media::{Fetched, media_type};
use crate::multipart;
use crate::prepare::{Refusal, Rules};

/// The places of an address in a document.
const ADDRESSES: [&str; 2] = ["document_url", "image_url"];

/// Why a form is no request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadForm {
    #[error("Failed to parse multipart form data: {0}")]
    Malformed(#[from] multipart::Malformed),
    #[error("Multipart OCR request must include a 'file' field with the document to process")]
    NoFile,
    #[error("Uploaded file is empty")]
    EmptyFile,
}

/// The request that a form stands for: its file as `document`, every other field as it is or, where it is JSON, parsed.
///
/// # Errors
/// When it is no form, or has no file.
pub fn from_form(boundary: &str, bytes: &[u8]) -> Result<Vec<u8>, BadForm> {
    let parts = multipart::parts(boundary, bytes)?;
    let file = parts.iter().find(|part| part.name == "file" && part.filename.is_some()).ok_or(BadForm::NoFile)?;
    let content = &bytes[file.content.clone()];
    if content.is_empty() {
        return Err(BadForm::EmptyFile);
    }
    let said = file.content_type.as_deref().and_then(|kind| kind.split(';').next());
    let kind = media_type(file.filename.as_deref().unwrap_or_default(), said, content);
    let mut request = Map::new();
    for part in parts.iter().filter(|part| !matches!(part.name.as_str(), "file" | "document")) {
        let text = String::from_utf8_lossy(&bytes[part.content.clone()]).into_owned();
        let value = serde_json::from_str(&text).unwrap_or(Value::String(text));
        request.insert(part.name.clone(), value);
    }
    let kind = kind.unwrap_or_else(|| "application/octet-stream".to_owned());
    request.insert("document".to_owned(), document(&kind, content));
    Ok(Value::Object(request).to_string().into_bytes())
}

fn document(kind: &str, content: &[u8]) -> Value {
    let address = format!("data:{kind};base64,{}", STANDARD.encode(content));
    let name = if kind.starts_with("image/") { "image_url" } else { "document_url" };
    json!({ "type": name, name: address })
}

/// Refuses documents that a client may not name, in LiteLLM's words.
///
/// # Errors
/// When the document is a file of this machine, or one that another client may have left at a provider.
pub(crate) fn check(body: &Object<'_>) -> Result<(), Refusal> {
    let Some(Value::Object(document)) = parsed(body) else {
        return Err(Refusal::bad(
            "`document` must be an object such as {\"type\": \"document_url\", \"document_url\": …}",
        ));
    };
    if document.get("type").and_then(Value::as_str) == Some("file") {
        return Err(Refusal::bad(
            "document type 'file' is not supported through the JSON API. To upload a local file, use \
             multipart/form-data with a 'file' field. For JSON requests, use 'document_url' or 'image_url' document types.",
        ));
    }
    let is_foreign = |name: &str| address(&document, name).is_some_and(|url| url.starts_with("reducto://"));
    if ADDRESSES.into_iter().any(is_foreign) {
        return Err(Refusal::bad("reducto:// file IDs are not accepted: upload the file in the same request"));
    }
    Ok(())
}

fn parsed(body: &Object<'_>) -> Option<Value> {
    serde_json::from_str(body.given("document")?).ok()
}

/// An address in a document; Mistral's clients also write an image's as an object.
fn address<'a>(document: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    let value = document.get(name)?;
    value.as_str().or_else(|| value.get("url")?.as_str())
}

/// The address of the web that has to be fetched: Foundry's models take bytes only.
pub(crate) fn wanted(rules: &Rules, body: &Object<'_>) -> Option<String> {
    if rules.provider().name != "azure_ai" {
        return None;
    }
    let Value::Object(document) = parsed(body)? else { return None };
    let url = ADDRESSES.iter().find_map(|name| address(&document, name))?;
    (url.starts_with("http://") || url.starts_with("https://")).then(|| url.to_owned())
}

/// Puts what was fetched into the document.
pub(crate) fn inline(body: &mut Object<'_>, fetched: &Fetched) {
    let Some(Value::Object(mut document)) = parsed(body) else { return };
    let address = format!("data:{};base64,{}", fetched.media_type, STANDARD.encode(&fetched.bytes));
    if let Some(name) = ADDRESSES.iter().find(|name| document.contains_key(**name)) {
        document.insert((*name).to_owned(), address.into());
    }
    body.set("document", raw(&document));
}

#[cfg(test)]
mod tests;
