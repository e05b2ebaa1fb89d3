//! HTTP: requests in, calls of the core, bytes out.
//!
//! Knows no adapter: neither the socket or event that a request came through, nor any provider.

mod body;
mod cors;
mod endpoints;
mod headers;
mod inquiries;
mod manage;
pub mod models;
mod openapi;
mod pass;
mod read;
mod readiness;
mod render;
mod resources;
pub mod routes;
mod search;
mod session;
mod visitor;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use tollgate_core::govern::authorise::Entry;
use tollgate_core::govern::{Groups, Knock};
use tollgate_core::manage::Handler;
use tollgate_core::pass::Lookup;
use tollgate_core::{App, Door, Error};
use tollgate_wire::Operation;
use tollgate_wire::dialect::Mode;
use tracing::info;

pub use body::GatewayBody;
pub use headers::LITELLM_VERSION;
use routes::{Access, Endpoint, Found, Route};

/// When a client may try again that met too many others.
const RETRY_AFTER_S: u64 = 1;

/// The gateway as a function from request to answer; cheap to clone.
#[derive(Clone)]
pub struct Gateway {
    app: Arc<App>,
}

impl Gateway {
    pub const fn new(app: Arc<App>) -> Self {
        Self { app }
    }

    /// Answers any request; a failure is an answer too.
    pub async fn answer<B>(&self, request: Request<B>) -> Response<GatewayBody>
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: std::fmt::Display,
    {
        let origin = request.headers().contains_key(header::ORIGIN);
        let mut answer = match cors::preflight(&request) {
            Some(answer) => answer,
            None => self.route(request).await,
        };
        headers::secure(answer.headers_mut());
        if origin {
            cors::allow(answer.headers_mut());
        }
        answer
    }

    /// The answer when too much is going on already: made without looking at the request.
    pub fn overloaded(&self) -> Response<GatewayBody> {
        let mut answer = failure(&Error::Overloaded { retry_after_s: RETRY_AFTER_S });
        answer.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER_S.into());
        answer
    }

    /// The answer to a request whose head is too long.
    pub fn header_too_large(&self, limit_bytes: usize) -> Response<GatewayBody> {
        failure(&Error::HeaderTooLarge { limit_kb: limit_bytes / 1024 })
    }

    async fn route<B>(&self, request: Request<B>) -> Response<GatewayBody>
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: std::fmt::Display,
    {
        let started = Instant::now();
        let (head, body) = request.into_parts();
        let way = match Way::find(&self.app, &head) {
            Ok(way) => way,
            Err(Some(error)) => return failure(&error),
            Err(None) => return nothing(&head),
        };
        // The one place where access is decided: nothing below runs for whom it is not meant.
        let entry = match self.authorise(way.path(), way.access(), way.door(), &head).await {
            Ok(entry) => entry,
            Err(error) => {
                info!(path = head.uri.path(), status = error.status(), "refused {}: {error}", head.uri.path());
                return failure(&error);
            }
        };
        let (route, model) = match way {
            Way::PassThrough(taken) => match visitor::visitor(&self.app, entry, &head) {
                Ok(visitor) => return pass::answer(&self.app, taken, (&head, visitor), started, body).await,
                Err(error) => return failure(&error),
            },
            Way::Own(route, model) => (route, model.map(decode)),
        };
        if let Endpoint::Manage(handler, _) = route.endpoint {
            return self.manage(entry, (route, handler), &head, body).await;
        }
        let visitor = match visitor::visitor(&self.app, entry, &head) {
            Ok(visitor) => visitor,
            Err(error) => return failure(&error),
        };
        let outcome = match route.endpoint {
            Endpoint::Call(operation) | Endpoint::Stream(operation) => {
                let mode = matches!(route.endpoint, Endpoint::Stream(_)).then_some(Mode::Streamed);
                let headers = &head.headers;
                let arrival = endpoints::Arrival { headers, visitor, path_model: model, mode, started };
                return endpoints::call(&self.app, operation, arrival, body).await;
            }
            Endpoint::Resource(action) => {
                let arrival = resources::Arrival { head: &head, visitor, route, started };
                return resources::serve(&self.app, action, arrival, body).await;
            }
            Endpoint::Search => {
                let arrival = resources::Arrival { head: &head, visitor, route, started };
                return search::serve(&self.app, arrival, body).await;
            }
            Endpoint::SearchTools => Ok(search::tools(&self.app)),
            Endpoint::Realtime => Err(Error::NeedsSocket),
            Endpoint::Models(list) => match &visitor {
                Some(visitor) => list.answer(&self.app, &visitor.caller, (model.as_deref(), head.uri.query())).await,
                None => Err(Error::MissingKey),
            },
            Endpoint::Explain => inquiries::explain(&self.app, &head, body).await,
            Endpoint::CountTokens => inquiries::count(&self.app, &head.headers, body).await,
            Endpoint::SupportedParameters => inquiries::supported(&self.app, head.uri.query()),
            Endpoint::Health => Ok(endpoints::health(&self.app, head.uri.query()).await),
            Endpoint::Liveness => Ok(endpoints::liveness(&self.app)),
            Endpoint::Readiness => Ok(readiness::readiness(&self.app).await),
            Endpoint::ReadinessDetails => Ok(readiness::details(&self.app).await),
            Endpoint::Docs => Ok(openapi::page()),
            Endpoint::OpenApi => Ok(openapi::document()),
            Endpoint::RouteList => Ok(openapi::route_list()),
            Endpoint::Manage(..) | Endpoint::PassThrough(_) => Err(Error::NoSuchRoute),
        };
        outcome.unwrap_or_else(|error| failure(&error))
    }

    async fn manage<B>(
        &self,
        entry: Option<Entry>,
        way: (&'static Route, Handler),
        head: &http::request::Parts,
        body: B,
    ) -> Response<GatewayBody>
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: std::fmt::Display,
    {
        let outcome = match entry {
            Some(entry) => manage::serve(&self.app, entry, way, head, body).await,
            None => Err(Error::MissingKey),
        };
        outcome.unwrap_or_else(|error| failure(&error))
    }

    /// Who calls, and whether they may; nobody for what is public.
    async fn authorise(
        &self,
        pattern: &str,
        access: Access,
        door: Door<'_>,
        head: &http::request::Parts,
    ) -> Result<Option<Entry>, Error> {
        let groups = match access {
            Access::Public => return Ok(None),
            Access::Key => Groups::LLM,
            Access::Admin => Groups::NONE,
            Access::Managed(groups) => groups,
        };
        let knock = Knock {
            door,
            method: &head.method,
            path: head.uri.path(),
            pattern,
            groups,
            headers: &head.headers,
            peer: head.extensions.get::<Peer>().map(|peer| peer.0),
        };
        self.app.governance.enter(&self.app.gatekeeper, knock).await.map(Some)
    }
}

/// Whoever holds the other end of the connection: put into a request's extensions by whoever accepted it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub IpAddr);

/// Where a request goes: the gateway's own routes stand above the operator's.
enum Way<'a> {
    Own(&'static Route, Option<&'a str>),
    PassThrough(pass::Taken<'a>),
}

impl<'a> Way<'a> {
    /// `Err(None)` where nothing is there.
    fn find(app: &'a App, head: &'a http::request::Parts) -> Result<Self, Option<Error>> {
        let path = head.uri.path();
        let own = routes::find(&head.method, path);
        if let Found::Route(route, rest) = own {
            let taken = pass::Taken::provider(route, rest.unwrap_or_default(), head.uri.query());
            return Ok(taken.map_or(Self::Own(route, rest), Self::PassThrough));
        }
        match (app.passes.find(&head.method, path), own) {
            (Lookup::Found(operator, at), _) => Ok(Self::PassThrough(pass::Taken::operator(operator, &path[at..]))),
            (Lookup::WrongMethod, _) | (_, Found::WrongMethod) => Err(Some(Error::WrongMethod)),
            _ => Err(None),
        }
    }

    /// The path as the table of routes writes it.
    const fn path(&self) -> &'static str {
        match self {
            Self::Own(route, _) => route.path,
            Self::PassThrough(_) => "",
        }
    }

    const fn access(&self) -> Access {
        match self {
            Self::Own(route, _) => route.access,
            Self::PassThrough(taken) => taken.access,
        }
    }

    const fn door(&self) -> Door<'a> {
        match self {
            Self::Own(..) => Door::Plain,
            Self::PassThrough(taken) => taken.door,
        }
    }
}

/// No such route; a trailing slash is sent where the route is, as LiteLLM does.
fn nothing(head: &http::request::Parts) -> Response<GatewayBody> {
    let path = head.uri.path();
    let stripped = path.strip_suffix('/').filter(|path| !path.is_empty() && !path.starts_with("//"));
    let exists = stripped.is_some_and(|path| matches!(routes::find(&head.method, path), Found::Route(..)));
    let target = stripped.filter(|_| exists).and_then(|path| {
        let query = head.uri.query().map(|query| format!("?{query}")).unwrap_or_default();
        HeaderValue::try_from(format!("{path}{query}")).ok()
    });
    let Some(target) = target else { return failure(&Error::NoSuchRoute) };
    let mut answer = Response::new(GatewayBody::from(Vec::new()));
    *answer.status_mut() = StatusCode::TEMPORARY_REDIRECT;
    answer.headers_mut().insert(header::LOCATION, target);
    answer
}

/// An answer of JSON.
fn json(status: StatusCode, bytes: Vec<u8>) -> Response<GatewayBody> {
    let mut answer = Response::new(GatewayBody::from(bytes));
    *answer.status_mut() = status;
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}

fn failure(error: &Error) -> Response<GatewayBody> {
    let mut answer = json(status(error), render::body(error));
    manage::decorate(&mut answer, error);
    answer
}

/// A failure of a call, in the form that the clients of its route read.
fn failure_for(error: &Error, operation: Operation, headers: &http::HeaderMap) -> Response<GatewayBody> {
    let request_id = headers.get("x-request-id").and_then(|value| value.to_str().ok());
    let mut answer = json(status(error), render::body_for(error, operation, request_id));
    manage::decorate(&mut answer, error);
    answer
}

fn status(error: &Error) -> StatusCode {
    StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// Percent-decoding of a model's name in a path; what is no UTF-8 matches no model.
fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escaped = (bytes[at] == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        match escaped.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                decoded.push(byte);
                at += 3;
            }
            None => {
                decoded.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests;
