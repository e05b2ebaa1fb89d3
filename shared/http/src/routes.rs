//! The table of routes: every path, its method, who may use it, and what answers.
//!
//! One row a route. The router, the OpenAPI page, and the test that no route misses its key are made from it.

mod collide;
mod manage;
mod pass;
mod resources;

pub use collide::{check_free, collisions};
use tollgate_core::govern::Groups;
use tollgate_core::manage::Handler;
use tollgate_core::resources::Action;
use tollgate_wire::Operation;

use crate::models::List;

/// One route of the gateway.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    pub method: Method,
    /// In OpenAPI's notation: `{model}` may hold slashes.
    pub path: &'static str,
    pub access: Access,
    pub endpoint: Endpoint,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
    /// All that pass-through routes hand on.
    Any,
}

impl Method {
    /// The methods of HTTP that are meant, without `HEAD`.
    pub const fn names(self) -> &'static [&'static str] {
        match self {
            Self::Get => &["GET"],
            Self::Post => &["POST"],
            Self::Put => &["PUT"],
            Self::Patch => &["PATCH"],
            Self::Delete => &["DELETE"],
            Self::Any => &["GET", "POST", "PUT", "PATCH", "DELETE"],
        }
    }

    /// Whether a request of this method is meant; a `HEAD` finds what a `GET` would.
    pub fn is(self, method: &http::Method) -> bool {
        let name = if method == http::Method::HEAD { "GET" } else { method.as_str() };
        self.names().contains(&name)
    }
}

/// Who may use a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anyone: holds nothing worth a key.
    Public,
    /// Holders of a key: calls of models, and what belongs to them.
    Key,
    /// Admins, and those that may look.
    Admin,
    /// Whoever the route's groups are open to.
    Managed(Groups),
}

/// What answers a route.
#[derive(Clone, Copy, Debug)]
pub enum Endpoint {
    Call(Operation),
    /// A call whose path asks for pieces.
    Stream(Operation),
    /// Something about a file, a batch or another resource of a provider's account.
    Resource(Action),
    /// A WebSocket, which only the server can hold.
    Realtime,
    Search,
    SearchTools,
    /// Models and their deployments.
    Models(List),
    /// Which deployment would take a request, and why.
    Explain,
    /// Tokens of a call that is not made.
    CountTokens,
    SupportedParameters,
    Health,
    Liveness,
    Readiness,
    ReadinessDetails,
    Docs,
    OpenApi,
    RouteList,
    /// Something of the management API, and what it does in a few words.
    Manage(Handler, &'static str),
    /// A provider's own API, by LiteLLM's name of the provider.
    PassThrough(&'static str),
}

use Access::{Admin, Key, Managed, Public};
use Endpoint::{
    Call, CountTokens, Docs, Explain, Health, Liveness, Models, OpenApi, Readiness, ReadinessDetails, RouteList,
    Stream, SupportedParameters,
};
use Method::{Get, Post};

const fn row(method: Method, path: &'static str, access: Access, endpoint: Endpoint) -> Route {
    Route { method, path, access, endpoint }
}

/// Every route, with all of LiteLLM's aliases.
pub const ROUTES: &[Route] = &[
    row(Post, "/v1/chat/completions", Key, Call(Operation::ChatCompletion)),
    row(Post, "/chat/completions", Key, Call(Operation::ChatCompletion)),
    row(Post, "/engines/{model}/chat/completions", Key, Call(Operation::ChatCompletion)),
    row(Post, "/openai/deployments/{model}/chat/completions", Key, Call(Operation::ChatCompletion)),
    row(Post, "/v1/completions", Key, Call(Operation::TextCompletion)),
    row(Post, "/completions", Key, Call(Operation::TextCompletion)),
    row(Post, "/engines/{model}/completions", Key, Call(Operation::TextCompletion)),
    row(Post, "/openai/deployments/{model}/completions", Key, Call(Operation::TextCompletion)),
    row(Post, "/v1/embeddings", Key, Call(Operation::Embedding)),
    row(Post, "/embeddings", Key, Call(Operation::Embedding)),
    row(Post, "/engines/{model}/embeddings", Key, Call(Operation::Embedding)),
    row(Post, "/openai/deployments/{model}/embeddings", Key, Call(Operation::Embedding)),
    row(Post, "/v1/moderations", Key, Call(Operation::Moderation)),
    row(Post, "/moderations", Key, Call(Operation::Moderation)),
    row(Post, "/v1/images/generations", Key, Call(Operation::ImageGeneration)),
    row(Post, "/images/generations", Key, Call(Operation::ImageGeneration)),
    row(Post, "/openai/deployments/{model}/images/generations", Key, Call(Operation::ImageGeneration)),
    row(Post, "/v1/images/edits", Key, Call(Operation::ImageEdit)),
    row(Post, "/images/edits", Key, Call(Operation::ImageEdit)),
    row(Post, "/openai/deployments/{model}/images/edits", Key, Call(Operation::ImageEdit)),
    row(Post, "/v1/audio/speech", Key, Call(Operation::Speech)),
    row(Post, "/audio/speech", Key, Call(Operation::Speech)),
    row(Post, "/openai/deployments/{model}/audio/speech", Key, Call(Operation::Speech)),
    row(Post, "/v1/audio/transcriptions", Key, Call(Operation::Transcription)),
    row(Post, "/audio/transcriptions", Key, Call(Operation::Transcription)),
    row(Post, "/openai/deployments/{model}/audio/transcriptions", Key, Call(Operation::Transcription)),
    row(Post, "/v1/rerank", Key, Call(Operation::Rerank)),
    row(Post, "/v2/rerank", Key, Call(Operation::Rerank)),
    row(Post, "/rerank", Key, Call(Operation::Rerank)),
    row(Post, "/v1/ocr", Key, Call(Operation::Ocr)),
    row(Post, "/ocr", Key, Call(Operation::Ocr)),
    row(Post, "/v1/messages", Key, Call(Operation::Messages)),
    row(Post, "/v1/messages/count_tokens", Key, Call(Operation::CountMessageTokens)),
    row(Post, "/v1/responses", Key, Call(Operation::Responses)),
    row(Post, "/responses", Key, Call(Operation::Responses)),
    row(Post, "/openai/v1/responses", Key, Call(Operation::Responses)),
    row(Post, "/v1beta/models/{model}:generateContent", Key, Call(Operation::GenerateContent)),
    row(Post, "/models/{model}:generateContent", Key, Call(Operation::GenerateContent)),
    row(Post, "/v1beta/models/{model}:streamGenerateContent", Key, Stream(Operation::GenerateContent)),
    row(Post, "/models/{model}:streamGenerateContent", Key, Stream(Operation::GenerateContent)),
    row(Post, "/v1beta/models/{model}:countTokens", Key, Call(Operation::CountContentTokens)),
    row(Post, "/models/{model}:countTokens", Key, Call(Operation::CountContentTokens)),
    row(Post, "/v1/models/{model}:generateContent", Key, Call(Operation::GenerateContent)),
    row(Post, "/v1/models/{model}:streamGenerateContent", Key, Stream(Operation::GenerateContent)),
    row(Post, "/v1/models/{model}:countTokens", Key, Call(Operation::CountContentTokens)),
    row(Get, "/v1/models", Managed(Groups::LLM.and(Groups::INFO)), Models(List::Names)),
    row(Get, "/models", Managed(Groups::LLM.and(Groups::INFO)), Models(List::Names)),
    row(Get, "/v1/models/{model}", Key, Models(List::Name)),
    row(Get, "/models/{model}", Key, Models(List::Name)),
    row(Get, "/model/info", Managed(Groups::LLM.and(Groups::INFO).and(Groups::MANAGEMENT)), Models(List::Deployments)),
    row(Get, "/v1/model/info", Managed(Groups::LLM.and(Groups::INFO)), Models(List::Deployments)),
    row(Get, "/v2/model/info", Managed(Groups::LLM.and(Groups::INFO)), Models(List::DeploymentPages)),
    row(Get, "/model_group/info", Managed(Groups::LLM.and(Groups::INFO)), Models(List::Groups)),
    row(Post, "/router/explain", Admin, Explain),
    row(Post, "/utils/token_counter", Key, CountTokens),
    row(Get, "/utils/supported_openai_params", Key, SupportedParameters),
    row(Get, "/health", Managed(Groups::INFO), Health),
    row(Get, "/health/liveliness", Public, Liveness),
    row(Get, "/health/liveness", Public, Liveness),
    row(Get, "/health/readiness", Public, Readiness),
    row(Get, "/health/readiness/details", Key, ReadinessDetails),
    row(Get, "/", Public, Docs),
    row(Get, "/docs", Public, Docs),
    row(Get, "/openapi.json", Public, OpenApi),
    row(Get, "/routes", Public, RouteList),
];

/// Every route there is, in the order in which a path is looked up: the table above, then those of management and of resources, between
/// the pass-through route that nothing may stand before and those that take what is left.
pub fn all() -> impl Iterator<Item = &'static Route> {
    pass::FIRST.iter().chain(ROUTES).chain(manage::all()).chain(resources::ROUTES).chain(pass::ROUTES)
}

/// Where a request leads.
#[derive(Clone, Copy, Debug)]
pub enum Found<'a> {
    /// The route, and what stands in the place of `{model}`, still percent-encoded.
    Route(&'static Route, Option<&'a str>),
    WrongMethod,
    Nothing,
}

/// Looks a request's path up; a `HEAD` finds what a `GET` would.
pub fn find<'a>(method: &http::Method, path: &'a str) -> Found<'a> {
    let mut found = Found::Nothing;
    for route in all() {
        let Some(model) = matches(route.path, path) else { continue };
        if route.method.is(method) {
            return Found::Route(route, model);
        }
        found = Found::WrongMethod;
    }
    found
}

/// `None` where the path is another one; else what stands in the place of `{model}`, if the route has one.
fn matches<'a>(pattern: &'static str, path: &'a str) -> Option<Option<&'a str>> {
    if let Some(before) = pattern.strip_suffix("{endpoint}") {
        return path.strip_prefix(before).map(Some);
    }
    let Some((before, after)) = pattern.split_once("{model}") else {
        return (pattern == path || places(pattern, path).is_some()).then_some(None);
    };
    let model = path.strip_prefix(before)?.strip_suffix(after)?;
    (!model.is_empty() && !model.starts_with('/')).then_some(Some(model))
}

/// What stands in the places of a pattern like `/v1/files/{file_id}`, by name, still percent-encoded.
///
/// A place takes one segment, and not an empty one. `None` where the pattern has no places or the path is another one.
pub fn places<'a>(pattern: &'static str, path: &'a str) -> Option<Vec<(&'static str, &'a str)>> {
    if !pattern.contains('{') {
        return None;
    }
    let mut found = Vec::new();
    let mut segments = path.split('/');
    for expected in pattern.split('/') {
        let segment = segments.next()?;
        match expected.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            Some(name) if !segment.is_empty() => found.push((name, segment)),
            None if expected == segment => {}
            _ => return None,
        }
    }
    segments.next().is_none().then_some(found)
}

#[cfg(test)]
mod tests;
