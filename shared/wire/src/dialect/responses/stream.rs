//! The stream of a response as the stream of a chat. One method for each event that a chat can say.
//!
//! Knows no whole answer.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::item::{Item, Response};
use super::usage;
use crate::chat::{Chunk, ChunkChoice, Delta, FunctionDelta, ToolCallDelta};
use crate::dialect::{Decoder, Fault, Frame};
use crate::json;
use crate::stream::garbage;

/// Calls that one answer may hold; later ones are those of a stream gone wild.
const CALLS_MAX: usize = 1_024;

/// Decodes one stream.
#[derive(Debug, Default)]
pub(super) struct Stream {
    /// Places of calls among all items: a chat counts its calls alone.
    places: Vec<u64>,
    is_done: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Event<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    delta: Option<&'a RawValue>,
    output_index: u64,
    #[serde(borrow)]
    item: Option<&'a RawValue>,
    #[serde(borrow)]
    response: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

impl Decoder for Stream {
    fn frame(&mut self, frame: Frame<'_>, out: &mut Vec<Chunk>) -> Result<(), Fault> {
        if frame.data == b"[DONE]" {
            self.is_done = true;
            return Ok(());
        }
        if frame.data.is_empty() {
            return Ok(());
        }
        let event: Event<'_> = serde_json::from_slice(frame.data).map_err(|_| garbage(frame.data))?;
        match event.kind.as_ref() {
            "response.output_text.delta" => out.extend(event.text().map(Chunk::text)),
            "response.reasoning_summary_text.delta" => out.extend(event.text().map(Chunk::reasoning)),
            "response.output_item.added" => self.added(&event, out),
            "response.function_call_arguments.delta" | "response.custom_tool_call_input.delta" => {
                let place = self.place(event.output_index);
                out.extend(event.text().map(|text| Chunk::arguments(place, text)));
            }
            "response.completed" | "response.incomplete" => self.ended(&event, frame.data, out)?,
            "response.failed" => return Err(failed(&event, frame.data)),
            "error" => return Err(fault(&event, frame.data)),
            _ => {}
        }
        Ok(())
    }

    fn is_done(&self) -> bool {
        self.is_done
    }
}

impl Event<'_> {
    fn text(&self) -> Option<String> {
        let text = json::parse_string(self.delta?.get())?;
        (!text.is_empty()).then(|| text.into_owned())
    }
}

impl Stream {
    /// The head of a call; other items say nothing yet.
    fn added(&mut self, event: &Event<'_>, out: &mut Vec<Chunk>) {
        let Some(Ok(item)) = event.item.map(|item| serde_json::from_str::<Item<'_>>(item.get())) else { return };
        if !item.is_call() {
            return;
        }
        let name = item.tool_name();
        let function = FunctionDelta {
            name: (!name.is_empty()).then(|| name.to_owned()),
            arguments: Some(item.call_arguments().to_owned()),
        };
        let call = ToolCallDelta {
            index: self.place(event.output_index),
            id: Some(item.call_id().to_owned()),
            kind: Some("function".to_owned()),
            function,
            ..ToolCallDelta::default()
        };
        out.push(Chunk::of(Delta { tool_calls: Some(vec![call]), ..Delta::default() }));
    }

    /// The last event: why it ended, what it took, and the reasoning that later turns bring back.
    fn ended(&mut self, event: &Event<'_>, data: &[u8], out: &mut Vec<Chunk>) -> Result<(), Fault> {
        let Some(text) = event.response else { return Err(garbage(data)) };
        let response: Response<'_> = serde_json::from_str(text.get()).map_err(|_| garbage(data))?;
        self.is_done = true;
        let items = response.output.as_deref().unwrap_or_default();
        let finish_reason = match event.kind.as_ref() {
            "response.incomplete" => response.cut_short().unwrap_or("length"),
            _ if items.iter().any(Item::is_call) => "tool_calls",
            _ => "stop",
        };
        let reasoning: Vec<Value> = items.iter().filter_map(Item::reasoning).collect();
        let mut delta = Delta::default();
        if !reasoning.is_empty() {
            delta.extra.insert("reasoning_items".to_owned(), reasoning.into());
        }
        let choice = ChunkChoice { delta, finish_reason: Some(finish_reason.to_owned()), ..ChunkChoice::default() };
        let mut extra = Map::new();
        if let Some(tier) = response.service_tier {
            extra.insert("service_tier".to_owned(), tier.into());
        }
        out.push(Chunk { choices: vec![choice], usage: response.usage.map(usage::usage), extra });
        Ok(())
    }

    /// The place of a call among the calls.
    fn place(&mut self, output_index: u64) -> u32 {
        let place = self.places.iter().position(|other| *other == output_index).unwrap_or_else(|| {
            if self.places.len() < CALLS_MAX {
                self.places.push(output_index);
            }
            self.places.len() - 1
        });
        u32::try_from(place).unwrap_or(u32::MAX)
    }
}

/// What an event of the kind `error` says, which holds the error or is it.
fn fault(event: &Event<'_>, data: &[u8]) -> Fault {
    let nested = event.error.map(RawValue::get).filter(|text| text.starts_with('{'));
    Fault::Provider(nested.map_or_else(|| String::from_utf8_lossy(data).into_owned(), str::to_owned))
}

fn failed(event: &Event<'_>, data: &[u8]) -> Fault {
    let response = event.response.and_then(|text| serde_json::from_str::<Response<'_>>(text.get()).ok());
    let error = response.and_then(|response| response.error).map(RawValue::get).filter(|text| text.starts_with('{'));
    Fault::Provider(error.map_or_else(|| String::from_utf8_lossy(data).into_owned(), str::to_owned))
}
