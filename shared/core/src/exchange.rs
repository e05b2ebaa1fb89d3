//! One exchange with a provider on behalf of a call: sent, timed, limited, and its failures named.
//!
//! Knows no format: what was asked and what the answer means is `dispatch`'s business.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Uri, header};
use http_body_util::{BodyExt, Limited};
use tollgate_wire::Operation;
use tollgate_wire::dialect::Mode;
use tollgate_wire::failure::{Failure, Origin};
use tollgate_wire::prepare::Prepared;

use crate::deployment::{Deployment, address};
use crate::dispatch::Exchange;
use crate::relay::{Patience, Relay, Work};
use crate::sign::Scheme;
use crate::upstream::{AnswerBody, RequestBody, UpstreamError};
use crate::{App, Error, fault};

impl Exchange<'_> {
    pub(crate) async fn relay(
        &mut self,
        deployment: &Deployment,
        body: AnswerBody,
        work: Work,
        silence_max: Duration,
    ) -> Result<Box<Relay>, Error> {
        let origin = self.origin(deployment);
        let asked = Instant::now();
        let patience = self.patience(silence_max);
        let relay = Relay::new(body, work, origin, patience).keeping(self.keeping.take());
        let begun = relay.begin().await;
        self.served_by.waited += asked.elapsed();
        match begun {
            Ok(relay) => Ok(Box::new(relay)),
            Err(failure) => {
                self.begun = true;
                Err(failure.into())
            }
        }
    }

    /// The longest silence of a stream that the client, the deployment or the router bears.
    pub(crate) fn silence_max(&self, deployment: &Deployment) -> Duration {
        self.timeouts.stream.or(self.timeouts.whole).unwrap_or(deployment.stream_timeout)
    }

    /// How long a stream may be silent before its first content, and between two pieces of it.
    fn patience(&self, silence_max: Duration) -> Patience {
        let limits = &self.app.resilience.streams;
        let least = |limit: Option<Duration>| limit.map_or(silence_max, |limit| limit.min(silence_max));
        let is_clients = self.timeouts.stream.is_some() || self.timeouts.whole.is_some();
        Patience { first: least(limits.first_chunk), between: least(limits.chunk), is_clients }
    }

    /// A whole exchange under one deadline: content type and body of an answer that is a success.
    pub(crate) async fn exchange(
        &mut self,
        deployment: &Deployment,
        request: Request<RequestBody>,
    ) -> Result<(Option<HeaderValue>, Bytes), Error> {
        let limit = self.timeouts.whole.unwrap_or(deployment.timeout);
        let (asked, origin) = (Instant::now(), self.origin(deployment));
        let both = async {
            let body = self.head(deployment, request).await?;
            let bytes = self.collect(origin, body).await?;
            // Some providers say 200 and put the error into the body.
            if fault::is_error(&bytes) {
                return Err(Failure::from_garbage(&origin, &bytes).into());
            }
            Ok((self.served_by.headers.get(header::CONTENT_TYPE).cloned(), bytes))
        };
        let outcome = tokio::time::timeout(limit, both).await;
        let taken = asked.elapsed();
        self.served_by.waited += taken;
        outcome.unwrap_or_else(|_| Err(fault::timed_out(&origin, limit, taken).into()))
    }

    /// The head of an answer within `limit`; its body is still to come.
    pub(crate) async fn send(
        &mut self,
        deployment: &Deployment,
        request: Request<RequestBody>,
        limit: Duration,
    ) -> Result<AnswerBody, Error> {
        let (asked, origin) = (Instant::now(), self.origin(deployment));
        let outcome = tokio::time::timeout(limit, self.head(deployment, request)).await;
        let taken = asked.elapsed();
        self.served_by.waited += taken;
        outcome.unwrap_or_else(|_| Err(fault::timed_out(&origin, limit, taken).into()))
    }

    /// Sends the request; a status that is no success becomes the failure it means.
    async fn head(&mut self, deployment: &Deployment, request: Request<RequestBody>) -> Result<AnswerBody, Error> {
        let origin = self.origin(deployment);
        let request = signed(self.app, deployment, &origin, request).await?;
        let uri = request.uri().clone();
        let answer = self.app.upstream.exchange(request).await;
        let answer = answer.map_err(|error| fault::no_answer(&origin, &uri, &error))?;
        let (head, body) = answer.into_parts();
        self.served_by.headers = head.headers;
        if head.status.is_success() {
            return Ok(body);
        }
        let bytes = self.collect(origin, body).await?;
        Err(Failure::from_answer(&origin, head.status.as_u16(), &bytes).into())
    }

    /// The rest of an answer whose head has come.
    pub(crate) async fn collect_within(
        &mut self,
        deployment: &Deployment,
        body: AnswerBody,
        limit: Duration,
    ) -> Result<Bytes, Error> {
        let (asked, origin) = (Instant::now(), self.origin(deployment));
        let outcome = tokio::time::timeout(limit, self.collect(origin, body)).await;
        let taken = asked.elapsed();
        self.served_by.waited += taken;
        let bytes = outcome.unwrap_or_else(|_| Err(fault::timed_out(&origin, limit, taken).into()))?;
        if fault::is_error(&bytes) {
            return Err(Failure::from_garbage(&origin, &bytes).into());
        }
        Ok(bytes)
    }

    async fn collect(&mut self, origin: Origin<'static>, body: AnswerBody) -> Result<Bytes, Error> {
        let error = match Limited::new(body, self.app.limits.answer_bytes_max).collect().await {
            Ok(collected) => return Ok(collected.to_bytes()),
            Err(error) => error,
        };
        let error = match error.downcast::<UpstreamError>() {
            Ok(error) => *error,
            Err(_) => UpstreamError::Other(self.too_long()),
        };
        Err(fault::cut(&origin, &error).into())
    }

    fn too_long(&self) -> String {
        let limit_mb = self.app.limits.answer_bytes_max / (1024 * 1024);
        format!(
            "the provider's answer is longer than general_settings.max_response_size_mb ({limit_mb}): raise it, or stream"
        )
    }

    pub(crate) fn origin(&self, deployment: &Deployment) -> Origin<'static> {
        let reader = deployment.rules.reader();
        Origin { provider: deployment.provider, operation: self.call.operation, streamed: self.streamed, reader }
    }
}

/// What is sent for one call: a request, and one more for each further input where a provider takes one at a time.
pub(crate) struct Requests {
    pub first: Request<RequestBody>,
    pub more: Vec<Request<RequestBody>>,
}

/// The requests that `prepared` describes.
pub(crate) fn requests(
    deployment: &Deployment,
    operation: Operation,
    mode: Mode,
    prepared: Prepared,
) -> Result<Requests, Error> {
    let uri = match &prepared.url {
        Some(text) => address(text).map_err(|error| Error::BadBody(error.to_string()))?,
        None => deployment.uri(operation, mode)?,
    };
    let Prepared { body, headers, more_bodies, .. } = prepared;
    let asked = |body: Vec<u8>| {
        let mut request = request(deployment, uri.clone(), body.into(), &headers)?;
        // Some credentials are shown otherwise for one kind of call than for another.
        request.extensions_mut().insert(operation);
        Ok::<_, Error>(request)
    };
    let first = asked(body)?;
    let more = more_bodies.into_iter().map(asked);
    Ok(Requests { first, more: more.collect::<Result<_, _>>()? })
}

/// The request with what shows the caller, where the deployment has no fixed key.
pub(crate) async fn signed(
    app: &App,
    deployment: &Deployment,
    origin: &Origin<'_>,
    request: Request<RequestBody>,
) -> Result<Request<RequestBody>, Error> {
    signed_by(app, deployment.scheme.as_ref(), origin, request).await
}

/// As [`signed`], in another way than the deployment's own.
pub(crate) async fn signed_by(
    app: &App,
    scheme: Option<&Scheme>,
    origin: &Origin<'_>,
    request: Request<RequestBody>,
) -> Result<Request<RequestBody>, Error> {
    let Some(scheme) = scheme else { return Ok(request) };
    let (mut head, body) = request.into_parts();
    let bytes = body.to_bytes();
    app.signer.sign(scheme, &mut head, &bytes).await.map_err(|error| fault::unsigned(origin, scheme, &error))?;
    Ok(Request::from_parts(head, body))
}

/// The request of a deployment: its headers, and what this call adds.
pub(crate) fn request(
    deployment: &Deployment,
    uri: Uri,
    body: RequestBody,
    headers: &[(String, String)],
) -> Result<Request<RequestBody>, Error> {
    let mut request = Request::new(body);
    *request.method_mut() = Method::POST;
    *request.uri_mut() = uri;
    request.headers_mut().clone_from(&deployment.headers);
    add_headers(request.headers_mut(), headers)?;
    Ok(request)
}

fn add_headers(map: &mut HeaderMap, headers: &[(String, String)]) -> Result<(), Error> {
    for (name, value) in headers {
        let refuse = || Error::BadBody(format!("extra_headers: `{name}` cannot be sent as an HTTP header"));
        let name = http::HeaderName::try_from(name.as_str()).map_err(|_| refuse())?;
        map.insert(name, HeaderValue::try_from(value.as_str()).map_err(|_| refuse())?);
    }
    Ok(())
}
