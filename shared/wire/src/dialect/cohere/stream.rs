//! Cohere's stream of a chat, second version: events, or bare JSON lines, as the address likes.
//!
//! Tool calls, reasons, thoughts and counts are told; LiteLLM's decoder looks for them where they are not.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::answer::{Block, Citation, Counts, finish_reason};
use crate::chat::{Chunk, Delta};
use crate::dialect::{Decoder, Fault, Frame};
use crate::stream::garbage;

/// Decodes one stream.
#[derive(Debug, Default)]
pub(super) struct Stream {
    /// Cohere's numbers of the tool calls so far, in the order of their beginnings.
    calls: Vec<u64>,
    is_done: bool,
}

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(default)]
    index: u64,
    #[serde(borrow)]
    delta: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Message<T> {
    message: T,
}

#[derive(Deserialize)]
struct Content {
    content: Block,
}

#[derive(Deserialize)]
struct Plan {
    tool_plan: String,
}

#[derive(Deserialize)]
struct Calls {
    tool_calls: OneOrMany<Called>,
}

#[derive(Deserialize)]
struct Citations {
    citations: OneOrMany<Citation>,
}

/// Cohere sends one; LiteLLM expects a list.
#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany<T> {
    One(T),
    Many(Vec<T>),
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Called {
    id: Option<String>,
    function: Function,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Function {
    name: Option<String>,
    arguments: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct End {
    finish_reason: Option<String>,
    error: Option<String>,
    usage: Option<Counts>,
}

impl<T> OneOrMany<T> {
    fn first(self) -> Option<T> {
        match self {
            Self::One(one) => Some(one),
            Self::Many(many) => many.into_iter().next(),
        }
    }
}

impl Stream {
    fn event(&mut self, event: &Event<'_>, out: &mut Vec<Chunk>) -> Result<(), serde_json::Error> {
        let delta = event.delta.map_or("{}", RawValue::get);
        match &*event.kind {
            "content-start" | "content-delta" => {
                let said: Message<Content> = serde_json::from_str(delta)?;
                let Block { text, thinking } = said.message.content;
                out.extend(thinking.filter(|text| !text.is_empty()).map(Chunk::reasoning));
                out.extend(text.filter(|text| !text.is_empty()).map(Chunk::text));
            }
            "tool-plan-delta" => {
                let said: Message<Plan> = serde_json::from_str(delta)?;
                out.push(planned(said.message.tool_plan));
            }
            "tool-call-start" => {
                let said: Message<Calls> = serde_json::from_str(delta)?;
                out.extend(said.message.tool_calls.first().map(|called| self.begin(event.index, called)));
            }
            "tool-call-delta" => {
                let said: Message<Calls> = serde_json::from_str(delta)?;
                let arguments = said.message.tool_calls.first().and_then(|called| called.function.arguments);
                out.extend(arguments.map(|text| Chunk::arguments(self.place(event.index), text)));
            }
            "citation-start" => {
                let said: Message<Citations> = serde_json::from_str(delta)?;
                let annotations: Vec<_> =
                    said.message.citations.first().iter().flat_map(Citation::annotations).collect();
                let delta = Delta { annotations: Some(annotations), ..Delta::default() };
                out.extend(delta.annotations.as_ref().is_some_and(|all| !all.is_empty()).then(|| Chunk::of(delta)));
            }
            _ => {}
        }
        Ok(())
    }

    fn begin(&mut self, number: u64, called: Called) -> Chunk {
        self.calls.push(number);
        let mut chunk =
            Chunk::tool(self.place(number), called.id.unwrap_or_default(), called.function.name.unwrap_or_default());
        let begun = chunk.choices.first_mut().and_then(|choice| choice.delta.tool_calls.as_mut()?.first_mut());
        if let (Some(begun), Some(arguments)) = (begun, called.function.arguments) {
            begun.function.arguments = Some(arguments);
        }
        chunk
    }

    /// OpenAI's number of a call.
    fn place(&self, number: u64) -> u32 {
        let place = self.calls.iter().rposition(|begun| *begun == number).unwrap_or_default();
        u32::try_from(place).unwrap_or(u32::MAX)
    }

    fn end(&mut self, data: &[u8], event: &Event<'_>, out: &mut Vec<Chunk>) -> Result<(), Fault> {
        let delta = event.delta.map_or("{}", RawValue::get);
        let end: End = serde_json::from_str(delta).map_err(|_| garbage(data))?;
        if end.finish_reason.as_deref() == Some("ERROR") {
            return Err(Fault::Provider(end.error.unwrap_or_else(|| delta.to_owned())));
        }
        out.push(Chunk::finish(finish_reason(end.finish_reason.as_deref())));
        out.extend(end.usage.as_ref().and_then(Counts::usage).map(Chunk::counts));
        self.is_done = true;
        Ok(())
    }
}

/// What the model intends to do with its tools, where LiteLLM puts it.
fn planned(plan: String) -> Chunk {
    let fields = [("tool_plan".to_owned(), plan.into())].into_iter().collect();
    Chunk::of(Delta { provider_specific_fields: Some(fields), ..Delta::default() })
}

/// The JSON of a line: what an event's `data` holds, or a line of its own. `None` for the other lines of an event.
pub(super) fn json_of(line: &[u8]) -> Option<&[u8]> {
    let line = line.trim_ascii();
    let line = line.strip_prefix(b"data:").map_or(line, <[u8]>::trim_ascii_start);
    let is_other = [&b"event:"[..], b"id:", b"retry:", b":"].iter().any(|name| line.starts_with(name));
    (!is_other && !line.is_empty() && line != b"[DONE]").then_some(line)
}

impl Decoder for Stream {
    fn frame(&mut self, frame: Frame<'_>, out: &mut Vec<Chunk>) -> Result<(), Fault> {
        let Some(data) = json_of(frame.data) else { return Ok(()) };
        let event: Event<'_> = serde_json::from_slice(data).map_err(|_| garbage(data))?;
        if event.kind == "message-end" {
            return self.end(data, &event, out);
        }
        self.event(&event, out).map_err(|_| garbage(data))
    }

    fn finish(&mut self, _out: &mut Vec<Chunk>) -> Result<(), Fault> {
        if self.is_done { Ok(()) } else { Err(Fault::Garbage("the stream ended before `message-end`".to_owned())) }
    }

    fn is_done(&self) -> bool {
        self.is_done
    }
}
