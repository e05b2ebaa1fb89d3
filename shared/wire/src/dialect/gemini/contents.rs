//! The conversation: OpenAI's messages as Gemini's contents and system instruction.
//!
//! LiteLLM's rules: system messages apart, neighbours of one side together, results of tools as a turn of the user.
//! Borrows the client's text. Knows no parameter.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::media::{self, Blob, FileData};
use super::{model, results};
use crate::chat::{self, Called, Message, Text};
use crate::json::raw;
use crate::prepare::Refusal;

/// What stands between a tool call's id and the signature that came with it.
pub(super) const SIGNATURE_MARK: &str = "__thought__";
/// What Google takes for a signature where there is none: `skip_thought_signature_validator`.
const NO_SIGNATURE: &str = "c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I=";

/// One turn.
#[derive(Debug, Serialize)]
pub(super) struct Content<'a> {
    pub role: &'static str,
    pub parts: Vec<Part<'a>>,
}

/// One part of a turn; of the first seven fields one is set. What is rare is boxed: most parts are texts, and many.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Part<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thought: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inline_data: Option<Box<Blob<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_data: Option<Box<FileData<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub function_call: Option<Box<FunctionCall<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub function_response: Option<Box<results::Response<'a>>>,
    /// `toolCall` or `toolResponse`: a tool that Google ran itself.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub hosted: Option<Box<Map<String, Value>>>,
    #[serde(rename = "thoughtSignature", skip_serializing_if = "Option::is_none")]
    pub signature: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media_resolution: Option<Resolution>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub video_metadata: Option<Box<Value>>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Resolution {
    pub level: &'static str,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct FunctionCall<'a> {
    pub name: Cow<'a, str>,
    pub args: Cow<'a, RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Cow<'a, str>>,
}

impl FunctionCall<'_> {
    /// Whether the other call says the same.
    fn is(&self, other: &Self) -> bool {
        let parsed = |args: &RawValue| serde_json::from_str::<Value>(args.get()).ok();
        self.name == other.name
            && self.id == other.id
            && (self.args.get() == other.args.get() || parsed(&self.args) == parsed(&other.args))
    }
}

impl<'a> Part<'a> {
    fn text(text: Cow<'a, str>) -> Self {
        Self { text: Some(text), ..Self::default() }
    }
}

/// The turns, and the parts of the system instruction.
#[derive(Debug, Default)]
pub(super) struct Conversation<'a> {
    pub system: Vec<Part<'a>>,
    pub contents: Vec<Content<'a>>,
}

/// What decides how messages are written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Speaker<'m> {
    pub model: &'m str,
    /// Whether the model reads system instructions; else they are turns of the user.
    pub takes_system: bool,
}

/// Turns messages into contents.
///
/// # Errors
/// What cannot be expressed: unknown roles, arguments that are no JSON, results without their call.
pub(super) fn convert<'a>(messages: &'a [Message<'a>], speaker: Speaker<'_>) -> Result<Conversation<'a>, Refusal> {
    let mut writer =
        Writer { speaker, out: Conversation::default(), calls: &[], results: Vec::new(), side: Side::None };
    let mut is_empty = true;
    for message in messages {
        let is_system = matches!(&*message.role, "system" | "developer");
        if is_system && speaker.takes_system && writer.system(message) {
            continue;
        }
        is_empty = false;
        match &*message.role {
            "user" | "system" | "developer" => writer.user(message)?,
            "assistant" => writer.assistant(message)?,
            "tool" | "function" => writer.result(message)?,
            role => return Err(Refusal::bad(format!("Invalid Message passed in - role `{role}` is unknown"))),
        }
    }
    writer.turn(Side::None);
    let mut out = writer.out;
    if out.contents.is_empty() {
        // Gemini wants a turn of the user.
        let text = if is_empty && !out.system.is_empty() { "." } else { " " };
        out.contents.push(Content { role: "user", parts: vec![Part::text(text.into())] });
    }
    Ok(out)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    None,
    User,
    Model,
    Tools,
}

struct Writer<'a, 'm> {
    speaker: Speaker<'m>,
    out: Conversation<'a>,
    /// The calls of the last turn that made some.
    calls: &'a [Called<'a>],
    /// Parts of the turn that is being written.
    results: Vec<Part<'a>>,
    side: Side,
}

impl<'a> Writer<'a, '_> {
    /// Ends the turn where the other side begins.
    fn turn(&mut self, side: Side) {
        if self.side == side {
            return;
        }
        let mut parts: Vec<Part<'_>> = self.results.drain(..).collect();
        let role = if self.side == Side::Model { "model" } else { "user" };
        if !parts.is_empty() {
            if self.side == Side::User && parts.iter().all(|part| part.text.is_none()) {
                parts.push(Part::text(" ".into()));
            }
            self.out.contents.push(Content { role, parts });
        }
        self.side = side;
    }

    /// Whether the message was taken for an instruction.
    fn system(&mut self, message: &'a Message<'a>) -> bool {
        let text = match &message.content {
            chat::Content::Nothing => return false,
            chat::Content::Text(text) => Cow::Borrowed(&**text),
            parts @ chat::Content::Parts(_) => parts.text(),
        };
        self.out.system.push(Part::text(text));
        true
    }

    fn user(&mut self, message: &'a Message<'a>) -> Result<(), Refusal> {
        self.turn(Side::User);
        match &message.content {
            chat::Content::Nothing => {}
            chat::Content::Text(text) => self.results.push(Part::text(Cow::Borrowed(text))),
            chat::Content::Parts(parts) => {
                for part in parts {
                    self.results.extend(user_part(part, self.speaker.model)?);
                }
            }
        }
        Ok(())
    }

    fn assistant(&mut self, message: &'a Message<'a>) -> Result<(), Refusal> {
        self.turn(Side::Model);
        let own = message.get("provider_specific_fields").map(|text| serde_json::from_str(text).unwrap_or(Value::Null));
        let own = own.unwrap_or(Value::Null);
        if let Some(text) = &message.reasoning_content {
            self.results.push(Part { thought: Some(true), ..Part::text(Cow::Borrowed(text)) });
        }
        match &message.content {
            chat::Content::Nothing => {}
            chat::Content::Text(text) => {
                let signature = text_signature(message, &own);
                self.results.push(Part { signature, ..Part::text(Cow::Borrowed(text)) });
            }
            chat::Content::Parts(parts) => {
                let texts = parts.iter().filter(|part| &*part.kind == "text").filter_map(|part| part.text.as_deref());
                self.results.extend(texts.map(|text| Part::text(Cow::Borrowed(text))));
            }
        }
        self.images(message)?;
        self.calls(message)?;
        self.results.extend(hosted(&own));
        Ok(())
    }

    /// Pictures that the model made in an earlier turn.
    fn images(&mut self, message: &'a Message<'a>) -> Result<(), Refusal> {
        let Some(text) = message.get("images") else { return Ok(()) };
        let Ok(images) = serde_json::from_str::<Vec<Image<'a>>>(text) else { return Ok(()) };
        for raw in images.into_iter().filter_map(|image| image.image_url).filter(|raw| raw.get().starts_with('{')) {
            self.results.push(media::image(Some(raw.get()), self.speaker.model)?);
        }
        Ok(())
    }

    fn calls(&mut self, message: &'a Message<'a>) -> Result<(), Refusal> {
        let third = model::is_third(self.speaker.model);
        let mut is_first = true;
        if message.tool_calls.is_empty() {
            if let Some(function) = &message.function_call {
                let call = Called { function: Some(function.clone()), ..Called::default() };
                let part = Part {
                    signature: signature(&call).or(third.then_some(NO_SIGNATURE.into())),
                    ..call_part(function, None)?
                };
                self.add_call(part);
            }
            return Ok(());
        }
        self.calls = &message.tool_calls;
        for call in &message.tool_calls {
            let Some(function) = &call.function else { continue };
            let id = call.id.as_deref().filter(|_| third).map(bare_id).filter(|id| !id.is_empty());
            let stand_in = (is_first && third).then_some(NO_SIGNATURE.into());
            let part = Part { signature: signature(call).or(stand_in), ..call_part(function, id)? };
            self.add_call(part);
            is_first = false;
        }
        Ok(())
    }

    /// A call that the turn has already is not repeated.
    fn add_call(&mut self, part: Part<'a>) {
        let Some(call) = &part.function_call else { return };
        let calls = self.results.iter().filter_map(|other| other.function_call.as_deref());
        if !calls.into_iter().any(|other| other.is(call)) {
            self.results.push(part);
        }
    }

    fn result(&mut self, message: &'a Message<'a>) -> Result<(), Refusal> {
        self.turn(Side::Tools);
        let id = message.tool_call_id.as_deref();
        let call = self.calls.iter().find(|call| id.is_some_and(|id| !id.is_empty()) && call.id.as_deref() == id);
        let name = call.and_then(|call| call.function.as_ref()?.name.as_deref()).or(message.name.as_deref());
        let Some(name) = name.filter(|name| !name.is_empty()) else {
            return Err(Refusal::bad(format!(
                "Missing corresponding tool call for tool response message. Received tool_call_id={}",
                id.unwrap_or("None")
            )));
        };
        let id = id.filter(|_| model::is_third(self.speaker.model)).map(bare_id).filter(|id| !id.is_empty());
        let function_response = Some(Box::new(results::response(message, name, id)));
        self.results.push(Part { function_response, ..Part::default() });
        Ok(())
    }
}

#[derive(serde::Deserialize)]
struct Image<'a> {
    #[serde(borrow, default)]
    image_url: Option<&'a RawValue>,
}

fn user_part<'a>(part: &'a chat::Part<'a>, model: &str) -> Result<Option<Part<'a>>, Refusal> {
    Ok(match &*part.kind {
        "text" => part.text.as_deref().filter(|text| !text.is_empty()).map(|text| Part::text(Cow::Borrowed(text))),
        "image_url" => Some(media::image(part.get("image_url"), model)?),
        "input_audio" => media::sound(part.get("input_audio")),
        "file" => Some(media::file(part.get("file"), model)?),
        _ => None,
    })
}

/// The id without the signature behind it.
fn bare_id(id: &str) -> &str {
    id.split(SIGNATURE_MARK).next().unwrap_or(id)
}

fn call_part<'a>(function: &'a chat::Function<'a>, id: Option<&'a str>) -> Result<Part<'a>, Refusal> {
    let args = match function.arguments_text() {
        Cow::Borrowed("") => Ok(Cow::Owned(raw(&serde_json::json!({ "type": "object" })))),
        Cow::Borrowed(text) => serde_json::from_str::<&RawValue>(text).map(Cow::Borrowed),
        Cow::Owned(text) => RawValue::from_string(text).map(Cow::Owned),
    };
    let args = args.map_err(|error| {
        Refusal::bad(format!(
            "Unable to convert openai tool calls to gemini tool calls: arguments are no JSON: {error}"
        ))
    })?;
    let name = Cow::Borrowed(function.name.as_deref().unwrap_or_default());
    let call = FunctionCall { name, args, id: id.map(Cow::Borrowed) };
    Ok(Part { function_call: Some(Box::new(call)), ..Part::default() })
}

#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct Signed {
    thought_signature: Option<String>,
}

/// The signature that came with a call: beside it, or behind its id.
fn signature<'a>(call: &Called<'a>) -> Option<Cow<'a, str>> {
    let beside = |raw: Option<&RawValue>| {
        let signed: Signed = serde_json::from_str(raw?.get()).ok()?;
        signed.thought_signature.filter(|text| !text.is_empty())
    };
    let function = call.function.as_ref().and_then(|function| function.provider_specific_fields);
    let found = beside(call.provider_specific_fields).or_else(|| beside(function));
    let behind = || call.id.as_deref()?.split_once(SIGNATURE_MARK).map(|(_, signature)| signature.to_owned());
    found.or_else(behind).map(Cow::Owned)
}

/// The signature of the text, unless a call of the same message carries it already: copies are billed.
fn text_signature<'a>(message: &Message<'a>, own: &Value) -> Option<Cow<'a, str>> {
    let first = own.pointer("/thought_signatures/0")?.as_str().filter(|text| !text.is_empty())?;
    let is_carried = message.tool_calls.iter().filter_map(signature).any(|other| other == first);
    let invocations = own.get("server_side_tool_invocations").and_then(Value::as_array).into_iter().flatten();
    let is_hosted = invocations
        .flat_map(|call| [call.get("thought_signature"), call.get("response_thought_signature")])
        .flatten()
        .any(|other| other.as_str() == Some(first));
    (!is_carried && !is_hosted).then(|| Cow::Owned(first.to_owned()))
}

/// Tools that Google ran itself in an earlier turn, and what they answered.
fn hosted<'a>(own: &Value) -> Vec<Part<'a>> {
    let mut parts = Vec::new();
    for call in own.get("server_side_tool_invocations").and_then(Value::as_array).into_iter().flatten() {
        let field = |name: &str| call.get(name).cloned().unwrap_or(Value::Null);
        let signed = |name: &str| call.get(name).and_then(Value::as_str).map(|text| Cow::Owned(text.to_owned()));
        let asked = serde_json::json!({ "toolType": field("tool_type"), "id": field("id"), "args": field("args") });
        parts.push(Part {
            hosted: Some(Box::new(Map::from_iter([("toolCall".to_owned(), asked)]))),
            signature: signed("thought_signature"),
            ..Part::default()
        });
        if call.get("response").is_none() {
            continue;
        }
        let mut answered = serde_json::json!({ "id": field("id"), "response": field("response") });
        if let Some(kind) = call.get("tool_type").filter(|kind| !kind.is_null()) {
            answered["toolType"] = kind.clone();
        }
        parts.push(Part {
            hosted: Some(Box::new(Map::from_iter([("toolResponse".to_owned(), answered)]))),
            signature: signed("response_thought_signature"),
            ..Part::default()
        });
    }
    parts
}

/// The finest `detail` of all images and files: earlier models are told it once.
pub(super) fn finest_detail(messages: &[Message<'_>]) -> Option<Resolution> {
    const LEVELS: [&str; 4] = ["low", "medium", "high", "ultra_high"];
    let parts = messages.iter().filter_map(|message| match &message.content {
        chat::Content::Parts(parts) => Some(parts),
        _ => None,
    });
    let named = parts.flatten().filter_map(|part| match &*part.kind {
        "image_url" => media::detail(part.get("image_url")),
        "file" => media::detail(part.get("file")),
        _ => None,
    });
    let finest = named.filter_map(|detail: Text<'_>| LEVELS.iter().position(|level| *level == &*detail)).max();
    finest.and_then(|place| media::resolution(LEVELS[place]))
}
