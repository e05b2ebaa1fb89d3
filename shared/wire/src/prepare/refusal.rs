//! Why a request cannot be sent as it stands. Knows no HTTP and no provider's answer.

use crate::Operation;

/// A refusal before anything is sent. The client gets status 400.
///
/// The texts are LiteLLM's where clients read them; see [`Refusal::class`] for the prefix it puts before them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The provider or model does not take these parameters, or not with this value.
    #[error("{message}")]
    UnsupportedParameters { message: String },
    /// The request contradicts itself or cannot be expressed for this provider.
    #[error("{message}")]
    BadRequest { message: String },
    #[error(
        "provider `{provider}` is known but not translated yet: use another provider or its OpenAI-compatible address"
    )]
    Untranslated { provider: &'static str },
    #[error("provider `{provider}` does not offer `{}`: send it to another deployment", operation.name())]
    NotOffered { provider: &'static str, operation: Operation },
}

impl Refusal {
    /// LiteLLM's exception of the same meaning, as it begins its error messages: `litellm.<class>: …`.
    pub const fn class(&self) -> &'static str {
        match self {
            Self::UnsupportedParameters { .. } => "UnsupportedParamsError",
            Self::BadRequest { .. } | Self::Untranslated { .. } | Self::NotOffered { .. } => "BadRequestError",
        }
    }

    pub(crate) fn unsupported(message: impl Into<String>) -> Self {
        Self::UnsupportedParameters { message: message.into() }
    }

    pub(crate) fn bad(message: impl Into<String>) -> Self {
        Self::BadRequest { message: message.into() }
    }
}
