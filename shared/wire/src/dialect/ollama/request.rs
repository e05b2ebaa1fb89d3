//! A chat request as Ollama reads it. LiteLLM's `OllamaChatConfig.transform_request`.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::chat::{Called, Content, Message, Part};
use crate::json::{Object, parse_string, raw};
use crate::prepare::{Call, Prepared, Refusal};

/// Fields that stand beside `options`, under the name that Ollama has for them.
const BESIDE: [&str; 3] = ["keep_alive", "think", "format"];

#[derive(Serialize)]
struct Turn<'a> {
    role: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking: Option<&'a str>,
    content: Cow<'a, str>,
    images: Vec<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<CallOf<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_call_id: Option<&'a str>,
}

#[derive(Serialize)]
struct CallOf<'a> {
    function: Function<'a>,
}

#[derive(Serialize)]
struct Function<'a> {
    name: &'a str,
    arguments: Value,
}

pub(super) fn chat(mut call: Call<'_, '_>) -> Result<Prepared, Refusal> {
    let mut prepared = std::mem::take(&mut call.prepared);
    prepared.headers.push(content_type());
    let messages: Result<Vec<Message<'_>>, _> = serde_json::from_str(call.body.get("messages").unwrap_or("[]"));
    let messages = messages.map_err(|error| Refusal::bad(format!("messages: {error}: send a list of messages")))?;
    let turns: Vec<Turn<'_>> = messages.iter().map(turn).collect::<Result<_, _>>()?;
    let mut out = Object::default();
    out.set("model", raw(&call.rules.settings.model));
    out.set("messages", raw(&turns));
    let (options, beside) = parameters(&call);
    out.set_text("options", String::from_utf8_lossy(&options.to_vec()).into_owned());
    out.set("stream", raw(&prepared.upstream_stream));
    for (name, value) in beside {
        out.set_text(name, value);
    }
    for (name, value) in &call.extra_body {
        out.set(name, value.clone());
    }
    Ok(Prepared { body: out.to_vec(), ..prepared })
}

/// LiteLLM does not say that it sends JSON, and Ollama does not ask.
pub(in crate::dialect) fn content_type() -> (String, String) {
    ("content-type".to_owned(), "application/octet-stream".to_owned())
}

fn turn<'a>(message: &'a Message<'_>) -> Result<Turn<'a>, Refusal> {
    let role = if &*message.role == "developer" { "system" } else { &*message.role };
    let (thinking, content) = match &message.reasoning_content {
        Some(reasoning) => (Some(&**reasoning), message.content.text()),
        None => (None, message.content.text()),
    };
    Ok(Turn {
        role,
        thinking,
        content,
        images: images(&message.content),
        tool_calls: message.tool_calls.iter().map(called).collect::<Result<_, _>>()?,
        tool_call_id: message.tool_call_id.as_deref(),
    })
}

fn called<'a>(called: &'a Called<'_>) -> Result<CallOf<'a>, Refusal> {
    let function = called.function.as_ref();
    let name = function.and_then(|function| function.name.as_deref()).unwrap_or_default();
    let text = function.map(|function| function.arguments_text()).unwrap_or_default();
    // LiteLLM fails with a 500 on an empty text.
    let text = if text.trim().is_empty() { Cow::Borrowed("{}") } else { text };
    let arguments = serde_json::from_str(&text).map_err(|error| {
        Refusal::bad(format!(
            "arguments of the tool call `{name}` are no JSON: {error}: send them as the model wrote them"
        ))
    })?;
    Ok(CallOf { function: Function { name, arguments } })
}

/// The images of a content, as bare base64; other addresses stay what they are.
pub(in crate::dialect) fn images<'a>(content: &'a Content<'_>) -> Vec<Cow<'a, str>> {
    let Content::Parts(parts) = content else { return Vec::new() };
    parts.iter().filter_map(image).collect()
}

fn image<'a>(part: &'a Part<'_>) -> Option<Cow<'a, str>> {
    let given = part.get("image_url")?;
    let url = match parse_string(given) {
        Some(url) => url,
        None => Cow::Owned(Object::parse(given.as_bytes()).ok()?.string("url")?.into_owned()),
    };
    let data = url.strip_prefix("data:").and_then(|rest| rest.split_once("base64,")).map(|(_, data)| data.to_owned());
    Some(data.map_or(url, Cow::Owned))
}

/// What goes into `options`, and what beside it.
pub(in crate::dialect) fn parameters<'c>(call: &'c Call<'_, '_>) -> (Object<'c>, Vec<(&'static str, String)>) {
    let mut options = Object::default();
    let mut beside = Vec::new();
    let is_gpt_oss = call.rules.settings.model.starts_with("gpt-oss");
    for (name, text) in call.body.iter() {
        match name {
            "model" | "messages" | "stream" | "stream_options" | "tool_choice" | "user" => {}
            "max_tokens" | "max_completion_tokens" => options.set_text("num_predict", text.to_owned()),
            "frequency_penalty" => options.set_text("repeat_penalty", text.to_owned()),
            "response_format" => beside.extend(format(text).map(|format| ("format", format))),
            "reasoning_effort" if is_gpt_oss => beside.push(("think", text.to_owned())),
            "reasoning_effort" => {
                beside.push(("think", matches!(text, "\"low\"" | "\"medium\"" | "\"high\"").to_string()));
            }
            "tools" | "functions" => beside.push(("tools", text.to_owned())),
            _ => match BESIDE.iter().find(|other| **other == name) {
                Some(name) => beside.push((name, text.to_owned())),
                None => options.set_text(name, text.to_owned()),
            },
        }
    }
    (options, beside)
}

/// Ollama's `format`: a schema, or the word `json`.
pub(in crate::dialect) fn format(text: &str) -> Option<String> {
    let wish = Object::parse(text.as_bytes()).ok()?;
    match wish.string("type").as_deref() {
        Some("json_object") => Some("\"json\"".to_owned()),
        Some("json_schema") => {
            let schema: Box<RawValue> = Object::parse(wish.given("json_schema")?.as_bytes())
                .ok()?
                .given("schema")
                .map(|text| RawValue::from_string(text.to_owned()).ok())??;
            Some(schema.get().to_owned())
        }
        _ => None,
    }
}
