//! Bedrock: models of many makers behind AWS, conversed with in one form or invoked in each family's own.
//!
//! What is asked by which interface is LiteLLM's choice. Knows no credential and no signature.

mod address;
mod batch;
mod converse;
mod embed;
mod facts;
mod image;
mod invoke;
mod name;
mod others;
mod rerank;
mod route;

use bytes::Bytes;

pub use self::batch::batch_line;
use self::converse::ConverseStream;
use self::invoke::InvokeStream;
pub use self::name::region_in_name;
use self::route::{Family, Route, route};
use super::{Context, Decoder, Dialect, Framing, Mode, Unreadable, anthropic};
use crate::Operation;
use crate::chat::Completion;
use crate::json::Object;
use crate::media::Remote;
use crate::prepare::{Call, Prepared, Refusal, Rules, Settings};
use crate::provider::{Parameters, UrlError};

/// The dialect of a deployment behind Bedrock.
pub(super) fn of(settings: &Settings) -> &'static dyn Dialect {
    match route(&settings.model) {
        Route::Converse => &Converse,
        Route::Invoke(Family::Claude) => &anthropic::BEDROCK,
        Route::Invoke(family) => invoked(family),
        Route::Other(_) => &Invoke(Family::Unknown),
    }
}

/// The host of one of AWS's services in a region, with its scheme.
pub fn service_host(service: &str, region: &str) -> String {
    address::service_host(service, region)
}

/// The address of a model that is asked in its family's own form.
pub(super) fn invoke_url(settings: &Settings, mode: Mode) -> String {
    address::invoke(settings, mode)
}

/// One form for all models.
#[derive(Debug)]
struct Converse;

impl Dialect for Converse {
    fn supported(&self, settings: &Settings) -> Parameters {
        converse::supported(&settings.model)
    }

    /// Claude speaks Anthropic's own form where it is invoked, unless the name insists on conversing.
    fn speaks(&self, settings: &Settings, operation: Operation) -> bool {
        match operation {
            Operation::Messages => settings.model.contains("claude") && !settings.model.contains("converse/"),
            _ => settings.provider.offers(operation),
        }
    }

    /// Converse takes bytes only.
    fn inlines(&self, _settings: &Settings, _remote: &Remote<'_>) -> bool {
        true
    }

    fn url(&self, settings: &Settings, operation: Operation, mode: Mode) -> Result<String, UrlError> {
        Ok(match operation {
            Operation::ChatCompletion => address::converse(settings, mode),
            _ => others::url(settings, operation),
        })
    }

    fn other(&self, operation: Operation, rules: &Rules, body: Object<'_>) -> Result<Prepared, Refusal> {
        match operation {
            Operation::Messages => anthropic::BEDROCK.other(operation, rules, body),
            _ => others::prepare(operation, rules, body),
        }
    }

    fn other_answer(&self, operation: Operation, context: &Context, bodies: &[Bytes]) -> Result<Vec<u8>, Unreadable> {
        others::answer(operation, context, bodies)
    }

    fn chat(&self, call: Call<'_, '_>) -> Result<Prepared, Refusal> {
        converse::chat(call)
    }

    fn answer(&self, context: &Context, body: &[u8]) -> Result<Completion, Unreadable> {
        converse::answer(context, body)
    }

    fn framing(&self) -> Framing {
        Framing::EventStream
    }

    fn decoder(&self, context: &Context) -> Box<dyn Decoder> {
        Box::new(ConverseStream::new(context))
    }
}

/// The dialect of a family that is invoked.
fn invoked(family: Family) -> &'static dyn Dialect {
    match family {
        Family::Llama => &Invoke(Family::Llama),
        Family::Mistral => &Invoke(Family::Mistral),
        Family::Titan => &Invoke(Family::Titan),
        Family::Cohere => &Invoke(Family::Cohere),
        Family::Ai21 => &Invoke(Family::Ai21),
        Family::Nova => &Invoke(Family::Nova),
        Family::DeepSeekR1 => &Invoke(Family::DeepSeekR1),
        Family::Qwen2 => &Invoke(Family::Qwen2),
        Family::Qwen3 => &Invoke(Family::Qwen3),
        Family::Moonshot => &Invoke(Family::Moonshot),
        Family::OpenAi => &Invoke(Family::OpenAi),
        Family::Claude | Family::Unknown => &Invoke(Family::Unknown),
    }
}

/// Each family in its own form.
#[derive(Debug)]
struct Invoke(Family);

impl Dialect for Invoke {
    fn supported(&self, settings: &Settings) -> Parameters {
        invoke::supported(self.0, &settings.model)
    }

    fn inlines(&self, _settings: &Settings, _remote: &Remote<'_>) -> bool {
        self.0 == Family::Nova
    }

    fn url(&self, settings: &Settings, operation: Operation, mode: Mode) -> Result<String, UrlError> {
        Ok(match operation {
            Operation::ChatCompletion => address::invoke(settings, mode),
            _ => others::url(settings, operation),
        })
    }

    fn other(&self, operation: Operation, rules: &Rules, body: Object<'_>) -> Result<Prepared, Refusal> {
        others::prepare(operation, rules, body)
    }

    fn other_answer(&self, operation: Operation, context: &Context, bodies: &[Bytes]) -> Result<Vec<u8>, Unreadable> {
        others::answer(operation, context, bodies)
    }

    fn chat(&self, call: Call<'_, '_>) -> Result<Prepared, Refusal> {
        invoke::chat(self.0, call)
    }

    fn answer(&self, context: &Context, body: &[u8]) -> Result<Completion, Unreadable> {
        invoke::answer(self.0, context, body)
    }

    fn framing(&self) -> Framing {
        Framing::EventStream
    }

    fn decoder(&self, context: &Context) -> Box<dyn Decoder> {
        Box::new(InvokeStream::new(self.0, context))
    }
}

#[cfg(test)]
mod tests;
