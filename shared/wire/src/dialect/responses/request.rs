//! The messages of a chat as the input of a response. Knows no parameter.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::chat::{Content, Message, Part};
use crate::json::{self, Object, raw};
use crate::prepare::Refusal;

/// A conversation as a response takes it.
pub(super) struct Conversation {
    pub input: Box<RawValue>,
    /// What the first messages of the system say.
    pub instructions: Option<String>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Item<'a> {
    Message {
        role: &'a str,
        content: Vec<InputPart<'a>>,
    },
    FunctionCall {
        call_id: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        arguments: Option<Cow<'a, str>>,
    },
    FunctionCallOutput {
        call_id: Option<&'a str>,
        output: Vec<InputPart<'a>>,
    },
    #[serde(untagged)]
    Whole(Value),
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum InputPart<'a> {
    InputText {
        text: Cow<'a, str>,
    },
    OutputText {
        text: Cow<'a, str>,
    },
    InputImage {
        image_url: Cow<'a, str>,
        detail: Cow<'a, str>,
    },
    InputAudio {
        input_audio: Box<RawValue>,
    },
    #[serde(untagged)]
    Whole(Value),
}

/// # Errors
/// Where the text is no list of messages, or an image has no address.
pub(super) fn conversation(messages: &str) -> Result<Conversation, Refusal> {
    let messages: Vec<Message<'_>> = serde_json::from_str(messages)
        .map_err(|error| Refusal::bad(format!("messages: {error}: send a list of messages")))?;
    let leading = messages.iter().take_while(|message| &*message.role == "system").count();
    let (mut items, mut instructions) = (Vec::new(), None::<String>);
    for (place, message) in messages.iter().enumerate() {
        match &message.content {
            Content::Text(text) if place < leading => match &mut instructions {
                Some(before) if !before.is_empty() => *before = format!("{before} {}", &**text),
                _ => instructions = Some(text.to_string()),
            },
            _ => add(message, &mut items)?,
        }
    }
    // A response wants some input: instructions alone become it.
    if items.is_empty()
        && let Some(text) = instructions.take()
    {
        items.push(Item::Message { role: "system", content: vec![InputPart::InputText { text: text.into() }] });
    }
    Ok(Conversation { input: raw(&items), instructions: instructions.filter(|text| !text.is_empty()) })
}

fn add<'a>(message: &'a Message<'a>, items: &mut Vec<Item<'a>>) -> Result<(), Refusal> {
    let role = &*message.role;
    let is_assistant = role == "assistant";
    match role {
        "tool" => {
            let output = match &message.content {
                Content::Nothing => Vec::new(),
                content => parts(content, "user")?,
            };
            items.push(Item::FunctionCallOutput { call_id: message.tool_call_id.as_deref(), output });
            return Ok(());
        }
        "assistant" => items.extend(reasoning(message)),
        _ => {}
    }
    let has_calls = is_assistant && !message.tool_calls.is_empty();
    let is_empty = matches!(&message.content, Content::Text(text) if text.is_empty());
    match &message.content {
        Content::Nothing if role != "system" => {}
        _ if has_calls && is_empty => {}
        content => items.push(Item::Message { role, content: parts(content, role)? }),
    }
    if has_calls {
        for call in &message.tool_calls {
            let function = call.function.as_ref();
            items.push(Item::FunctionCall {
                call_id: call.id.as_deref().unwrap_or_default(),
                name: function.and_then(|function| function.name.as_deref()),
                arguments: function.filter(|function| function.arguments.is_some()).map(|call| call.arguments_text()),
            });
        }
    }
    Ok(())
}

/// The reasoning of an earlier turn: an id that the provider did not make would be refused, so it may be missing.
fn reasoning<'a>(message: &Message<'_>) -> impl Iterator<Item = Item<'a>> + use<'a> {
    let given = message.get("reasoning_items").and_then(|text| serde_json::from_str::<Vec<Value>>(text).ok());
    given.unwrap_or_default().into_iter().map(|item| {
        let mut out = serde_json::json!({ "type": "reasoning" });
        let text = |name: &str| item.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        if let Some(id) = text("id") {
            out["id"] = id.into();
        }
        out["summary"] = item.get("summary").filter(|summary| summary.is_array()).cloned().unwrap_or_default();
        if out["summary"].is_null() {
            out["summary"] = Value::Array(Vec::new());
        }
        if let Some(content) = text("encrypted_content") {
            out["encrypted_content"] = content.into();
        }
        Item::Whole(out)
    })
}

fn parts<'a>(content: &'a Content<'a>, role: &str) -> Result<Vec<InputPart<'a>>, Refusal> {
    match content {
        Content::Nothing => Ok(vec![said(Cow::Borrowed(""), role)]),
        Content::Text(text) => Ok(vec![said(Cow::Borrowed(text), role)]),
        Content::Parts(parts) => {
            let parts = parts.iter().map(|one| part(one, role)).collect::<Result<Vec<_>, _>>()?;
            Ok(parts.into_iter().flatten().collect())
        }
    }
}

fn said<'a>(text: Cow<'a, str>, role: &str) -> InputPart<'a> {
    if role == "assistant" { InputPart::OutputText { text } } else { InputPart::InputText { text } }
}

fn part<'a>(part: &'a Part<'a>, role: &str) -> Result<Option<InputPart<'a>>, Refusal> {
    let text = part.text.as_deref().unwrap_or_default();
    Ok(Some(match &*part.kind {
        "text" => said(Cow::Borrowed(text), role),
        "image_url" => image(part)?,
        "input_audio" => {
            let audio = part.get("input_audio").unwrap_or("null").to_owned();
            InputPart::InputAudio { input_audio: RawValue::from_string(audio).unwrap_or_default() }
        }
        "file" => InputPart::Whole(file(part)),
        "tool_reference" => return Ok(None),
        "input_text"
        | "input_image"
        | "output_text"
        | "refusal"
        | "input_file"
        | "computer_screenshot"
        | "summary_text" => InputPart::Whole(whole(part)),
        _ => said(Cow::Borrowed(text), role),
    }))
}

fn image<'a>(part: &'a Part<'a>) -> Result<InputPart<'a>, Refusal> {
    let given = part.get("image_url").unwrap_or("null");
    if let Some(address) = json::parse_string(given) {
        return Ok(InputPart::InputImage { image_url: address, detail: Cow::Borrowed("auto") });
    }
    let object = Object::parse(given.as_bytes()).ok();
    let string = |name: &str| object.as_ref()?.string(name).map(Cow::into_owned);
    let Some(address) = string("url") else { return Err(Refusal::bad(format!("Invalid image URL: {given}"))) };
    let detail = string("detail").filter(|detail| !detail.is_empty()).unwrap_or_else(|| "auto".to_owned());
    Ok(InputPart::InputImage { image_url: address.into(), detail: detail.into() })
}

fn file(part: &Part<'_>) -> Value {
    let given = part.get("file").and_then(|text| serde_json::from_str::<Value>(text).ok()).unwrap_or_default();
    let mut file = serde_json::json!({ "type": "input_file" });
    for name in ["file_id", "file_data", "filename"] {
        if let Some(value) = given.get(name) {
            file[name] = value.clone();
        }
    }
    file
}

/// A part that is one of a response already.
fn whole(part: &Part<'_>) -> Value {
    let mut whole = serde_json::json!({ "type": &*part.kind });
    if let Some(text) = &part.text {
        whole["text"] = (**text).into();
    }
    for (name, value) in &part.rest {
        whole[name.as_ref()] = serde_json::from_str(value.get()).unwrap_or_default();
    }
    whole
}
