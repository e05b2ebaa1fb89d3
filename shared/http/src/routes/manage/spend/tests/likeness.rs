//! Whether an answer is as recorded, but for what no two runs have in common.

use serde_json::Value;

/// What is not as it should be, and where; object members may stand in any order.
pub fn unlike(wanted: &Value, found: &Value, place: &str) -> Option<String> {
    match (wanted, found) {
        (Value::String(text), found) if is_placeholder(text) => {
            (found.is_object() || found.is_array() || found.is_null()).then(|| format!("{place}: {text} is {found}"))
        }
        (Value::Object(wanted), Value::Object(found)) => {
            let missing = wanted.keys().find(|name| !found.contains_key(*name));
            let extra = found.keys().find(|name| !wanted.contains_key(*name));
            if let Some(name) = missing.or(extra) {
                let word = if missing.is_some() { "lacks" } else { "has" };
                return Some(format!("{place} {word} {name}"));
            }
            wanted.iter().find_map(|(name, wanted)| unlike(wanted, &found[name], &format!("{place}.{name}")))
        }
        (Value::Array(wanted), Value::Array(found)) if wanted.len() == found.len() => {
            let pairs = wanted.iter().zip(found).enumerate();
            pairs.into_iter().find_map(|(at, (wanted, found))| unlike(wanted, found, &format!("{place}[{at}]")))
        }
        (Value::Number(left), Value::Number(right)) => {
            let (left, right) = (left.as_f64().unwrap_or(0.0), right.as_f64().unwrap_or(0.0));
            let is_near = (left - right).abs() <= 1e-12;
            (!is_near).then(|| format!("{place}: {wanted} is {found}"))
        }
        _ => (wanted != found).then(|| format!("{place}: {wanted} is {found}")),
    }
}

fn is_placeholder(text: &str) -> bool {
    text.starts_with('<') && text.ends_with('>')
}
