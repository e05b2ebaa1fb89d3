//! Dictated answers in one piece. Knows no failure that the config names.

use serde_json::{Map, Value, json};

use super::{Call, DEFAULT_TEXT, Mock};
use crate::Operation;
use crate::failure::Failure;

const PROMPT_TOKENS: u64 = 10;
const COMPLETION_TOKENS: u64 = 20;

/// A chat completion, or the text completion made of it.
pub(super) fn completion(mock: &Mock, call: &Call, count: usize) -> Value {
    let chat = match mock.given() {
        Value::Object(dictated) => dictated_completion(dictated, call),
        content => generated(mock, content, call, count),
    };
    if call.origin.operation == Operation::TextCompletion { as_text(&chat) } else { chat }
}

fn generated(mock: &Mock, content: &Value, call: &Call, count: usize) -> Value {
    let default = Value::String(DEFAULT_TEXT.to_owned());
    let content = if content.is_null() { &default } else { content };
    let mut choices: Vec<Value> = (0..count)
        .map(|index| {
            json!({"finish_reason": "stop", "index": index, "message": {"content": content, "role": "assistant"}})
        })
        .collect();
    if let (Some(calls), Some(first)) = (mock.tool_calls, choices.first_mut()) {
        first["message"]["tool_calls"] = calls.clone();
    }
    json!({
        "id": call.id, "created": call.created_s, "model": call.alias, "object": "chat.completion",
        "choices": choices, "usage": usage(),
    })
}

/// What the mock's tokens are said to be, whatever its length.
pub(super) fn usage() -> Value {
    json!({
        "completion_tokens": COMPLETION_TOKENS, "prompt_tokens": PROMPT_TOKENS,
        "total_tokens": PROMPT_TOKENS + COMPLETION_TOKENS,
    })
}

/// A completion the config spells out; what it leaves out is filled in.
fn dictated_completion(dictated: &Map<String, Value>, call: &Call) -> Value {
    let mut answer = json!({
        "id": call.id, "created": call.created_s, "model": call.alias, "object": "chat.completion",
        "choices": [{"finish_reason": "stop", "index": 0, "message": {"role": "assistant", "content": null}}],
    });
    for (name, value) in dictated {
        match name.as_str() {
            "model" => {}
            "choices" => answer["choices"] = completed_choices(value),
            _ => answer[name] = value.clone(),
        }
    }
    answer
}

fn completed_choices(choices: &Value) -> Value {
    let completed = choices.as_array().into_iter().flatten().enumerate().map(|(index, choice)| {
        let mut completed = json!({"finish_reason": "stop", "index": index, "message": {"role": "assistant"}});
        for (name, value) in choice.as_object().into_iter().flatten().filter(|(name, _)| *name != "message") {
            completed[name] = value.clone();
        }
        let message = choice.get("message").and_then(Value::as_object);
        for (name, value) in message.into_iter().flatten() {
            completed["message"][name] = value.clone();
        }
        completed
    });
    Value::Array(completed.collect())
}

fn as_text(chat: &Value) -> Value {
    let choices: Vec<Value> = chat["choices"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|choice| {
            json!({
                "finish_reason": choice["finish_reason"], "index": choice["index"],
                "text": choice["message"]["content"], "logprobs": null,
            })
        })
        .collect();
    let mut usage = chat["usage"].clone();
    if usage.is_object() {
        usage["completion_tokens_details"] = Value::Null;
        usage["prompt_tokens_details"] = Value::Null;
    }
    json!({
        "id": chat["id"], "object": "text_completion", "created": chat["created"], "model": chat["model"],
        "choices": choices, "usage": usage,
    })
}

/// One vector, whatever the number of inputs.
pub(super) fn embedding(vector: &Value, call: &Call) -> Result<Value, Failure> {
    if vector.as_str() == Some("error") {
        return Err(Failure::from_words(&call.origin, None, "Mock error"));
    }
    if !vector.is_array() && !vector.is_string() {
        let words = "mock_response of an embedding must be a list of numbers or a string: correct the deployment";
        return Err(Failure::from_words(&call.origin, None, words));
    }
    Ok(json!({
        "model": call.alias, "data": [{"embedding": vector, "index": 0, "object": "embedding"}], "object": "list",
        "usage": {
            "completion_tokens": 0, "prompt_tokens": PROMPT_TOKENS, "total_tokens": 0,
            "completion_tokens_details": null, "prompt_tokens_details": null,
        },
    }))
}

/// One image, by address.
pub(super) fn image(address: &Value, call: &Call) -> Result<Value, Failure> {
    if !address.is_string() {
        let words = "mock_response of an image must be its address, a string: correct the deployment";
        return Err(Failure::from_words(&call.origin, None, words));
    }
    Ok(json!({
        "created": call.created_s, "background": null,
        "data": [{"b64_json": null, "revised_prompt": null, "url": address, "provider_specific_fields": null}],
        "output_format": null, "quality": null, "size": null,
        "usage": {
            "total_tokens": 0, "input_tokens": 0,
            "input_tokens_details": {"image_tokens": 0, "text_tokens": 0}, "output_tokens": 0,
        },
    }))
}
