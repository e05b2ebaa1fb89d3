//! Streams of invoked models: every event holds the family's own JSON in base64. Knows no frame.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::Map;
use serde_json::value::RawValue;

use super::Family;
use super::answer::{Answer, counted};
use crate::chat::Chunk;
use crate::dialect::bedrock::converse::{ConverseStream, finish_reason};
use crate::dialect::{Context, Decoder, Fault, Frame};
use crate::stream::{garbage, openai_decoder};

/// Decodes one stream.
#[derive(Debug)]
pub(in crate::dialect::bedrock) struct InvokeStream {
    inner: Inner,
    /// What an event holds, kept so that an event costs no allocation.
    event: Vec<u8>,
}

#[derive(Debug)]
enum Inner {
    Text(Texts),
    Converse(ConverseStream),
    OpenAi(Box<dyn Decoder>),
}

/// Pieces of text.
#[derive(Debug)]
struct Texts {
    /// Whether the model thinks still: DeepSeek's begins so.
    thinks: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Wrapped<'a> {
    #[serde(borrow)]
    bytes: Cow<'a, str>,
}

/// What Titan and Cohere call otherwise in pieces, and what AWS adds to the last one.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Piece {
    #[serde(flatten)]
    answer: Answer,
    #[serde(rename = "outputText")]
    output_text: Option<String>,
    #[serde(rename = "completionReason")]
    completion_reason: Option<String>,
    finish_reason: Option<String>,
    #[serde(rename = "amazon-bedrock-invocationMetrics")]
    metrics: Option<Metrics>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Metrics {
    input_token_count: u64,
    output_token_count: u64,
}

impl InvokeStream {
    pub fn new(family: Family, context: &Context) -> Self {
        let inner = match family {
            Family::Nova => Inner::Converse(ConverseStream::new(context)),
            Family::OpenAi | Family::Moonshot => Inner::OpenAi(openai_decoder()),
            _ => Inner::Text(Texts { thinks: family == Family::DeepSeekR1 }),
        };
        Self { inner, event: Vec::new() }
    }
}

impl Decoder for InvokeStream {
    fn frame(&mut self, frame: Frame<'_>, out: &mut Vec<Chunk>) -> Result<(), Fault> {
        let wrapped: Wrapped<'_> = serde_json::from_slice(frame.data).map_err(|_| garbage(frame.data))?;
        self.event.clear();
        STANDARD.decode_vec(wrapped.bytes.as_bytes(), &mut self.event).map_err(|_| garbage(frame.data))?;
        if self.event.is_empty() {
            return Ok(());
        }
        match &mut self.inner {
            Inner::Text(texts) => texts.piece(&self.event, out),
            Inner::Converse(stream) => converse(stream, &self.event, out),
            Inner::OpenAi(decoder) => decoder.frame(Frame { name: "", data: &self.event }, out),
        }
    }
}

/// Nova puts each event into a field of its name.
fn converse(stream: &mut ConverseStream, event: &[u8], out: &mut Vec<Chunk>) -> Result<(), Fault> {
    let named: Map<String, serde_json::Value> = serde_json::from_slice(event).map_err(|_| garbage(event))?;
    for (name, data) in named.into_iter().filter(|(_, data)| data.is_object()) {
        let data = crate::json::raw(&data);
        let data: &RawValue = &data;
        stream.frame(Frame { name: &name, data: data.get().as_bytes() }, out)?;
    }
    Ok(())
}

impl Texts {
    fn piece(&mut self, event: &[u8], out: &mut Vec<Chunk>) -> Result<(), Fault> {
        let piece: Piece = serde_json::from_slice(event).map_err(|_| garbage(event))?;
        let Piece { answer, .. } = piece;
        let output = answer.outputs.into_iter().chain(answer.generations).next().unwrap_or_default();
        let texts = [piece.output_text, answer.generation, answer.text, Some(output.text)];
        let text = texts.into_iter().flatten().find(|text| !text.is_empty());
        out.extend(text.and_then(|text| self.said(text)));
        let reasons = [output.stop_reason, piece.finish_reason, piece.completion_reason, answer.stop_reason];
        if let Some(reason) = reasons.into_iter().flatten().next() {
            out.push(Chunk::finish(finish_reason(&reason)));
        }
        if let Some(metrics) = piece.metrics {
            out.push(Chunk::counts(counted(metrics.input_token_count, metrics.output_token_count)));
        } else if let (Some(prompt), Some(written)) = (answer.prompt_token_count, answer.generation_token_count) {
            out.push(Chunk::counts(counted(prompt, written)));
        }
        Ok(())
    }

    fn said(&mut self, text: String) -> Option<Chunk> {
        match self.thinks {
            true if text == "</think>" => {
                self.thinks = false;
                None
            }
            true => Some(Chunk::reasoning(text)),
            false => Some(Chunk::text(text)),
        }
    }
}
