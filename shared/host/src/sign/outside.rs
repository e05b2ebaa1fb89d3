//! What looking for credentials touches: variables, small files, and small exchanges over the connection pool.
//!
//! Every exchange has a deadline and a limit. Knows no kind of credential.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Limited};
use serde_json::Value;
use tollgate_core::config::Environment;
use tollgate_core::sign::SignError;
use tollgate_core::upstream::{RequestBody, Upstream};

use super::form::encode;
use super::words::said;
use crate::environment::Files;

/// Looks a variable up; one that is empty counts as unset here.
pub type Variables = Box<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// Longest wait for whoever issues tokens.
pub const ISSUER_TIMEOUT: Duration = Duration::from_secs(20);
/// Longest wait for the machine's own metadata: where there is none, nobody answers at all.
pub const METADATA_TIMEOUT: Duration = Duration::from_secs(1);
const FILE_BYTES_MAX: u64 = 1024 * 1024;
const ANSWER_BYTES_MAX: usize = 1024 * 1024;

pub struct Outside {
    upstream: Arc<dyn Upstream>,
    variables: Variables,
}

/// An issuer's answer.
pub struct Answer {
    pub status: StatusCode,
    pub body: Bytes,
}

impl Outside {
    pub fn new(upstream: Arc<dyn Upstream>, variables: Variables) -> Self {
        Self { upstream, variables }
    }

    pub fn variable(&self, name: &str) -> Option<String> {
        (self.variables)(name).filter(|value| !value.is_empty())
    }

    /// The text of a file, without white space around it.
    ///
    /// # Errors
    /// When it cannot be read; `what` says what the file is for.
    pub fn file(&self, path: &str, what: &str) -> Result<String, SignError> {
        let refuse = |reason: &str| SignError::Refused(format!("{what}: file {path} {reason}: check the path"));
        let bytes = Files.read(path, FILE_BYTES_MAX).map_err(|_| refuse("cannot be read"))?;
        let text = String::from_utf8(bytes).map_err(|_| refuse("is no UTF-8"))?;
        Ok(text.trim().to_owned())
    }

    /// One exchange; any status is an answer.
    ///
    /// # Errors
    /// When nobody answers in time.
    pub async fn ask(&self, request: Request<Bytes>, timeout: Duration) -> Result<Answer, SignError> {
        let host = request.uri().authority().map(|authority| authority.host().to_owned()).unwrap_or_default();
        let silent =
            |reason: &str| SignError::Unreachable(format!("no answer from {host}, which issues credentials: {reason}"));
        let request = request.map(|body| RequestBody::from(Vec::from(body)));
        let both = async {
            let (head, body) =
                self.upstream.exchange(request).await.map_err(|error| silent(&error.to_string()))?.into_parts();
            let body =
                Limited::new(body, ANSWER_BYTES_MAX).collect().await.map_err(|error| silent(&error.to_string()))?;
            Ok(Answer { status: head.status, body: body.to_bytes() })
        };
        tokio::time::timeout(timeout, both).await.unwrap_or_else(|_| Err(silent("it took too long")))
    }

    /// A form sent to an issuer of tokens: the JSON of a success.
    ///
    /// # Errors
    /// When nobody answers, or the answer is no success.
    pub async fn submit(&self, address: &str, headers: HeaderMap, form: &[(&str, &str)]) -> Result<Value, SignError> {
        let mut request = request(Method::POST, address)?;
        request.headers_mut().extend(headers);
        set(&mut request, "content-type", "application/x-www-form-urlencoded")?;
        set(&mut request, "accept", "application/json")?;
        *request.body_mut() = encode(form).into();
        self.ask(request, ISSUER_TIMEOUT).await?.json(address)
    }
}

impl Answer {
    /// The body as text, without white space around it.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).trim().to_owned()
    }

    /// The JSON of a success.
    ///
    /// # Errors
    /// When it is none: what the issuer says about it, in short.
    pub fn json(&self, address: &str) -> Result<Value, SignError> {
        self.success(address)?;
        serde_json::from_slice(&self.body)
            .map_err(|_| SignError::Unreachable(format!("{} answered with something else than JSON", host(address))))
    }

    /// # Errors
    /// When the status is no success.
    pub fn success(&self, address: &str) -> Result<(), SignError> {
        if self.status.is_success() {
            return Ok(());
        }
        let text = format!("{} answered {}: {}", host(address), self.status.as_u16(), said(&self.body));
        let is_final = self.status.is_client_error() && !matches!(self.status.as_u16(), 408 | 429);
        Err(if is_final { SignError::Refused(text) } else { SignError::Unreachable(text) })
    }
}

/// A request without a body.
///
/// # Errors
/// When the address is none.
pub fn request(method: Method, address: &str) -> Result<Request<Bytes>, SignError> {
    let uri = address.parse::<http::Uri>().ok().filter(|uri| uri.host().is_some() && uri.scheme().is_some());
    let uri =
        uri.ok_or_else(|| SignError::Refused(format!("`{}` is no address to get credentials from", host(address))))?;
    let mut request = Request::new(Bytes::new());
    *request.method_mut() = method;
    *request.uri_mut() = uri;
    Ok(request)
}

/// Sets a header; its value is not shown by `Debug`.
///
/// # Errors
/// When the value cannot be sent.
pub fn set(request: &mut Request<Bytes>, name: &'static str, value: &str) -> Result<(), SignError> {
    request.headers_mut().insert(name, header_value(value)?);
    Ok(())
}

/// A header's value that `Debug` does not show.
///
/// # Errors
/// When it cannot be sent.
pub fn header_value(text: &str) -> Result<http::HeaderValue, SignError> {
    let refuse =
        |_| SignError::Refused("a credential holds characters that cannot be sent in an HTTP header".to_owned());
    let mut value = http::HeaderValue::try_from(text).map_err(refuse)?;
    value.set_sensitive(true);
    Ok(value)
}

/// The host of an address, which is all that is shown of it.
fn host(address: &str) -> &str {
    let bare = address.split_once("://").map_or(address, |(_, rest)| rest);
    let authority = bare.split(['/', '?', '#']).next().unwrap_or(bare);
    authority.rsplit('@').next().unwrap_or(authority)
}
