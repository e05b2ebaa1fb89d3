//! Who serves a Claude model, and under which name its facts are looked up.
//!
//! Anthropic itself or one of three clouds; each takes Anthropic's messages with small changes. Knows no request.

use crate::prepare::Settings;

/// Who serves the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Host {
    /// Anthropic's own interface.
    Anthropic,
    /// Microsoft Foundry (`azure_ai`).
    Azure,
    /// Google's Vertex AI, at `rawPredict`.
    Vertex,
    /// Amazon Bedrock, at `invoke`.
    Bedrock,
}

impl Host {
    /// The provider's name in LiteLLM's model map and in its errors.
    pub const fn provider(self) -> &'static str {
        match self {
            Self::Anthropic => "anthropic",
            Self::Azure => "azure_ai",
            Self::Vertex => "vertex_ai",
            Self::Bedrock => "bedrock",
        }
    }

    /// Who serves the model of these settings, where it is a Claude model behind Anthropic's messages. Bedrock has
    /// several interfaces and decides itself.
    pub fn of(settings: &Settings) -> Option<Self> {
        let is_claude = || settings.model.to_ascii_lowercase().contains("claude");
        match settings.provider.name {
            "anthropic" => Some(Self::Anthropic),
            "azure_ai" if is_claude() => Some(Self::Azure),
            "vertex_ai" if is_claude() => Some(Self::Vertex),
            _ => None,
        }
    }

    /// Whether lines that Claude Code adds for Anthropic's bookkeeping are taken out of the system prompt.
    pub const fn strips_billing_lines(self) -> bool {
        !matches!(self, Self::Anthropic)
    }

    /// Whether images have to be sent as bytes, because the host fetches none.
    pub const fn inlines_images(self) -> bool {
        matches!(self, Self::Vertex | Self::Bedrock)
    }
}
