//! Cohere's stream of a chat, first version: one JSON text a line.

use serde::Deserialize;
use serde_json::Value;

use super::super::answer::finish_reason;
use super::super::stream::json_of;
use super::answer::{Answer, Invoked, Meta};
use crate::chat::{Chunk, Delta, FunctionDelta, ToolCallDelta};
use crate::dialect::{Context, Decoder, Fault, Frame, Stamp};
use crate::stream::garbage;

/// Decodes one stream.
#[derive(Debug)]
pub(super) struct Stream {
    stamp: Stamp,
    /// Calls of tools so far.
    calls: u32,
    is_done: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Event {
    text: Option<String>,
    tool_calls: Option<Vec<Invoked>>,
    citations: Option<Value>,
    is_finished: bool,
    finish_reason: Option<String>,
    message: Option<String>,
    response: Option<Answer>,
}

impl Stream {
    pub fn new(context: &Context) -> Self {
        Self { stamp: context.stamp.clone(), calls: 0, is_done: false }
    }

    fn call(&mut self, invoked: Invoked) -> ToolCallDelta {
        let call = invoked.into_call(&mut self.stamp);
        let index = self.calls;
        self.calls = self.calls.saturating_add(1);
        let function = FunctionDelta { name: Some(call.function.name), arguments: Some(call.function.arguments) };
        ToolCallDelta { index, id: Some(call.id), kind: Some(call.kind), function, ..ToolCallDelta::default() }
    }

    fn end(&mut self, event: Event, data: &[u8], out: &mut Vec<Chunk>) -> Result<(), Fault> {
        if matches!(event.finish_reason.as_deref(), Some("ERROR")) {
            let text = || String::from_utf8_lossy(data).into_owned();
            return Err(Fault::Provider(event.message.unwrap_or_else(text)));
        }
        let reason = if self.calls > 0 { "tool_calls" } else { finish_reason(event.finish_reason.as_deref()) };
        out.push(Chunk::finish(reason));
        let meta = event.response.and_then(|answer| answer.meta);
        out.extend(meta.as_ref().and_then(Meta::usage).map(Chunk::counts));
        self.is_done = true;
        Ok(())
    }
}

impl Decoder for Stream {
    fn frame(&mut self, frame: Frame<'_>, out: &mut Vec<Chunk>) -> Result<(), Fault> {
        let Some(data) = json_of(frame.data) else { return Ok(()) };
        let mut event: Event = serde_json::from_slice(data).map_err(|_| garbage(data))?;
        if event.is_finished {
            return self.end(event, data, out);
        }
        out.extend(event.text.take().filter(|text| !text.is_empty()).map(Chunk::text));
        if let Some(calls) = event.tool_calls.take().filter(|calls| !calls.is_empty()) {
            let calls = calls.into_iter().map(|invoked| self.call(invoked)).collect();
            out.push(Chunk::of(Delta { tool_calls: Some(calls), ..Delta::default() }));
        }
        if let Some(citations) = event.citations.take() {
            let fields = [("citations".to_owned(), citations)].into_iter().collect();
            out.push(Chunk::of(Delta { provider_specific_fields: Some(fields), ..Delta::default() }));
        }
        Ok(())
    }

    fn finish(&mut self, _out: &mut Vec<Chunk>) -> Result<(), Fault> {
        if self.is_done { Ok(()) } else { Err(Fault::Garbage("the stream ended before `stream-end`".to_owned())) }
    }

    fn is_done(&self) -> bool {
        self.is_done
    }
}
