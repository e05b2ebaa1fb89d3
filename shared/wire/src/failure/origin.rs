//! Where a failure comes from, and with that how LiteLLM would word it. Knows no status and no body.

use std::borrow::Cow;

use super::providers::{COMPATIBLE, HANDLER_CHAT, OPENAI_LIKE, RESPONSES, TEXT_COMPLETION, TRANSLATED};
use super::said::Said;
use super::{Failure, anthropic, azure, bedrock, by_status, databricks, openai, openrouter, smaller, vertex};
use crate::Operation;

/// The call that failed.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// LiteLLM's name of the provider, such as `openai` or `together_ai`.
    pub provider: &'a str,
    pub operation: Operation,
    /// Whether the client asked for a stream.
    pub streamed: bool,
    pub reader: Reader,
}

/// Whose translation reads the provider's answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reader {
    /// The provider's own.
    #[default]
    Provider,
    /// Anthropic's, behind another provider: Claude in a cloud.
    Claude,
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
    Anthropic,
    Bedrock,
    Vertex,
    Cohere,
    SageMaker,
    Replicate,
    HuggingFace,
    NlpCloud,
    Cloudflare,
    Ollama,
    /// The status alone.
    Status,
    /// None: the words as they are.
    Bare,
}

impl Origin<'_> {
    pub(super) fn transport(&self) -> Transport {
        match self.operation {
            Operation::Rerank | Operation::Ocr | Operation::CountMessageTokens | Operation::CountContentTokens => {
                Transport::Handler
            }
            // Asked by the newer of OpenAI's routes, which LiteLLM's own handler serves.
            Operation::Messages | Operation::GenerateContent if self.provider == "openai" => Transport::Handler,
            Operation::Responses if listed(RESPONSES, self.provider) => Transport::Handler,
            Operation::TextCompletion if self.is_text_completion() => Transport::ClientText,
            _ if self.is_handled() && (self.is_chat() || self.operation == Operation::TextCompletion) => {
                Transport::Handler
            }
            Operation::ChatCompletion
            | Operation::TextCompletion
            | Operation::Messages
            | Operation::Responses
            | Operation::GenerateContent => Transport::Client,
            Operation::Embedding => self.embedding_transport(),
            Operation::ImageGeneration if self.provider == "azure" => Transport::Handler,
            Operation::Moderation => Transport::ClientText,
            Operation::ImageGeneration | Operation::ImageEdit | Operation::Speech | Operation::Transcription => {
                Transport::Client
            }
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
            "anthropic" | "anthropic_text" => Rules::Anthropic,
            "bedrock" | "bedrock_mantle" => Rules::Bedrock,
            "vertex_ai" | "vertex_ai_beta" | "gemini" => Rules::Vertex,
            "cohere" | "cohere_chat" => Rules::Cohere,
            "sagemaker" | "sagemaker_chat" => Rules::SageMaker,
            "replicate" => Rules::Replicate,
            "huggingface" => Rules::HuggingFace,
            "nlp_cloud" => Rules::NlpCloud,
            "cloudflare" => Rules::Cloudflare,
            "ollama" | "ollama_chat" if self.is_chat() => Rules::Ollama,
            provider if listed(OPENAI_LIKE, provider) => Rules::OpenAiLike,
            provider if listed(COMPATIBLE, provider) => Rules::OpenAi,
            _ => Rules::Status,
        }
    }

    /// The provider as the sentences name it: text completions of many go under OpenAI's name.
    pub(super) fn named_provider(&self) -> &str {
        if self.operation == Operation::TextCompletion && self.is_text_completion() { "openai" } else { self.provider }
    }

    /// Whether Claude was asked for a chat in Anthropic's form.
    pub(super) fn reads_claude(&self) -> bool {
        self.reader == Reader::Claude && self.is_chat()
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
            Rules::Anthropic => anthropic::map(self, &said),
            Rules::Bedrock => bedrock::map(self, &said),
            Rules::Vertex => vertex::map(self, &said),
            Rules::Cohere => by_status::cohere(self, &said),
            Rules::SageMaker => smaller::sagemaker(self, &said),
            Rules::Replicate => smaller::replicate(&said),
            Rules::HuggingFace => smaller::hugging_face(self, &said),
            Rules::NlpCloud => smaller::nlp_cloud(self, &said),
            Rules::Cloudflare => smaller::cloudflare(self, &said),
            Rules::Ollama => smaller::ollama(self, &said),
            Rules::Status => by_status::map(self, &said),
        };
        mapped.finish(self, &said)
    }

    /// Whether the provider was asked for a chat, whatever the client's format.
    pub(super) const fn is_chat(&self) -> bool {
        matches!(
            self.operation,
            Operation::ChatCompletion | Operation::Messages | Operation::Responses | Operation::GenerateContent
        )
    }

    fn is_handled(&self) -> bool {
        listed(HANDLER_CHAT, self.provider) || listed(TRANSLATED, self.provider)
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
