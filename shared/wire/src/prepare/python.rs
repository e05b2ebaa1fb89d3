//! JSON values in Python's notation, for the sentences of LiteLLM that quote them. Knows nothing else.

use serde_json::Value;

/// What Python's `repr` prints for the value.
pub(super) fn repr(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => quote(text),
        Value::Array(items) => format!("[{}]", items.iter().map(repr).collect::<Vec<_>>().join(", ")),
        Value::Object(fields) => {
            let fields: Vec<String> =
                fields.iter().map(|(name, value)| format!("{}: {}", quote(name), repr(value))).collect();
            format!("{{{}}}", fields.join(", "))
        }
    }
}

/// What Python's `str` prints for JSON text: strings bare, everything else as `repr`.
pub(super) fn display(text: &str) -> String {
    match serde_json::from_str(text) {
        Ok(Value::String(text)) => text,
        Ok(value) => repr(&value),
        Err(_) => text.to_owned(),
    }
}

/// A list of names as Python prints it.
pub(super) fn list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    format!("[{}]", names.into_iter().map(quote).collect::<Vec<_>>().join(", "))
}

fn quote(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('\n', "\\n").replace('\r', "\\r").replace('\t', "\\t");
    // Python prefers single quotes unless only they would need escaping.
    if escaped.contains('\'') && !escaped.contains('"') {
        return format!("\"{escaped}\"");
    }
    format!("'{}'", escaped.replace('\'', "\\'"))
}
