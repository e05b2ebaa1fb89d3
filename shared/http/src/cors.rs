//! Cross-origin requests from browsers, answered as LiteLLM answers them: any origin, no cookies.

use http::header::{self, HeaderMap, HeaderValue};
use http::{Method, Request, Response, StatusCode};

use crate::GatewayBody;

const METHODS: &str = "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT";
const METHODS_KNOWN: [&str; 7] = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];

/// The answer to a browser's question before its request; `None` where this is none.
pub fn preflight<B>(request: &Request<B>) -> Option<Response<GatewayBody>> {
    let headers = request.headers();
    if request.method() != Method::OPTIONS || !headers.contains_key(header::ORIGIN) {
        return None;
    }
    let method = headers.get(header::ACCESS_CONTROL_REQUEST_METHOD)?;
    let known = METHODS_KNOWN.iter().any(|known| method.as_bytes() == known.as_bytes());
    let text = if known { "OK" } else { "Disallowed CORS method" };
    let mut answer = Response::new(GatewayBody::from(text.as_bytes().to_vec()));
    *answer.status_mut() = if known { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    let out = answer.headers_mut();
    out.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    out.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(METHODS));
    out.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    if let Some(wanted) = headers.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
        out.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, wanted.clone());
    }
    Some(answer)
}

/// Lets a page of any origin read the answer.
pub fn allow(headers: &mut HeaderMap) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
}
