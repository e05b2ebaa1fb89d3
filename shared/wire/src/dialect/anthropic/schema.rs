//! JSON schemas as Anthropic takes them.
//!
//! Of answers: limits that constrained decoding cannot keep move into descriptions. Of tools: only known top-level
//! keywords, and no definitions but `$defs`. Knows no message.

use serde_json::{Map, Value};

use crate::json::{Object, raw};
use crate::prepare::Refusal;
use crate::python;

/// Schemas are followed this deep; what is deeper is left as it is.
const DEPTH_MAX: usize = 64;
/// Bytes that inlined definitions may add (LiteLLM's `DEFS_MAX_INLINED_BYTES`).
const INLINED_BYTES_MAX: usize = 10_000_000;
/// Keywords that are taken out, and how the description tells them, in LiteLLM's order.
const LIMITS: [(&str, &str); 24] = [
    ("minItems", "minimum number of items: {}"),
    ("maxItems", "maximum number of items: {}"),
    ("uniqueItems", "all array items must be unique"),
    ("contains", "array must contain an item matching: {}"),
    ("minContains", "minimum number of matching items: {}"),
    ("maxContains", "maximum number of matching items: {}"),
    ("prefixItems", "leading items must match, in order: {}"),
    ("minimum", "minimum value: {}"),
    ("maximum", "maximum value: {}"),
    ("exclusiveMinimum", "exclusive minimum value: {}"),
    ("exclusiveMaximum", "exclusive maximum value: {}"),
    ("multipleOf", "must be a multiple of {}"),
    ("minLength", "minimum length: {}"),
    ("maxLength", "maximum length: {}"),
    ("minProperties", "minimum number of properties: {}"),
    ("maxProperties", "maximum number of properties: {}"),
    ("patternProperties", "properties whose names match each pattern must satisfy: {}"),
    ("propertyNames", "property names must satisfy: {}"),
    ("dependentRequired", "dependent required properties: {}"),
    ("dependentSchemas", "dependent schemas: {}"),
    ("unevaluatedProperties", "unevaluated properties must satisfy: {}"),
    ("if", "conditional (if): {}"),
    ("then", "conditional (then): {}"),
    ("else", "conditional (else): {}"),
];
const NOT: (&str, &str) = ("not", "must not match: {}");
/// Keywords that a tool's schema may have at its top.
const TOOL_KEYWORDS: [&str; 6] = ["type", "properties", "additionalProperties", "required", "$defs", "strict"];

/// The schema that a `response_format` holds.
pub(super) fn asked(format: &Value) -> Option<&Value> {
    let found = match (format.get("response_schema"), format.get("json_schema")) {
        (Some(schema), _) => Some(schema),
        (None, Some(wrapped)) => wrapped.get("schema"),
        (None, None) => None,
    };
    found.filter(|schema| !schema.is_null())
}

/// A schema for the model's answer: references inlined, limits told in words.
///
/// # Errors
/// Where inlining would make it too long.
pub(super) fn of_answer(schema: &Value) -> Result<Value, Refusal> {
    let mut schema = schema.clone();
    if let Some(fields) = schema.as_object_mut() {
        let found = fields.shift_remove("$defs").or_else(|| fields.shift_remove("definitions"));
        if let Some(Value::Object(definitions)) = found.filter(|found| *found != Value::Object(Map::new())) {
            inline(&mut schema, &definitions)?;
        }
    }
    Ok(filtered(&schema, DEPTH_MAX))
}

/// A tool's schema.
///
/// # Errors
/// Where inlining would make it too long.
pub(super) fn of_tool(schema: Option<Value>) -> Result<Value, Refusal> {
    let mut fields = match schema {
        Some(Value::Object(fields)) => fields,
        _ => Map::new(),
    };
    if fields.get("type").and_then(Value::as_str) != Some("object") {
        fields.insert("type".to_owned(), "object".into());
    }
    fields.entry("properties").or_insert_with(|| Map::new().into());
    let has_components = fields.get("components").is_some_and(|components| components["schemas"].is_object());
    if fields.contains_key("definitions") || has_components {
        fields = without_legacy_definitions(fields)?;
    }
    fields.retain(|name, _| TOOL_KEYWORDS.contains(&name.as_str()));
    Ok(fields.into())
}

/// As [`of_tool`], of a schema whose fields stay as they are; `None` where definitions have to be looked into.
pub(super) fn of_plain_tool(mut schema: Object<'_>) -> Option<Object<'_>> {
    if schema.get("definitions").is_some() || schema.get("components").is_some() {
        return None;
    }
    schema.retain(|name, _| TOOL_KEYWORDS.contains(&name));
    if schema.get("type") != Some("\"object\"") {
        schema.set("type", raw(&"object"));
    }
    if schema.get("properties").is_none() {
        schema.set("properties", raw(&Map::new()));
    }
    Some(schema)
}

fn without_legacy_definitions(mut fields: Map<String, Value>) -> Result<Map<String, Value>, Refusal> {
    let mut definitions = match fields.shift_remove("components") {
        Some(Value::Object(mut components)) => match components.shift_remove("schemas") {
            Some(Value::Object(schemas)) => schemas,
            _ => Map::new(),
        },
        _ => Map::new(),
    };
    if let Some(Value::Object(own)) = fields.shift_remove("definitions") {
        definitions.extend(own);
    }
    let mut schema = Value::Object(fields);
    inline(&mut schema, &definitions)?;
    match schema {
        Value::Object(fields) => Ok(fields),
        _ => Ok(Map::new()),
    }
}

/// Puts definitions in the place of references to them; a reference within itself stays.
fn inline(schema: &mut Value, definitions: &Map<String, Value>) -> Result<(), Refusal> {
    let mut inliner = Inliner { definitions, chain: Vec::new(), bytes: 0 };
    inliner.walk(schema, DEPTH_MAX)
}

struct Inliner<'d> {
    definitions: &'d Map<String, Value>,
    /// Names that are being inlined.
    chain: Vec<String>,
    bytes: usize,
}

impl Inliner<'_> {
    fn walk(&mut self, node: &mut Value, depth_left: usize) -> Result<(), Refusal> {
        let Some(depth_left) = depth_left.checked_sub(1) else { return Ok(()) };
        let reference = node.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next());
        if let Some(name) = reference.map(str::to_owned) {
            let target = self.definitions.get(&name).filter(|_| !self.chain.contains(&name));
            let Some(target) = target else { return Ok(()) };
            self.bytes += target.to_string().len();
            if self.bytes > INLINED_BYTES_MAX {
                return Err(Refusal::bad(format!(
                    "the definitions of a schema come to more than {INLINED_BYTES_MAX} bytes where they are used: \
                     send a smaller schema"
                )));
            }
            *node = target.clone();
            self.chain.push(name);
            let outcome = self.walk(node, depth_left);
            self.chain.pop();
            return outcome;
        }
        match node {
            Value::Object(fields) => fields.values_mut().try_for_each(|inner| self.walk(inner, depth_left)),
            Value::Array(items) => items.iter_mut().try_for_each(|inner| self.walk(inner, depth_left)),
            _ => Ok(()),
        }
    }
}

fn filtered(schema: &Value, depth_left: usize) -> Value {
    let (Some(fields), Some(depth_left)) = (schema.as_object(), depth_left.checked_sub(1)) else {
        return schema.clone();
    };
    let mut out = Map::new();
    if let Some(description) = description(fields) {
        out.insert("description".to_owned(), description.into());
    }
    for (name, value) in fields {
        let is_limit = LIMITS.iter().chain([&NOT]).any(|(limit, _)| limit == name);
        let is_told = name == "description" && out.contains_key("description");
        if is_limit || is_told || (name == "type" && enum_conflicts(fields)) {
            continue;
        }
        match (name.as_str(), value) {
            ("properties" | "$defs", Value::Object(inner)) => {
                let inner = inner.iter().map(|(name, value)| (name.clone(), filtered(value, depth_left)));
                out.insert(name.clone(), Value::Object(inner.collect()));
            }
            ("items", Value::Object(_)) => {
                out.insert(name.clone(), filtered(value, depth_left));
            }
            ("anyOf" | "oneOf", Value::Array(items)) => {
                let choices = out.entry("anyOf").or_insert_with(|| Value::Array(Vec::new()));
                if let Value::Array(choices) = choices {
                    choices.extend(items.iter().map(|item| filtered(item, depth_left)));
                }
            }
            ("allOf", Value::Array(items)) => {
                let items = items.iter().map(|item| filtered(item, depth_left)).collect();
                out.insert(name.clone(), Value::Array(items));
            }
            _ => {
                out.insert(name.clone(), value.clone());
            }
        }
    }
    if out.get("type").and_then(Value::as_str) == Some("object") {
        out.insert("additionalProperties".to_owned(), false.into());
    }
    out.into()
}

/// The description with a note of the limits that are taken out; `None` where there are none.
fn description(fields: &Map<String, Value>) -> Option<String> {
    let mut notes = Vec::new();
    for (name, label) in LIMITS.iter().chain([&NOT]) {
        let Some(value) = fields.get(*name).filter(|value| **value != Value::Bool(false)) else { continue };
        let shown = match value {
            Value::Object(_) | Value::Array(_) => python::dumps(value),
            other => python::display(other),
        };
        notes.push(label.replace("{}", &shown));
    }
    if notes.is_empty() {
        return None;
    }
    let note = format!("Note: {}.", notes.join(", "));
    match fields.get("description").and_then(Value::as_str).filter(|text| !text.is_empty()) {
        Some(text) => Some(format!("{text} {note}")),
        None => Some(note),
    }
}

/// Whether the values listed cannot be of the type declared beside them.
fn enum_conflicts(fields: &Map<String, Value>) -> bool {
    let (Some(Value::Array(values)), Some(kind)) = (fields.get("enum"), fields.get("type")) else { return false };
    if kind.is_array() {
        return true;
    }
    let fits: fn(&Value) -> bool = match kind.as_str() {
        Some("null") => Value::is_null,
        Some("boolean") => Value::is_boolean,
        Some("integer") => |value| value.is_i64() || value.is_u64(),
        Some("number") => Value::is_number,
        Some("string") => Value::is_string,
        Some("array") => Value::is_array,
        Some("object") => Value::is_object,
        _ => return false,
    };
    !values.iter().all(fits)
}
