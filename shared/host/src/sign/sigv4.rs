//! AWS Signature Version 4: shows that the sender knows a secret key, without sending it.
//!
//! By AWS's documentation, "Create a signed AWS API request". Pure: time and keys are handed in.

use std::time::SystemTime;

use http::request::Parts;
use http::{HeaderMap, HeaderName, Uri, header};
use ring::{digest, hmac};
use tollgate_core::sign::{AwsKeys, SignError};

use super::form::escape;
use super::instant;
use super::outside::header_value;

const DATE: HeaderName = HeaderName::from_static("x-amz-date");
const CONTENT: HeaderName = HeaderName::from_static("x-amz-content-sha256");
/// The service that wants to be told the body's digest, and takes objects' names as they are.
const S3: &str = "s3";
const TOKEN: HeaderName = HeaderName::from_static("x-amz-security-token");

/// What a signature is valid for.
pub struct Scope<'a> {
    pub service: &'a str,
    pub region: &'a str,
    pub now: SystemTime,
}

/// Adds `authorization`, `x-amz-date`, `host` and, with temporary keys, `x-amz-security-token`; for S3 `x-amz-content-sha256` too.
///
/// Signed are `host`, `content-type`, `date` and every `x-amz-…` header; proxies may touch the others.
///
/// # Errors
/// When a key cannot be sent in a header.
pub fn sign(head: &mut Parts, body: &[u8], keys: &AwsKeys, scope: &Scope<'_>) -> Result<(), SignError> {
    let moment = instant::compact(scope.now);
    head.headers.remove(header::AUTHORIZATION);
    head.headers.insert(header::HOST, header_value(&host(&head.uri))?);
    head.headers.insert(DATE, header_value(&moment)?);
    if let Some(token) = &keys.session_token {
        head.headers.insert(TOKEN, header_value(token.expose())?);
    }
    let is_s3 = scope.service == S3;
    if is_s3 {
        head.headers.insert(CONTENT, header_value(&sha256(body))?);
    }
    // S3 signs a path as it is sent; every other service encodes it once more.
    let path = if is_s3 { head.uri.path().to_owned() } else { path(head.uri.path()) };
    let (names, canonical) = canonical(head, &path, body);
    let place = place(&moment, scope);
    let signature = signature(&moment, &place, &canonical, keys);
    let shown =
        format!("AWS4-HMAC-SHA256 Credential={}/{place}, SignedHeaders={names}, Signature={signature}", keys.id);
    head.headers.insert(header::AUTHORIZATION, header_value(&shown)?);
    Ok(())
}

/// The address of a database of RDS that its user may connect to for 15 minutes, without its scheme: what is shown as
/// the password.
pub fn presign_connect(host: &str, user: &str, keys: &AwsKeys, scope: &Scope<'_>) -> String {
    let moment = instant::compact(scope.now);
    let place = place(&moment, scope);
    let mut pairs = vec![
        ("Action", "connect".to_owned()),
        ("DBUser", escape(user)),
        ("X-Amz-Algorithm", "AWS4-HMAC-SHA256".to_owned()),
        ("X-Amz-Credential", escape(&format!("{}/{place}", keys.id))),
        ("X-Amz-Date", moment.clone()),
        ("X-Amz-Expires", "900".to_owned()),
        ("X-Amz-SignedHeaders", "host".to_owned()),
    ];
    pairs.extend(keys.session_token.as_ref().map(|token| ("X-Amz-Security-Token", escape(token.expose()))));
    pairs.sort_unstable();
    let pairs: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let query = pairs.join("&");
    let canonical = format!("GET\n/\n{query}\nhost:{host}\n\nhost\n{}", sha256(b""));
    format!("{host}/?{query}&X-Amz-Signature={}", signature(&moment, &place, &canonical, keys))
}

fn place(moment: &str, scope: &Scope<'_>) -> String {
    format!("{}/{}/{}/aws4_request", moment.get(..8).unwrap_or_default(), scope.region, scope.service)
}

/// The signature of a request in its canonical form.
fn signature(moment: &str, place: &str, canonical: &str, keys: &AwsKeys) -> String {
    let text = format!("AWS4-HMAC-SHA256\n{moment}\n{place}\n{}", sha256(canonical.as_bytes()));
    let mut key = format!("AWS4{}", keys.secret.expose()).into_bytes();
    for part in place.split('/') {
        key = hmac_sha256(&key, part.as_bytes());
    }
    hex(&hmac_sha256(&key, text.as_bytes()))
}

/// The names of the signed headers, and the request in the form that is signed.
fn canonical(head: &Parts, path: &str, body: &[u8]) -> (String, String) {
    let headers = signed_headers(&head.headers);
    let names: Vec<&str> = headers.iter().map(|(name, _)| name.as_str()).collect();
    let names = names.join(";");
    let lines: String = headers.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
    let query = query(head.uri.query().unwrap_or_default());
    let canonical = format!("{}\n{path}\n{query}\n{lines}\n{names}\n{}", head.method, sha256(body));
    (names, canonical)
}

/// Sorted by name; several values of one name are joined, and white space is one space.
fn signed_headers(headers: &HeaderMap) -> Vec<(String, String)> {
    let is_signed = |name: &HeaderName| {
        matches!(*name, header::HOST | header::CONTENT_TYPE | header::DATE) || name.as_str().starts_with("x-amz-")
    };
    let mut signed = Vec::new();
    for name in headers.keys().filter(|name| is_signed(name)) {
        let values: Vec<String> = headers.get_all(name).iter().map(|value| squeeze(value.as_bytes())).collect();
        signed.push((name.as_str().to_owned(), values.join(",")));
    }
    signed.sort_unstable();
    signed
}

fn squeeze(value: &[u8]) -> String {
    String::from_utf8_lossy(value).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The path as it is sent, without dot segments and empty ones, encoded once more.
fn path(path: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            segment => segments.push(segment),
        }
    }
    let is_folder = path.ends_with('/') && !segments.is_empty();
    let encoded: Vec<String> = segments.iter().map(|segment| escape(segment)).collect();
    format!("/{}{}", encoded.join("/"), if is_folder { "/" } else { "" })
}

/// The query as it is sent, sorted.
fn query(query: &str) -> String {
    let mut pairs: Vec<(&str, &str)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .collect();
    pairs.sort_unstable();
    let pairs: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join("&")
}

/// The `Host` that the connection will send: a port is named where it is not the scheme's own.
fn host(uri: &Uri) -> String {
    let name = uri.host().unwrap_or_default();
    let own = if uri.scheme_str() == Some("http") { 80 } else { 443 };
    match uri.port_u16() {
        Some(port) if port != own => format!("{name}:{port}"),
        _ => name.to_owned(),
    }
}

fn hmac_sha256(key: &[u8], text: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text).as_ref().to_vec()
}

fn sha256(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, bytes).as_ref())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
