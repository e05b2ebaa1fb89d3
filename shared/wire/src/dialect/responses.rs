//! Responses: OpenAI's newer wire, for chats with models that answer by it alone.
//!
//! A chat becomes the request of a response, its answer and its stream become those of a chat. The rules are
//! LiteLLM's bridge of the same direction. Knows no client's format but the chat in the middle, and no key.

mod answer;
mod item;
mod parameters;
mod request;
mod stream;
mod usage;

use super::{Context, Decoder, Dialect, Mode, Unreadable};
use crate::Operation;
use crate::chat::Completion;
use crate::json::Object;
use crate::models;
use crate::prepare::{Call, Prepared, Refusal, Settings, finish_response};
use crate::provider::{self, UrlError};

/// OpenAI's wire of responses, wherever it is spoken.
#[derive(Debug)]
pub(crate) struct Responses;

/// The one there is: it holds nothing.
pub(crate) static RESPONSES: Responses = Responses;

/// What stands before a model's name where its operator wants chats asked as responses.
pub(crate) const PREFIX: &str = "responses/";

/// Whether chats with this deployment's model have to be asked as responses.
pub(crate) fn is_asked_by(settings: &Settings) -> bool {
    let model = settings.model.as_str();
    let mode = models::lookup(settings.provider.name, model).map(|facts| facts.mode);
    match mode {
        Some("responses") => true,
        Some(mode) if !mode.is_empty() => false,
        _ => model.starts_with(PREFIX),
    }
}

/// The request of a response that asks what this chat asks: `messages` and chat parameters become `input` and
/// parameters of a response. What a response does not know is gone.
///
/// # Errors
/// Where the messages are no list of messages.
pub(crate) fn from_chat(chat: &Object<'_>) -> Result<Object<'static>, Refusal> {
    let mut request = Object::default();
    let conversation = request::conversation(chat.get("messages").unwrap_or("[]"))?;
    request.set("input", conversation.input);
    if let Some(instructions) = conversation.instructions {
        request.set("instructions", crate::json::raw(&instructions));
    }
    parameters::copy(chat, &mut request);
    Ok(request)
}

impl Dialect for Responses {
    fn url(&self, settings: &Settings, _operation: Operation, _mode: Mode) -> Result<String, UrlError> {
        let (base, version) = (settings.api_base.as_deref(), settings.api_version.as_deref());
        provider::url(settings.provider, base, version, &settings.model, Operation::Responses)
    }

    fn chat(&self, mut call: Call<'_, '_>) -> Result<Prepared, Refusal> {
        call.body = from_chat(&call.body)?;
        finish_response(call)
    }

    fn answer(&self, _context: &Context, body: &[u8]) -> Result<Completion, Unreadable> {
        answer::answer(body)
    }

    fn decoder(&self, _context: &Context) -> Box<dyn Decoder> {
        Box::new(stream::Stream::default())
    }
}

#[cfg(test)]
mod tests;
