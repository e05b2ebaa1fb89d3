//! The kinds of call a client may make. Knows no route and no provider.

use crate::Format;

/// One kind of LLM call; LiteLLM's `call_type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    ChatCompletion,
    TextCompletion,
    Embedding,
    Moderation,
    ImageGeneration,
    Speech,
    Transcription,
    Rerank,
}

impl Operation {
    /// Every operation, in the order of the routes table.
    pub const ALL: [Self; 8] = [
        Self::ChatCompletion,
        Self::TextCompletion,
        Self::Embedding,
        Self::Moderation,
        Self::ImageGeneration,
        Self::Speech,
        Self::Transcription,
        Self::Rerank,
    ];

    /// LiteLLM's name of the call type, as it appears in logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ChatCompletion => "acompletion",
            Self::TextCompletion => "atext_completion",
            Self::Embedding => "aembedding",
            Self::Moderation => "amoderation",
            Self::ImageGeneration => "aimage_generation",
            Self::Speech => "aspeech",
            Self::Transcription => "atranscription",
            Self::Rerank => "arerank",
        }
    }

    /// The format in which its clients speak.
    pub const fn format(self) -> Format {
        match self {
            Self::ChatCompletion
            | Self::TextCompletion
            | Self::Embedding
            | Self::Moderation
            | Self::ImageGeneration
            | Self::Speech
            | Self::Transcription
            | Self::Rerank => Format::OpenAi,
        }
    }
}
