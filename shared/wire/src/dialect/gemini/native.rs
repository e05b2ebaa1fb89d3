//! Requests in Gemini's own format, for the models that speak it: what LiteLLM passes on, and nothing of the gateway.
//!
//! Knows no chat.

use serde_json::{Map, Value};

use super::{model, schema};
use crate::Operation;
use crate::json::{Object, raw};
use crate::prepare::{Call, Prepared, Refusal, Rules};

/// Fields beside the configuration that pass as they are.
const FIELDS: [&str; 4] = ["safetySettings", "toolConfig", "cachedContent", "labels"];
/// Fields of the configuration that AI Studio takes.
const CONFIGURED: [&str; 30] = [
    "httpOptions",
    "systemInstruction",
    "temperature",
    "topP",
    "topK",
    "candidateCount",
    "maxOutputTokens",
    "stopSequences",
    "responseLogprobs",
    "logprobs",
    "presencePenalty",
    "frequencyPenalty",
    "seed",
    "responseMimeType",
    "responseSchema",
    "responseJsonSchema",
    "routingConfig",
    "modelSelectionConfig",
    "safetySettings",
    "tools",
    "toolConfig",
    "labels",
    "cachedContent",
    "responseModalities",
    "mediaResolution",
    "speechConfig",
    "audioTimestamp",
    "automaticFunctionCalling",
    "thinkingConfig",
    "imageConfig",
];

/// How the configuration's fields are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spelling {
    Camel,
    Snake,
}

/// The request as it is sent.
///
/// # Errors
/// A schema that cannot be expressed.
pub(super) fn prepare(
    rules: &Rules,
    operation: Operation,
    body: Object<'_>,
    spelling: Spelling,
) -> Result<Prepared, Refusal> {
    let mut call = Call::new(rules, body);
    let stream = call.body.is_true("stream");
    let mut out = Object::default();
    if operation == Operation::GenerateContent {
        out.set("model", raw(&rules.settings.model));
    }
    copy(&call.body, "contents", &mut out, "contents");
    copy(&call.body, "tools", &mut out, "tools");
    for name in ["system_instruction", "systemInstruction"] {
        copy(&call.body, name, &mut out, "systemInstruction");
    }
    for name in FIELDS {
        copy(&call.body, name, &mut out, name);
    }
    for name in ["generation_config", "generationConfig", "config"] {
        if let Some(Ok(config)) = call.body.get(name).map(serde_json::from_str::<Map<String, Value>>) {
            let config = configuration(config, &rules.settings.model, spelling)?;
            out.set("generationConfig", raw(&config));
        }
    }
    for (name, value) in std::mem::take(&mut call.extra_body) {
        out.set(&name, value);
    }
    if operation == Operation::CountContentTokens {
        copy(&call.body, "generateContentRequest", &mut out, "generateContentRequest");
        wrap(rules, spelling, &mut out);
    }
    let prepared = call.prepared;
    Ok(Prepared { body: out.to_vec(), stream, upstream_stream: stream, ..prepared })
}

/// AI Studio counts instructions and tools only as parts of a whole request.
fn wrap(rules: &Rules, spelling: Spelling, out: &mut Object<'_>) {
    let is_bare = out.iter().all(|(name, _)| matches!(name, "contents" | "generateContentRequest"));
    if spelling == Spelling::Snake || is_bare {
        return;
    }
    out.set("model", raw(&format!("models/{}", rules.settings.model)));
    let whole = String::from_utf8(out.to_vec()).unwrap_or_default();
    *out = Object::default();
    out.set_text("generateContentRequest", whole);
}

fn copy(from: &Object<'_>, name: &str, to: &mut Object<'_>, target: &str) {
    if let Some(text) = from.given(name) {
        to.set_text(target, text.to_owned());
    }
}

fn configuration(config: Map<String, Value>, model: &str, spelling: Spelling) -> Result<Map<String, Value>, Refusal> {
    let mut out = Map::with_capacity(config.len());
    for (name, value) in config {
        let camel = camel(&name);
        match spelling {
            Spelling::Camel if CONFIGURED.contains(&camel.as_str()) => drop(out.insert(camel, value)),
            Spelling::Camel => {}
            Spelling::Snake => drop(out.insert(snake(&name), value)),
        }
    }
    place_schema(&mut out, model, spelling)?;
    Ok(out)
}

/// Later models are given a schema as JSON schema, earlier ones in Google's form.
fn place_schema(config: &mut Map<String, Value>, model: &str, spelling: Spelling) -> Result<(), Refusal> {
    let (own, json) = match spelling {
        Spelling::Camel => ("responseSchema", "responseJsonSchema"),
        Spelling::Snake => ("response_schema", "response_json_schema"),
    };
    if !config.get(own).is_some_and(Value::is_object) {
        return Ok(());
    }
    let Some(schema) = config.shift_remove(own) else { return Ok(()) };
    if model::reads_json_schema(model) {
        config.entry(json).or_insert(schema);
    } else {
        config.shift_remove(json);
        config.insert(own.to_owned(), schema::convert_ordered(schema)?);
    }
    Ok(())
}

fn camel(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for (place, word) in name.split('_').enumerate() {
        let (first, rest) = word.split_at(word.chars().next().map_or(0, char::len_utf8));
        if place == 0 {
            out.push_str(first)
        } else {
            out.push_str(&first.to_uppercase())
        }
        out.push_str(rest);
    }
    out
}

fn snake(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.push(letter.to_ascii_lowercase());
    }
    out
}
