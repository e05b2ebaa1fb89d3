use super::*;

fn check(schema: Value, expected: Value) {
    assert_eq!(convert(schema).unwrap(), expected);
}

#[test]
fn references_are_unfolded_and_circles_left() {
    check(
        json!({"$defs": {"A": {"type": "string", "maxLength": 3}}, "type": "object", "properties": {"a": {"$ref": "#/$defs/A"}}}),
        json!({"type": "object", "properties": {"a": {"type": "string", "maxLength": 3}}}),
    );
    let circle =
        json!({"$defs": {"N": {"type": "object", "properties": {"next": {"$ref": "#/$defs/N"}}}}, "$ref": "#/$defs/N"});
    check(circle, json!({"type": "object", "properties": {"next": {"type": "object"}}}));
}

#[test]
fn null_becomes_nullable() {
    check(
        json!({"type": "object", "properties": {"a": {"anyOf": [{"type": "string"}, {"type": "null"}], "title": "A", "default": 1}}}),
        json!({"type": "object", "properties": {"a": {"anyOf": [{"type": "string", "nullable": true, "title": "A"}]}}}),
    );
    assert!(convert(json!({"anyOf": [{"type": "null"}]})).is_err());
}

#[test]
fn lists_of_types_become_unions() {
    check(
        json!({"type": ["array", "string"], "items": {"type": "integer"}}),
        json!({"anyOf": [{"type": "array", "items": {"type": "integer"}}, {"type": "string"}]}),
    );
    check(json!({"type": ["string"]}), json!({"type": "string"}));
}

#[test]
fn what_gemini_does_not_know_is_left_out() {
    check(
        json!({"type": "object", "$schema": "x", "properties": {"n": {"type": "integer", "enum": [1], "const": 1, "format": "int32"}, "l": {"type": "array"}, "e": {}}}),
        json!({"type": "object", "properties": {"n": {"type": "integer"}, "l": {"type": "array", "items": {"type": "object"}}, "e": {"type": "object"}}}),
    );
    check(json!({"properties": {}, "required": []}), json!({"type": "object"}));
}

#[test]
fn a_schema_that_unfolds_without_end_is_refused() {
    let mut defs = Map::new();
    for level in 0..40 {
        let next = json!({"$ref": format!("#/$defs/d{}", level + 1)});
        defs.insert(format!("d{level}"), json!({"type": "object", "properties": {"a": next.clone(), "b": next}}));
    }
    defs.insert("d40".to_owned(), json!({"type": "string"}));
    assert!(convert(json!({"$defs": defs, "$ref": "#/$defs/d0"})).is_err());
}
