//! The messages format: STUB.

use super::{Asked, Encoder, Seen, Wanted};
use crate::Operation;
use crate::answer::{self, Answer, Form, Garbage};
use crate::chat::Completion;
use crate::dialect::Context;
use crate::json::Object;
use crate::prepare::{Refusal, Rules};
use crate::stream::{self, Fault};

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
    answer::rewrite(Form::Plain, &wanted.model, &wanted.estimator, body)
}

/// One event of a relayed stream.
pub(super) fn observe(_data: &[u8], _seen: &mut Seen) -> Result<(), Fault> {
    Ok(())
}
