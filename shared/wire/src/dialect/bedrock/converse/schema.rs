//! Schemas of tools and answers in the form that Bedrock takes: without references, with types it knows.
//!
//! LiteLLM's `unpack_defs` and `_add_additional_properties_to_schema`. Knows no tool.

use serde_json::{Map, Value};

/// Nothing below this depth is looked at: a schema that refers to itself ends here at the latest.
const DEPTH_MAX: usize = 64;
/// Values that references may be replaced by; what is left keeps its reference.
const VALUES_MAX: usize = 20_000;

/// Puts definitions in the places that refer to them. A reference within its own definition stays.
pub(super) fn inline_references(schema: &mut Value) {
    let mut inliner = Inliner { left: VALUES_MAX };
    let defined = Map::new();
    inliner.walk(schema, &defined, &mut Vec::new(), DEPTH_MAX);
}

struct Inliner {
    left: usize,
}

impl Inliner {
    fn walk(&mut self, node: &mut Value, defined: &Map<String, Value>, chain: &mut Vec<String>, depth_left: usize) {
        let Some(depth_left) = depth_left.checked_sub(1) else { return };
        if let Some(name) = reference(node) {
            let name = name.to_owned();
            let target = defined.get(&name).or_else(|| node.get("$defs")?.get(&name)).cloned();
            let Some(target) = target.filter(|_| !chain.contains(&name)) else { return };
            let size = size(&target, DEPTH_MAX);
            let Some(left) = self.left.checked_sub(size) else { return };
            self.left = left;
            *node = target;
            chain.push(name);
            self.walk(node, defined, chain, depth_left);
            chain.pop();
            return;
        }
        match node {
            Value::Object(fields) => {
                let merged = merged(defined, fields);
                let defined = merged.as_ref().unwrap_or(defined);
                fields.values_mut().for_each(|value| self.walk(value, defined, chain, depth_left));
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.walk(item, defined, chain, depth_left)),
            _ => {}
        }
    }
}

/// What a node refers to, by the last segment of its path.
fn reference(node: &Value) -> Option<&str> {
    node.get("$ref")?.as_str()?.rsplit('/').next()
}

/// The definitions above a node with its own, where it has some.
fn merged(defined: &Map<String, Value>, fields: &Map<String, Value>) -> Option<Map<String, Value>> {
    let own = ["$defs", "definitions"].iter().filter_map(|name| fields.get(*name)?.as_object());
    let mut all: Option<Map<String, Value>> = None;
    for more in own.filter(|more| !more.is_empty()) {
        all.get_or_insert_with(|| defined.clone()).extend(more.clone());
    }
    all
}

fn size(value: &Value, depth_left: usize) -> usize {
    let Some(depth_left) = depth_left.checked_sub(1) else { return 1 };
    match value {
        Value::Object(fields) => 1 + fields.values().map(|value| size(value, depth_left)).sum::<usize>(),
        Value::Array(items) => 1 + items.iter().map(|value| size(value, depth_left)).sum::<usize>(),
        _ => 1,
    }
}

/// Anthropic's type `custom` is an object to Bedrock.
pub(super) fn custom_to_object(node: &mut Value) {
    custom_below(node, DEPTH_MAX);
}

fn custom_below(node: &mut Value, depth_left: usize) {
    let (Some(depth_left), Some(fields)) = (depth_left.checked_sub(1), node.as_object_mut()) else { return };
    if fields.get("type").and_then(Value::as_str) == Some("custom") {
        fields.insert("type".to_owned(), "object".into());
    }
    for name in ["items", "additionalProperties"] {
        if let Some(inner) = fields.get_mut(name) {
            custom_below(inner, depth_left);
        }
    }
    if let Some(properties) = fields.get_mut("properties").and_then(Value::as_object_mut) {
        properties.values_mut().for_each(|inner| custom_below(inner, depth_left));
    }
    for name in ["allOf", "anyOf", "oneOf"] {
        let items = fields.get_mut(name).and_then(Value::as_array_mut);
        items.into_iter().flatten().for_each(|inner| custom_below(inner, depth_left));
    }
}

/// Takes out patterns that look ahead or behind, for models that know no such patterns.
pub(super) fn drop_lookaround(node: &mut Value) {
    drop_below(node, DEPTH_MAX);
}

fn drop_below(node: &mut Value, depth_left: usize) {
    let Some(depth_left) = depth_left.checked_sub(1) else { return };
    match node {
        Value::Object(fields) => {
            if fields.get("pattern").and_then(Value::as_str).is_some_and(looks_around) {
                fields.shift_remove("pattern");
            }
            if let Some(Value::Object(patterns)) = fields.get_mut("patternProperties") {
                patterns.retain(|pattern, _| !looks_around(pattern));
            }
            fields.values_mut().for_each(|inner| drop_below(inner, depth_left));
        }
        Value::Array(items) => items.iter_mut().for_each(|inner| drop_below(inner, depth_left)),
        _ => {}
    }
}

fn looks_around(pattern: &str) -> bool {
    ["(?=", "(?!", "(?<=", "(?<!"].iter().any(|mark| pattern.contains(mark))
}

/// Closes every object of a schema, as structured output demands.
pub(super) fn close_objects(node: &mut Value) {
    close_below(node, DEPTH_MAX);
}

fn close_below(node: &mut Value, depth_left: usize) {
    let (Some(depth_left), Some(fields)) = (depth_left.checked_sub(1), node.as_object_mut()) else { return };
    let is_object = fields.get("type").and_then(Value::as_str) == Some("object");
    if is_object && !fields.contains_key("additionalProperties") {
        fields.insert("additionalProperties".to_owned(), false.into());
    }
    if let Some(items) = fields.get_mut("items") {
        close_below(items, depth_left);
    }
    for name in ["properties", "$defs", "definitions"] {
        let inner = fields.get_mut(name).and_then(Value::as_object_mut);
        inner.into_iter().flat_map(|inner| inner.values_mut()).for_each(|inner| close_below(inner, depth_left));
    }
    for name in ["anyOf", "allOf", "oneOf"] {
        let items = fields.get_mut(name).and_then(Value::as_array_mut);
        items.into_iter().flatten().for_each(|inner| close_below(inner, depth_left));
    }
}
