//! A response's stream as chunks of a chat, with reasoning and what seals it. Knows no client.

use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use super::super::{UNFINISHED, signature};
use super::{Counts, PART_SEPARATOR};
use crate::chat::{Chunk, Delta, Text};
use crate::dialect::{Decoder, Frame};
use crate::stream::{Fault, garbage};

/// Items whose place is kept; a response has few.
const ITEMS_MAX: usize = 10_000;

/// The decoder of one stream.
pub fn decoder() -> Box<dyn Decoder> {
    Box::new(Responses::default())
}

#[derive(Debug, Default)]
struct Responses {
    /// Ids of the items that call tools, in the order in which they came.
    calls: Vec<String>,
    refused: bool,
    is_done: bool,
}

/// One event, as far as it is read.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Event<'a> {
    #[serde(rename = "type", borrow)]
    kind: Text<'a>,
    #[serde(borrow)]
    delta: Option<Text<'a>>,
    #[serde(borrow)]
    item_id: Option<Text<'a>>,
    summary_index: Option<u64>,
    #[serde(borrow)]
    item: Option<Item<'a>>,
    #[serde(borrow)]
    response: Option<Response<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Item<'a> {
    #[serde(rename = "type", borrow)]
    kind: Text<'a>,
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow)]
    call_id: Option<Text<'a>>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    encrypted_content: Option<Text<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Response<'a> {
    #[serde(borrow)]
    status: Option<Text<'a>>,
    usage: Option<Counts>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

impl Decoder for Responses {
    fn frame(&mut self, frame: Frame<'_>, out: &mut Vec<Chunk>) -> Result<(), Fault> {
        if matches!(frame.data, b"" | b"[DONE]") {
            return Ok(());
        }
        let event: Event<'_> = serde_json::from_slice(frame.data).map_err(|_| garbage(frame.data))?;
        let delta = event.delta.as_deref().unwrap_or("");
        match &*event.kind {
            "response.created" => out.push(Chunk::of(Delta::default())),
            "response.output_item.added" => self.added(&event.item.unwrap_or_default(), out),
            "response.output_text.delta" => out.push(Chunk::text(delta)),
            "response.refusal.delta" => {
                self.refused = true;
                out.push(Chunk::of(Delta { refusal: Some(delta.to_owned()), ..Delta::default() }));
            }
            "response.reasoning_summary_part.added" if event.summary_index.is_some_and(|index| index > 0) => {
                out.push(Chunk::reasoning(PART_SEPARATOR));
            }
            "response.reasoning_summary_text.delta" => out.push(Chunk::reasoning(delta)),
            "response.function_call_arguments.delta" => {
                out.push(Chunk::arguments(self.call(event.item_id.as_deref()), delta));
            }
            "response.output_item.done" => done(&event.item.unwrap_or_default(), out),
            "response.completed" | "response.incomplete" => self.end(event.response.unwrap_or_default(), out),
            "response.failed" => return Err(failed(event.response.unwrap_or_default())),
            "error" => return Err(Fault::Provider(String::from_utf8_lossy(frame.data).into_owned())),
            _ => {}
        }
        Ok(())
    }

    fn finish(&mut self, _out: &mut Vec<Chunk>) -> Result<(), Fault> {
        Err(Fault::Unfinished(UNFINISHED))
    }

    fn is_done(&self) -> bool {
        self.is_done
    }
}

impl Responses {
    fn added(&mut self, item: &Item<'_>, out: &mut Vec<Chunk>) {
        if &*item.kind != "function_call" || self.calls.len() >= ITEMS_MAX {
            return;
        }
        self.calls.push(item.id.as_deref().unwrap_or("").to_owned());
        let (id, name) = (item.call_id.as_deref().unwrap_or(""), item.name.as_deref().unwrap_or(""));
        out.push(Chunk::tool(self.last(), id, name));
    }

    /// Which call the item is; the last one where nothing names it.
    fn call(&self, item_id: Option<&str>) -> u32 {
        let place = item_id.and_then(|id| self.calls.iter().position(|known| known == id));
        place.and_then(|place| u32::try_from(place).ok()).unwrap_or_else(|| self.last())
    }

    fn last(&self) -> u32 {
        u32::try_from(self.calls.len().saturating_sub(1)).unwrap_or(u32::MAX)
    }

    fn end(&mut self, response: Response<'_>, out: &mut Vec<Chunk>) {
        let reason = match response.status.as_deref() {
            Some("incomplete") => "length",
            _ if self.refused => "content_filter",
            _ if !self.calls.is_empty() => "tool_calls",
            _ => "stop",
        };
        let usage = response.usage.map(|counts| counts.chat());
        out.push(Chunk { usage, ..Chunk::finish(reason) });
        self.is_done = true;
    }
}

/// Sealed reasoning goes where clients bring a signature back.
fn done(item: &Item<'_>, out: &mut Vec<Chunk>) {
    let sealed = item.encrypted_content.as_deref().filter(|text| !text.is_empty() && &*item.kind == "reasoning");
    if let Some(sealed) = sealed {
        let block = json!({ "type": "thinking", "thinking": "", "signature": signature::seal(sealed) });
        out.push(Chunk::of(Delta { thinking_blocks: Some(vec![block]), ..Delta::default() }));
    }
}

fn failed(response: Response<'_>) -> Fault {
    Fault::Provider(response.error.map_or("null", RawValue::get).to_owned())
}
