//! `response_format`: the schema of a structured answer, and how Bedrock is told of it. Knows no model.

use serde_json::{Value, json};

use super::schema;
use crate::python;

/// What an answer is to look like.
pub(super) struct Wanted<'a> {
    pub schema: Option<&'a Value>,
    pub name: Option<&'a Value>,
    pub description: Option<&'a Value>,
}

/// Reads `response_format`; `None` where it asks for text.
pub(super) fn read(format: &Value) -> Option<Wanted<'_>> {
    let kind = format.get("type")?.as_str()?;
    if kind == "text" {
        return None;
    }
    if let Some(schema) = format.get("response_schema") {
        return Some(Wanted { schema: Some(schema), name: None, description: None });
    }
    let named = format.get("json_schema");
    let field = |name: &str| named.and_then(|named| named.get(name)).filter(|value| !value.is_null());
    Some(Wanted { schema: field("schema"), name: field("name"), description: field("description") })
}

/// `outputConfig` of models that answer in a schema by themselves. The schema travels as text.
pub(super) fn native(schema: &Value, name: Option<&Value>, description: Option<&Value>) -> Value {
    let mut closed = schema.clone();
    schema::close_objects(&mut closed);
    let text = if closed.is_null() { "{}".to_owned() } else { python::dumps(&closed) };
    let mut definition = json!({ "schema": text });
    for (field, value) in [("name", name), ("description", description)] {
        if let Some(value) = value.filter(|value| !value.is_null()) {
            definition[field] = value.clone();
        }
    }
    json!({ "textFormat": { "type": "json_schema", "structure": { "jsonSchema": definition } } })
}
