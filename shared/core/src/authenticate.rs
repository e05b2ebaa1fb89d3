//! Authentication: who is calling?
//!
//! Knows headers and the master key only. Every route that is not public passes here.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, HeaderMap, HeaderName};

use crate::{Error, Secret};

/// The headers that may hold a key, in LiteLLM's order of precedence, after `x-litellm-api-key` and `Authorization`.
static PLAIN_HEADERS: [HeaderName; 4] = [
    HeaderName::from_static("api-key"),
    HeaderName::from_static("x-api-key"),
    HeaderName::from_static("x-goog-api-key"),
    HeaderName::from_static("ocp-apim-subscription-key"),
];
static LITELLM_HEADER: HeaderName = HeaderName::from_static("x-litellm-api-key");
const SCHEMES: [&str; 3] = ["Bearer ", "bearer ", "Basic "];
/// Stands above all others on the routes of providers' own APIs.
static PASS_THROUGH_HEADER: HeaderName = HeaderName::from_static("litellm_user_api_key");
static GOOGLE_HEADER: HeaderName = HeaderName::from_static("x-goog-api-key");
/// Amazon's SDKs sign with the key as their access key.
const AMAZON_SCHEME: &str = "AWS4-HMAC-SHA256";
const AMAZON_CREDENTIAL: &str = "Credential=";

/// The kind of route that a request came to: some take a key where others have none.
#[derive(Clone, Copy, Debug, Default)]
pub enum Door<'a> {
    #[default]
    Plain,
    /// A provider's own API.
    PassThrough,
    /// Google's own API, whose clients send a key as `?key=` or `x-goog-api-key`.
    Google { query: Option<&'a str> },
    /// An operator's route, whose callers may show the key in this header.
    Operator { header: Option<&'a HeaderName> },
    /// An operator's route for clients of Langfuse: the key is the name of HTTP's basic scheme.
    BasicName,
}

/// Who may pass.
#[derive(Debug)]
pub enum Gatekeeper {
    /// Holders of the master key.
    MasterKey {
        key: Secret,
        /// `general_settings.litellm_key_header_name`: the only header looked at, if given.
        header: Option<HeaderName>,
    },
    /// Anyone: the operator has permitted it in so many words.
    Open,
}

impl Gatekeeper {
    /// Whether everybody may pass.
    pub const fn is_open(&self) -> bool {
        matches!(self, Self::Open)
    }

    /// Whether this is the master key; compared in constant time.
    pub fn is_master(&self, presented: &str) -> bool {
        match self {
            Self::MasterKey { key, .. } => key.matches(presented),
            Self::Open => true,
        }
    }

    /// The key that the caller shows, whether it is known or not: it must go to nobody else.
    ///
    /// # Errors
    /// [`Error::MissingKey`] or [`Error::MalformedKey`]; the former always where anyone may pass.
    pub fn presented<'a>(&self, door: Door<'a>, headers: &'a HeaderMap) -> Result<Cow<'a, str>, Error> {
        let Self::MasterKey { header, .. } = self else { return Err(Error::MissingKey) };
        match header {
            Some(name) => strip_scheme(text_of(headers, name).ok_or(Error::MissingKey)?).map(Cow::Borrowed),
            None => presented_at(door, headers),
        }
    }

    /// `general_settings.litellm_key_header_name`, if it is given.
    pub const fn key_header(&self) -> Option<&HeaderName> {
        match self {
            Self::MasterKey { header, .. } => header.as_ref(),
            Self::Open => None,
        }
    }
}

fn presented_at<'a>(door: Door<'a>, headers: &'a HeaderMap) -> Result<Cow<'a, str>, Error> {
    let plain = || presented_key(headers).map(Cow::Borrowed);
    let of = |name| text_of(headers, name).map(Cow::Borrowed);
    match door {
        Door::Plain => plain(),
        Door::PassThrough => of(&PASS_THROUGH_HEADER).map_or_else(plain, Ok),
        Door::Google { query } => {
            let own = of(&PASS_THROUGH_HEADER).or_else(|| text_of(headers, &LITELLM_HEADER).map(bare));
            own.or_else(|| key_in(query)).or_else(|| of(&GOOGLE_HEADER)).map_or_else(plain, Ok)
        }
        Door::Operator { header } => header.and_then(of).map_or_else(plain, Ok),
        Door::BasicName => plain().map(|text| basic_name(&text).map_or(text, Cow::Owned)),
    }
}

fn bare(text: &str) -> Cow<'_, str> {
    Cow::Borrowed(strip_scheme(text).unwrap_or(text))
}

/// The query's `key`, decoded.
fn key_in(query: Option<&str>) -> Option<Cow<'_, str>> {
    let value = query?.split('&').find_map(|pair| pair.strip_prefix("key="))?;
    let decoded = String::from_utf8(crate::pass::decode(value.as_bytes())).ok()?;
    (!decoded.is_empty()).then_some(Cow::Owned(decoded))
}

/// The name in HTTP's basic scheme (RFC 7617).
fn basic_name(text: &str) -> Option<String> {
    let pair = String::from_utf8(STANDARD.decode(text.trim()).ok()?).ok()?;
    Some(pair.split(':').next()?.to_owned())
}

fn presented_key(headers: &HeaderMap) -> Result<&str, Error> {
    if let Some(text) = text_of(headers, &LITELLM_HEADER) {
        return Ok(strip_scheme(text).unwrap_or(text));
    }
    if let Some(text) = text_of(headers, &AUTHORIZATION) {
        return strip_scheme(text);
    }
    PLAIN_HEADERS.iter().find_map(|name| text_of(headers, name)).ok_or(Error::MissingKey)
}

/// The header's text; `None` where it is absent or empty.
///
/// A header given twice, or not in ASCII, can match no key: it reads as one that never does.
fn text_of<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let first = values.next()?;
    if values.next().is_some() {
        return Some("Bearer \u{0}");
    }
    let text = first.to_str().unwrap_or("Bearer \u{0}");
    (!text.is_empty()).then_some(text)
}

fn strip_scheme(text: &str) -> Result<&str, Error> {
    if let Some(signature) = text.strip_prefix(AMAZON_SCHEME) {
        let (_, credential) = signature.split_once(AMAZON_CREDENTIAL).ok_or(Error::MalformedKey)?;
        let credential = credential.strip_prefix("Bearer ").unwrap_or(credential).trim_start();
        return Ok(credential.split(['/', ',', ' ']).next().unwrap_or_default());
    }
    SCHEMES.iter().find_map(|scheme| text.strip_prefix(scheme)).ok_or(Error::MalformedKey)
}

#[cfg(test)]
mod tests;
