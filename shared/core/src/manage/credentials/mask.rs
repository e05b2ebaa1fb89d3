//! Secrets as they are shown: the first two and the last two letters; what is no secret is shown whole.

use serde_json::{Map, Value};

/// Words in names of what is no secret, as LiteLLM tells them.
const PLAIN: &[&str] = &["api_base", "api_version", "base_url", "region", "location", "project", "endpoint"];
/// A shorter secret is not shown at all.
const SHOWN_FROM: usize = 8;

pub fn masked(values: &Map<String, Value>) -> Map<String, Value> {
    values.iter().map(|(name, value)| (name.clone(), one(name, value))).collect()
}

fn one(name: &str, value: &Value) -> Value {
    let is_plain = PLAIN.iter().any(|word| name.contains(word)) && !name.contains("key");
    match value {
        Value::String(text) if !is_plain => ends(text).into(),
        Value::Object(_) | Value::Array(_) => "****".into(),
        other => other.clone(),
    }
}

fn ends(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    if letters.len() < SHOWN_FROM {
        return "****".to_owned();
    }
    let (first, last) = (&letters[..2], &letters[letters.len() - 2..]);
    format!("{}****{}", first.iter().collect::<String>(), last.iter().collect::<String>())
}
