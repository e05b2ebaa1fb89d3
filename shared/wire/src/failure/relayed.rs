//! A failure of a resource call (files, batches, vector stores): the sentence of OpenAI's own client.
//!
//! LiteLLM lets that client's error through, without a class before it and without a word on fallbacks.

use std::borrow::Cow;

use serde_json::Value;

use super::{Failure, FailureClass, kind_of_status};
use crate::python;

impl Failure {
    /// The provider answered a resource call with a status that is no success.
    pub fn relayed(status: u16, body: &[u8]) -> Self {
        let said = serde_json::from_slice::<Value>(body).ok();
        let message = match &said {
            Some(value) => format!("Error code: {status} - {}", python::repr(value)),
            None if body.trim_ascii().is_empty() => format!("Error code: {status}"),
            None => String::from_utf8_lossy(body).into_owned(),
        };
        let error = said.as_ref().map(|value| value.get("error").unwrap_or(value));
        let text = |name| error.and_then(|error| error.get(name)).and_then(Value::as_str).map(str::to_owned);
        // A redirect is not followed and is no answer either.
        let status = if status >= 400 { status } else { 502 };
        let kind = text("type").map_or(Cow::Borrowed(kind_of_status(status)), Cow::Owned);
        let param = text("param");
        Self {
            class: FailureClass::BadRequest,
            status,
            message,
            kind: Some(kind),
            param,
            provider_specific_fields: None,
        }
    }

    /// As [`Failure::relayed`], of a provider that LiteLLM asks by itself: the answer's text is the sentence.
    pub fn in_its_words(status: u16, body: &[u8]) -> Self {
        let failure = Self::relayed(status, body);
        let text = String::from_utf8_lossy(body.trim_ascii());
        if text.is_empty() { failure } else { Self { message: text.into_owned(), ..failure } }
    }
}

#[cfg(test)]
mod tests;
