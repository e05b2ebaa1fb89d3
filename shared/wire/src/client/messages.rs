//! The messages format: Anthropic's `/v1/messages` in front of every provider.
//!
//! A provider that speaks the format is relayed; of all others a chat is asked, and its answer is turned back.
//! Follows Anthropic's API reference of messages and LiteLLM's adapter. Knows no provider's wire.

mod relay;

use super::{Asked, Encoder, Seen, Wanted};
use crate::Operation;
use crate::answer::{Answer, Garbage};
use crate::chat::Completion;
use crate::dialect::Context;
use crate::json::Object;
use crate::prepare::{Refusal, Rules};
use crate::stream::{self, Fault};

/// What a client is told whose stream ends without its last event; LiteLLM's sentence.
pub(super) const UNFINISHED: &str = "Provider stream ended before emitting a message_stop event; the response is \
                                     incomplete and any partial content (e.g. tool_use input JSON) may be truncated.";

/// What the provider is asked in a chat.
pub(super) fn ask<'a>(rules: &Rules, _body: Object<'a>) -> Result<Asked<'a>, Refusal> {
    Err(Refusal::NotOffered { provider: rules.provider().name, operation: Operation::ChatCompletion })
}

/// A chat's whole answer in this format.
pub(super) fn answer(_context: &Context, wanted: &Wanted, completion: Completion) -> Answer {
    let body = serde_json::to_vec(&completion).unwrap_or_default();
    Answer { body, usage: crate::Usage::estimate(wanted.prompt_bytes, 0) }
}

/// A chat's stream in this format.
pub(super) fn encoder(context: &Context, wanted: &Wanted) -> Box<dyn Encoder> {
    super::chat::encoder(stream::Form::Chat, context, wanted)
}

/// An answer of a provider that speaks this format itself.
pub(super) fn native(wanted: &Wanted, body: &[u8]) -> Result<Answer, Garbage> {
    relay::whole(wanted, body)
}

/// One event of a relayed stream.
pub(super) fn observe(data: &[u8], seen: &mut Seen) -> Result<(), Fault> {
    relay::event(data, seen)
}
