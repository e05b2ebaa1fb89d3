//! The messages format: Anthropic's `/v1/messages` in front of every provider.
//!
//! A provider that speaks the format is relayed; OpenAI is asked for a response, all others for a chat, and the
//! answer is turned back. Follows Anthropic's API reference of messages and LiteLLM's adapters. Knows no key.

mod clean;
mod count;
mod effort;
mod events;
mod invocation;
mod relay;
mod repair;
mod request;
mod responses;
mod schema;
mod signature;
mod source;
mod stream;
mod system;
mod tools;
mod turns;
mod usage;
mod whole;

use serde_json::Map;

pub use count::{count_here, counted};
pub use invocation::Invocation;

use super::{Asked, Encoder, Seen, Wanted};
use crate::Operation;
use crate::answer::{Answer, Form, Garbage};
use crate::chat::Completion;
use crate::dialect::{Context, Decoder};
use crate::json::Object;
use crate::prepare::{Refusal, Rules};
use crate::stream::Fault;

/// What a client is told whose stream ends without its last event; LiteLLM's sentence.
pub(super) const UNFINISHED: &str = "Provider stream ended before emitting a message_stop event; the response is \
                                     incomplete and any partial content (e.g. tool_use input JSON) may be truncated.";

/// What a provider is asked that does not speak this format.
pub(super) fn ask(rules: &Rules, body: &Object<'_>) -> Result<Asked<'static>, Refusal> {
    if rules.provider().name == "openai" {
        let body = responses::request(rules, body)?;
        return Ok(Asked {
            operation: Operation::Responses,
            body,
            form: Form::MessagesFromResponses,
            echo: Map::new(),
        });
    }
    let request::ChatRequest { body, names } = request::chat_request(rules, body)?;
    Ok(Asked { operation: Operation::ChatCompletion, body, form: Form::Messages, echo: names })
}

/// What a provider is asked that counts tokens, in its own form.
pub(super) fn ask_count<'a>(rules: &Rules, body: Object<'a>) -> Result<Asked<'a>, Refusal> {
    let operation = Operation::CountMessageTokens;
    let body = if rules.provider().name == "openai" { responses::count_request(rules, &body)? } else { body };
    Ok(Asked { operation, body, form: Form::MessageCount, echo: Map::new() })
}

/// A chat's whole answer in this format.
pub(super) fn answer(context: &Context, wanted: &Wanted, completion: Completion) -> Result<Answer, Garbage> {
    whole::message(context, wanted, completion)
}

/// A response in this format.
pub(super) fn answer_from_response(wanted: &Wanted, body: &[u8]) -> Result<Answer, Garbage> {
    responses::message(wanted, body)
}

/// A chat's stream in this format.
pub(super) fn encoder(context: &Context, wanted: &Wanted) -> Box<dyn Encoder> {
    Box::new(stream::MessagesEncoder::new(context, wanted))
}

/// The decoder of a response's stream.
pub(super) fn responses_decoder() -> Box<dyn Decoder> {
    responses::decoder()
}

/// An answer of a provider that speaks this format itself.
pub(super) fn native(wanted: &Wanted, body: &[u8]) -> Result<Answer, Garbage> {
    relay::whole(wanted, body)
}

/// One event of a relayed stream.
pub(super) fn observe(data: &[u8], seen: &mut Seen) -> Result<(), Fault> {
    relay::event(data, seen)
}

#[cfg(test)]
mod tests;
