//! Where a failure comes from, and with that how LiteLLM would word it. Knows no status and no body.

use std::borrow::Cow;

use super::providers::{COMPATIBLE, HANDLER_CHAT, OPENAI_LIKE, TEXT_COMPLETION};
use super::said::Said;
use super::{Failure, azure, by_status, databricks, openai, openrouter};
use crate::Operation;

/// The call that failed.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// LiteLLM's name of the provider, such as `openai` or `together_ai`.
    pub provider: &'a str,
    pub operation: Operation,
    /// Whether the client asked for a stream.
    pub streamed: bool,
}

/// How LiteLLM reads the provider's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Transport {
    /// OpenAI's client: the error object is taken apart.
    Client,
    /// OpenAI's client, of whose error only the text is kept.
    ClientText,
    /// LiteLLM's own handler: the body is quoted whole.
    Handler,
}

/// Which rules turn the provider's words into a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rules {
    OpenAi,
    Azure,
    OpenAiLike,
    OpenRouter,
    Cohere,
    /// The status alone.
    Status,
    /// None: the words as they are.
    Bare,
}

impl Origin<'_> {
    pub(super) fn transport(&self) -> Transport {
        match self.operation {
            Operation::Rerank
            | Operation::Messages
            | Operation::CountMessageTokens
            | Operation::Responses
            | Operation::GenerateContent
            | Operation::CountContentTokens => Transport::Handler,
            Operation::TextCompletion if self.is_text_completion() => Transport::ClientText,
            Operation::ChatCompletion | Operation::TextCompletion if listed(HANDLER_CHAT, self.provider) => {
                Transport::Handler
            }
            Operation::ChatCompletion | Operation::TextCompletion => Transport::Client,
            Operation::Embedding => self.embedding_transport(),
            Operation::ImageGeneration if self.provider == "azure" => Transport::Handler,
            Operation::Moderation => Transport::ClientText,
            Operation::ImageGeneration | Operation::Speech | Operation::Transcription => Transport::Client,
        }
    }

    fn embedding_transport(&self) -> Transport {
        match self.provider {
            "azure" => Transport::Client,
            "hosted_vllm" => Transport::Handler,
            provider if !listed(COMPATIBLE, provider) => Transport::Handler,
            _ => Transport::ClientText,
        }
    }

    pub(super) fn rules(&self) -> Rules {
        match self.provider {
            _ if self.operation == Operation::Moderation => Rules::Bare,
            "azure" | "azure_text" => Rules::Azure,
            "openrouter" => Rules::OpenRouter,
            "cohere" | "cohere_chat" => Rules::Cohere,
            provider if listed(OPENAI_LIKE, provider) => Rules::OpenAiLike,
            provider if listed(COMPATIBLE, provider) => Rules::OpenAi,
            _ => Rules::Status,
        }
    }

    /// The provider as the sentences name it: text completions of many go under OpenAI's name.
    pub(super) fn named_provider(&self) -> &str {
        if self.operation == Operation::TextCompletion && self.is_text_completion() { "openai" } else { self.provider }
    }

    /// `OpenAIException`, `GroqException`, …
    pub(super) fn exception(&self) -> String {
        format!("{}Exception", capitalised(self.named_provider()))
    }

    pub(super) fn map(&self, said: Said) -> Failure {
        let mapped = match self.rules() {
            Rules::Bare => super::mapped::Mapped::bare(&said),
            _ if super::phrases::is_timeout(&said.words) => super::mapped::Mapped::timed_out(&said),
            Rules::OpenAi => openai::map(self, &said),
            Rules::Azure => azure::map(self, &said),
            Rules::OpenAiLike => databricks::map(self, &said),
            Rules::OpenRouter => openrouter::map(self, &said),
            Rules::Cohere => by_status::cohere(self, &said),
            Rules::Status => by_status::map(self, &said),
        };
        mapped.finish(self, &said)
    }

    fn is_text_completion(&self) -> bool {
        listed(TEXT_COMPLETION, self.provider)
    }
}

pub(super) fn listed(list: &[&str], name: &str) -> bool {
    list.contains(&name)
}

/// LiteLLM raises the first letter, and spells OpenAI alone correctly.
fn capitalised(provider: &str) -> Cow<'_, str> {
    if provider == "openai" {
        return Cow::Borrowed("OpenAI");
    }
    let mut letters = provider.chars();
    letters.next().map_or(Cow::Borrowed(""), |first| Cow::Owned(first.to_uppercase().chain(letters).collect()))
}
