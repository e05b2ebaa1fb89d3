//! The formats in which clients speak to the gateway. Knows no route and no provider.

/// Whose format a client speaks; with it, how an error reads, whole and inside a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// OpenAI's older routes: chats, text completions, embeddings and their like.
    OpenAi,
    /// Anthropic's `/v1/messages`.
    Messages,
    /// OpenAI's `/v1/responses`.
    Responses,
    /// Google's `:generateContent`.
    GenerateContent,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 4] = [Self::OpenAi, Self::Messages, Self::Responses, Self::GenerateContent];
}
