//! Ollama's older wire for chats: `/api/generate`, with the conversation written out as one prompt.
//!
//! The prompt's form is LiteLLM's, so that a model says the same behind either. Knows no key.

mod answer;
mod prompt;
mod stream;

use bytes::Bytes;
use serde_json::Value;

use super::{Context, Decoder, Dialect, Framing, Mode, Unreadable, ollama};
use crate::Operation;
use crate::chat::{Completion, Message};
use crate::json::{Object, raw};
use crate::media::Remote;
use crate::prepare::{Call, Prepared, Refusal, Rules, Settings};
use crate::provider::{Parameters, UrlError};

const PARAMETERS: Parameters = Parameters::of(&[
    "max_tokens",
    "stream",
    "top_p",
    "temperature",
    "seed",
    "frequency_penalty",
    "stop",
    "response_format",
    "max_completion_tokens",
    "reasoning_effort",
    // Not Ollama's: they are written into the prompt.
    "tools",
    "tool_choice",
    "functions",
    "function_call",
]);

/// `ollama`.
#[derive(Debug)]
pub(crate) struct OllamaGenerate;

impl Dialect for OllamaGenerate {
    fn supported(&self, _settings: &Settings) -> Parameters {
        PARAMETERS
    }

    fn inlines(&self, _settings: &Settings, remote: &Remote<'_>) -> bool {
        remote.kind == "image_url"
    }

    fn url(&self, settings: &Settings, operation: Operation, mode: Mode) -> Result<String, UrlError> {
        match operation {
            Operation::ChatCompletion => Ok(ollama::url(settings, "/api/generate")),
            _ => ollama::Ollama.url(settings, operation, mode),
        }
    }

    fn chat(&self, mut call: Call<'_, '_>) -> Result<Prepared, Refusal> {
        let mut prepared = std::mem::take(&mut call.prepared);
        prepared.headers.push(ollama::content_type());
        let messages: Result<Vec<Message<'_>>, _> = serde_json::from_str(call.body.get("messages").unwrap_or("[]"));
        let messages = messages.map_err(|error| Refusal::bad(format!("messages: {error}: send a list of messages")))?;
        let functions = functions(&call.body);
        let prompt = prompt::write(&messages, &functions)?;
        let mut out = Object::default();
        out.set("model", raw(&call.rules.settings.model));
        out.set("prompt", raw(&prompt.text));
        let (mut options, beside) = ollama::parameters(&call);
        // Here the penalty keeps OpenAI's name.
        if let Some(penalty) = options.remove("repeat_penalty") {
            options.set_text("frequency_penalty", penalty);
        }
        options.remove("function_call");
        out.set_text("options", String::from_utf8_lossy(&options.to_vec()).into_owned());
        out.set("stream", raw(&prepared.upstream_stream));
        for (name, value) in beside.into_iter().filter(|(name, _)| *name != "tools") {
            out.set_text(name, value);
        }
        if !functions.is_empty() {
            out.set("format", raw(&"json"));
        }
        out.set("images", raw(&prompt.images));
        for (name, value) in &call.extra_body {
            out.set(name, value.clone());
        }
        let mut notes = prepared.notes.clone();
        notes.reads_json = out.get("format") == Some("\"json\"");
        Ok(Prepared { body: out.to_vec(), notes, ..prepared })
    }

    fn other(&self, operation: Operation, rules: &Rules, body: Object<'_>) -> Result<Prepared, Refusal> {
        ollama::Ollama.other(operation, rules, body)
    }

    fn answer(&self, context: &Context, body: &[u8]) -> Result<Completion, Unreadable> {
        answer::answer(context, body)
    }

    fn other_answer(&self, operation: Operation, context: &Context, bodies: &[Bytes]) -> Result<Vec<u8>, Unreadable> {
        ollama::Ollama.other_answer(operation, context, bodies)
    }

    fn framing(&self) -> Framing {
        Framing::Lines
    }

    fn decoder(&self, context: &Context) -> Box<dyn Decoder> {
        Box::new(stream::Stream::new(context))
    }
}

fn functions(body: &Object<'_>) -> Vec<Value> {
    let given = body.given("tools").or_else(|| body.given("functions"));
    given.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}
