//! A request as the client sent it, made into the request that the provider understands.
//!
//! Fixed per deployment in [`Rules`]; per request only what the provider's quirks touch is parsed.
//! Knows no key, no address and no answer.

mod adapt;
mod call;
mod chat;
mod drop_path;
mod fields;
pub(crate) mod mend;
mod messages;
mod refusal;
mod responses;
mod rules;
mod schema;
mod simple;
mod supported;
mod tools;

pub(crate) use call::{Call, Unsupported};
pub(crate) use chat::in_openai_form;
pub use refusal::Refusal;
pub(crate) use responses::{RESPONSE_PARAMETERS, finish as finish_response, is_signed, signed_blocks};
pub use rules::{Family, Rules, Settings, StreamUsage};
pub(crate) use simple::{check_embedding, embedding_call, rerank, rerank_call};

use crate::Operation;
use crate::dialect::Notes;
use crate::json::Object;
use crate::ocr;

/// A request ready to be sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prepared {
    /// JSON.
    pub body: Vec<u8>,
    /// Beyond those of authentication, content type and length.
    pub headers: Vec<(String, String)>,
    /// Whether the client wants a stream.
    pub stream: bool,
    /// Whether the provider was asked for a stream; if not, a stream must be made of its answer.
    pub upstream_stream: bool,
    /// Whether the client is to see the usage of its stream; else that chunk is for the gateway alone.
    pub include_usage_wanted: bool,
    /// Whether a schema was put into the forced tool [`JSON_TOOL`], whose arguments are the answer's content.
    pub json_tool: bool,
    /// What the answer's translation has to know.
    pub notes: Notes,
    /// The address, where the request decides it; else the deployment's own.
    pub url: Option<String>,
    /// The bodies of further requests, where the provider answers one input at a time.
    pub more_bodies: Vec<Vec<u8>>,
}

/// The tool that stands for a schema where a model has no structured output (LiteLLM's `RESPONSE_FORMAT_TOOL_NAME`).
pub const JSON_TOOL: &str = "json_tool_call";

/// Makes the request of a deployment out of a client's.
///
/// `body` is the client's object: `model` is replaced, fields for the gateway are taken out, nulls count as
/// absent, the deployment's defaults fill gaps, and parameters are renamed, dropped or refused as the
/// provider demands. Uploads ([`Operation::Transcription`]) are forms and need no preparation.
///
/// # Errors
/// What the provider cannot do, in LiteLLM's words.
pub fn prepare(rules: &Rules, operation: Operation, body: Object<'_>) -> Result<Prepared, Refusal> {
    let provider = rules.provider();
    if provider.is_untranslated() && rules.dialect.is_none() {
        return Err(Refusal::Untranslated { provider: provider.name });
    }
    if !provider.offers(operation) && !rules.speaks(operation) {
        return Err(Refusal::NotOffered { provider: provider.name, operation });
    }
    let is_own = matches!(operation, Operation::ChatCompletion | Operation::Responses);
    if let Some(dialect) = rules.dialect.filter(|_| !is_own) {
        return dialect.other(operation, rules, body);
    }
    match operation {
        Operation::ChatCompletion => chat::prepare(rules, body),
        Operation::TextCompletion => simple::text_completion(rules, body),
        Operation::Embedding => simple::embedding(rules, body),
        Operation::Rerank => simple::rerank(rules, body),
        Operation::Ocr => {
            ocr::check(&body)?;
            Ok(simple::plain(rules, body))
        }
        Operation::ImageGeneration => Ok(simple::image(rules, body)),
        Operation::Responses => responses::prepare(rules, body),
        _ => Ok(simple::plain(rules, body)),
    }
}

#[cfg(test)]
mod parameter_rules;
#[cfg(test)]
mod tests;
