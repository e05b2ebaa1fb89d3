//! Plain scalars, against how PyYAML's `safe_load` reads them (`tests/record/configuration_keys.py`).

use std::collections::BTreeMap;

use crate::config::node::{Node, Span, Value};
use crate::config::{python, scalar};

#[test]
fn plain_scalars_mean_what_pyyaml_makes_of_them() {
    let recorded: BTreeMap<String, String> = serde_json::from_str(include_str!("scalars.json")).unwrap();
    assert!(recorded.len() > 100);
    for (text, expected) in recorded {
        let value = scalar::resolve(&text).unwrap();
        let list = Value::List(vec![Node { value, span: Span::start_of("") }]);
        assert_eq!(python::text(&list), expected, "{text}");
    }
}

#[test]
fn an_integer_too_large_to_keep_is_refused() {
    assert_eq!(scalar::resolve(&"9".repeat(60)), None);
}

#[test]
fn empty_scalars_are_null() {
    assert_eq!(scalar::resolve(""), Some(Value::Null));
}
