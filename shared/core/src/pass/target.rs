//! The address of a passed-on request: a fixed base, and below it the path that the caller asked for.
//!
//! Whatever the caller writes, scheme, host and the base's own path stay as the operator set them: only bytes of a
//! path are ever added. Knows no provider.

use http::Uri;
use http::uri::PathAndQuery;

use crate::Error;

/// How often a path is decoded in search of a way up: a server behind a proxy decodes once for each of them.
const DECODINGS: usize = 4;

/// An address that requests are sent below.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base {
    origin: Uri,
    /// Without a slash at its end.
    path: String,
    query: Option<String>,
}

impl Base {
    /// Reads an operator's address.
    ///
    /// # Errors
    /// The reason, where it is no address of http or https, or holds a user's name.
    pub fn parse(text: &str) -> Result<Self, String> {
        let uri: Uri = text.parse().map_err(|_| "is no address".to_owned())?;
        let is_http = matches!(uri.scheme_str(), Some("http" | "https"));
        let host = uri.host().filter(|host| !host.is_empty());
        let Some(authority) = uri.authority().filter(|_| is_http && host.is_some()) else {
            return Err("is no http or https address: write it with its scheme".to_owned());
        };
        if authority.as_str().contains('@') {
            return Err("holds a user's name: put it into a header".to_owned());
        }
        let path = uri.path().trim_end_matches('/').to_owned();
        Ok(Self { path, query: uri.query().map(str::to_owned), origin: uri })
    }

    /// The query that the operator wrote.
    pub fn query(&self) -> Option<&str> {
        self.query.as_deref()
    }

    /// The path that the operator wrote, without a slash at its end.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether this host is meant, on whatever port.
    pub fn is_at(&self, host: &str) -> bool {
        self.origin.host() == Some(host)
    }

    /// The same base with another path.
    pub fn with_path(&self, path: &str) -> Self {
        Self { path: path.trim_end_matches('/').to_owned(), ..self.clone() }
    }

    /// The address of `rest` below the base; `rest` is percent-encoded and may be empty.
    ///
    /// # Errors
    /// [`Error::PathEscapes`] where `rest` could lead out of the base on any server that decodes it.
    pub fn below(&self, rest: &str, query: Option<&str>) -> Result<Uri, Error> {
        let rest = below(rest)?;
        let path = format!("{}{rest}", self.path);
        let path = if path.is_empty() { "/" } else { path.as_str() };
        self.address(path, query)
    }

    /// The base itself, as the operator wrote it.
    ///
    /// # Errors
    /// [`Error::PathEscapes`] where the query cannot be sent.
    pub fn exactly(&self, query: Option<&str>) -> Result<Uri, Error> {
        self.address(self.origin.path(), query)
    }

    fn address(&self, path: &str, query: Option<&str>) -> Result<Uri, Error> {
        let text = match query.filter(|query| !query.is_empty()) {
            Some(query) => format!("{path}?{query}"),
            None => path.to_owned(),
        };
        let mut parts = self.origin.clone().into_parts();
        parts.path_and_query = Some(PathAndQuery::try_from(text).map_err(|_| Error::PathEscapes)?);
        Uri::from_parts(parts).map_err(|_| Error::PathEscapes)
    }
}

/// The path with one slash before each of its segments; a slash at its end is kept, for servers tell them apart.
///
/// Empty segments are left out as LiteLLM does. A segment that means "up" or "here" is refused, however it is
/// encoded: LiteLLM resolves it, but what a provider makes of `%252e%252e` nobody knows.
fn below(rest: &str) -> Result<String, Error> {
    refuse_ways_out(rest)?;
    let mut path = String::with_capacity(rest.len() + 1);
    for segment in rest.split('/').filter(|segment| !segment.is_empty()) {
        path.push('/');
        path.push_str(segment);
    }
    if rest.ends_with('/') && !path.is_empty() {
        path.push('/');
    }
    Ok(path)
}

fn refuse_ways_out(rest: &str) -> Result<(), Error> {
    let mut bytes = rest.as_bytes().to_vec();
    for _ in 0..DECODINGS {
        let is_foul = |byte: &u8| byte.is_ascii_control() || *byte == b'\\';
        let is_way = |segment: &[u8]| matches!(segment.split(|byte| *byte == b';').next(), Some(b"." | b".."));
        // A question or number sign that only decoding brings to light would end the path elsewhere: no harm.
        if bytes.iter().any(is_foul) || bytes.split(|byte| *byte == b'/').any(is_way) {
            return Err(Error::PathEscapes);
        }
        let decoded = decode(&bytes);
        if decoded == bytes {
            return Ok(());
        }
        bytes = decoded;
    }
    Err(Error::PathEscapes)
}

/// Percent-decoding, once; what is no escape stays.
pub fn decode(bytes: &[u8]) -> Vec<u8> {
    let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let pair = (bytes[at] == b'%').then(|| Some((digit(bytes.get(at + 1))?, digit(bytes.get(at + 2))?)));
        match pair.flatten() {
            Some((high, low)) => {
                decoded.push((high * 16 + low) as u8);
                at += 3;
            }
            None => {
                decoded.push(bytes[at]);
                at += 1;
            }
        }
    }
    decoded
}

/// The query without the pairs of this name; `None` where nothing is left.
pub fn without(query: Option<&str>, name: &str) -> Option<String> {
    let pairs = query?.split('&').filter(|pair| !pair.is_empty() && !is_named(pair, name));
    let left: Vec<&str> = pairs.collect();
    (!left.is_empty()).then(|| left.join("&"))
}

/// Whether the query has a pair of this name.
pub fn has(query: Option<&str>, name: &str) -> bool {
    query.is_some_and(|query| query.split('&').any(|pair| is_named(pair, name)))
}

/// The query with one more pair at its end.
pub fn with(query: Option<&str>, name: &str, value: &str) -> String {
    let pair = format!("{}={}", encode(name), encode(value));
    match query.filter(|query| !query.is_empty()) {
        Some(query) => format!("{query}&{pair}"),
        None => pair,
    }
}

/// The pairs of `first`, then those of `second` whose names `first` does not have.
pub fn merged(first: Option<&str>, second: Option<&str>) -> Option<String> {
    let mut query = first.unwrap_or_default().to_owned();
    for pair in second.unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
        if !has(first, &name_of(pair)) {
            if !query.is_empty() {
                query.push('&');
            }
            query.push_str(pair);
        }
    }
    (!query.is_empty()).then_some(query)
}

fn is_named(pair: &str, name: &str) -> bool {
    name_of(pair) == name
}

fn name_of(pair: &str) -> String {
    let name = pair.split('=').next().unwrap_or_default().replace('+', " ");
    String::from_utf8_lossy(&decode(name.as_bytes())).into_owned()
}

/// Percent-encoding of everything that is not unreserved (RFC 3986).
pub fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(char::from(byte)),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests;
