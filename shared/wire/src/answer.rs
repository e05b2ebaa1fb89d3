//! A provider's whole answer, rewritten for the client.
//!
//! Everything the gateway has no reason to change stays the provider's own bytes. Knows no status and no header.

use std::borrow::Cow;
use std::ops::Range;

use serde_json::Value;

use crate::Format;
use crate::generated::Generated;
use crate::json::{self, Object};
use crate::needle::{Needle, needle};
use crate::prepare::JSON_TOOL;
use crate::tokens::Estimator;
use crate::usage::{Source, Usage};

static BARE_REASONING: Needle = needle!("\"reasoning\":");
static REASONING_CONTENT: Needle = needle!("\"reasoning_content\":");
static FILTER_RESULTS: Needle = needle!("\"content_filter_results\"");

/// What the answer turns into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A chat completion.
    Chat,
    /// A chat completion whose content stands in the arguments of a forced tool.
    ChatFromTool,
    /// A text completion.
    Text,
    /// A chat completion shown as a text completion.
    ChatAsText,
    /// An embedding list whose vectors stay as they are.
    Embedding,
    /// An embedding list whose vectors become lists of numbers, if the provider packed them.
    EmbeddingFromBase64,
    /// JSON that is relayed as it is.
    Plain,
    /// A chat completion shown as Anthropic's message.
    Messages,
    /// OpenAI's response shown as Anthropic's message.
    MessagesFromResponses,
    /// A count of tokens shown as Anthropic's.
    MessageCount,
    /// A chat completion shown as OpenAI's response.
    Responses,
    /// A chat completion shown as Gemini's answer.
    GenerateContent,
    /// The client's own format, which the provider speaks too.
    Native(Format),
}

/// An answer ready for the client, and what it cost in tokens.
#[derive(Debug)]
pub struct Answer {
    pub body: Vec<u8>,
    pub usage: Usage,
}

/// The provider's body is no JSON object, or none that answers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Garbage(pub String);

/// Rewrites `body`; `model` is the name the client used, `estimator` counts where usage is missing.
///
/// # Errors
/// When the body is no JSON object.
pub fn rewrite(form: Form, model: &str, estimator: &Estimator, body: &[u8]) -> Result<Answer, Garbage> {
    let mut object = Object::parse(body).map_err(|error| Garbage(error.to_string()))?;
    let counted = object.given("usage").and_then(Usage::parse);
    if form == Form::Plain {
        let usage = counted.unwrap_or_else(|| estimator.guess());
        return Ok(Answer { body: body.to_vec(), usage });
    }
    let content = if matches!(form, Form::Embedding | Form::EmbeddingFromBase64) { "data" } else { "choices" };
    if !object.get(content).is_some_and(|text| text.starts_with('[')) {
        return Err(Garbage(format!("the answer has no `{content}`")));
    }
    let usage = counted.unwrap_or_else(|| estimator.usage(&generated(form, &object)));
    match form {
        Form::Chat => chat(&mut object),
        Form::ChatFromTool => chat_from_tool(&mut object),
        Form::ChatAsText => object = as_text(&object),
        Form::EmbeddingFromBase64 => decode_vectors(&mut object),
        _ => {}
    }
    if usage.source == Source::Estimate || usage.is_partial {
        complete_usage(&mut object, usage);
    }
    let body = match object.place_in("model", body).filter(|_| object.is_as_parsed()) {
        Some(place) => with_model(body, place, model),
        None => {
            object.set("model", json::raw(&model));
            object.to_vec()
        }
    };
    Ok(Answer { body, usage })
}

/// The provider's own bytes around the name that the client used.
fn with_model(body: &[u8], place: Range<usize>, model: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len() + model.len() + 2);
    out.extend_from_slice(&body[..place.start]);
    json::write_string(&mut out, model);
    out.extend_from_slice(&body[place.end..]);
    out
}

fn generated(form: Form, object: &Object<'_>) -> Generated {
    let mut generated = Generated::default();
    match form {
        Form::Chat | Form::ChatFromTool | Form::Text | Form::ChatAsText => {
            generated.push(object.get("choices").unwrap_or(""));
        }
        _ => {}
    }
    generated
}

/// LiteLLM always shows three counts.
fn complete_usage(object: &mut Object<'_>, usage: Usage) {
    let given = object.given("usage").unwrap_or("{}");
    let Ok(mut counts) = Object::parse(given.as_bytes()) else { return };
    let wanted = [
        ("completion_tokens", usage.completion_tokens),
        ("prompt_tokens", usage.prompt_tokens),
        ("total_tokens", usage.total_tokens),
    ];
    for (name, count) in wanted {
        counts.set_default(name, &json::raw(&count));
    }
    let text = String::from_utf8_lossy(&counts.to_vec()).into_owned();
    object.set_text("usage", text);
}

/// Azure's filter results move to where LiteLLM's clients look; bare `reasoning` gets its usual name.
fn chat(object: &mut Object<'_>) {
    let Some(choices) = object.get("choices") else { return };
    let choices = Cow::Borrowed(choices);
    let renamed: Cow<'_, str> = if BARE_REASONING.is_in(&choices) && !REASONING_CONTENT.is_in(&choices) {
        choices.replace(BARE_REASONING.text(), "\"reasoning_content\":").into()
    } else {
        choices
    };
    let moved = if FILTER_RESULTS.is_in(&renamed) { move_filter_results(&renamed) } else { None };
    let changed = match (moved, renamed) {
        (Some(text), _) => text,
        (None, Cow::Owned(text)) => text,
        (None, Cow::Borrowed(_)) => return,
    };
    object.set_text("choices", changed);
}

/// The arguments of [`JSON_TOOL`] become the content, as if the model had structured output.
fn chat_from_tool(object: &mut Object<'_>) {
    let parsed = object.get("choices").and_then(|text| serde_json::from_str::<Vec<Value>>(text).ok());
    let Some(mut choices) = parsed else { return };
    for choice in &mut choices {
        let call = choice.pointer("/message/tool_calls/0/function");
        let Some(call) = call.filter(|call| call["name"] == JSON_TOOL) else { continue };
        let arguments = call["arguments"].clone();
        if let Some(message) = choice["message"].as_object_mut() {
            message.remove("tool_calls");
            message.insert("content".to_owned(), arguments);
        }
        choice["finish_reason"] = "stop".into();
    }
    object.set("choices", json::raw(&choices));
}

fn move_filter_results(choices: &str) -> Option<String> {
    let mut choices: Vec<serde_json::Map<String, Value>> = serde_json::from_str(choices).ok()?;
    for choice in &mut choices {
        if let Some(results) = choice.remove("content_filter_results") {
            choice.insert(
                "provider_specific_fields".to_owned(),
                serde_json::json!({ "content_filter_results": results }),
            );
        }
    }
    serde_json::to_string(&choices).ok()
}

fn as_text(object: &Object<'_>) -> Object<'static> {
    let choices: Vec<Value> =
        object.get("choices").and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let choices: Vec<Value> = choices.iter().map(text_choice).collect();
    let mut text = Object::default();
    for name in ["id", "created", "usage"] {
        if let Some(value) = object.get(name) {
            text.set_text(name, value.to_owned());
        }
    }
    text.set("object", json::raw(&"text_completion"));
    text.set("choices", json::raw(&choices));
    text
}

fn text_choice(choice: &Value) -> Value {
    let content = choice.pointer("/message/content").and_then(Value::as_str).unwrap_or("");
    serde_json::json!({
        "finish_reason": choice.get("finish_reason"),
        "index": choice.get("index"),
        "text": content,
        "logprobs": choice.get("logprobs"),
    })
}

/// The gateway asks for base64 where LiteLLM does and the client did not: half the bytes, exact `f32`.
fn decode_vectors(object: &mut Object<'_>) {
    // Numbers need no decoding, and a long list of them no parsing.
    let packed = |text: &str| text.contains("\"embedding\":\"") || text.contains("\"embedding\": \"");
    if !object.get("data").is_some_and(packed) {
        return;
    }
    let Some(mut data) = object.get("data").and_then(|text| serde_json::from_str::<Vec<Value>>(text).ok()) else {
        return;
    };
    for item in &mut data {
        let vector = item.get("embedding").and_then(Value::as_str).and_then(floats);
        if let (Some(vector), Some(item)) = (vector, item.as_object_mut()) {
            item.insert("embedding".to_owned(), vector.into());
        }
    }
    object.set("data", json::raw(&data));
}

/// Little-endian `f32` values, as OpenAI packs them.
fn floats(text: &str) -> Option<Vec<f64>> {
    use base64::Engine as _;
    let bytes = base64::engine::general_purpose::STANDARD.decode(text).ok()?;
    let (values, rest) = bytes.as_chunks::<4>();
    rest.is_empty().then(|| values.iter().map(|value| f64::from(f32::from_le_bytes(*value))).collect())
}

#[cfg(test)]
mod tests;
