//! Authentication: who is calling?
//!
//! Knows headers and the master key only. Every route that is not public passes here.

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

/// An authenticated caller. Only [`Gatekeeper::authenticate`] makes one.
#[derive(Clone, Copy, Debug)]
pub struct Caller {
    _made_here: (),
}

impl Gatekeeper {
    /// Finds the key in the headers and compares it in constant time.
    ///
    /// # Errors
    /// [`Error::MissingKey`], [`Error::MalformedKey`] or [`Error::UnknownKey`], as LiteLLM without a database.
    pub fn authenticate(&self, headers: &HeaderMap) -> Result<Caller, Error> {
        let Self::MasterKey { key, header } = self else {
            return Ok(Caller { _made_here: () });
        };
        let presented = match header {
            Some(name) => strip_scheme(text_of(headers, name).ok_or(Error::MissingKey)?)?,
            None => presented_key(headers)?,
        };
        if key.matches(presented) { Ok(Caller { _made_here: () }) } else { Err(Error::UnknownKey) }
    }
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
    SCHEMES.iter().find_map(|scheme| text.strip_prefix(scheme)).ok_or(Error::MalformedKey)
}

#[cfg(test)]
mod tests;
