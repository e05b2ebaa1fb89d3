//! JSON schemas as Gemini takes them: OpenAPI's subset, without references and unions with null.
//!
//! LiteLLM's `build_vertex_schema`, step by step. Knows no tool and no answer.

use serde_json::{Map, Value, json};

use crate::prepare::Refusal;

/// Schemas are followed no deeper, as LiteLLM does.
const DEPTH_MAX: usize = 100;
/// Bytes that references may unfold to.
const UNFOLDED_BYTES_MAX: usize = 10_000_000;
/// Fields that Gemini's schema has.
const FIELDS: [&str; 22] = [
    "type",
    "format",
    "title",
    "description",
    "nullable",
    "default",
    "items",
    "minItems",
    "maxItems",
    "enum",
    "properties",
    "propertyOrdering",
    "required",
    "minProperties",
    "maxProperties",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "pattern",
    "example",
    "anyOf",
];
/// Fields that belong to objects and lists, and move with them into a union.
const CONTAINER_FIELDS: [&str; 8] = [
    "properties",
    "required",
    "additionalProperties",
    "items",
    "minItems",
    "maxItems",
    "minProperties",
    "maxProperties",
];

/// The schema in Gemini's form.
///
/// # Errors
/// Where it is nested too deeply, unfolds to too much, or admits nothing but null.
pub(super) fn convert(mut schema: Value) -> Result<Value, Refusal> {
    let defs = definitions(&schema);
    if let Some(fields) = schema.as_object_mut() {
        fields.shift_remove("$defs");
    }
    let mut unfolder = Unfolder { left: UNFOLDED_BYTES_MAX, chain: Vec::new() };
    unfolder.unfold(&mut schema, &defs, 0)?;
    nulls_to_nullable(&mut schema, 0)?;
    types_to_unions(&mut schema, 0)?;
    mend_enums(&mut schema);
    fill_items(&mut schema);
    add_types(&mut schema);
    Ok(filtered(schema))
}

/// As [`convert`], with the order of properties: an answer follows it.
///
/// # Errors
/// As [`convert`].
pub(super) fn convert_ordered(schema: Value) -> Result<Value, Refusal> {
    let mut schema = convert(schema)?;
    order(&mut schema);
    Ok(schema)
}

/// Takes `additionalProperties: false` out, wherever it stands.
pub(super) fn open_objects(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            if fields.get("additionalProperties") == Some(&Value::Bool(false)) {
                fields.shift_remove("additionalProperties");
            }
            fields.values_mut().for_each(open_objects);
        }
        Value::Array(items) => items.iter_mut().for_each(open_objects),
        _ => {}
    }
}

/// Takes `strict` out, wherever it stands.
pub(super) fn remove_strict(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.shift_remove("strict");
            fields.values_mut().for_each(remove_strict);
        }
        Value::Array(items) => items.iter_mut().for_each(remove_strict),
        _ => {}
    }
}

fn too_deep() -> Refusal {
    Refusal::bad(format!("Max depth of {DEPTH_MAX} exceeded while processing schema."))
}

fn definitions(node: &Value) -> Map<String, Value> {
    let of = |name: &str| node.get(name).and_then(Value::as_object).cloned().unwrap_or_default();
    let mut all = of("$defs");
    all.extend(of("definitions"));
    all
}

/// Puts definitions in the place of references to them; a circle of references stays one.
struct Unfolder {
    /// Bytes that may still be inserted.
    left: usize,
    /// Names that are being unfolded.
    chain: Vec<String>,
}

impl Unfolder {
    fn unfold(&mut self, node: &mut Value, defs: &Map<String, Value>, depth: usize) -> Result<(), Refusal> {
        if depth > DEPTH_MAX {
            return Err(too_deep());
        }
        match node {
            Value::Object(fields) => {
                if let Some(name) = reference(fields) {
                    return self.replace(node, &name, defs, depth);
                }
                let own = [fields.get("$defs"), fields.get("definitions")].iter().any(Option::is_some);
                let inner = own.then(|| {
                    let mut inner = defs.clone();
                    inner.extend(definitions(&Value::Object(fields.clone())));
                    inner
                });
                let defs = inner.as_ref().unwrap_or(defs);
                fields.values_mut().try_for_each(|value| self.unfold(value, defs, depth + 1))
            }
            Value::Array(items) => items.iter_mut().try_for_each(|item| self.unfold(item, defs, depth + 1)),
            _ => Ok(()),
        }
    }

    fn replace(
        &mut self,
        node: &mut Value,
        name: &str,
        defs: &Map<String, Value>,
        depth: usize,
    ) -> Result<(), Refusal> {
        let Some(target) = defs.get(name).filter(|_| !self.chain.iter().any(|other| other == name)) else {
            return Ok(());
        };
        let size = weight(target);
        self.left = self.left.checked_sub(size).ok_or_else(|| {
            Refusal::bad("the references of a schema unfold to more than 10 MB: send a smaller schema")
        })?;
        *node = target.clone();
        self.chain.push(name.to_owned());
        let outcome = self.unfold(node, defs, depth + 1);
        self.chain.pop();
        outcome
    }
}

fn reference(fields: &Map<String, Value>) -> Option<String> {
    let text = fields.get("$ref")?.as_str()?;
    text.rsplit('/').next().map(str::to_owned)
}

/// Roughly the bytes of a value's text.
fn weight(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len() + 2,
        Value::Array(items) => items.iter().map(weight).sum::<usize>() + 2,
        Value::Object(fields) => fields.iter().map(|(name, value)| name.len() + 4 + weight(value)).sum::<usize>() + 2,
        _ => 8,
    }
}

/// A union with null becomes a union of nullable types.
fn nulls_to_nullable(schema: &mut Value, depth: usize) -> Result<(), Refusal> {
    if depth > DEPTH_MAX {
        return Err(too_deep());
    }
    let Some(fields) = schema.as_object_mut() else { return Ok(()) };
    if let Some(Value::Array(union)) = fields.get_mut("anyOf") {
        make_nullable(union)?;
    }
    if let Some(Value::Object(properties)) = fields.get_mut("properties") {
        properties.values_mut().try_for_each(|value| nulls_to_nullable(value, depth + 1))?;
    }
    fields.get_mut("items").map_or(Ok(()), |items| nulls_to_nullable(items, depth + 1))
}

fn make_nullable(union: &mut Vec<Value>) -> Result<(), Refusal> {
    let before = union.len();
    union.retain(|item| item.get("type").and_then(Value::as_str) != Some("null"));
    let had_null = union.len() < before;
    if union.is_empty() {
        return Err(Refusal::bad(
            "Invalid input: AnyOf schema with only null type is not supported. Please provide a non-null type.",
        ));
    }
    for item in union.iter_mut().filter_map(Value::as_object_mut) {
        if item.is_empty() {
            item.insert("type".to_owned(), "object".into());
        }
        if had_null {
            item.insert("nullable".to_owned(), true.into());
        }
    }
    Ok(())
}

/// A list of types becomes a union.
fn types_to_unions(schema: &mut Value, depth: usize) -> Result<(), Refusal> {
    if depth > DEPTH_MAX {
        return Err(too_deep());
    }
    let Some(fields) = schema.as_object_mut() else { return Ok(()) };
    if let Some(Value::Array(types)) = fields.get("type") {
        let types = types.clone();
        match types.as_slice() {
            [only] => drop(fields.insert("type".to_owned(), only.clone())),
            [_, _, ..] => unite(fields, &types),
            [] => {}
        }
    }
    if let Some(Value::Object(properties)) = fields.get_mut("properties") {
        properties.values_mut().try_for_each(|value| types_to_unions(value, depth + 1))?;
    }
    if let Some(items) = fields.get_mut("items") {
        types_to_unions(items, depth + 1)?;
    }
    match fields.get_mut("anyOf") {
        Some(Value::Array(union)) => union.iter_mut().try_for_each(|item| types_to_unions(item, depth + 1)),
        _ => Ok(()),
    }
}

fn unite(fields: &mut Map<String, Value>, types: &[Value]) {
    let is_container = |kind: &str| matches!(kind, "object" | "array");
    let names: Vec<&str> = types.iter().filter_map(Value::as_str).collect();
    let mut union = Vec::with_capacity(names.len());
    for kind in &names {
        let mut item = Map::from_iter([("type".to_owned(), Value::from(*kind))]);
        if is_container(kind) {
            let own = CONTAINER_FIELDS.iter().filter_map(|name| Some(((*name).to_owned(), fields.get(*name)?.clone())));
            item.extend(own);
        }
        union.push(Value::Object(item));
    }
    if names.iter().any(|kind| is_container(kind)) {
        CONTAINER_FIELDS.iter().for_each(|name| drop(fields.shift_remove(*name)));
    }
    fields.insert("anyOf".to_owned(), union.into());
    fields.shift_remove("type");
}

/// Enumerations are for strings only, and hold no empty one.
fn mend_enums(schema: &mut Value) {
    let Some(fields) = schema.as_object_mut() else { return };
    let is_string = |fields: &Map<String, Value>| {
        fields.get("type").and_then(Value::as_str).is_some_and(|kind| kind.eq_ignore_ascii_case("string"))
    };
    let union = fields.get("anyOf").and_then(Value::as_array).into_iter().flatten();
    let keeps = is_string(fields) || union.filter_map(Value::as_object).any(is_string);
    if let Some(Value::Array(values)) = fields.get_mut("enum") {
        let empty = |value: &&mut Value| value.as_str() == Some("");
        values.iter_mut().filter(empty).for_each(|value| *value = Value::Null);
        if !keeps {
            fields.shift_remove("enum");
        }
    }
    for_each_child(fields, mend_enums);
}

/// The schemas below one: properties, items, and members of a union.
fn for_each_child(fields: &mut Map<String, Value>, visit: fn(&mut Value)) {
    if let Some(Value::Object(properties)) = fields.get_mut("properties") {
        properties.values_mut().for_each(visit);
    }
    if let Some(items) = fields.get_mut("items") {
        visit(items);
    }
    if let Some(Value::Array(union)) = fields.get_mut("anyOf") {
        union.iter_mut().for_each(visit);
    }
}

/// Every list says what it holds.
fn fill_items(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            let is_list =
                fields.get("type").and_then(Value::as_str).is_some_and(|kind| kind.eq_ignore_ascii_case("array"));
            let lacks_items = fields.get("items").is_none_or(|items| *items == json!({}));
            if is_list && lacks_items {
                fields.insert("items".to_owned(), json!({ "type": "object" }));
            }
            fields.values_mut().for_each(fill_items);
        }
        Value::Array(items) => items.iter_mut().filter(|item| item.is_object()).for_each(fill_items),
        _ => {}
    }
}

/// What has no type is an object; an object without properties has none of the fields about them.
fn add_types(schema: &mut Value) {
    let Some(fields) = schema.as_object_mut() else { return };
    let is_typed = ["type", "anyOf", "oneOf", "allOf"].iter().any(|name| fields.contains_key(*name));
    if !is_typed {
        fields.insert("type".to_owned(), "object".into());
    }
    match fields.get_mut("properties") {
        Some(Value::Object(properties)) if properties.is_empty() => {
            fields.shift_remove("properties");
            fields.shift_remove("required");
            fields.insert("type".to_owned(), "object".into());
        }
        Some(Value::Object(properties)) => {
            properties.values_mut().for_each(add_types);
            fields.insert("type".to_owned(), "object".into());
            if fields.get("required") == Some(&Value::Null) {
                fields.shift_remove("required");
            }
        }
        _ => {}
    }
    if let Some(items) = fields.get_mut("items") {
        add_types(items);
    }
    for name in ["anyOf", "oneOf", "allOf"] {
        if let Some(Value::Array(list)) = fields.get_mut(name) {
            list.iter_mut().for_each(add_types);
        }
    }
}

/// Only what Gemini's schema has; beside a union nothing else may stand.
fn filtered(schema: Value) -> Value {
    let Value::Object(fields) = schema else { return schema };
    let mut kept = Map::with_capacity(fields.len());
    for (name, value) in union_alone(fields) {
        let value = match (name.as_str(), value) {
            ("properties", Value::Object(properties)) => {
                properties.into_iter().map(|(name, value)| (name, filtered(value))).collect()
            }
            ("items", items @ Value::Object(_)) => filtered(items),
            ("anyOf", Value::Array(union)) => union.into_iter().map(filtered).collect(),
            ("format", format) if format != "enum" && format != "date-time" => continue,
            (name, _) if !FIELDS.contains(&name) => continue,
            (_, value) => value,
        };
        kept.insert(name, value);
    }
    Value::Object(kept)
}

/// A union's own title and description go to its members.
fn union_alone(mut fields: Map<String, Value>) -> Map<String, Value> {
    let has_union = fields.get("anyOf").is_some_and(|union| !matches!(union, Value::Null) && *union != json!([]));
    if !has_union {
        return fields;
    }
    let Some(mut union) = fields.shift_remove("anyOf") else { return fields };
    for name in ["title", "description"] {
        let Some(text) = fields.get(name).filter(|text| text.as_str() != Some("") && !text.is_null()) else { continue };
        let members = union.as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut);
        members.for_each(|member| drop(member.insert(name.to_owned(), text.clone())));
    }
    Map::from_iter([("anyOf".to_owned(), union)])
}

fn order(schema: &mut Value) {
    let Some(fields) = schema.as_object_mut() else { return };
    let names = fields
        .get("properties")
        .and_then(Value::as_object)
        .map(|properties| properties.keys().map(|name| Value::from(name.as_str())).collect::<Vec<_>>());
    if let Some(names) = names {
        if !fields.contains_key("propertyOrdering") {
            fields.insert("propertyOrdering".to_owned(), names.into());
        }
        if let Some(Value::Object(properties)) = fields.get_mut("properties") {
            properties.values_mut().for_each(order);
        }
    }
    if let Some(items) = fields.get_mut("items") {
        order(items);
    }
}

#[cfg(test)]
mod tests;
