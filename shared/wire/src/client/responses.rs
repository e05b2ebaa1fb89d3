//! OpenAI's `/v1/responses` as a client's format: asked of a provider in a chat, and answered in OpenAI's items.
//!
//! A provider that speaks the format itself gets and gives it as it is, but for ids and the model's name. The rules
//! are LiteLLM's. Knows no provider's wire and no key: ids are made by who does.

mod answer;
mod content;
mod encode;
mod input;
mod relay;
mod request;
mod tools;
mod usage;

use std::fmt::Debug;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::{Asked, Encoder, Wanted};
use crate::Operation;
use crate::answer::{Answer, Form};
use crate::chat::Completion;
use crate::dialect::Context;
use crate::json::Object;
use crate::prepare::{Refusal, Rules};

pub(super) use relay::{UNFINISHED, native, observe};

/// Makes the ids of responses that clients are shown out of providers' own.
pub trait Ids: Debug + Send + Sync {
    /// The id to show for the provider's own.
    fn shown(&self, id: &str) -> String;
}

/// The id to show; the provider's own where nobody makes others.
fn shown(ids: Option<&Arc<dyn Ids>>, id: &str) -> String {
    ids.map_or_else(|| id.to_owned(), |ids| ids.shown(id))
}

/// The gateway's own id of a response that is made of a chat, before anybody is shown it.
pub fn own_id(context: &Context) -> String {
    format!("resp_{}", context.stamp.id.replace('-', ""))
}

/// The response that complete events end with; `None` where they are of another format.
pub fn response_in(events: &[Vec<u8>]) -> Option<Vec<u8>> {
    const ENDS: [&str; 2] = ["data: {\"type\":\"response.completed\"", "data: {\"type\":\"response.incomplete\""];
    let text = std::str::from_utf8(events.last()?).ok()?;
    let last = text.lines().rfind(|line| ENDS.iter().any(|end| line.starts_with(end)))?;
    let event = Object::parse(last.strip_prefix("data: ")?.as_bytes()).ok()?;
    Some(event.given("response")?.as_bytes().to_vec())
}

/// Fields of the request that the answer repeats.
const ECHOED: [&str; 14] = [
    "instructions",
    "metadata",
    "parallel_tool_calls",
    "temperature",
    "tool_choice",
    "tools",
    "top_p",
    "max_output_tokens",
    "previous_response_id",
    "reasoning",
    "text",
    "truncation",
    "user",
    "store",
];

/// What the provider is asked in a chat.
pub(super) fn ask<'a>(rules: &Rules, body: Object<'a>) -> Result<Asked<'a>, Refusal> {
    let echo = echo(&body);
    let body = request::to_chat(rules, &body)?;
    Ok(Asked { operation: Operation::ChatCompletion, body, form: Form::Responses, echo })
}

fn echo(body: &Object<'_>) -> Map<String, Value> {
    let given =
        ECHOED.iter().filter_map(|name| Some(((*name).to_owned(), serde_json::from_str(body.given(name)?).ok()?)));
    given.collect()
}

/// A chat's whole answer in this format.
pub(super) fn answer(context: &Context, wanted: &Wanted, completion: Completion) -> Answer {
    answer::answer(context, wanted, &completion)
}

/// A chat's stream in this format.
pub(super) fn encoder(context: &Context, wanted: &Wanted) -> Box<dyn Encoder> {
    Box::new(encode::ResponseEncoder::new(context, wanted))
}

#[cfg(test)]
mod tests;
