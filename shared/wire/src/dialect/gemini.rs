//! Gemini: Google's own wire, at AI Studio and at Vertex AI.
//!
//! Puts the parts together; each has a file of its own. The rules are LiteLLM's. Knows no key.

mod answer;
mod config;
mod contents;
mod embed;
mod media;
mod model;
mod native;
mod read;
mod results;
mod schema;
mod stream;
mod thinking;
mod tools;
mod usage;

pub(crate) use usage::gemini_usage;

use bytes::Bytes;
use serde_json::{Value, json};

use super::{Context, Decoder, Dialect, Mode, Unreadable, vertex};
use crate::Operation;
use crate::chat::{Completion, Message};
use crate::json::{Object, raw};
use crate::media::Remote;
use crate::models::{self, Capability};
use crate::prepare::{Call, Prepared, Refusal, Rules, Settings};
use crate::provider::{Parameters, UrlError};

/// What every model takes, here and there.
const PARAMETERS: Parameters = Parameters::of(&[
    "temperature",
    "top_p",
    "max_tokens",
    "max_completion_tokens",
    "stream",
    "tools",
    "functions",
    "tool_choice",
    "response_format",
    "n",
    "stop",
    "seed",
    "logprobs",
    "modalities",
    "parallel_tool_calls",
    "web_search_options",
    "include_server_side_tool_invocations",
    "service_tier",
]);
const STUDIO_BASE: &str = "https://generativelanguage.googleapis.com";
/// Fields of `extra_body` that are the gateway's own.
const GATEWAY_FIELDS: [&str; 2] = ["cache", "tags"];

/// Google's generative interface.
#[derive(Debug)]
pub(crate) enum Gemini {
    /// AI Studio, with a key.
    Studio,
    /// Vertex AI, with a token.
    Vertex,
}

impl Gemini {
    /// Where a method of the model is at AI Studio. Only chats of later models need an unfinished version.
    fn studio_url(settings: &Settings, method: &str, mode: Mode) -> String {
        let model = &settings.model;
        let is_chat = method.ends_with("enerateContent");
        let version = if is_chat && model::is_third(model) { "v1alpha" } else { "v1beta" };
        let base = settings.api_base.clone().unwrap_or_else(|| format!("{STUDIO_BASE}/{version}"));
        let query = if mode == Mode::Streamed { "?alt=sse" } else { "" };
        format!("{}/models/{model}:{method}{query}", base.trim_end_matches('/'))
    }
}

/// The name under which the model map knows the provider.
fn catalogued(provider: &'static str) -> &'static str {
    if vertex::is_vertex(provider) { "vertex_ai" } else { provider }
}

impl Dialect for Gemini {
    fn supported(&self, settings: &Settings) -> Parameters {
        let provider = catalogued(settings.provider.name);
        let model = settings.model.as_str();
        let mut set = PARAMETERS;
        match self {
            Self::Vertex if config::takes_penalties(model) => {
                set = set.with(&["top_logprobs", "audio", "extra_headers", "frequency_penalty", "presence_penalty"]);
            }
            Self::Vertex => set = set.with(&["top_logprobs", "audio", "extra_headers"]),
            Self::Studio => {
                set = set.with(&["frequency_penalty", "presence_penalty"]);
                if model.contains("tts") {
                    set = set.with(&["audio"]);
                }
            }
        }
        if config::reasons(provider, model) { set.with(&["reasoning_effort", "thinking"]) } else { set }
    }

    fn inlines(&self, _settings: &Settings, remote: &Remote<'_>) -> bool {
        media::inlines(matches!(self, Self::Vertex), remote)
    }

    fn url(&self, settings: &Settings, operation: Operation, mode: Mode) -> Result<String, UrlError> {
        let method = match (operation, mode) {
            (Operation::Embedding, _) => self.embeds(settings).method(),
            (Operation::CountContentTokens, _) => "countTokens",
            (_, Mode::Whole) => "generateContent",
            (_, Mode::Streamed) => "streamGenerateContent",
        };
        match self {
            Self::Studio => Ok(Self::studio_url(settings, method, mode)),
            Self::Vertex => vertex::google(settings, vertex_version(operation), method, mode),
        }
    }

    fn chat(&self, mut call: Call<'_, '_>) -> Result<Prepared, Refusal> {
        let prepared = std::mem::take(&mut call.prepared);
        let messages: Result<Vec<Message<'_>>, _> = serde_json::from_str(call.body.get("messages").unwrap_or("[]"));
        let messages = messages.map_err(|error| Refusal::bad(format!("messages: {error}: send a list of messages")))?;
        Ok(Prepared { body: self.write(&call, &messages)?, ..prepared })
    }

    fn other(&self, operation: Operation, rules: &Rules, body: Object<'_>) -> Result<Prepared, Refusal> {
        let spelling = if matches!(self, Self::Vertex) { native::Spelling::Snake } else { native::Spelling::Camel };
        match operation {
            Operation::GenerateContent | Operation::CountContentTokens => {
                native::prepare(rules, operation, body, spelling)
            }
            Operation::Embedding => embed::prepare(rules, body, self.embeds(&rules.settings)),
            _ => Err(Refusal::NotOffered { provider: rules.provider().name, operation }),
        }
    }

    fn other_answer(&self, operation: Operation, context: &Context, bodies: &[Bytes]) -> Result<Vec<u8>, Unreadable> {
        match operation {
            Operation::Embedding => embed::answer(&context.model, bodies),
            _ => Ok(bodies.first().map(|body| body.to_vec()).unwrap_or_default()),
        }
    }

    fn answer(&self, context: &Context, body: &[u8]) -> Result<Completion, Unreadable> {
        answer::answer(context, body)
    }

    fn decoder(&self, context: &Context) -> Box<dyn Decoder> {
        Box::new(stream::Stream::new(context))
    }
}

/// LiteLLM calls the unfinished version for requests in Google's own format, which may hold anything.
const fn vertex_version(operation: Operation) -> &'static str {
    match operation {
        Operation::GenerateContent => "v1beta1",
        _ => "v1",
    }
}

impl Gemini {
    fn embeds(&self, settings: &Settings) -> embed::Way {
        embed::Way::of(matches!(self, Self::Vertex), settings)
    }

    fn write(&self, call: &Call<'_, '_>, messages: &[Message<'_>]) -> Result<Vec<u8>, Refusal> {
        let model = call.rules.settings.model.as_str();
        let provider = catalogued(call.rules.provider().name);
        let takes_system = model.contains("gemini/") || models::supports(provider, model, Capability::SystemMessages);
        let conversation = contents::convert(messages, contents::Speaker { model, takes_system })?;
        let mut out = Object::default();
        out.set("contents", raw(&conversation.contents));
        if !conversation.system.is_empty() {
            out.set("system_instruction", raw(&Instruction { parts: &conversation.system }));
        }
        write_tools(call, &mut out)?;
        let mut config = config::Config::of(call)?;
        if model.contains("gemini-2")
            && let Some(resolution) = contents::finest_detail(messages)
        {
            config.set("mediaResolution", raw(&resolution.level));
        }
        if let Some(settings) = call.body.get("safety_settings") {
            out.set_text("safetySettings", settings.to_owned());
        }
        if !config.is_empty() {
            out.set("generationConfig", raw(&config_value(&config)));
        }
        if let Some(cached) = call.body.get("cached_content") {
            out.set_text("cachedContent", cached.to_owned());
            if call.rules.settings.modify_params {
                // Vertex AI refuses what the cached content holds already.
                for name in ["system_instruction", "tools", "toolConfig"] {
                    out.remove(name);
                }
            }
        }
        write_tier(call, &mut out);
        if matches!(self, Self::Vertex) {
            write_labels(call, &mut out);
        }
        merge(call, &mut out);
        Ok(out.to_vec())
    }
}

/// The system prompt.
#[derive(serde::Serialize)]
struct Instruction<'p, 'a> {
    parts: &'p [contents::Part<'a>],
}

fn config_value(config: &Object<'_>) -> Value {
    serde_json::from_slice(&config.to_vec()).unwrap_or(Value::Null)
}

fn write_tools(call: &Call<'_, '_>, out: &mut Object<'_>) -> Result<(), Refusal> {
    let mut tools = tools::Tools::default();
    for name in ["functions", "tools"] {
        if let Some(text) = call.body.get(name) {
            tools.read(text)?;
        }
    }
    if call.body.get("web_search_options").is_some_and(|text| text.starts_with('{')) {
        tools.search_web();
    }
    let own = ["include_server_side_tool_invocations", "includeServerSideToolInvocations"];
    let runs_own_tools = own.iter().any(|name| call.body.is_true(name));
    let mut config = call.body.get("tool_choice").map_or(Ok(None), tools::choice)?;
    if runs_own_tools {
        config.get_or_insert_with(|| json!({}))["includeServerSideToolInvocations"] = true.into();
    }
    if let Some(retrieval) = tools.retrieval.take() {
        config.get_or_insert_with(|| json!({}))["retrievalConfig"] = retrieval;
    }
    if let Some(list) = tools.list(runs_own_tools) {
        out.set("tools", raw(&list));
    }
    if let Some(config) = config {
        out.set("toolConfig", raw(&config));
    }
    Ok(())
}

/// `service_tier` under Google's names.
fn write_tier(call: &Call<'_, '_>, out: &mut Object<'_>) {
    let Some(tier) = call.body.string("service_tier") else { return };
    let tier = match tier.to_ascii_lowercase().as_str() {
        "auto" => "priority".to_owned(),
        "default" => "standard".to_owned(),
        other => other.to_owned(),
    };
    out.set("serviceTier", raw(&tier));
}

/// Labels of the bill: the client's own, else the texts of its metadata.
fn write_labels(call: &Call<'_, '_>, out: &mut Object<'_>) {
    let texts = |text: Option<&str>| {
        let fields: Value = serde_json::from_str(text?).ok()?;
        let fields = fields.as_object()?.iter().filter(|(_, value)| value.is_string());
        let labels: serde_json::Map<String, Value> =
            fields.map(|(name, value)| (name.clone(), value.clone())).collect();
        (!labels.is_empty()).then_some(labels)
    };
    let labels = texts(call.body.get("labels")).or_else(|| texts(call.metadata.as_deref()));
    if let Some(labels) = labels {
        out.set("labels", raw(&labels));
    }
}

/// Puts `extra_body` over the request; objects are merged one level deep.
fn merge(call: &Call<'_, '_>, out: &mut Object<'_>) {
    for (name, value) in call.extra_body.iter().filter(|(name, _)| !GATEWAY_FIELDS.contains(&name.as_str())) {
        let own: Option<Value> = out.get(name).and_then(|text| serde_json::from_str(text).ok());
        let more: Value = serde_json::from_str(value.get()).unwrap_or(Value::Null);
        match (own, more) {
            (Some(Value::Object(mut own)), Value::Object(more)) => {
                own.extend(more);
                out.set(name, raw(&own));
            }
            (_, more) => out.set(name, raw(&more)),
        }
    }
    rewrite_for_maps(out);
}

/// Google Maps refuses a type of answer, but takes the newer `responseFormat`.
fn rewrite_for_maps(out: &mut Object<'_>) {
    let has_maps = out.get("tools").is_some_and(|text| text.contains("\"googleMaps\""));
    let config = out.get("generationConfig").filter(|_| has_maps).and_then(|text| serde_json::from_str(text).ok());
    let Some(Value::Object(mut config)) = config else { return };
    if config.get("response_mime_type").and_then(Value::as_str) != Some("application/json") {
        return;
    }
    let schema = config.shift_remove("response_json_schema").or_else(|| config.shift_remove("response_schema"));
    config.shift_remove("response_mime_type");
    let mut text = json!({ "mimeType": "APPLICATION_JSON" });
    if let Some(schema) = schema {
        text["schema"] = schema;
    }
    config.insert("responseFormat".to_owned(), json!({ "text": text }));
    out.set("generationConfig", raw(&config));
}

#[cfg(test)]
mod tests;
