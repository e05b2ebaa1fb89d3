//! Gemini's stream: every event is an answer with the parts that are new.
//!
//! Knows no client's format.

use serde_json::Map;

use super::answer::{Metadata, Namer, Said, finish_reason, logprobs};
use super::read::{Answer, Candidate};
use super::usage;
use crate::chat::{Chunk, ChunkChoice, Delta, FunctionDelta, ToolCall, ToolCallDelta};
use crate::dialect::{Context, Decoder, Fault, Frame};
use crate::stream::garbage;

/// Decodes one stream.
#[derive(Debug)]
pub(super) struct Stream {
    namer: Namer,
}

impl Stream {
    pub fn new(context: &Context) -> Self {
        Self { namer: Namer::new(context) }
    }
}

impl Decoder for Stream {
    fn frame(&mut self, frame: Frame<'_>, out: &mut Vec<Chunk>) -> Result<(), Fault> {
        if matches!(frame.data, b"" | b"[DONE]") {
            return Ok(());
        }
        let answer: Answer<'_> = serde_json::from_slice(frame.data).map_err(|_| garbage(frame.data))?;
        if let Some(error) = answer.error {
            return Err(Fault::Provider(error.get().to_owned()));
        }
        if answer.prompt_feedback.is_some_and(|feedback| feedback.block_reason.is_some()) {
            out.push(Chunk::finish("content_filter"));
        }
        let mut metadata = Metadata::default();
        let mut chunk = Chunk::default();
        for (place, candidate) in answer.candidates.unwrap_or_default().into_iter().enumerate() {
            let place = u32::try_from(place).unwrap_or(u32::MAX);
            chunk.choices.push(self.choice(candidate, place, &mut metadata));
        }
        chunk.usage = answer.usage_metadata.map(|counts| usage::streamed(&counts, metadata.billed()));
        if chunk.choices.iter().any(is_special) {
            chunk.extra = metadata.shown_in_stream();
        }
        out.push(chunk);
        Ok(())
    }
}

impl Stream {
    fn choice(&mut self, mut candidate: Candidate<'_>, place: u32, metadata: &mut Metadata) -> ChunkChoice {
        let annotations = metadata.take(&mut candidate);
        let parts = candidate.content.and_then(|content| content.parts).unwrap_or_default();
        let said = Said::of(&parts, &mut self.namer);
        let has_calls = !said.calls.is_empty();
        let native = candidate.finish_reason;
        let finish_reason = native.map(|native| finish_reason(Some(&native), has_calls).to_owned());
        let own = said.own_fields();
        let delta = Delta {
            content: said.content,
            reasoning_content: said.reasoning,
            tool_calls: has_calls.then(|| said.calls.into_iter().map(whole).collect()),
            images: (!said.images.is_empty()).then_some(said.images),
            annotations: (!annotations.is_empty()).then_some(annotations),
            audio: said.audio,
            provider_specific_fields: own,
            extra: Map::new(),
            ..Delta::default()
        };
        ChunkChoice {
            index: candidate.index.unwrap_or(place),
            delta,
            finish_reason,
            logprobs: candidate.logprobs_result.and_then(logprobs),
            ..ChunkChoice::default()
        }
    }
}

/// A call comes in one piece.
fn whole(call: ToolCall) -> ToolCallDelta {
    ToolCallDelta {
        index: call.index.unwrap_or_default(),
        id: Some(call.id),
        kind: Some(call.kind),
        function: FunctionDelta { name: Some(call.function.name), arguments: Some(call.function.arguments) },
        provider_specific_fields: call.provider_specific_fields,
    }
}

/// Whether a piece holds more than text: with it LiteLLM shows what else the event said.
fn is_special(choice: &ChunkChoice) -> bool {
    choice.delta.tool_calls.is_some() || choice.delta.annotations.is_some() || choice.logprobs.is_some()
}
