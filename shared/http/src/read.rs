//! Reading a request's body, within its limits of size and time.
//!
//! Knows no operation beyond whether it takes JSON or an upload.

use std::pin::Pin;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, header};
use http_body::Body;
use http_body_util::{BodyExt, Limited};
use tollgate_core::call::Upload;
use tollgate_core::upstream::{BodyError, RequestBody};
use tollgate_core::{Error, Limits};
use tollgate_wire::multipart::{self, Progress};
use tollgate_wire::ocr;

/// A request's body as the server hands it over.
pub type Incoming = http_body_util::combinators::UnsyncBoxBody<Bytes, BodyError>;

/// The whole body.
///
/// # Errors
/// [`Error::BodyTooLarge`] as soon as that is known; [`Error::BadBody`] where it breaks off or takes too long.
pub async fn whole<B>(limits: &Limits, headers: &HeaderMap, body: B) -> Result<Bytes, Error>
where
    B: Body<Data = Bytes>,
    B::Error: std::fmt::Display,
{
    check_length(limits, headers)?;
    let body = body.map_err(|error| BodyError(error.to_string()));
    let limited = std::pin::pin!(Limited::new(body, limits.request_bytes_max));
    let collected = tokio::time::timeout(limits.request_timeout, limited.collect()).await;
    match collected {
        Err(_) => Err(too_slow(limits.request_timeout)),
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => Err(too_large(limits)),
        Ok(Err(error)) => Err(Error::BadBody(format!("the request's body broke off: {error}"))),
    }
}

/// A request to read a document: JSON, or a form that is made into it.
///
/// # Errors
/// As [`whole`], and [`Error::BadBody`] where a form is none or has no file.
pub async fn document<B>(limits: &Limits, headers: &HeaderMap, body: B) -> Result<Bytes, Error>
where
    B: Body<Data = Bytes>,
    B::Error: std::fmt::Display,
{
    let bytes = whole(limits, headers, body).await?;
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    if !content_type.to_ascii_lowercase().contains("multipart/form-data") {
        return Ok(bytes);
    }
    let boundary = multipart::boundary(content_type).map_err(|error| Error::BadBody(error.to_string()))?;
    ocr::from_form(&boundary, &bytes).map(Bytes::from).map_err(|error| Error::BadBody(error.to_string()))
}

/// A form, read as far as needed to know its model and that it has a file.
///
/// # Errors
/// As [`whole`], and [`Error::BadBody`] where it is no form.
pub async fn upload(limits: &Limits, headers: &HeaderMap, mut body: Incoming) -> Result<Upload, Error> {
    check_length(limits, headers)?;
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    if !content_type.trim_start().to_ascii_lowercase().starts_with("multipart/form-data") {
        return Err(Error::MissingFile);
    }
    let refuse = |error: multipart::Malformed| Error::BadBody(format!("Invalid form payload: 400: {error}"));
    let boundary = multipart::boundary(content_type).map_err(refuse)?;
    let mut head = BytesMut::new();
    let mut scan_at = 0;
    loop {
        let frame = tokio::time::timeout(limits.request_timeout, body.frame());
        let frame = frame.await.map_err(|_| too_slow(limits.request_timeout))?;
        let ended = frame.is_none();
        if let Some(frame) = frame {
            let frame = frame.map_err(|error| Error::BadBody(format!("the request's body broke off: {error}")))?;
            head.extend_from_slice(frame.data_ref().unwrap_or(&Bytes::new()));
        }
        if head.len() > limits.request_bytes_max {
            return Err(too_large(limits));
        }
        // Each look walks everything from the start, so the next one waits until there is twice as much.
        if head.len() < scan_at && !ended {
            continue;
        }
        scan_at = head.len() * 2;
        let form = match multipart::scan(&boundary, &head).map_err(refuse)? {
            Progress::Ready(form) | Progress::Ended(form) => form,
            Progress::NeedMore if ended => return Err(Error::MissingFile),
            Progress::NeedMore => continue,
        };
        let left = limits.request_bytes_max - head.len();
        let rest = Limited::new(body, left).map_err(|error| BodyError(error.to_string()));
        let length_bytes = content_length(headers);
        let rest = RequestBody::Streamed(rest.boxed_unsync());
        return Ok(Upload { boundary, head: head.freeze(), form, rest: rest.into(), length_bytes });
    }
}

/// A body of any kind, as [`upload`] takes it.
pub fn boxed<B>(body: B) -> Incoming
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: std::fmt::Display,
{
    let body: Pin<Box<B>> = Box::pin(body);
    body.map_err(|error| BodyError(error.to_string())).boxed_unsync()
}

pub fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Refuses before a byte is read what says itself that it is too long.
pub fn check_length(limits: &Limits, headers: &HeaderMap) -> Result<(), Error> {
    let over = content_length(headers).is_some_and(|length| length > limits.request_bytes_max as u64);
    if over { Err(too_large(limits)) } else { Ok(()) }
}

fn too_large(limits: &Limits) -> Error {
    Error::BodyTooLarge { limit_mb: limits.request_bytes_max as f64 / (1024.0 * 1024.0) }
}

fn too_slow(timeout: Duration) -> Error {
    Error::BadBody(format!("the request's body did not arrive within {} s", timeout.as_secs()))
}
