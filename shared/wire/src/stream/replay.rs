//! A stream made of a whole answer, for what a provider cannot stream.

use serde_json::{Map, Value, json};

use super::UsageWish;

const DONE: &[u8] = b"data: [DONE]\n\n";

/// The events of a chat stream that says what `body`, a whole chat completion, says.
pub fn replay(body: &[u8], usage: UsageWish) -> Vec<Vec<u8>> {
    let answer: Map<String, Value> = serde_json::from_slice(body).unwrap_or_default();
    // A text completion's chunks look like the whole.
    if answer.get("object").is_some_and(|object| object == "text_completion") {
        return vec![event(&Value::Object(answer)), DONE.to_vec()];
    }
    let choices = answer.get("choices").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut events = Vec::new();
    for choice in &choices {
        events.push(chunk(&answer, &opening(choice)));
    }
    for choice in &choices {
        let end = json!({ "index": choice["index"], "delta": {}, "finish_reason": choice["finish_reason"] });
        events.push(chunk(&answer, &end));
    }
    if let (UsageWish::Shown, Some(counts)) = (usage, answer.get("usage")) {
        let mut last = head(&answer, &json!({ "index": 0, "delta": {} }));
        last.insert("usage".to_owned(), counts.clone());
        events.push(event(&Value::Object(last)));
    }
    events.push(DONE.to_vec());
    events
}

/// All of a choice's message in one delta; tool calls get the index by which clients collect them.
fn opening(choice: &Value) -> Value {
    let mut delta = choice.get("message").and_then(Value::as_object).cloned().unwrap_or_default();
    delta.retain(|_, value| !value.is_null());
    if let Some(calls) = delta.get_mut("tool_calls").and_then(Value::as_array_mut) {
        for (index, call) in calls.iter_mut().enumerate() {
            call["index"] = index.into();
        }
    }
    json!({ "index": choice["index"], "delta": delta })
}

fn head(answer: &Map<String, Value>, choice: &Value) -> Map<String, Value> {
    let mut head = Map::new();
    for name in ["id", "created", "model", "system_fingerprint"] {
        if let Some(value) = answer.get(name) {
            head.insert(name.to_owned(), value.clone());
        }
    }
    head.insert("object".to_owned(), "chat.completion.chunk".into());
    head.insert("choices".to_owned(), json!([choice]));
    head
}

fn chunk(answer: &Map<String, Value>, choice: &Value) -> Vec<u8> {
    event(&Value::Object(head(answer, choice)))
}

fn event(value: &Value) -> Vec<u8> {
    format!("data: {value}\n\n").into_bytes()
}

#[cfg(test)]
mod tests;
