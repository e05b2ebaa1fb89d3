//! A refusal in LiteLLM's words: by key, role, budget or limit, or of what a management call asks for.
//!
//! Says what clients parse: status, type, param, sentence. Decides nothing and renders nothing.

use std::borrow::Cow;

use serde_json::{Value, json};

use crate::govern::limits::Kind;

/// Why a caller does not get what it asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Denial {
    pub status: u16,
    /// LiteLLM's `type`.
    pub kind: &'static str,
    pub param: Option<Cow<'static, str>>,
    pub message: String,
    pub form: Form,
    /// Whose budget or limit is used up, where that is the reason.
    pub full: Option<Kind>,
    /// Further headers of the answer.
    pub headers: Vec<(&'static str, String)>,
}

/// Which of LiteLLM's two shapes the body has.
#[derive(Clone, Debug, PartialEq)]
pub enum Form {
    /// `{"error":{"message","type","param","code"}}`.
    Envelope,
    /// The same without `param` and `code`: what LiteLLM answers where a handler has failed before it began.
    Broken,
    /// `{"detail":…}`, as LiteLLM's framework answers by itself.
    Detail(Value),
}

impl Denial {
    pub fn new(status: u16, kind: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            kind,
            param: None,
            message: message.into(),
            form: Form::Envelope,
            full: None,
            headers: Vec::new(),
        }
    }

    /// Who calls is not known, or may not do this: LiteLLM's `auth_error`, whose `param` is the text `None`.
    pub fn auth(status: u16, message: impl Into<String>) -> Self {
        Self::new(status, "auth_error", message).about("None")
    }

    /// The same with the status 401, which LiteLLM says once more in the sentence.
    pub fn unauthenticated(message: &str) -> Self {
        Self::auth(401, format!("Authentication Error, {message}"))
    }

    /// A management call failed in a handler of LiteLLM's: type `internal_server_error`, whatever the status.
    pub fn management(status: u16, message: impl Into<String>) -> Self {
        Self::new(status, "internal_server_error", message)
    }

    /// The same, where the handler raised a map: the message is how Python writes it.
    pub fn management_error(status: u16, error: &str) -> Self {
        Self::management(status, format!("{{'error': {}}}", python_text(error)))
    }

    /// A refusal that LiteLLM's framework answers: `{"detail": …}`.
    pub fn detail(status: u16, detail: Value) -> Self {
        let message = detail.as_str().map_or_else(|| detail.to_string(), str::to_owned);
        Self { form: Form::Detail(detail), ..Self::new(status, "", message) }
    }

    /// `{"detail": {"error": …}}`.
    pub fn detail_error(status: u16, error: &str) -> Self {
        Self::detail(status, json!({ "error": error }))
    }

    /// What LiteLLM answers where its handler has failed before it began.
    pub fn broken() -> Self {
        let denial = Self::management(500, "Internal server error");
        Self { form: Form::Broken, ..denial }
    }

    #[must_use]
    pub fn about(mut self, param: impl Into<Cow<'static, str>>) -> Self {
        self.param = Some(param.into());
        self
    }

    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// A text as Python writes it in a map: in single quotes, unless it has some and no double ones.
pub fn python_text(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut written = String::with_capacity(text.len() + 2);
    written.push(quote);
    for character in text.chars() {
        match character {
            '\\' => written.push_str("\\\\"),
            '\n' => written.push_str("\\n"),
            '\r' => written.push_str("\\r"),
            '\t' => written.push_str("\\t"),
            character if character == quote => written.extend(['\\', character]),
            character => written.push(character),
        }
    }
    written.push(quote);
    written
}
