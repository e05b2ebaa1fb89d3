use serde_json::json;

use super::*;

fn check(rewrite: fn(&mut Value), mut schema: Value, want: Value) {
    rewrite(&mut schema);
    assert_eq!(schema, want);
}

#[test]
fn patterns_that_python_cannot_read_are_dropped() {
    let foreign = [r"\p{L}+", r"^\cA$", r"(?<year>\d+)", r"\k<year>", r"\u{1F600}", "a\\"];
    for pattern in foreign {
        let schema = json!({"properties": {"a": {"type": "string", "pattern": pattern}}});
        check(drop_foreign_patterns, schema, json!({"properties": {"a": {"type": "string"}}}));
    }
}

#[test]
fn patterns_that_python_reads_stay() {
    for pattern in [r"^\d{4}-\w+$", r"(?<=a)b(?<!c)", r"\\p{L}", r"(?P<year>\d)", r"[\]]", ""] {
        let schema = json!({"items": {"pattern": pattern}});
        check(drop_foreign_patterns, schema.clone(), schema);
    }
}

#[test]
fn patterns_in_data_are_no_schemas() {
    let schema = json!({"default": {"pattern": r"\p{L}"}, "enum": [{"pattern": r"\p{L}"}]});
    check(drop_foreign_patterns, schema.clone(), schema);
}

#[test]
fn closed_object_keeps_admitting_what_a_dropped_pattern_admitted() {
    let schema = json!({"patternProperties": {r"\p{L}": {"type": "string"}}, "additionalProperties": false});
    let want = json!({"patternProperties": {}, "additionalProperties": {"type": "string"}});
    check(drop_foreign_patterns, schema, want);
}

#[test]
fn unions_at_the_top_are_merged() {
    let schema = json!({
        "type": "object",
        "properties": {"a": {"type": "string"}},
        "required": ["a"],
        "anyOf": [
            {"properties": {"a": {"type": "integer"}, "b": {}}, "required": ["b", "c"]},
            {"$ref": "#/$defs/C"},
        ],
        "$defs": {"C": {"properties": {"c": {}}, "required": ["c"]}},
    });
    let want = json!({
        "type": "object",
        "properties": {"c": {}, "a": {"type": "string"}, "b": {}},
        "required": ["a", "c"],
        "$defs": {"C": {"properties": {"c": {}}, "required": ["c"]}},
    });
    check(flatten, schema, want);
}

#[test]
fn union_of_objects_becomes_an_object() {
    let schema = json!({"allOf": [{"type": "object", "properties": {"a": {}}, "required": ["a"]}], "not": {}});
    check(flatten, schema, json!({"type": "object", "properties": {"a": {}}, "required": ["a"]}));
}

#[test]
fn what_cannot_be_merged_stays() {
    let schemas = [
        json!({"type": "object", "anyOf": [true]}),
        json!({"type": "object", "anyOf": [{"$ref": "https://elsewhere"}]}),
        json!({"type": "object", "anyOf": [{"$ref": "#/$defs/A"}], "$defs": {"A": {"$ref": "#/$defs/A"}}}),
        json!({"type": "string", "enum": ["a"]}),
        json!({"anyOf": [{"type": "string"}]}),
        json!({"type": "object", "properties": {"a": {"anyOf": []}}}),
    ];
    for schema in schemas {
        check(flatten, schema.clone(), schema);
    }
}
