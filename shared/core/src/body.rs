//! A JSON body on its way in: is it one, does it name what its operation needs, does it ask for what is forbidden?
//!
//! Knows fields by name only; what a provider makes of them is not its business.

use std::time::Duration;

use serde_json::{Map, Value};
use tollgate_wire::Operation;
use tollgate_wire::json::{Object, raw};

use crate::Error;
use crate::call::Timeouts;

/// Fields that would send the gateway's request, or its credentials, somewhere else.
///
/// LiteLLM refuses the same unless an operator opts in; there is no opting in here. Sorted, to be searched.
pub(crate) const FORBIDDEN: [&str; 27] = [
    "api_base",
    "api_key",
    "api_version",
    "aws_access_key_id",
    "aws_bedrock_runtime_endpoint",
    "aws_external_id",
    "aws_profile_name",
    "aws_role_name",
    "aws_secret_access_key",
    "aws_session_name",
    "aws_session_tags",
    "aws_session_token",
    "aws_sts_endpoint",
    "aws_web_identity_token",
    "azure_ad_token",
    "base_url",
    "client_id",
    "client_secret",
    "deployment_url",
    "litellm_credential_name",
    "model_list",
    "organization",
    "s3_endpoint_url",
    "sagemaker_base_url",
    "tenant_id",
    "user_config",
    "vertex_credentials",
];

/// Providers that are told the client's Anthropic headers (LiteLLM's `_ANTHROPIC_API_HEADER_PROVIDERS`).
const TOLD_OF_HEADERS: [&str; 4] = ["anthropic", "bedrock", "bedrock_mantle", "vertex_ai"];

/// Adds headers of the client to those that the request asks for, where the provider is told of them.
pub fn forward(object: &mut Object<'_>, headers: &[(&'static str, String)], provider: &str) {
    if headers.is_empty() || !TOLD_OF_HEADERS.contains(&provider) {
        return;
    }
    let asked = object.given("extra_headers").and_then(|text| serde_json::from_str::<Map<String, Value>>(text).ok());
    let mut all = asked.unwrap_or_default();
    for (name, value) in headers {
        all.insert((*name).to_owned(), value.clone().into());
    }
    object.set("extra_headers", raw(&all));
}

/// Splits the body, or says where it is no JSON. An empty body is an empty object, as with LiteLLM.
///
/// # Errors
/// [`Error::BadBody`] with line, column and offset; [`Error::ForbiddenField`].
pub fn parse(bytes: &[u8]) -> Result<Object<'_>, Error> {
    if bytes.is_empty() {
        return Ok(Object::default());
    }
    let object = Object::parse(bytes).map_err(|error| bad_json(bytes, &error))?;
    for (name, text) in object.iter() {
        if let Ok(place) = FORBIDDEN.binary_search(&name)
            && text != "null"
        {
            return Err(Error::ForbiddenField(FORBIDDEN[place]));
        }
    }
    Ok(object)
}

/// The model's name in the body; `None` where it is absent or null.
///
/// # Errors
/// Where it is something else than a string.
pub fn model_name(object: &Object<'_>) -> Result<Option<String>, Error> {
    match object.given("model") {
        None => Ok(None),
        Some(_) => match object.string("model") {
            Some(name) => Ok(Some(name.into_owned())),
            None => Err(Error::WrongType { name: "model", expected: "a string" }),
        },
    }
}

/// Checks that nothing the operation cannot do without is missing, in LiteLLM's order.
///
/// # Errors
/// [`Error::MissingField`] for the first one; [`Error::WrongType`] for messages that are no list.
pub fn require(operation: Operation, object: &Object<'_>, model: Option<&str>) -> Result<(), Error> {
    for name in required_fields(operation) {
        let present = match *name {
            "model" => model.is_some(),
            // A null is what some clients of Anthropic's format write for no limit: it is for the provider to judge.
            "max_tokens" => object.get(name).is_some(),
            name => object.given(name).is_some(),
        };
        if !present {
            return Err(Error::MissingField { operation, name });
        }
    }
    let messages = object.given("messages");
    if messages.is_some_and(|text| !text.starts_with('[')) {
        return Err(Error::WrongType { name: "messages", expected: "a list" });
    }
    let stream = object.given("stream");
    if stream.is_some_and(|text| !matches!(text, "true" | "false")) {
        return Err(Error::WrongType { name: "stream", expected: "true or false" });
    }
    Ok(())
}

/// Fields by which LiteLLM's clients steer it, and which nothing here acts on yet. Sorted, to be searched.
const UNHEEDED: [&str; 11] = [
    "cache",
    "caching",
    "disable_global_guardrails",
    "enable_prompt_caching",
    "guardrails",
    "litellm_trace_id",
    "mock_delay",
    "mock_response",
    "mock_timeout",
    "prompt_id",
    "ttl",
];

/// The fields of this body that are taken out and not acted on; the client is told their names.
pub fn unheeded(object: &Object<'_>) -> Vec<&'static str> {
    let mut names = Vec::new();
    for (name, text) in object.iter() {
        if let Ok(place) = UNHEEDED.binary_search(&name)
            && text != "null"
        {
            names.push(UNHEEDED[place]);
        }
    }
    names
}

/// The client's own time limits: `timeout` and `stream_timeout` in the body, else those of its headers.
///
/// # Errors
/// Where one of them is no positive number.
pub fn timeouts(object: &Object<'_>, given: Timeouts) -> Result<Timeouts, Error> {
    Ok(Timeouts {
        whole: seconds(object, "timeout")?.or(given.whole),
        stream: seconds(object, "stream_timeout")?.or(given.stream),
    })
}

fn seconds(object: &Object<'_>, name: &'static str) -> Result<Option<Duration>, Error> {
    let Some(text) = object.given(name) else { return Ok(None) };
    let number = text.trim_matches('"').parse::<f64>().ok();
    let duration = number.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    match duration.filter(|duration| !duration.is_zero()) {
        Some(duration) => Ok(Some(duration)),
        None => Err(Error::WrongType { name, expected: "a positive number of seconds" }),
    }
}

/// Whether the client wants the answer in pieces.
pub fn wants_stream(object: &Object<'_>) -> bool {
    object.is_true("stream")
}

const fn required_fields(operation: Operation) -> &'static [&'static str] {
    match operation {
        Operation::ChatCompletion => &["messages"],
        Operation::TextCompletion | Operation::ImageGeneration => &["prompt"],
        Operation::Embedding | Operation::Moderation => &["input"],
        Operation::Speech => &["input", "model"],
        Operation::Rerank => &["query", "documents", "model"],
        Operation::Ocr => &["document"],
        Operation::Transcription => &["file"],
        Operation::Messages => &["messages", "max_tokens"],
        Operation::CountMessageTokens => &["model", "messages"],
        Operation::ImageEdit => &["image"],
        Operation::Responses => &["input"],
        Operation::GenerateContent => &["contents"],
        Operation::CountContentTokens => &[],
    }
}

/// The place of the mistake as LiteLLM words it: line and column from 1, character from 0.
fn bad_json(bytes: &[u8], error: &serde_json::Error) -> Error {
    let full = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    let reason = full.strip_suffix(place.as_str()).unwrap_or(&full);
    let before: usize =
        bytes.split_inclusive(|byte| *byte == b'\n').take(error.line().saturating_sub(1)).map(<[u8]>::len).sum();
    let character = before + error.column().saturating_sub(1);
    let (line, column) = (error.line(), error.column());
    Error::BadBody(format!("Invalid JSON payload: {reason}: line {line} column {column} (char {character})"))
}

#[cfg(test)]
mod tests;
