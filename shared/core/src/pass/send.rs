//! One passed-on request on the wire: sent, waited for, and its answer handed on.
//!
//! Follows no redirect. Knows neither routes nor credentials.

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Request, StatusCode, Uri};
use http_body::Body as _;
use http_body_util::{BodyExt, Full};
use tollgate_wire::failure::{Failure, FailureClass};
use tollgate_wire::money::Picodollars;
use tollgate_wire::tap::{Scan, Tap, is_json};
use tracing::warn;

use super::charge::{self, Payee};
use super::headers;
use super::relay::{Passing, Watch};
use super::upload::Progress;
use super::{Outgoing, PassCall, PassReply, Route, Upload};
use crate::record::Record;
use crate::sign::{Scheme, SignError};
use crate::upstream::{RequestBody, UpstreamError};
use crate::{App, Error};

/// Bedrock tells what an invoked model has read and written in its headers.
const BEDROCK_COUNTS: [&str; 2] = ["x-amzn-bedrock-input-token-count", "x-amzn-bedrock-output-token-count"];
const AGENT: HeaderValue = HeaderValue::from_static(concat!("tollgate/", env!("CARGO_PKG_VERSION")));

pub(super) async fn send(
    app: &App,
    mut call: PassCall<'_>,
    mut outgoing: Outgoing,
    mut record: Record,
) -> Result<PassReply, (Error, Record)> {
    let scheme = outgoing.scheme.take();
    // A signature covers the whole body: the one case in which it is held.
    let body = match &scheme {
        Some(Scheme::SigV4 { .. }) => match hold(app, &mut call).await {
            Ok(bytes) => bytes,
            Err(error) => return Err((error, record)),
        },
        _ => Bytes::new(),
    };
    let (address, timeout, cost) = (outgoing.uri.clone(), outgoing.timeout, outgoing.cost);
    let in_path = model_in_path(address.path());
    let mut payee = Payee::new(route_name(&call), &call.method, &address);
    if record.bill.is_some() && Payee::draws(&address) {
        let body = hold(app, &mut call).await;
        match body {
            Ok(bytes) => payee.asks_for_images(&bytes),
            Err(error) => return Err((error, record)),
        }
    }
    let (request, progress) = request(app, call, outgoing);
    let request = match signed(app, request, (scheme.as_ref(), &body), timeout).await {
        Ok(request) => request,
        Err(error) => return Err((error, record)),
    };
    let answer = match wait(app, request, &progress, timeout).await {
        Ok(answer) => answer,
        Err(waited) => {
            record.model = progress.model.get().cloned().or(in_path).unwrap_or_default();
            return Err((failure(app, &address, waited, &progress, timeout), record));
        }
    };
    let (head, body) = answer.into_parts();
    let status = head.status;
    record.model = progress.model.get().cloned().or(in_path).unwrap_or_default();
    let governed = price(&mut record, status, cost, &head.headers);
    payee.prompt_bytes = progress.bytes();
    let payee = Some(payee).filter(|_| status.as_u16() < 400);
    let watch = Watch { tap: tap(&head.headers), payee, record, status: status.as_u16(), silence_max: timeout };
    let length = head.headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    Ok(PassReply {
        status,
        headers: headers::back(&head.headers),
        body: Box::new(Passing::new(body, watch, length)),
        api_base: shown(&address),
        cost: cost.filter(|_| status.as_u16() < 400),
        governed,
    })
}

/// LiteLLM's name of the provider whose route was taken.
fn route_name(call: &PassCall<'_>) -> Option<&'static str> {
    match call.route {
        Route::Provider(name) => Some(name),
        Route::Operator(_) => None,
    }
}

/// Notes what the call costs where that does not depend on what it uses: what the address itself says, else the
/// operator's price for an answer that is no failure. Hands out what the answer tells of the caller's limits.
fn price(
    record: &mut Record,
    status: StatusCode,
    cost_usd: Option<f64>,
    headers: &HeaderMap,
) -> Vec<(HeaderName, HeaderValue)> {
    let Some(bill) = &mut record.bill else { return Vec::new() };
    let own = cost_usd.and_then(Picodollars::of_usd).filter(|_| status.as_u16() < 400);
    bill.fixed_picousd = own.map(|cost| cost.0);
    if let Some((picousd, usage)) = charge::told(headers) {
        bill.fixed_picousd = Some(picousd);
        record.usage = usage;
    }
    bill.told()
}

/// The whole body, which is sent all the same.
async fn hold(app: &App, call: &mut PassCall<'_>) -> Result<Bytes, Error> {
    let bytes = super::group::collect(app, call).await?;
    call.length_bytes = Some(bytes.len() as u64);
    call.body = RequestBody::Whole(Full::new(bytes.clone()));
    Ok(bytes)
}

/// The request with what shows the caller, where no fixed key does.
async fn signed(
    app: &App,
    request: Request<RequestBody>,
    (scheme, bytes): (Option<&Scheme>, &Bytes),
    timeout: std::time::Duration,
) -> Result<Request<RequestBody>, Error> {
    let Some(scheme) = scheme else { return Ok(request) };
    let (mut head, body) = request.into_parts();
    let signing = tokio::time::timeout(timeout, app.signer.sign(scheme, &mut head, bytes)).await;
    let refuse = |class, text: &str| Err(Failure::new(class, text).into());
    match signing {
        Ok(Ok(())) => Ok(Request::from_parts(head, body)),
        Ok(Err(SignError::Refused(text))) => refuse(FailureClass::Authentication, &text),
        Ok(Err(SignError::Unreachable(text))) => refuse(FailureClass::Connection, &text),
        Err(_) => refuse(FailureClass::Connection, "whoever issues credentials does not answer in time"),
    }
}

fn request(app: &App, call: PassCall<'_>, outgoing: Outgoing) -> (Request<RequestBody>, std::sync::Arc<Progress>) {
    let scan = content_type(&outgoing.headers).is_some_and(|kind| is_json(&kind)).then(Scan::default);
    let has_body = !call.body.is_end_stream();
    let (upload, progress) = Upload::new(call.body, &app.limits, scan);
    let body = if has_body { RequestBody::Streamed(upload.boxed_unsync()) } else { RequestBody::from(Vec::new()) };
    let mut request = Request::new(body);
    *request.method_mut() = call.method;
    *request.uri_mut() = outgoing.uri;
    *request.headers_mut() = outgoing.headers;
    request.headers_mut().entry(header::USER_AGENT).or_insert(AGENT);
    if let Some(length) = call.length_bytes.filter(|_| has_body) {
        request.headers_mut().insert(header::CONTENT_LENGTH, length.into());
    }
    (request, progress)
}

enum Waited {
    Broken(UpstreamError),
    TooLong,
}

/// The head of the answer. The wait begins anew with each piece of the request's body: an upload may be long.
async fn wait(
    app: &App,
    request: Request<RequestBody>,
    progress: &Progress,
    timeout: std::time::Duration,
) -> Result<http::Response<crate::upstream::AnswerBody>, Waited> {
    let mut exchange = app.upstream.exchange(request);
    loop {
        let deadline = progress.last() + timeout;
        match tokio::time::timeout_at(deadline, &mut exchange).await {
            Ok(answer) => return answer.map_err(Waited::Broken),
            Err(_) if progress.last() + timeout > deadline => {}
            Err(_) => return Err(Waited::TooLong),
        }
    }
}

fn failure(app: &App, uri: &Uri, waited: Waited, progress: &Progress, timeout: std::time::Duration) -> Error {
    if let Some(fault) = progress.fault(&app.limits) {
        return fault;
    }
    let address = uri.authority().map_or_else(String::new, ToString::to_string);
    match waited {
        Waited::TooLong => Error::PassThroughTimedOut { address, limit_s: timeout.as_secs_f64() },
        Waited::Broken(error) => {
            // Clients are told little of a connection; the operator has to know why it failed.
            warn!(%address, "no answer from {address}: {error}");
            Error::PassThroughBroken(match error {
                UpstreamError::Refused => format!("{address}: connection refused"),
                UpstreamError::Unresolved => format!("{address}: unknown host"),
                UpstreamError::Closed | UpstreamError::Reset => format!("{address}: the connection broke"),
                _ => address,
            })
        }
    }
}

/// A tap for an answer that may hold usage; compressed it cannot be read.
fn tap(headers: &HeaderMap) -> Option<Tap> {
    let encoding = headers.get(header::CONTENT_ENCODING);
    if encoding.is_some_and(|encoding| encoding != "identity") {
        return None;
    }
    let mut tap = Tap::new(&content_type(headers)?)?;
    let count = |name: &str| headers.get(name)?.to_str().ok()?.parse::<u64>().ok();
    if let Some((prompt, completion)) = count(BEDROCK_COUNTS[0]).zip(count(BEDROCK_COUNTS[1])) {
        tap.counted(prompt, completion);
    }
    Some(tap)
}

fn content_type(headers: &HeaderMap) -> Option<String> {
    let kind = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    Some(kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
}

/// The address without query.
fn shown(uri: &Uri) -> String {
    let scheme = uri.scheme_str().unwrap_or_default();
    format!("{scheme}://{}{}", uri.authority().map_or("", http::uri::Authority::as_str), uri.path())
}

/// The model in a path like Google's `…/models/{model}:generateContent`, Amazon's `/model/{model}/converse` or Azure's
/// `/openai/deployments/{model}/…`.
pub(super) fn model_in_path(path: &str) -> Option<String> {
    let rest = ["/models/", "/model/", "/openai/deployments/"].iter().find_map(|mark| path.split_once(mark));
    let rest = rest.map(|(_, rest)| rest)?;
    let segment = rest.split('/').next().unwrap_or(rest);
    let is_google = path.contains("/models/");
    let name = if is_google { segment.split(':').next().unwrap_or(segment) } else { segment };
    String::from_utf8(super::decode(name.as_bytes())).ok().filter(|name| !name.is_empty())
}
