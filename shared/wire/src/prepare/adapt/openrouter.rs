//! OpenRouter: tells the cost if asked, and reads marks for prompt caching on parts only.

use serde_json::{Value, json};

use super::super::Refusal;
use super::super::call::Call;
use super::super::rules::{Rules, reads_cache_marks};

pub(super) fn parameters(call: &mut Call<'_, '_>) -> Result<(), Refusal> {
    if call.body.get("reasoning_effort") == Some("\"max\"") {
        call.set("reasoning_effort", &"xhigh");
    }
    Ok(())
}

/// The cost of every answer is asked for.
pub(super) fn last(call: &mut Call<'_, '_>) {
    if call.body.get("usage").is_none() {
        call.set("usage", &json!({"include": true}));
    }
}

/// A mark on a message moves to its last part.
pub(super) fn messages(rules: &Rules, messages: &mut [Value]) {
    if !reads_cache_marks(&rules.settings.model.to_ascii_lowercase()) {
        return;
    }
    for fields in messages.iter_mut().filter_map(Value::as_object_mut) {
        let Some(mark) = fields.shift_remove("cache_control").filter(|mark| !mark.is_null()) else { continue };
        match fields.get_mut("content") {
            Some(Value::Array(parts)) => {
                if let Some(Value::Object(part)) = parts.last_mut() {
                    part.insert("cache_control".to_owned(), mark);
                }
            }
            content => {
                let text = content.map(|content| content.take()).unwrap_or_default();
                let parts = json!([{"type": "text", "text": text, "cache_control": mark}]);
                fields.insert("content".to_owned(), parts);
            }
        }
    }
}
