//! Management calls: from a request to the core's words, and back.
//!
//! Knows bodies and queries; what they mean is the core's business.

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderName, HeaderValue, Response, StatusCode};
use serde_json::{Value, json};
use tollgate_core::denial::Denial;
use tollgate_core::govern::authorise::Entry;
use tollgate_core::manage::{self, Answer, Handler, Request};
use tollgate_core::{App, Error};

use crate::routes::{self, Route};
use crate::{GatewayBody, decode, read};

/// Parameters that one query may have.
const PARAMETERS_MAX: usize = 100;

/// Serves one management call of whoever has come in.
///
/// # Errors
/// The refusal.
pub async fn serve<B>(
    app: &App,
    entry: Entry,
    (route, handler): (&'static Route, Handler),
    head: &Parts,
    body: B,
) -> Result<Response<GatewayBody>, Error>
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: std::fmt::Display,
{
    let bytes = read::whole(&app.limits, &head.headers, body).await?;
    let body = parse(&bytes)?;
    let places = routes::places(route.path, head.uri.path()).unwrap_or_default();
    let changed_by = head.headers.get("litellm-changed-by").and_then(|value| value.to_str().ok());
    let request = Request {
        caller: entry.caller().clone(),
        method: head.method.clone(),
        path: head.uri.path().to_owned(),
        places: places.into_iter().map(|(name, value)| (name, decode(value))).collect(),
        query: parameters(head.uri.query()),
        body,
        changed_by: changed_by.map(str::to_owned),
    };
    let Answer { status, body } = manage::serve(app, entry, handler, request).await?;
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    // An answer without content has no body at all, not even a null.
    let body = if status == StatusCode::NO_CONTENT { Vec::new() } else { body.to_string().into_bytes() };
    Ok(crate::json(status, body))
}

fn parse(bytes: &[u8]) -> Result<Value, Error> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Ok(Value::Null);
    }
    serde_json::from_slice(bytes).map_err(|error| {
        let lines = bytes.split_inclusive(|byte| *byte == b'\n');
        let before: usize = lines.take(error.line().saturating_sub(1)).map(<[u8]>::len).sum();
        let fault =
            json!({ "type": "json_invalid", "loc": ["body", before + error.column()], "msg": "JSON decode error" });
        Denial::detail(422, json!([fault])).into()
    })
}

pub fn parameters(query: Option<&str>) -> Vec<(String, String)> {
    let pairs = query.unwrap_or_default().split('&').take(PARAMETERS_MAX).filter(|pair| !pair.is_empty());
    let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs.map(|(name, value)| (decode(name), decode(&value.replace('+', " ")))).collect()
}

/// Puts a refusal's own headers into its answer.
pub fn decorate(answer: &mut Response<GatewayBody>, error: &Error) {
    let Error::Denied(denial) = error else { return };
    for (name, value) in &denial.headers {
        if let Ok(value) = HeaderValue::try_from(value) {
            answer.headers_mut().insert(HeaderName::from_static(name), value);
        }
    }
}

#[cfg(test)]
mod tests;
