//! A tool that is not parsed is sent as one that is.

use serde_json::{Value, json};

use super::super::tools::Tools;

/// Reads the tool as it is, and beside one whose fields make the whole list be parsed.
fn check(tool: &Value, want: &Value) {
    let mut plain = Tools::default();
    plain.read(&json!([tool]).to_string()).unwrap();
    assert_eq!(serde_json::to_value(&plain.list).unwrap(), json!([want]), "{tool}");
    let mut parsed = Tools::default();
    parsed.read(&json!([tool, {"type": "custom", "name": "own", "input_schema": {}}]).to_string()).unwrap();
    assert_eq!(serde_json::to_value(&parsed.list[0]).unwrap(), *want, "{tool}");
}

#[test]
fn functions_are_sent_with_what_their_schema_may_have() {
    let function = |function: Value| json!({"type": "function", "function": function});
    let made = |schema: Value| json!({"name": "f", "type": "custom", "input_schema": schema});
    let empty = json!({"type": "object", "properties": {}});
    check(&function(json!({"name": "f"})), &made(empty.clone()));
    check(&function(json!({"name": "f", "strict": true, "parameters": null})), &made(empty.clone()));
    check(&function(json!({"name": "f", "description": null, "parameters": {"type": "string"}})), &made(empty));
    let schema = json!({
        "properties": {"a": {"type": "string", "title": "A", "description": "é \"x\" \n"}}, "required": ["a"],
        "title": "T", "$schema": "s", "additionalProperties": false, "$defs": {"d": {}}, "oneOf": [],
    });
    let kept = json!({
        "properties": {"a": {"type": "string", "title": "A", "description": "é \"x\" \n"}}, "required": ["a"],
        "additionalProperties": false, "$defs": {"d": {}}, "type": "object",
    });
    check(&function(json!({"name": "f", "parameters": schema})), &made(kept));
}

#[test]
fn marks_and_definitions_reach_the_tool() {
    let schema = json!({
        "type": "object", "properties": {"a": {"$ref": "#/definitions/d"}}, "definitions": {"d": {"type": "integer"}},
    });
    let tool = json!({
        "type": "function", "cache_control": {"type": "ephemeral"},
        "function": {"name": "f", "description": "é\n", "parameters": schema},
    });
    let want = json!({
        "name": "f", "type": "custom", "description": "é\n", "cache_control": {"type": "ephemeral"},
        "input_schema": {"type": "object", "properties": {"a": {"type": "integer"}}},
    });
    check(&tool, &want);
}
