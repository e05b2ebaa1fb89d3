use serde_json::json;

use super::*;

fn check(path: &str, mut value: Value, want: Value) {
    if let Some((name, rest)) = split(path)
        && let Some(inner) = value.get_mut(&name)
    {
        rest.remove_from(inner);
    }
    assert_eq!(value, want, "{path}");
}

#[test]
fn paths_lead_through_fields_and_lists() {
    let tools = || json!({"tools": [{"a": 1, "b": 2}, {"a": 3}]});
    check("tools[*].a", tools(), json!({"tools": [{"b": 2}, {}]}));
    check("tools[1].a", tools(), json!({"tools": [{"a": 1, "b": 2}, {}]}));
    check("tools[0]", tools(), json!({"tools": [{"a": 3}]}));
    check("tools[*]", tools(), json!({"tools": []}));
    check("a.b.c", json!({"a": {"b": {"c": 1, "d": 2}}}), json!({"a": {"b": {"d": 2}}}));
    check("a.x\\.y", json!({"a": {"x.y": 1, "x": 2}}), json!({"a": {"x": 2}}));
}

#[test]
fn paths_that_lead_nowhere_change_nothing() {
    for path in ["b.c", "a.z", "a[0]", "a[", "[0].a", "a[x]", ".", "", "a\\"] {
        check(path, json!({"a": {"b": 1}}), json!({"a": {"b": 1}}));
    }
}

#[test]
fn names_without_dots_are_no_paths() {
    assert!(!is_path("temperature") && is_path("a.b") && is_path("a[0]"));
}
