//! Anthropic's messages: Claude at Anthropic itself, Microsoft Foundry, Vertex AI and Bedrock's `invoke`.
//!
//! One translation for all four; [`Host`] tells them apart. Knows no key and no socket.

mod ability;
mod answer;
mod assistant;
mod beta;
mod chat;
mod cloud;
mod conversation;
mod decoder;
mod history;
mod host;
mod invoke;
mod media;
mod messages;
mod native;
mod sampling;
mod schema;
mod system;
mod thinking;
mod tool;
mod tools;
mod url;
mod usage;

#[cfg(test)]
mod tests;

pub(crate) use answer::answer;
pub(crate) use chat::chat;
pub(crate) use decoder::Decoder;
pub(crate) use host::Host;
pub(crate) use invoke::InvokeDecoder;
pub(crate) use native::messages;
pub(crate) use usage::anthropic_usage;

use super::{Context, Dialect, Framing, Mode, Unreadable};
use crate::Operation;
use crate::chat::Completion;
use crate::failure::Reader;
use crate::json::Object;
use crate::media::Remote;
use crate::prepare::{Call, Prepared, Refusal, Rules, Settings};
use crate::provider::{Parameters, UrlError};

/// Parameters that every model takes.
const PARAMETERS: Parameters = Parameters::of(&[
    "stream",
    "stop",
    "temperature",
    "top_p",
    "max_tokens",
    "max_completion_tokens",
    "tools",
    "tool_choice",
    "extra_headers",
    "parallel_tool_calls",
    "response_format",
    "user",
    "web_search_options",
    "context_management",
]);

/// Claude behind one of its hosts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Claude(pub Host);

static ANTHROPIC: Claude = Claude(Host::Anthropic);
static AZURE: Claude = Claude(Host::Azure);
static VERTEX: Claude = Claude(Host::Vertex);
pub(crate) static BEDROCK: Claude = Claude(Host::Bedrock);

/// The dialect of these settings, where they mean a Claude model.
pub(crate) fn of(settings: &Settings) -> Option<&'static dyn Dialect> {
    match Host::of(settings)? {
        Host::Anthropic => Some(&ANTHROPIC),
        Host::Azure => Some(&AZURE),
        Host::Vertex => Some(&VERTEX),
        Host::Bedrock => Some(&BEDROCK),
    }
}

/// The parameters that reach a model at its host.
pub(crate) fn supported(host: Host, model: &str) -> Parameters {
    use ability::{Ability, can};
    let thinks = model.contains("claude-3-7-sonnet")
        || can(host, model, Ability::AdaptiveThinking)
        || can(host, model, Ability::Reasoning);
    if thinks { PARAMETERS.with(&["thinking", "reasoning_effort"]) } else { PARAMETERS }
}

/// Whether LiteLLM sends what this part names by address as bytes.
pub(crate) fn inlines(host: Host, remote: &Remote<'_>) -> bool {
    match host {
        Host::Anthropic | Host::Azure => remote.kind == "image_url" && remote.url.starts_with("http://"),
        Host::Vertex => remote.kind == "image_url",
        Host::Bedrock => true,
    }
}

impl Claude {
    /// Names the address: the clouds' tables list other models' operations.
    fn addressed(self, rules: &Rules, operation: Operation, mut prepared: Prepared) -> Prepared {
        if self.0 != Host::Anthropic {
            let mode = if prepared.upstream_stream { Mode::Streamed } else { Mode::Whole };
            prepared.url = url::url(self.0, &rules.settings, operation, mode).ok();
        }
        prepared
    }
}

impl Dialect for Claude {
    fn supported(&self, settings: &Settings) -> Parameters {
        supported(self.0, &settings.model)
    }

    fn speaks(&self, _settings: &Settings, operation: Operation) -> bool {
        let counts = operation == Operation::CountMessageTokens && self.0 == Host::Anthropic;
        counts || matches!(operation, Operation::ChatCompletion | Operation::Messages)
    }

    fn inlines(&self, _settings: &Settings, remote: &Remote<'_>) -> bool {
        inlines(self.0, remote)
    }

    fn url(&self, settings: &Settings, operation: Operation, mode: Mode) -> Result<String, UrlError> {
        url::url(self.0, settings, operation, mode)
    }

    fn chat(&self, call: Call<'_, '_>) -> Result<Prepared, Refusal> {
        let rules = call.rules;
        Ok(self.addressed(rules, Operation::ChatCompletion, chat(self.0, call)?))
    }

    fn other(&self, operation: Operation, rules: &Rules, body: Object<'_>) -> Result<Prepared, Refusal> {
        if operation == Operation::CountMessageTokens && self.0 == Host::Anthropic {
            let url = url::url(self.0, &rules.settings, operation, Mode::Whole).ok();
            return Ok(Prepared { url, ..native::count(rules, &body) });
        }
        if operation != Operation::Messages {
            return Err(Refusal::NotOffered { provider: rules.provider().name, operation });
        }
        Ok(self.addressed(rules, operation, messages(self.0, rules, body)?))
    }

    fn answer(&self, context: &Context, body: &[u8]) -> Result<Completion, Unreadable> {
        answer(context, body)
    }

    fn reader(&self) -> Reader {
        Reader::Claude
    }

    fn framing(&self) -> Framing {
        if self.0 == Host::Bedrock { Framing::EventStream } else { Framing::Events }
    }

    fn decoder(&self, context: &Context) -> Box<dyn super::Decoder> {
        match self.0 {
            Host::Bedrock => Box::new(InvokeDecoder::new(context)),
            _ => Box::new(Decoder::new(context)),
        }
    }
}
