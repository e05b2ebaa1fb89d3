//! Realtime sessions: whether a request for a WebSocket may have one.
//!
//! The one place where access is decided serves here too. Knows no frame.

use std::time::Instant;

use http::request::Parts;
use http::{HeaderMap, HeaderValue, Response, header};
use tollgate_core::realtime::{Session, SessionCall};
use tollgate_core::{App, Door, Error};
use tollgate_wire::realtime::Protocol;
use tracing::info;

use crate::endpoints::{call_id, parameter};
use crate::routes::{self, Endpoint, Found};
use crate::visitor::visitor;
use crate::{Gateway, GatewayBody, failure, headers};

/// Browsers cannot set headers on a WebSocket: OpenAI lets them name the key as a subprotocol, and so does LiteLLM.
const KEY_PROTOCOL: &str = "openai-insecure-api-key.";

impl Gateway {
    /// Whether the request asks for a WebSocket on a route that has one.
    pub fn wants_socket(&self, head: &Parts) -> bool {
        let upgrade = head.headers.get(header::UPGRADE).map(HeaderValue::as_bytes);
        let is_socket = upgrade.is_some_and(|value| value.eq_ignore_ascii_case(b"websocket"));
        is_socket
            && matches!(routes::find(&head.method, head.uri.path()), Found::Route(route, _) if matches!(route.endpoint, Endpoint::Realtime))
    }

    /// Opens the session that the request asks for.
    ///
    /// # Errors
    /// The answer that refuses: without a key that is known, or a model that has sessions.
    pub async fn open_session(&self, head: &Parts) -> Result<Session, Box<Response<GatewayBody>>> {
        let opened = self.try_open(head).await;
        opened.map_err(|error| {
            info!(path = head.uri.path(), status = error.status(), "refused {}: {error}", head.uri.path());
            let mut answer = failure(&error);
            headers::secure(answer.headers_mut());
            Box::new(answer)
        })
    }

    async fn try_open(&self, head: &Parts) -> Result<Session, Error> {
        let Found::Route(route, _) = routes::find(&head.method, head.uri.path()) else {
            return Err(Error::NoSuchRoute);
        };
        let mut shown = head.clone();
        if let Some(headers) = key_in_protocol(&head.headers) {
            shown.headers = headers;
        }
        let entry = self.authorise(route.path, route.access, Door::Plain, &shown).await?;
        let visitor = visitor(&self.app, entry, head)?;
        let beta = head.headers.get("openai-beta").and_then(|value| value.to_str().ok());
        let is_beta = beta.is_some_and(|text| text.contains("realtime=v1"));
        let call = SessionCall {
            id: call_id(&head.headers),
            visitor,
            model: parameter(head.uri.query(), "model"),
            intent: parameter(head.uri.query(), "intent"),
            protocol: if is_beta { Protocol::Beta } else { Protocol::Current },
            started: Instant::now(),
        };
        self.app.open_session(call).await
    }

    /// What a session needs of the gateway.
    pub fn app(&self) -> &App {
        &self.app
    }
}

/// Headers that show the key as any other request does; `None` where no subprotocol holds one, or a header does.
fn key_in_protocol(headers: &HeaderMap) -> Option<HeaderMap> {
    if headers.contains_key(header::AUTHORIZATION) || headers.contains_key("api-key") {
        return None;
    }
    let offered = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter();
    let mut names = offered.filter_map(|value| value.to_str().ok()).flat_map(|text| text.split(','));
    let key = names.find_map(|name| name.trim().strip_prefix(KEY_PROTOCOL))?;
    let value = HeaderValue::try_from(format!("Bearer {key}")).ok()?;
    let mut headers = headers.clone();
    headers.insert(header::AUTHORIZATION, value);
    Some(headers)
}

#[cfg(test)]
mod tests;
