//! Python's notation of JSON values, and its sentences about text that is no JSON.
//!
//! LiteLLM quotes both in its messages. Knows no provider, neither of a request nor of a failure.

use serde_json::Value;

mod dumps;
mod fault;

pub(crate) use dumps::dumps;
pub(crate) use fault::fault;

/// The name of the value's type in Python.
pub(crate) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "NoneType",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float",
        Value::Number(_) => "int",
        Value::String(_) => "str",
        Value::Array(_) => "list",
        Value::Object(_) => "dict",
    }
}

/// What `str()` gives: strings bare, everything else as [`repr`].
pub(crate) fn display(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => repr(other),
    }
}

/// What `repr()` gives for the value that `json.loads` makes.
pub(crate) fn repr(value: &Value) -> String {
    let mut out = String::new();
    write(&mut out, value);
    out
}

/// What `str()` gives for the value that this JSON text stands for; what is no JSON is left as it is.
pub(crate) fn display_json(text: &str) -> String {
    serde_json::from_str(text).map_or_else(|_| text.to_owned(), |value: Value| display(&value))
}

/// A list of names as Python prints it.
pub(crate) fn list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    repr(&names.into_iter().map(Value::from).collect())
}

fn write(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("None"),
        Value::Bool(true) => out.push_str("True"),
        Value::Bool(false) => out.push_str("False"),
        Value::Number(number) => out.push_str(&number_text(number)),
        Value::String(text) => quote(out, text),
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
            for (place, (name, item)) in fields.iter().enumerate() {
                separate(out, place);
                quote(out, name);
                out.push_str(": ");
                write(out, item);
            }
            out.push('}');
        }
    }
}

fn separate(out: &mut String, place: usize) {
    if place > 0 {
        out.push_str(", ");
    }
}

fn number_text(number: &serde_json::Number) -> String {
    if number.is_f64() { number.as_f64().map_or_else(|| number.to_string(), float) } else { number.to_string() }
}

/// The shortest digits that give the number again; an exponent below 1e-4 and from 1e16 on.
pub fn float(number: f64) -> String {
    let scientific = format!("{number:e}");
    let Some((digits, exponent)) = scientific.split_once('e') else { return scientific };
    match exponent.parse::<i32>() {
        Ok(exponent) if (-4..16).contains(&exponent) => format!("{number:?}"),
        Ok(exponent) => format!("{digits}e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs()),
        Err(_) => scientific,
    }
}

/// Python prefers single quotes unless only they would need escaping.
fn quote(out: &mut String, text: &str) {
    let mark = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    out.push(mark);
    for character in text.chars() {
        match character {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ if character == mark => {
                out.push('\\');
                out.push(mark);
            }
            _ if character.is_control() => out.push_str(&format!("\\x{:02x}", u32::from(character))),
            _ => out.push(character),
        }
    }
    out.push(mark);
}

#[cfg(test)]
mod tests;
