//! Provider connections: one pooled HTTP/1.1 client, with TLS by rustls.
//!
//! Knows no provider and no format; redirects are never followed, so that no key travels where it was not sent.

use std::error::Error;
use std::io;
use std::time::Duration;

use http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tollgate_core::upstream::{AnswerBody, BoxFuture, RequestBody, Switched, Upstream, UpstreamError};

/// Limits of the connection pool.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub connect_timeout: Duration,
    pub idle_connections_per_host_max: usize,
    pub idle_timeout: Duration,
}

/// The pool, as the port that core sees.
pub struct Pool {
    client: Client<HttpsConnector<HttpConnector>, RequestBody>,
}

impl Pool {
    /// `roots` are the certificate authorities that providers may be signed by.
    pub fn new(limits: Limits, roots: rustls::RootCertStore) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.set_nodelay(true);
        tcp.enforce_http(false);
        tcp.set_connect_timeout(Some(limits.connect_timeout));
        tcp.set_keepalive(Some(Duration::from_secs(60)));
        let tls = rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        let https =
            HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().wrap_connector(tcp);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(limits.idle_timeout)
            .pool_max_idle_per_host(limits.idle_connections_per_host_max)
            .build(https);
        Self { client }
    }
}

impl Upstream for Pool {
    fn exchange(&self, request: Request<RequestBody>) -> BoxFuture<'_, Result<Response<AnswerBody>, UpstreamError>> {
        Box::pin(async move {
            let answer = self.client.request(request).await.map_err(|error| client_error(&error))?;
            Ok(answer.map(|body| body.map_err(|error| broken_by(&error)).boxed_unsync()))
        })
    }

    fn switch(&self, request: Request<RequestBody>) -> BoxFuture<'_, Result<Switched, UpstreamError>> {
        Box::pin(async move {
            let mut answer = self.client.request(request).await.map_err(|error| client_error(&error))?;
            if answer.status() != StatusCode::SWITCHING_PROTOCOLS {
                let answer = answer.map(|body| body.map_err(|error| broken_by(&error)).boxed_unsync());
                return Ok(Switched::Refused(answer));
            }
            let stream = hyper::upgrade::on(&mut answer).await.map_err(|error| broken_by(&error))?;
            Ok(Switched::Stream(Box::new(TokioIo::new(stream))))
        })
    }
}

fn client_error(error: &hyper_util::client::legacy::Error) -> UpstreamError {
    let Some(io) = find::<io::Error>(error) else { return broken_by(error) };
    match io.kind() {
        io::ErrorKind::ConnectionRefused => UpstreamError::Refused,
        _ if !error.is_connect() => broken_by(error),
        _ if find::<rustls::Error>(error).is_some() => UpstreamError::Insecure(innermost(error)),
        _ if innermost(error).contains("failed to lookup address") => UpstreamError::Unresolved,
        _ => UpstreamError::Unreachable(innermost(error)),
    }
}

/// Why a connection broke that had been there.
fn broken_by(error: &(dyn Error + 'static)) -> UpstreamError {
    if let Some(hyper) = find::<hyper::Error>(error) {
        if hyper.is_parse() {
            return UpstreamError::NotHttp;
        }
        if hyper.is_incomplete_message() || hyper.is_closed() {
            return UpstreamError::Closed;
        }
    }
    match find::<io::Error>(error).map(io::Error::kind) {
        Some(io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe) => UpstreamError::Reset,
        Some(io::ErrorKind::UnexpectedEof) => UpstreamError::Closed,
        _ => UpstreamError::Other(innermost(error)),
    }
}

/// The first error of this type on the way down.
fn find<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(found) = error.downcast_ref::<E>() {
            return Some(found);
        }
        cause = deeper(error);
    }
    None
}

/// The cause of an error; for one that only wraps another, that other.
fn deeper<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    match wrapped {
        Some(inner) => Some(inner as &(dyn Error + 'static)),
        None => error.source(),
    }
}

/// The cause at the bottom: the outer ones only say that a request failed.
fn innermost(error: &(dyn Error + 'static)) -> String {
    let mut cause = error;
    while let Some(next) = deeper(cause) {
        cause = next;
    }
    cause.to_string()
}
