//! The API described: an OpenAPI document made from the table of routes, and a page that shows it.
//!
//! The page loads nothing from anywhere else.

use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response, StatusCode};
use serde_json::{Map, Value, json};
use tollgate_core::resources::Input;
use tollgate_wire::Operation;

use crate::routes::{self, Access, Endpoint, Route};
use crate::{GatewayBody, json as json_answer};

const PAGE: &str = include_str!("openapi/page.html");

/// `GET /openapi.json`.
pub fn document() -> Response<GatewayBody> {
    let mut paths = Map::new();
    for route in routes::all() {
        let entry = paths.entry(route.path).or_insert_with(|| json!({}));
        for method in route.method.names() {
            entry[method.to_ascii_lowercase()] = describe(route);
        }
    }
    let document = json!({
        "openapi": "3.1.0",
        "info": { "title": "Tollgate", "version": env!("CARGO_PKG_VERSION"), "description": "An LLM gateway with the API of the LiteLLM proxy." },
        "paths": paths,
        "components": { "securitySchemes": { "key": { "type": "http", "scheme": "bearer" } } },
    });
    json_answer(StatusCode::OK, document.to_string().into_bytes())
}

/// `GET /routes`.
pub fn route_list() -> Response<GatewayBody> {
    let routes: Vec<Value> =
        routes::all().map(|route| json!({ "path": route.path, "methods": route.method.names() })).collect();
    json_answer(StatusCode::OK, json!({ "routes": routes }).to_string().into_bytes())
}

/// `GET /` and `GET /docs`.
pub fn page() -> Response<GatewayBody> {
    let mut answer = Response::new(GatewayBody::from(PAGE.as_bytes().to_vec()));
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    answer
}

fn describe(route: &Route) -> Value {
    let mut operation = json!({ "summary": summary(route.endpoint), "responses": { "200": { "description": "OK" } } });
    if route.access != Access::Public {
        operation["security"] = json!([{ "key": [] }]);
        operation["responses"]["401"] = json!({ "description": "no key, or none that is known" });
    }
    let parameters: Vec<Value> = places(route.path)
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }))
        .collect();
    if !parameters.is_empty() {
        operation["parameters"] = parameters.into();
    }
    if let Endpoint::Resource(action) = route.endpoint {
        let content = match action.row().input {
            Input::Nothing => None,
            Input::Json => Some(("application/json", action.row().required)),
            Input::Form => Some(("multipart/form-data", ["purpose", "file"].as_slice())),
            Input::JsonOrForm => Some(("multipart/form-data", ["prompt"].as_slice())),
        };
        if let Some((content, required)) = content {
            let mut body = json!({ "required": true, "content": {} });
            body["content"][content] = json!({ "schema": { "type": "object", "required": required } });
            operation["requestBody"] = body;
        }
    }
    if let Endpoint::Call(kind) | Endpoint::Stream(kind) = route.endpoint {
        let content = if kind.is_upload() { "multipart/form-data" } else { "application/json" };
        let mut body = json!({ "required": true, "content": {} });
        body["content"][content] = json!({ "schema": { "type": "object", "required": required(kind) } });
        operation["requestBody"] = body;
    }
    operation
}

/// The names between braces.
fn places(path: &'static str) -> impl Iterator<Item = &'static str> {
    path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
}

const fn summary(endpoint: Endpoint) -> &'static str {
    match endpoint {
        Endpoint::Call(Operation::ChatCompletion) => "Chat completion, whole or streamed",
        Endpoint::Call(Operation::TextCompletion) => "Text completion, whole or streamed",
        Endpoint::Call(Operation::Embedding) => "Embeddings",
        Endpoint::Call(Operation::Moderation) => "Moderation",
        Endpoint::Call(Operation::ImageGeneration) => "Image generation",
        Endpoint::Call(Operation::Speech) => "Speech from text",
        Endpoint::Call(Operation::ImageEdit) => "An image changed by words",
        Endpoint::Call(Operation::Transcription) => "Text from speech",
        Endpoint::Call(Operation::Rerank) => "Documents by relevance",
        Endpoint::Call(Operation::Ocr) => "The text of a document",
        Endpoint::Call(Operation::Messages) => "Anthropic's messages, whole or streamed",
        Endpoint::Call(Operation::CountMessageTokens) => "Tokens of Anthropic's messages",
        Endpoint::Call(Operation::Responses) => "OpenAI's responses, whole or streamed",
        Endpoint::Call(Operation::GenerateContent) => "Gemini's content, whole",
        Endpoint::Call(Operation::CountContentTokens) => "Tokens of Gemini's content",
        Endpoint::Stream(_) => "Gemini's content, streamed",
        Endpoint::Resource(action) => action.summary(),
        Endpoint::Search => "Searches the web",
        Endpoint::SearchTools => "The search tools of the configuration",
        Endpoint::Realtime => "A realtime session, as a WebSocket",
        Endpoint::Models(list) => list.summary(),
        Endpoint::Explain => "Which deployment would take a request, and what keeps the others from it",
        Endpoint::CountTokens => "Tokens of a prompt or of messages",
        Endpoint::SupportedParameters => "Chat parameters that a model takes",
        Endpoint::Health => "Asks every deployment for a sign of life",
        Endpoint::Liveness => "Whether the process runs",
        Endpoint::Readiness => "Whether the process takes requests",
        Endpoint::ReadinessDetails => "Readiness with details",
        Endpoint::Docs => "This page",
        Endpoint::OpenApi => "This document",
        Endpoint::RouteList => "The table of routes",
        Endpoint::Manage(_, summary) => summary,
        Endpoint::PassThrough(_) => "The provider's own API, relayed as it is",
    }
}

const fn required(operation: Operation) -> &'static [&'static str] {
    match operation {
        Operation::ChatCompletion => &["model", "messages"],
        Operation::TextCompletion | Operation::ImageGeneration => &["model", "prompt"],
        Operation::Embedding | Operation::Moderation | Operation::Speech => &["model", "input"],
        Operation::Messages | Operation::CountMessageTokens => &["model", "messages"],
        Operation::Responses => &["model", "input"],
        Operation::GenerateContent | Operation::CountContentTokens => &["contents"],
        Operation::Transcription => &["model", "file"],
        Operation::ImageEdit => &["model", "image", "prompt"],
        Operation::Rerank => &["model", "query", "documents"],
        Operation::Ocr => &["model", "document"],
    }
}
