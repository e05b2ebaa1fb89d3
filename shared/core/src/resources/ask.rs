//! One exchange about a resource: sent, timed, limited, and its failures named.
//!
//! Knows no body: what is asked has been written before, what comes back is passed on.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, Uri, header};
use http_body_util::{BodyExt, Full, Limited};
use tollgate_wire::Operation;
use tollgate_wire::failure::{Failure, Origin, Reader};

use super::{Answered, Family, Input, ResourceCall, account};
use crate::call::{ReplyBody, ServedBy, Timeouts};
use crate::deployment::Deployment;
use crate::exchange::signed_by;
use crate::record::Record;
use crate::relay::{Patience, Relay, Work};
use crate::sign::Scheme;
use crate::upstream::{AnswerBody, RequestBody, UpstreamError};
use crate::{App, Error, fault};

/// OpenAI's vector stores were a part of its assistants.
const BETA: (HeaderName, HeaderValue) =
    (HeaderName::from_static("openai-beta"), HeaderValue::from_static("assistants=v2"));
const ORGANIZATION: HeaderName = HeaderName::from_static("openai-organization");

/// One call under way.
pub(crate) struct Asked<'a> {
    pub app: &'a App,
    pub record: Option<Record>,
    pub served_by: ServedBy,
    pub timeouts: Timeouts,
    /// How the next requests are signed, where they go to the account's storage and not to its provider.
    pub scheme: Option<Scheme>,
}

/// The request of an action: `ids` fill its path, `content` is its JSON.
///
/// # Errors
/// Where an id cannot stand in an address.
pub(super) fn request(
    account: &Deployment,
    call: &ResourceCall,
    ids: &[String],
    content: Option<Vec<u8>>,
) -> Result<Request<RequestBody>, Error> {
    let row = call.action.row();
    let mut path = String::new();
    let mut ids = ids.iter();
    for (place, literal) in row.path.split("{}").enumerate() {
        if place > 0 {
            encode(ids.next().map_or("", String::as_str), &mut path);
        }
        path.push_str(literal);
    }
    // Azure has videos in its newer interface only.
    let base =
        if row.family == Family::Videos { account.newer_resource_uri(&path)? } else { account.resource_uri(&path)? };
    request_to(account, call, base, content)
}

/// The request of an action to this address; `content` is its JSON.
///
/// # Errors
/// Where the query cannot stand in an address.
pub(crate) fn request_to(
    account: &Deployment,
    call: &ResourceCall,
    uri: Uri,
    content: Option<Vec<u8>>,
) -> Result<Request<RequestBody>, Error> {
    let row = call.action.row();
    let uri = with_query(uri, call, row.query)?;
    let mut request = Request::new(content.unwrap_or_default().into());
    *request.method_mut() = row.method;
    *request.uri_mut() = uri;
    let headers = request.headers_mut();
    headers.clone_from(&account.headers);
    if row.input != Input::Json {
        headers.remove(header::CONTENT_TYPE);
    }
    if account.provider == "openai" && row.family == Family::VectorStores {
        headers.insert(BETA.0, BETA.1);
    }
    let organization = account.rules.settings.organization.as_deref();
    if let Some(value) = organization.and_then(|name| HeaderValue::try_from(name).ok()) {
        headers.insert(ORGANIZATION, value);
    }
    Ok(request)
}

fn with_query(uri: Uri, call: &ResourceCall, names: &[&str]) -> Result<Uri, Error> {
    let mut text = uri.to_string();
    for (name, value) in call.query.iter().filter(|(name, _)| names.contains(&name.as_str())) {
        text.push(if text.contains('?') { '&' } else { '?' });
        text.push_str(name);
        text.push('=');
        encode(value, &mut text);
    }
    text.parse().map_err(|_| Error::Invalid { param: None, message: "the query cannot be passed on".to_owned() })
}

/// A request about a resource at a provider that does not speak OpenAI's: its address, without content.
///
/// # Errors
/// Where `path` cannot stand in an address.
pub(super) fn bare(account: &Deployment, method: Method, path: &str) -> Result<Request<RequestBody>, Error> {
    let mut request = Request::new(Vec::new().into());
    *request.method_mut() = method;
    *request.uri_mut() = account.resource_uri(path)?;
    let headers = request.headers_mut();
    headers.clone_from(&account.headers);
    headers.remove(header::CONTENT_TYPE);
    Ok(request)
}

/// An id as one segment of a path.
pub(super) fn encoded(id: &str) -> String {
    let mut out = String::with_capacity(id.len());
    encode(id, &mut out);
    out
}

/// Percent-encodes everything that is not plain, slashes too: an id must not become another path.
pub(crate) fn encode(text: &str, out: &mut String) {
    // Dots alone would lead out of the folder.
    let only_dots = matches!(text, "." | "..");
    for byte in text.bytes() {
        if (byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)) && !only_dots {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
}

impl Asked<'_> {
    /// Ends the record, unless a stream has taken it along.
    pub async fn finish(&mut self, status: u16) {
        if let Some(record) = self.record.take() {
            record.finish(status).durable().await;
        }
    }

    /// Notes the account; only one of a model is shown to the client.
    pub fn choose(&mut self, account: &Arc<Deployment>, model: Option<&str>) {
        let Some(record) = &mut self.record else { return };
        record.note(account);
        if let Some(model) = model {
            model.clone_into(&mut record.model);
            self.served_by.deployment = Some(Arc::clone(account));
        }
    }

    /// A whole answer that is a success, under one deadline.
    pub async fn whole(&mut self, account: &Deployment, request: Request<RequestBody>) -> Result<Bytes, Error> {
        let limit = self.limit(account);
        let asked = Instant::now();
        let both = async {
            let body = self.head(account, request).await?;
            self.collect(account, body).await
        };
        let outcome = tokio::time::timeout(limit, both).await;
        let taken = asked.elapsed();
        self.served_by.waited += taken;
        outcome.unwrap_or_else(|_| Err(fault::timed_out(&origin(account), limit, taken).into()))
    }

    /// The content of a file, passed on while it arrives.
    pub async fn stream(&mut self, account: &Deployment, request: Request<RequestBody>) -> Answered {
        let limit = self.limit(account);
        let asked = Instant::now();
        let head = tokio::time::timeout(limit, self.head(account, request)).await;
        let taken = asked.elapsed();
        self.served_by.waited += taken;
        let body = head.unwrap_or_else(|_| Err(fault::timed_out(&origin(account), limit, taken).into()))?;
        let content_type = self.served_by.headers.get(header::CONTENT_TYPE).cloned();
        let patience = Patience { first: limit, between: limit, is_clients: false };
        let mut relay = Relay::new(body, Work::Raw, origin(account), patience).begin().await?;
        if let Some(record) = self.record.take() {
            relay.carry_record(record);
        }
        let content_type = content_type.unwrap_or(HeaderValue::from_static("application/octet-stream"));
        Ok((content_type, ReplyBody::Relayed(Box::new(relay))))
    }

    fn limit(&self, account: &Deployment) -> Duration {
        self.timeouts.whole.unwrap_or(account.timeout)
    }

    async fn head(&mut self, account: &Deployment, request: Request<RequestBody>) -> Result<AnswerBody, Error> {
        let scheme = self.scheme.as_ref().or(account.scheme.as_ref());
        let request = signed_by(self.app, scheme, &origin(account), request).await?;
        let uri = request.uri().clone();
        let answer = self.app.upstream.exchange(request).await;
        let answer = answer.map_err(|error| fault::no_answer(&origin(account), &uri, &error))?;
        let (head, body) = answer.into_parts();
        self.served_by.headers = head.headers;
        if head.status.is_success() {
            return Ok(body);
        }
        let bytes = self.collect(account, body).await?;
        let status = head.status.as_u16();
        let is_openai = account::speaks_openai(account.provider);
        Err(if is_openai { Failure::relayed(status, &bytes) } else { Failure::in_its_words(status, &bytes) }.into())
    }

    async fn collect(&mut self, account: &Deployment, body: AnswerBody) -> Result<Bytes, Error> {
        let limit_bytes = self.app.limits.answer_bytes_max;
        let error = match Limited::new(body, limit_bytes).collect().await {
            Ok(collected) => return Ok(collected.to_bytes()),
            Err(error) => error,
        };
        let error = error.downcast::<UpstreamError>().map_or_else(
            |_| {
                let limit_mb = limit_bytes / (1024 * 1024);
                UpstreamError::Other(format!(
                    "the provider's answer is longer than general_settings.max_response_size_mb ({limit_mb}): raise it"
                ))
            },
            |error| *error,
        );
        Err(fault::cut(&origin(account), &error).into())
    }
}

/// Who is asked. The operation only matters to sentences that no resource call leads to.
fn origin(account: &Deployment) -> Origin<'static> {
    Origin {
        provider: account.provider,
        operation: Operation::Transcription,
        streamed: false,
        reader: Reader::Provider,
    }
}

/// A body of JSON or a form, whole.
pub(super) fn whole_body(bytes: Vec<u8>) -> RequestBody {
    RequestBody::Whole(Full::new(bytes.into()))
}
