//! One value of the document, with the place it was written at.
//!
//! Reads values the way pydantic reads them for LiteLLM. Knows no key by name.

use std::sync::Arc;

use serde_json::{Map, Number, Value as Json};

/// A place in a file: `line` and `column` count from 1, columns in characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    pub file: Arc<str>,
    pub line: usize,
    pub column: usize,
}

impl Span {
    /// The first character of `file`, for what concerns the file as a whole.
    pub fn start_of(file: &str) -> Self {
        Self { file: file.into(), line: 1, column: 1 }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Node {
    pub value: Value,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Integer(i128),
    Float(f64),
    Text(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// Keys are nodes, for Python lets a key be a number or null and a deployment's id depends on it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    pub key: Node,
    pub value: Node,
}

impl Entry {
    /// The key where it is a string; nothing LiteLLM looks up is anything else.
    pub fn name(&self) -> Option<&str> {
        self.key.as_text()
    }
}

impl Node {
    pub fn is_null(&self) -> bool {
        self.value == Value::Null
    }

    pub fn as_text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The items of a list; none for anything else.
    pub fn items(&self) -> &[Self] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// The entries of a map; none for anything else.
    pub fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The value under `name`, where this is a map and the value is given: null counts as absent.
    pub fn get(&self, name: &str) -> Option<&Self> {
        self.entry(name).map(|entry| &entry.value).filter(|value| !value.is_null())
    }

    pub fn entry(&self, name: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.name() == Some(name))
    }

    /// A flag: `true`, or one of the words and numbers pydantic takes for one.
    pub fn as_flag(&self) -> Option<bool> {
        match &self.value {
            Value::Bool(flag) => Some(*flag),
            Value::Integer(1) => Some(true),
            Value::Integer(0) => Some(false),
            Value::Text(text) => flag_word(text),
            _ => None,
        }
    }

    /// A whole number: also one written as a string or as a float without a fraction.
    pub fn as_integer(&self) -> Option<i128> {
        match &self.value {
            Value::Integer(number) => Some(*number),
            Value::Bool(flag) => Some(i128::from(*flag)),
            Value::Text(text) => whole_number(text),
            // Integers beyond 2^53 have no exact float, so none is taken from one.
            Value::Float(number) if number.fract() == 0.0 && number.abs() < 9e15 => Some(*number as i128),
            _ => None,
        }
    }

    /// A finite number: also one written as a string.
    pub fn as_number(&self) -> Option<f64> {
        let number = match &self.value {
            Value::Float(number) => *number,
            Value::Integer(number) => *number as f64,
            Value::Bool(flag) => f64::from(u8::from(*flag)),
            Value::Text(text) => text.trim().replace('_', "").parse().ok()?,
            _ => return None,
        };
        number.is_finite().then_some(number)
    }

    /// A scalar as the text a header or an environment variable would hold.
    pub fn as_scalar_text(&self) -> Option<String> {
        match &self.value {
            Value::Null | Value::List(_) | Value::Map(_) => None,
            Value::Text(text) => Some(text.clone()),
            _ => Some(super::python::text(&self.value)),
        }
    }

    /// The strings of a list, or the one string given in place of a list.
    pub fn texts(&self) -> Vec<String> {
        match &self.value {
            Value::Text(text) => vec![text.clone()],
            _ => self.items().iter().filter_map(|item| item.as_text().map(str::to_owned)).collect(),
        }
    }

    /// The same value as JSON; a number JSON cannot hold becomes null.
    pub fn to_json(&self) -> Json {
        match &self.value {
            Value::Null => Json::Null,
            Value::Bool(flag) => Json::Bool(*flag),
            Value::Integer(number) => {
                let exact =
                    i64::try_from(*number).map(Number::from).or_else(|_| u64::try_from(*number).map(Number::from));
                exact.map_or_else(|_| Json::from(*number as f64), Json::Number)
            }
            Value::Float(number) => Json::from(*number),
            Value::Text(text) => Json::String(text.clone()),
            Value::List(items) => Json::Array(items.iter().map(Self::to_json).collect()),
            Value::Map(_) => Json::Object(self.to_json_map()),
        }
    }

    /// The entries of a map as a JSON object; empty for anything else.
    pub fn to_json_map(&self) -> Map<String, Json> {
        let pairs = self.entries().iter();
        pairs.map(|entry| (super::python::json_key(&entry.key.value), entry.value.to_json())).collect()
    }

    /// What a message calls this value.
    pub fn describe(&self) -> &'static str {
        match &self.value {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Integer(_) => "an integer",
            Value::Float(_) => "a number",
            Value::Text(_) => "a string",
            Value::List(_) => "a list",
            Value::Map(_) => "a map",
        }
    }
}

fn flag_word(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "t" | "yes" | "y" | "on" | "1" => Some(true),
        "false" | "f" | "no" | "n" | "off" | "0" => Some(false),
        _ => None,
    }
}

fn whole_number(text: &str) -> Option<i128> {
    let digits = text.trim().replace('_', "");
    // pydantic takes "10.0" for 10, but not "10.5".
    let whole = digits.split_once('.').map_or(digits.as_str(), |(whole, fraction)| {
        if fraction.bytes().all(|byte| byte == b'0') { whole } else { "" }
    });
    whole.parse().ok()
}
