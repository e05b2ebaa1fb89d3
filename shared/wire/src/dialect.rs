//! Dialects: the wires of providers that do not speak OpenAI's.
//!
//! One folder a dialect; [`of`] says which one a deployment speaks. A dialect is pure: it writes a request, reads an
//! answer, and decodes a stream. Knows no key, no clock and no socket.

pub(crate) mod anthropic;
mod bedrock;
mod cohere;
mod gemini;
mod hosted;
mod ollama;
mod ollama_generate;
mod prompted;
pub(crate) mod responses;
pub(crate) mod vertex;

use std::fmt::Debug;
use std::sync::Arc;

use bytes::Bytes;

pub(crate) use self::anthropic::anthropic_usage;
pub use self::bedrock::{batch_line as bedrock_batch_line, region_in_name as bedrock_region, service_host as aws_host};
pub(crate) use self::gemini::gemini_usage;
pub use self::vertex::vertex_location;
use crate::Operation;
use crate::chat::{Chunk, Completion};
use crate::client::Ids;
use crate::failure::Reader;
use crate::json::Object;
use crate::media::Remote;
use crate::prepare::{Call, Prepared, Refusal, Rules, Settings};
use crate::provider::{Parameters, UrlError};
pub use crate::stream::Fault;

/// A provider's wire, one method for each thing that differs from OpenAI's.
///
/// What a dialect does not offer keeps its refusal: the table of providers lists the operations that it does.
pub(crate) trait Dialect: Debug + Send + Sync {
    /// The chat parameters that reach the provider with this model (LiteLLM's `get_supported_openai_params`).
    fn supported(&self, settings: &Settings) -> Parameters {
        settings.provider.parameters
    }

    /// Whether the provider takes calls of this kind as they are.
    fn speaks(&self, settings: &Settings, operation: Operation) -> bool {
        settings.provider.offers(operation)
    }

    /// Whether what this part names by address has to be sent as bytes, because the provider fetches nothing itself.
    fn inlines(&self, _settings: &Settings, _remote: &Remote<'_>) -> bool {
        false
    }

    /// Where calls of this kind go: the whole address, query included.
    ///
    /// # Errors
    /// Where the deployment does not say where its provider listens.
    fn url(&self, settings: &Settings, operation: Operation, mode: Mode) -> Result<String, UrlError>;

    /// Headers that every request of the deployment carries beside those of authentication, as name and value.
    fn headers(&self, _settings: &Settings, _operation: Operation) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    /// Writes the request of a chat. Parameters that the provider does not know are gone already.
    ///
    /// # Errors
    /// What the provider cannot express, in LiteLLM's words.
    fn chat(&self, call: Call<'_, '_>) -> Result<Prepared, Refusal>;

    /// Writes the request of anything but a chat, in the client's own form or OpenAI's.
    ///
    /// # Errors
    /// What the provider does not offer, or cannot express.
    fn other(&self, operation: Operation, rules: &Rules, _body: Object<'_>) -> Result<Prepared, Refusal> {
        Err(Refusal::NotOffered { provider: rules.provider().name, operation })
    }

    /// Reads a whole answer of a chat; several bodies only where several requests were made.
    ///
    /// # Errors
    /// Where the body is no answer.
    fn answer(&self, context: &Context, body: &[u8]) -> Result<Completion, Unreadable>;

    /// Reads the whole answers of anything but a chat, one body for each request, and writes them in OpenAI's form.
    ///
    /// # Errors
    /// Where a body is no answer.
    fn other_answer(&self, operation: Operation, _context: &Context, _bodies: &[Bytes]) -> Result<Vec<u8>, Unreadable> {
        Err(Unreadable(format!("no answer of `{}` is known", operation.name())))
    }

    /// Whose rules word the failures of a chat.
    fn reader(&self) -> Reader {
        Reader::Provider
    }

    /// How a stream of chat is cut into frames.
    fn framing(&self) -> Framing {
        Framing::Events
    }

    /// Decodes one stream of chat.
    fn decoder(&self, context: &Context) -> Box<dyn Decoder>;
}

/// Whether the provider answers whole or in pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Whole,
    Streamed,
}

/// How a stream is cut into frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// Server-sent events.
    Events,
    /// One JSON text a line.
    Lines,
    /// AWS's binary event stream, with its checksums.
    EventStream,
}

/// One frame of a provider's stream.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame<'a> {
    /// The event's name: `event:` of a server-sent event, `:event-type` of AWS's stream; empty where it has none.
    pub name: &'a str,
    pub data: &'a [u8],
}

/// Decodes one provider's stream, frame by frame. One method for each kind of event; never a panic, whatever comes.
pub(crate) trait Decoder: Debug + Send {
    /// Takes a frame and appends what it says to `out`.
    ///
    /// # Errors
    /// Where the stream has to end here: the provider's error, or bytes that are not the format.
    fn frame(&mut self, frame: Frame<'_>, out: &mut Vec<Chunk>) -> Result<(), Fault>;

    /// The stream has ended: appends what is still to be said.
    ///
    /// # Errors
    /// Where the end came too early to be one.
    fn finish(&mut self, _out: &mut Vec<Chunk>) -> Result<(), Fault> {
        Ok(())
    }

    /// Whether the provider has said that nothing more will come, so that the client need not wait for its end.
    fn is_done(&self) -> bool {
        false
    }
}

/// What the reading of an answer needs to know of its request.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// LiteLLM's name of the provider.
    pub provider: &'static str,
    /// The model as the provider knows it.
    pub model: String,
    pub notes: Notes,
    pub stamp: Stamp,
    /// Makes the ids of responses; the providers' own are shown where there is none.
    pub ids: Option<Arc<dyn Ids>>,
}

/// What a dialect notes while it writes a request, for the one that reads the answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notes {
    /// Names of tools that had to be changed: as sent, and as the client wrote them.
    pub tool_names: Vec<(String, String)>,
    /// Whether a schema was put into the forced tool [`crate::prepare::JSON_TOOL`].
    pub json_tool: bool,
    /// Whether the model was told to answer in JSON, which may be the call of a tool.
    pub reads_json: bool,
    /// The documents of a reranking, for providers whose answers only count them.
    pub documents: Vec<String>,
    /// How many results the client wants, where the provider is not asked for so few.
    pub top: Option<usize>,
    /// The beginning of the answer that the client wrote, which is repeated before it.
    pub prefix: Option<String>,
    /// Whether the provider was asked by OpenAI's Responses, whatever wire it speaks otherwise.
    pub responses: bool,
}

impl Notes {
    /// The client's own name of a tool.
    pub fn tool_name<'a>(&'a self, sent: &'a str) -> &'a str {
        self.tool_names.iter().find(|(name, _)| name == sent).map_or(sent, |(_, own)| own)
    }
}

/// Identity and time of a call: what an answer's `id` and `created` are made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stamp {
    /// A random UUID.
    pub id: String,
    /// Seconds since 1970.
    pub created_s: u64,
    /// Ids made so far.
    made: u64,
}

impl Stamp {
    pub const fn new(id: String, created_s: u64) -> Self {
        Self { id, created_s, made: 0 }
    }

    /// OpenAI's form of the id.
    pub fn chat_id(&self) -> String {
        format!("chatcmpl-{}", self.id)
    }

    /// Another id of this call, `digits` hexadecimal digits long: as random as the call's own.
    pub fn next_hex(&mut self, digits: usize) -> String {
        let mut text = String::with_capacity(digits + 16);
        while text.len() < digits {
            self.made += 1;
            let mut state = self.made.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            for byte in self.id.bytes() {
                state = mix(state ^ u64::from(byte));
            }
            text.push_str(&format!("{state:016x}"));
        }
        text.truncate(digits);
        text
    }
}

/// One round of splitmix64.
const fn mix(state: u64) -> u64 {
    let state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}

/// The provider's body is no answer; the text says what is missing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unreadable(pub String);

/// The dialect that a deployment speaks; `None` where it is OpenAI's wire.
pub(crate) fn of(settings: &Settings) -> Option<&'static dyn Dialect> {
    if let Some(claude) = anthropic::of(settings) {
        return Some(claude);
    }
    match settings.provider.name {
        "bedrock" => Some(bedrock::of(settings)),
        "cohere" | "cohere_chat" if settings.model.contains("v1/") => Some(&cohere::CohereFirst),
        "cohere" | "cohere_chat" => Some(&cohere::Cohere),
        "gemini" => Some(&gemini::Gemini::Studio),
        name if vertex::is_vertex(name) => match vertex::route(settings) {
            vertex::Route::Gemini => Some(&gemini::Gemini::Vertex),
            _ => None,
        },
        "huggingface" => Some(&hosted::Hosted::HuggingFace),
        "ollama" => Some(&ollama_generate::OllamaGenerate),
        "ollama_chat" => Some(&ollama::Ollama),
        "replicate" => Some(&prompted::Prompted::Replicate),
        "sagemaker" => Some(&prompted::Prompted::SageMaker),
        "sagemaker_chat" => Some(&hosted::Hosted::SageMaker),
        "sagemaker_nova" => Some(&hosted::Hosted::SageMakerNova),
        "snowflake" => Some(&hosted::Hosted::Snowflake),
        "watsonx_text" => Some(&prompted::Prompted::Watsonx),
        "watsonx" => Some(&hosted::Hosted::Watsonx),
        _ => None,
    }
}

/// Partitions of AWS whose hosts end otherwise, by the beginning of the region's name.
const AWS_SUFFIXES: [(&str, &str); 5] = [
    ("cn-", "amazonaws.com.cn"),
    ("us-isob-", "sc2s.sgov.gov"),
    ("us-isof-", "csp.hci.ic.gov"),
    ("us-iso-", "c2s.ic.gov"),
    ("eu-isoe-", "cloud.adc-e.uk"),
];

/// How the hosts of a region end.
fn aws_suffix(region: &str) -> &'static str {
    let found = AWS_SUFFIXES.iter().find(|(start, _)| region.starts_with(start));
    found.map_or("amazonaws.com", |(_, suffix)| *suffix)
}

#[cfg(test)]
mod tests;
