//! Fetches what clients name by address, without letting them into the operator's network.
//!
//! A name is resolved once and connected to only if none of its addresses is private; every redirect is checked
//! again. Hosts that the operator allows are not checked. The rules are LiteLLM's (`user_url_validation`,
//! `user_url_allowed_hosts`).

use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http::{Request, Response, StatusCode, Uri, header};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use hyper_util::rt::TokioExecutor;
use tollgate_core::fetch::{Fetch, FetchError};
use tollgate_core::upstream::BoxFuture;
use tollgate_wire::media::{Fetched, media_type};
use tracing::warn;

use crate::address::is_public;

/// LiteLLM follows ten; nobody's images need more than a few.
const REDIRECTS_MAX: usize = 5;

type Connector<R> = HttpsConnector<HttpConnector<R>>;

/// What a client's address may lead to.
#[derive(Clone, Debug)]
pub struct Policy {
    /// `litellm_settings.user_url_validation`.
    pub is_checked: bool,
    /// `litellm_settings.user_url_allowed_hosts`: `host` or `host:port`, in lower case.
    pub allowed_hosts: Vec<String>,
    /// `general_settings.media_download_timeout_seconds`: for everything together.
    pub timeout: Duration,
}

/// The adapter of the port.
pub struct Fetcher {
    policy: Policy,
    guarded: Client<Connector<PublicOnly>, Empty<bytes::Bytes>>,
    open: Client<Connector<hyper_util::client::legacy::connect::dns::GaiResolver>, Empty<bytes::Bytes>>,
}

impl Fetcher {
    /// `roots` are the certificate authorities that servers may be signed by.
    pub fn new(policy: Policy, roots: rustls::RootCertStore) -> Self {
        let tls = rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        let guarded = connector(HttpConnector::new_with_resolver(PublicOnly), tls.clone(), policy.timeout);
        let open = connector(HttpConnector::new(), tls, policy.timeout);
        // Nothing is kept open: these hosts are nobody's providers.
        let mut builder = Client::builder(TokioExecutor::new());
        builder.pool_max_idle_per_host(0);
        Self { policy, guarded: builder.build(guarded), open: builder.build(open) }
    }

    async fn follow(&self, url: &str, bytes_max: usize) -> Result<Fetched, FetchError> {
        let mut uri: Uri = url.parse().map_err(|_| FetchError::Forbidden)?;
        for _ in 0..=REDIRECTS_MAX {
            let answer = self.get(&uri).await?;
            if !answer.status().is_redirection() {
                return read(url, answer, bytes_max).await;
            }
            uri = target(&uri, &answer).ok_or(FetchError::Forbidden)?;
        }
        Err(FetchError::Broken("too many redirects".to_owned()))
    }

    async fn get(&self, uri: &Uri) -> Result<Response<Incoming>, FetchError> {
        let (Some("http" | "https"), Some(host)) = (uri.scheme_str(), uri.host()) else {
            return Err(FetchError::Forbidden);
        };
        let is_free = !self.policy.is_checked || self.is_allowed(uri, host);
        // A literal address is connected to without asking the resolver.
        let literal: Option<IpAddr> = host.trim_matches(['[', ']']).parse().ok();
        if !is_free && literal.is_some_and(|address| !is_public(address)) {
            warn!(%host, "refused to fetch from {host}: it is no public address");
            return Err(FetchError::Forbidden);
        }
        let request = Request::get(uri).header(header::ACCEPT, "*/*").body(Empty::new());
        let request = request.map_err(|_| FetchError::Forbidden)?;
        let outcome = if is_free { self.open.request(request).await } else { self.guarded.request(request).await };
        outcome.map_err(|error| {
            warn!(%host, "no answer from {host}: {error:?}");
            FetchError::Forbidden
        })
    }

    fn is_allowed(&self, uri: &Uri, host: &str) -> bool {
        let port = uri.port_u16().unwrap_or(if uri.scheme_str() == Some("https") { 443 } else { 80 });
        let host = host.to_ascii_lowercase();
        let with_port = format!("{host}:{port}");
        self.policy.allowed_hosts.iter().any(|allowed| *allowed == host || *allowed == with_port)
    }
}

impl Fetch for Fetcher {
    fn fetch<'a>(&'a self, url: &'a str, bytes_max: usize) -> BoxFuture<'a, Result<Fetched, FetchError>> {
        Box::pin(async move {
            let outcome = tokio::time::timeout(self.policy.timeout, self.follow(url, bytes_max)).await;
            outcome.unwrap_or_else(|_| Err(FetchError::Broken("it took too long".to_owned())))
        })
    }
}

fn connector<R>(mut tcp: HttpConnector<R>, tls: rustls::ClientConfig, timeout: Duration) -> Connector<R>
where
    HttpConnector<R>: Clone,
{
    tcp.enforce_http(false);
    tcp.set_connect_timeout(Some(timeout));
    HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().wrap_connector(tcp)
}

async fn read(url: &str, answer: Response<Incoming>, bytes_max: usize) -> Result<Fetched, FetchError> {
    if answer.status() != StatusCode::OK {
        return Err(FetchError::Status(answer.status().as_u16()));
    }
    let said = answer.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let bytes = Limited::new(answer.into_body(), bytes_max).collect().await.map_err(|error| {
        let is_long = error.downcast_ref::<http_body_util::LengthLimitError>().is_some();
        let limit_mb = bytes_max / (1024 * 1024);
        if is_long { FetchError::TooLong { limit_mb } } else { FetchError::Broken("the connection broke".to_owned()) }
    })?;
    let bytes: Vec<u8> = bytes.to_bytes().into();
    let media_type = media_type(url, said.as_deref(), &bytes).ok_or(FetchError::Untyped)?;
    Ok(Fetched { url: url.to_owned(), media_type, bytes })
}

/// Where a redirect leads: an address of its own, or a path on the same host.
fn target(from: &Uri, answer: &Response<Incoming>) -> Option<Uri> {
    let location = answer.headers().get(header::LOCATION)?.to_str().ok()?;
    let to: Uri = location.parse().ok()?;
    if to.scheme().is_some() {
        return Some(to);
    }
    let path = to.path_and_query().filter(|path| path.as_str().starts_with('/'))?;
    let mut parts = from.clone().into_parts();
    if let Some(authority) = to.authority() {
        parts.authority = Some(authority.clone());
    }
    parts.path_and_query = Some(path.clone());
    Uri::from_parts(parts).ok()
}

/// Resolves names, and refuses those that lead to any address that is not public.
#[derive(Clone, Copy, Debug)]
struct PublicOnly;

impl tower_service::Service<Name> for PublicOnly {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = std::io::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            if found.iter().any(|address| !is_public(address.ip())) {
                return Err(std::io::Error::other("the name leads to an address that is not public"));
            }
            Ok(found.into_iter())
        })
    }
}

#[cfg(test)]
mod tests;
