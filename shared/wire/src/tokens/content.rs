//! The parts of one message in tokens: texts, images, documents, and Anthropic's blocks.
//!
//! Knows no message around them. A PDF is not read: it counts as one image, as in a LiteLLM without `pypdf`.

use serde_json::{Map, Value};

use super::Uncountable;
use super::image::{self, Detail};
use super::text::Counter;
use crate::python::display;

/// Tokens of a content list.
///
/// # Errors
/// When a part is of an unknown type or lacks what its type needs.
pub fn count(counter: &Counter, parts: &[Value]) -> Result<u64, Uncountable> {
    Parts { counter }.list(parts)
}

#[derive(Clone, Copy)]
struct Parts<'a> {
    counter: &'a Counter,
}

impl Parts<'_> {
    /// Blocks hold blocks; how deep they may is the JSON parser's limit.
    fn list(self, parts: &[Value]) -> Result<u64, Uncountable> {
        let mut tokens = 0;
        for part in parts {
            tokens += self.part(part)?;
        }
        Ok(tokens)
    }

    fn part(self, part: &Value) -> Result<u64, Uncountable> {
        let fields = match part {
            Value::String(text) => return Ok(self.counter.text(text)),
            Value::Object(fields) => fields,
            _ => return Err(unknown(part)),
        };
        match fields.get("type").and_then(Value::as_str) {
            Some("text") => Ok(self.shown(fields.get("text"))),
            Some("image_url") => image_url(fields.get("image_url")),
            Some("image") if source_type(fields).is_some() => Ok(image::BASE_TOKENS),
            Some("document") => self.document(fields),
            Some("file") => Ok(self.file(fields.get("file"))),
            Some("tool_use") => Ok(["name", "input", "caller"].map(|name| self.field(fields, name)).iter().sum()),
            Some("tool_result") if fields.contains_key("tool_use_id") => self.tool_result(fields),
            Some("thinking" | "redacted_thinking") => Ok(self.shown(fields.get("thinking"))),
            Some("tool_reference") => Ok(self.given(fields.get("tool_name"))),
            _ => Err(unknown(part)),
        }
    }

    /// A value as Python prints it; what is absent is nothing.
    fn shown(self, value: Option<&Value>) -> u64 {
        value.map_or(0, |value| self.counter.text(&display(value)))
    }

    fn given(self, value: Option<&Value>) -> u64 {
        value.and_then(Value::as_str).map_or(0, |text| self.counter.text(text))
    }

    /// Strings and objects count, an object in Python's notation; numbers and the like do not.
    fn field(self, fields: &Map<String, Value>, name: &str) -> u64 {
        self.shown(fields.get(name).filter(|value| value.is_string() || value.is_object()))
    }

    fn tool_result(self, fields: &Map<String, Value>) -> Result<u64, Uncountable> {
        match fields.get("content") {
            Some(Value::Array(parts)) => self.list(parts),
            _ => Ok(self.field(fields, "content")),
        }
    }

    fn document(self, fields: &Map<String, Value>) -> Result<u64, Uncountable> {
        let around = self.given(fields.get("title")) + self.given(fields.get("context"));
        let source = fields.get("source").unwrap_or(&Value::Null);
        let inside = match (source_type(fields), source.get("content")) {
            (Some("text"), _) => self.given(source.get("data")),
            (Some("content"), Some(Value::Array(parts))) => self.list(parts)?,
            (Some("content"), content) => self.given(content),
            (Some(_), _) => image::BASE_TOKENS,
            (None, _) => return Err(Uncountable("a document has no source: give it one with a type".to_owned())),
        };
        Ok(around + inside)
    }

    fn file(self, file: Option<&Value>) -> u64 {
        let field = |name: &str| file.and_then(|file| file.get(name));
        let has_data = field("file_data").and_then(Value::as_str).is_some_and(|data| !data.is_empty());
        self.given(field("filename")) + if has_data { image::BASE_TOKENS } else { 0 }
    }
}

fn source_type(fields: &Map<String, Value>) -> Option<&str> {
    fields.get("source")?.get("type")?.as_str()
}

fn image_url(value: Option<&Value>) -> Result<u64, Uncountable> {
    let (url, detail) = match value {
        Some(Value::String(url)) if !url.trim().is_empty() => return Ok(image::count(url, Detail::Low)),
        Some(Value::Object(fields)) => (fields.get("url"), fields.get("detail")),
        _ => return Err(Uncountable("an image_url is neither a URL nor an object with one: give it a url".to_owned())),
    };
    let detail = match detail.map(|detail| detail.as_str().unwrap_or("")) {
        None | Some("auto" | "low") => Detail::Low,
        Some("high") => Detail::High,
        Some(other) => {
            return Err(Uncountable(format!("Invalid detail value: {other}. Expected 'low', 'high', or 'auto'.")));
        }
    };
    match url.and_then(Value::as_str).filter(|url| !url.is_empty()) {
        Some(url) => Ok(image::count(url, detail)),
        None => Err(Uncountable("Missing required key 'url' in image_url dict.".to_owned())),
    }
}

fn unknown(part: &Value) -> Uncountable {
    let kind = part.get("type").map_or_else(|| "none".to_owned(), display);
    Uncountable(format!(
        "a content part of type {kind} cannot be counted: send text, image_url, image, document, file, tool_use, \
         tool_result, thinking, redacted_thinking or tool_reference with their fields"
    ))
}
