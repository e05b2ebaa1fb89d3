//! Tool schemas that OpenAI's check refuses: patterns that are not Python's, unions at the top.
//!
//! What cannot be rewritten without loss of meaning is left for the provider to judge.

use serde_json::{Map, Value};

/// Texts without which there is nothing to rewrite in a tool.
pub(super) const SUSPECTS: [&str; 8] =
    ["\"pattern\"", "\"patternProperties\"", "\"allOf\"", "\"anyOf\"", "\"oneOf\"", "\"enum\"", "\"const\"", "\"not\""];

const COMBINATORS: [&str; 3] = ["allOf", "anyOf", "oneOf"];
const REFUSED_AT_TOP: [&str; 3] = ["enum", "const", "not"];
/// Fields whose value is one schema, a list of them, or schemas by name.
const SCHEMAS: [&str; 11] = [
    "additionalItems",
    "additionalProperties",
    "contains",
    "else",
    "if",
    "items",
    "not",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
];
const SCHEMA_LISTS: [&str; 5] = ["allOf", "anyOf", "items", "oneOf", "prefixItems"];
const SCHEMA_MAPS: [&str; 5] = ["$defs", "definitions", "dependentSchemas", "patternProperties", "properties"];
/// References are followed and unions flattened no deeper.
const DEPTH_MAX: usize = 10;

/// Drops every regular expression that Python's `re` cannot read: OpenAI compiles them with it.
pub(super) fn drop_foreign_patterns(schema: &mut Value) {
    let Some(fields) = schema.as_object_mut() else { return };
    if fields.get("pattern").and_then(Value::as_str).is_some_and(is_foreign) {
        fields.shift_remove("pattern");
    }
    drop_foreign_names(fields);
    for (name, value) in fields.iter_mut() {
        let name = name.as_str();
        match value {
            Value::Object(map) if SCHEMA_MAPS.contains(&name) => map.values_mut().for_each(drop_foreign_patterns),
            Value::Array(list) if SCHEMA_LISTS.contains(&name) => list.iter_mut().for_each(drop_foreign_patterns),
            Value::Object(_) if SCHEMAS.contains(&name) => drop_foreign_patterns(value),
            _ => {}
        }
    }
}

/// An object closed by `additionalProperties: false` keeps admitting what a dropped pattern admitted.
fn drop_foreign_names(fields: &mut Map<String, Value>) {
    let Some(patterns) = fields.get_mut("patternProperties").and_then(Value::as_object_mut) else { return };
    let names: Vec<String> = patterns.keys().filter(|name| is_foreign(name)).cloned().collect();
    let mut dropped: Vec<Value> = names.iter().filter_map(|name| patterns.shift_remove(name)).collect();
    let is_closed = fields.get("additionalProperties") == Some(&Value::Bool(false));
    if !dropped.is_empty() && is_closed {
        let rest = if dropped.len() == 1 { dropped.swap_remove(0) } else { serde_json::json!({"anyOf": dropped}) };
        fields.insert("additionalProperties".to_owned(), rest);
    }
}

/// Whether the pattern uses what ECMAScript has and Python has not: escapes of other letters
/// (`\p{L}`, `\cA`, `\k<name>`) and groups named without `P`.
fn is_foreign(pattern: &str) -> bool {
    const LETTERS: &str = "AabBdDfnNrsStuUvwWxZ";
    let mut letters = pattern.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            continue;
        }
        let Some(escaped) = letters.next() else { return true };
        let is_bad_letter = escaped.is_ascii_alphabetic() && !LETTERS.contains(escaped);
        let is_bad_code = escaped == 'u' && letters.peek() == Some(&'{');
        if is_bad_letter || is_bad_code {
            return true;
        }
    }
    pattern.match_indices("(?<").any(|(place, _)| !pattern[place + 3..].starts_with(['=', '!']))
}

/// Merges unions at the top of an object schema into one set of properties: OpenAI refuses
/// `oneOf`, `anyOf`, `allOf`, `enum`, `const` and `not` there. What cannot be merged stays.
pub(super) fn flatten(schema: &mut Value) {
    let Some(root) = schema.as_object() else { return };
    if let Some(flat) = flattened(root, root, &mut Vec::new()) {
        *schema = Value::Object(flat);
    }
}

/// `None` where there is nothing to flatten or it cannot be done.
fn flattened(
    schema: &Map<String, Value>,
    root: &Map<String, Value>,
    seen: &mut Vec<String>,
) -> Option<Map<String, Value>> {
    let has_union = COMBINATORS.iter().any(|name| schema.get(*name).is_some_and(Value::is_array));
    let has_refused = REFUSED_AT_TOP.iter().any(|name| schema.contains_key(*name));
    if !has_union && !has_refused || seen.len() > DEPTH_MAX {
        return None;
    }
    let mut groups = Vec::new();
    for name in COMBINATORS {
        let Some(list) = schema.get(name).and_then(Value::as_array) else { continue };
        let branches: Option<Vec<_>> = list.iter().map(|branch| mergeable(branch, root, seen)).collect();
        groups.push((name, branches?));
    }
    let branches: Vec<&Map<String, Value>> = groups.iter().flat_map(|(_, list)| list).collect();
    let is_union_of_objects =
        !schema.contains_key("type") && !branches.is_empty() && branches.iter().all(|branch| is_object(branch));
    if !is_object(schema) && !is_union_of_objects {
        return None;
    }
    let mut kept = schema.clone();
    kept.retain(|name, value| {
        let is_union = COMBINATORS.contains(&name.as_str()) && value.is_array();
        !is_union && !REFUSED_AT_TOP.contains(&name.as_str())
    });
    kept.insert("type".to_owned(), Value::from("object"));
    kept.insert("properties".to_owned(), Value::Object(merged_properties(schema, &branches)));
    let required = required(schema, &groups);
    if !required.is_empty() {
        kept.insert("required".to_owned(), Value::from(required));
    }
    Some(kept)
}

fn is_object(schema: &Map<String, Value>) -> bool {
    match schema.get("type") {
        Some(kind) => kind == "object",
        None => schema.contains_key("properties"),
    }
}

/// The schema's own properties win, then those of earlier branches.
fn merged_properties(schema: &Map<String, Value>, branches: &[&Map<String, Value>]) -> Map<String, Value> {
    let mut merged = Map::new();
    for source in branches.iter().rev().copied().chain([schema]) {
        let properties = source.get("properties").and_then(Value::as_object).into_iter().flatten();
        for (name, value) in properties {
            merged.insert(name.clone(), value.clone());
        }
    }
    merged
}

/// Sorted: what the schema requires, with what all branches of an `allOf`, or each of a choice, require.
fn required(schema: &Map<String, Value>, groups: &[(&str, Vec<Map<String, Value>>)]) -> Vec<String> {
    let mut names = required_names(schema);
    for (combinator, branches) in groups {
        let lists: Vec<Vec<String>> = branches.iter().map(required_names).collect();
        for name in lists.iter().flatten() {
            let is_required = *combinator == "allOf" || lists.iter().all(|list| list.contains(name));
            if is_required {
                names.push(name.clone());
            }
        }
    }
    names.sort_unstable();
    names.dedup();
    names
}

fn required_names(schema: &Map<String, Value>) -> Vec<String> {
    let list = schema.get("required").and_then(Value::as_array).into_iter().flatten();
    list.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// A branch as an object without unions of its own; `None` where it cannot be made one.
fn mergeable(branch: &Value, root: &Map<String, Value>, seen: &mut Vec<String>) -> Option<Map<String, Value>> {
    let branch = branch.as_object()?;
    if let Some(reference) = branch.get("$ref").and_then(Value::as_str) {
        if seen.iter().any(|other| other == reference) || seen.len() > DEPTH_MAX {
            return None;
        }
        let target = Value::Object(root.clone()).pointer(reference.strip_prefix('#')?)?.clone();
        seen.push(reference.to_owned());
        let merged = mergeable(&target, root, seen);
        seen.pop();
        return merged;
    }
    let flat = flattened(branch, root, seen).unwrap_or_else(|| branch.clone());
    let still_has_union = COMBINATORS.iter().any(|name| flat.contains_key(*name));
    (!still_has_union).then_some(flat)
}

#[cfg(test)]
mod tests;
