//! A class and its sentence, before status, type and parameter are settled. Knows no provider.

use std::borrow::Cow;

use serde_json::Value;

use super::origin::Origin;
use super::said::Said;
use super::{Failure, FailureClass, kind_of_status, leaves_kind_null};

/// What the rules of a provider found.
pub(super) struct Mapped {
    pub class: FailureClass,
    /// The sentence after `litellm.<Class>: `.
    pub text: String,
    pub status: u16,
    /// The error object whose type and parameter the client sees too.
    pub carried: Option<Value>,
    pub provider_specific_fields: Option<Value>,
    prefixed: bool,
}

impl Mapped {
    pub fn new(class: FailureClass, status: u16, text: String) -> Self {
        Self { class, text, status, carried: None, provider_specific_fields: None, prefixed: true }
    }

    pub fn carrying(mut self, said: &Said) -> Self {
        self.carried.clone_from(&said.body);
        self
    }

    /// The provider says that it ran out of time, whatever its status.
    pub fn timed_out(said: &Said) -> Self {
        let text = format!("APITimeoutError - Request timed out. Error_str: {}", said.words);
        Self::new(FailureClass::Timeout, 408, text)
    }

    /// Moderations bypass every rule: the words stand alone, and the error object is carried.
    pub fn bare(said: &Said) -> Self {
        let status = said.status.unwrap_or(500);
        let mut mapped = Self::new(FailureClass::Other, status, said.words.clone());
        mapped.prefixed = false;
        mapped.carried.clone_from(&said.body);
        mapped
    }

    pub fn finish(self, origin: &Origin, said: &Said) -> Failure {
        let message = if self.prefixed { format!("{}{}", self.class.prefix(), self.text) } else { self.text.clone() };
        let status = if (400..600).contains(&self.status) { self.status } else { 500 };
        let kind = self.kind(origin, said, status);
        let param = self.carried.as_ref().and_then(|body| body.get("param")?.as_str().map(str::to_owned));
        Failure {
            class: self.class,
            // LiteLLM's own refusals for want of a deployment are 429, and it knows them by their words.
            status: if no_deployment(&message) { 429 } else { status },
            message,
            kind,
            param,
            provider_specific_fields: self.provider_specific_fields.map(Box::new),
        }
    }

    fn kind(&self, origin: &Origin, said: &Said, status: u16) -> Option<Cow<'static, str>> {
        let own = if self.prefixed { self.class.kind() } else { None };
        let carried = || Some(Cow::Owned(self.carried.as_ref()?.get("type")?.as_str()?.to_owned()));
        let usual = || {
            let null = leaves_kind_null(origin.operation) || said.in_stream;
            (!null).then(|| Cow::Borrowed(kind_of_status(status)))
        };
        own.map(Cow::Borrowed).or_else(carried).or_else(usual)
    }
}

fn no_deployment(message: &str) -> bool {
    message.contains("No healthy deployment available") || message.contains("No deployments available")
}
