//! JSON of which equal values have one text. Must not know what it is hashed for.
//!
//! As Python's `json.dumps` with `sort_keys` and no blanks: ASCII only.

use serde_json::{Map, Value};

use crate::config::python;

/// `value`, with the names of its objects in order.
pub(super) fn write(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
        Value::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() => out.push_str(&python::float(float)),
            _ => out.push_str(&number.to_string()),
        },
        Value::String(text) => python::write_json_string(out, text),
        Value::Array(items) => {
            out.push('[');
            for (place, item) in items.iter().enumerate() {
                separate(out, place);
                write(out, item);
            }
            out.push(']');
        }
        Value::Object(fields) => {
            out.push('{');
            for (place, (name, item)) in sorted(fields, &[]).into_iter().enumerate() {
                separate(out, place);
                python::write_json_string(out, name);
                out.push(':');
                write(out, item);
            }
            out.push('}');
        }
    }
}

/// The fields but those `left_out` as a list of pairs, in order of their names.
pub(super) fn write_pairs(out: &mut String, fields: &Map<String, Value>, left_out: &[&str]) {
    out.push('[');
    for (place, (name, item)) in sorted(fields, left_out).into_iter().enumerate() {
        separate(out, place);
        out.push('[');
        python::write_json_string(out, name);
        out.push(',');
        write(out, item);
        out.push(']');
    }
    out.push(']');
}

/// The pairs of a block that holds nothing but `text`.
pub(super) fn write_text_block(out: &mut String, text: &str) {
    out.push_str("[[\"text\",");
    python::write_json_string(out, text);
    out.push_str("],[\"type\",\"text\"]]");
}

fn sorted<'a>(fields: &'a Map<String, Value>, left_out: &[&str]) -> Vec<(&'a String, &'a Value)> {
    let mut pairs: Vec<_> = fields.iter().filter(|(name, _)| !left_out.contains(&name.as_str())).collect();
    // UTF-8 has the order of code points, which is Python's.
    pairs.sort_unstable_by_key(|(name, _)| *name);
    pairs
}

fn separate(out: &mut String, place: usize) {
    if place > 0 {
        out.push(',');
    }
}
