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
    /// An image changed by words; a form, as it brings images along.
    ImageEdit,
    Speech,
    Transcription,
    Rerank,
    /// The text of a document, in Mistral's form.
    Ocr,
    /// Anthropic's `/v1/messages`.
    Messages,
    /// Anthropic's `/v1/messages/count_tokens`.
    CountMessageTokens,
    /// OpenAI's `/v1/responses`.
    Responses,
    /// Gemini's `:generateContent` and `:streamGenerateContent`.
    GenerateContent,
    /// Gemini's `:countTokens`.
    CountContentTokens,
}

impl Operation {
    /// Every operation, in the order of the routes table.
    pub const ALL: [Self; 15] = [
        Self::ChatCompletion,
        Self::TextCompletion,
        Self::Embedding,
        Self::Moderation,
        Self::ImageGeneration,
        Self::ImageEdit,
        Self::Speech,
        Self::Transcription,
        Self::Rerank,
        Self::Ocr,
        Self::Messages,
        Self::CountMessageTokens,
        Self::Responses,
        Self::GenerateContent,
        Self::CountContentTokens,
    ];

    /// The format of the client who asks.
    pub const fn format(self) -> Format {
        match self {
            Self::Messages | Self::CountMessageTokens => Format::Messages,
            Self::Responses => Format::Responses,
            Self::GenerateContent | Self::CountContentTokens => Format::GenerateContent,
            _ => Format::OpenAi,
        }
    }

    /// LiteLLM's name of the call type, as it appears in logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ChatCompletion => "acompletion",
            Self::TextCompletion => "atext_completion",
            Self::Embedding => "aembedding",
            Self::Moderation => "amoderation",
            Self::ImageGeneration => "aimage_generation",
            Self::ImageEdit => "aimage_edit",
            Self::Speech => "aspeech",
            Self::Transcription => "atranscription",
            Self::Rerank => "arerank",
            Self::Ocr => "aocr",
            Self::Messages => "anthropic_messages",
            Self::CountMessageTokens => "acount_tokens",
            Self::Responses => "aresponses",
            Self::GenerateContent => "agenerate_content",
            Self::CountContentTokens => "acount_tokens",
        }
    }

    /// Whether the call is a form with a file in it; every other one is JSON.
    pub const fn is_upload(self) -> bool {
        matches!(self, Self::Transcription | Self::ImageEdit)
    }
}
