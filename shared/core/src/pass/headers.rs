//! Headers of passed-on requests: which go up to the provider, and which come back.
//!
//! Follows LiteLLM's rules, and beyond them keeps the gateway's own key and what belongs to one connection to
//! itself. Knows no provider by name.

use http::header::{self, HeaderMap, HeaderName};

use super::provider::Forwards;

/// Headers of one connection (RFC 9110, 7.6.1); `Connection` may name more.
const OF_A_CONNECTION: [&str; 9] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];
/// Never sent up. Without `Accept-Encoding` the provider answers in the clear, and its usage can be read.
const NEVER_UP: [&str; 9] = [
    "host",
    "content-length",
    "expect",
    "accept-encoding",
    "cookie",
    "api-key",
    "x-goog-api-key",
    "ocp-apim-subscription-key",
    "litellm_user_api_key",
];
/// What a caller's own credential may come in, where it may bring one.
const CREDENTIALS: [&str; 2] = ["authorization", "x-api-key"];
const OWN_PREFIX: &str = "x-litellm-";
/// Describe the body, and so go wherever it goes.
const OF_THE_BODY: [&str; 4] = ["content-type", "content-encoding", "content-language", "accept"];
/// Sent up without the prefix, whatever else is.
const PASSED_PREFIX: &str = "x-pass-";
/// What `x-pass-` may not name.
const PROTECTED: [&str; 8] = [
    "authorization",
    "api-key",
    "x-api-key",
    "x-goog-api-key",
    "ocp-apim-subscription-key",
    "host",
    "content-length",
    "accept-encoding",
];
const PROTECTED_PREFIX: &str = "x-amz-";
/// Never sent back: what the gateway's server writes itself, and what speaks for the provider's host.
const NEVER_BACK: [&str; 6] =
    ["server", "date", "set-cookie", "strict-transport-security", "alt-svc", "clear-site-data"];

/// What a caller may send along.
#[derive(Clone, Copy, Debug)]
pub struct Caller<'a> {
    pub headers: &'a HeaderMap,
    /// The key shown to the gateway: no header that holds it is passed on.
    pub key: Option<&'a str>,
    /// `general_settings.litellm_key_header_name`.
    pub key_header: Option<&'a HeaderName>,
}

/// The client's headers that go up.
pub fn up(caller: Caller<'_>, forwards: Forwards) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let of_connection = named_by_connection(caller.headers);
    for (name, value) in caller.headers {
        let text = name.as_str();
        let is_own = of_connection.contains(name) || caller.key_header == Some(name);
        if is_own || is_held_back(text) || holds_key(value.as_bytes(), caller.key) {
            continue;
        }
        if let Some(passed) = text.strip_prefix(PASSED_PREFIX) {
            let passed = HeaderName::try_from(passed).ok().filter(|_| may_be_passed(passed));
            headers.extend(passed.map(|passed| (passed, value.clone())));
        } else if OF_THE_BODY.contains(&text) || is_forwarded(text, forwards) {
            headers.append(name.clone(), value.clone());
        }
    }
    headers
}

/// Whether one of the client's own credentials is among the headers that go up.
pub fn has_credential(headers: &HeaderMap) -> bool {
    CREDENTIALS.iter().any(|name| headers.contains_key(*name))
}

/// Takes the client's credentials out, for the gateway has its own.
pub fn drop_credentials(headers: &mut HeaderMap) {
    for name in CREDENTIALS {
        headers.remove(name);
    }
}

/// The provider's headers that come back.
pub fn back(provider: &HeaderMap) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(provider.len());
    let of_connection = named_by_connection(provider);
    for (name, value) in provider {
        let text = name.as_str();
        let is_kept = OF_A_CONNECTION.contains(&text) || NEVER_BACK.contains(&text) || of_connection.contains(name);
        if !is_kept && !text.starts_with(OWN_PREFIX) {
            headers.append(name.clone(), value.clone());
        }
    }
    headers
}

fn is_held_back(name: &str) -> bool {
    OF_A_CONNECTION.contains(&name) || NEVER_UP.contains(&name) || name.starts_with(OWN_PREFIX)
}

fn may_be_passed(name: &str) -> bool {
    !PROTECTED.contains(&name) && !name.starts_with(PROTECTED_PREFIX) && !is_held_back(name)
}

fn is_forwarded(name: &str, forwards: Forwards) -> bool {
    let Forwards::Only(names) = forwards else { return true };
    names.iter().any(|own| if own.ends_with('-') { name.starts_with(own) } else { name == *own })
}

fn holds_key(value: &[u8], key: Option<&str>) -> bool {
    key.filter(|key| !key.is_empty()).is_some_and(|key| memchr::memmem::find(value, key.as_bytes()).is_some())
}

fn named_by_connection(headers: &HeaderMap) -> Vec<HeaderName> {
    let values = headers.get_all(header::CONNECTION).iter().filter_map(|value| value.to_str().ok());
    let names = values.flat_map(|value| value.split(',')).filter_map(|name| HeaderName::try_from(name.trim()).ok());
    // `Connection: content-type` must not take a request's meaning away.
    names.filter(|name| !OF_THE_BODY.contains(&name.as_str()) && *name != header::CONTENT_LENGTH).collect()
}

#[cfg(test)]
mod tests;
