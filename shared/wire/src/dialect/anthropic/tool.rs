//! One tool as Anthropic gets it. Descriptions and schemas stay the client's own text, unless something in them has
//! to change: coding agents send tens of kilobytes of them with every request. Knows no list of tools.

use std::ops::{Deref, DerefMut};

use serde::de::IgnoredAny;
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::schema;
use crate::chat::Text;
use crate::json::Object;

/// A tool: a JSON object, some of whose fields have not been parsed.
#[derive(Clone, Debug)]
pub(super) struct Tool {
    fields: Value,
    unparsed: Vec<(&'static str, Box<RawValue>)>,
}

/// A function as almost every client writes it; anything else beside these fields calls for a closer look.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written<'a> {
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
    #[serde(borrow)]
    function: Described<'a>,
    #[serde(default)]
    cache_control: Option<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Described<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow, default)]
    description: Option<&'a RawValue>,
    #[serde(borrow, default)]
    parameters: Option<Object<'a>>,
    /// LiteLLM leaves it out.
    #[serde(default, rename = "strict")]
    _strict: IgnoredAny,
}

impl Tool {
    /// The tool of a function whose schema changes at its top alone; `None` where it has to be read whole.
    pub fn of_plain(written: Written<'_>) -> Option<Self> {
        let Described { name, description, parameters, .. } = written.function;
        if &*written.kind != "function" {
            return None;
        }
        let schema = schema::of_plain_tool(parameters.unwrap_or_default())?;
        let mut fields = Map::with_capacity(3);
        fields.insert("name".to_owned(), name.0.into_owned().into());
        fields.insert("type".to_owned(), "custom".into());
        if let Some(mark) = written.cache_control.filter(|mark| !mark.is_null()) {
            fields.insert("cache_control".to_owned(), mark);
        }
        let mut unparsed = vec![("input_schema", crate::json::raw(&schema))];
        if let Some(text) = description.filter(|text| text.get() != "null") {
            unparsed.push(("description", text.to_owned()));
        }
        Some(Self { fields: fields.into(), unparsed })
    }
}

impl From<Value> for Tool {
    fn from(fields: Value) -> Self {
        Self { fields, unparsed: Vec::new() }
    }
}

impl Deref for Tool {
    type Target = Value;

    fn deref(&self) -> &Value {
        &self.fields
    }
}

impl DerefMut for Tool {
    fn deref_mut(&mut self) -> &mut Value {
        &mut self.fields
    }
}

impl Serialize for Tool {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Value::Object(fields) = &self.fields else { return self.fields.serialize(serializer) };
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in fields {
            map.serialize_entry(name, value)?;
        }
        for (name, value) in &self.unparsed {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests;
