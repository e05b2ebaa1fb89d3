//! What a provider is: one row of fixed facts, from which requests are built.
//!
//! Knows no key, no environment and no deployment: variables are named here and read elsewhere.

mod auth;
mod cloud;
mod parameters;
mod resolve;
mod resource_url;
mod table;
mod url;

pub(crate) use auth::is_azure_host;
pub use auth::{Auth, auth};
pub use cloud::Cloud;
pub use parameters::{NAMES, Parameters, is_parameter};
pub use resolve::{Resolved, Unresolved, resolve};
pub use resource_url::resource_url;
pub(crate) use url::host;
pub use url::{AZURE_API_VERSION, UrlError, url};

use crate::Operation;
use crate::models::Capability;

/// One provider that LiteLLM knows by prefix.
#[derive(Debug)]
pub struct Provider {
    /// The prefix of `provider/model`, also the value of `custom_llm_provider`.
    pub name: &'static str,
    /// Where the provider listens when neither configuration nor environment says otherwise.
    pub base_url: Option<&'static str>,
    /// Environment variables that replace `base_url`, the first that is set wins.
    pub base_url_variables: &'static [&'static str],
    /// Environment variables that hold the key, the first that is set wins.
    pub key_variables: &'static [&'static str],
    pub key: KeyNeed,
    /// What this gateway can ask of the provider; empty where the provider is only known by name.
    pub operations: &'static [Operation],
    pub path: Path,
    /// Chat parameters that any model of the provider accepts.
    pub parameters: Parameters,
    /// Chat parameters that a model accepts only if the model map says it can.
    pub conditional: &'static [(Capability, &'static [&'static str])],
    /// OpenAI parameters of an embedding call that the provider accepts; `None`: every one.
    pub embedding_parameters: Option<&'static [&'static str]>,
    pub embedding_input: EmbeddingInput,
    pub stream_field: StreamField,
    pub output_limit: OutputLimit,
    pub text_lists: TextLists,
    pub cache_marks: CacheMarks,
    pub adapter: Adapter,
    /// Headers that every request carries.
    pub headers: &'static [(&'static str, &'static str)],
}

impl Provider {
    /// Whether requests of this kind can be prepared for the provider.
    pub fn offers(&self, operation: Operation) -> bool {
        self.operations.contains(&operation)
    }

    /// Whether the provider is known by name only, so that nothing can be sent to it yet.
    pub fn is_untranslated(&self) -> bool {
        self.operations.is_empty()
    }
}

impl PartialEq for Provider {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

/// Whether a deployment without a key is a mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyNeed {
    Required,
    /// Local servers: without a key none is sent.
    Optional,
}

/// How the address of an operation is made from the base.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    /// Base, then the operation's path, unless the base already ends with it.
    Append,
    /// As `Append`, with `/v1` between if the base lacks it.
    VersionOne,
    /// As `Append`, always with `/v1` between.
    UnderVersionOne,
    /// The base is the whole address of the operation.
    Whole,
    /// Deployments and `v1` addresses of Azure OpenAI.
    Azure,
    /// Azure AI Foundry and serverless endpoints.
    AzureAi,
    /// Workspace address or AI gateway of Databricks.
    Databricks,
    /// `/v1` on the shared endpoint, `/api/v1` on an agent's own.
    Gradient,
}

/// How the text of an embedding call is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmbeddingInput {
    AsSent,
    /// A single text becomes a list of one.
    List,
}

/// Whether `stream: false` is spelled out; LiteLLM does so for providers it does not call by OpenAI's client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamField {
    OnlyTrue,
    Always,
}

/// Which name of the output limit the provider reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputLimit {
    /// `max_tokens` and `max_completion_tokens` as the client wrote them.
    AsSent,
    /// `max_completion_tokens` becomes `max_tokens`.
    MaxTokens,
}

/// What becomes of message contents that are lists of parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextLists {
    Keep,
    /// Lists become the text of their parts; what is no text is lost.
    Join,
    /// Text lists of a message are joined if that message holds text alone.
    JoinTextOnly,
    /// Text lists are joined if no message holds anything else.
    JoinUnlessMedia,
}

/// What becomes of `cache_control`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheMarks {
    Strip,
    Keep,
    /// Kept for models whose name says that they read it, and moved into the content.
    OpenRouter,
    /// Kept where the address is not OpenAI's own.
    OpenAi,
}

/// Which translation beyond the columns above the chat requests of a provider need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Adapter {
    Plain,
    OpenAi,
    Azure,
    AzureAi,
    Clarifai,
    Databricks,
    DeepInfra,
    DeepSeek,
    Fireworks,
    Groq,
    LiteLlmProxy,
    LmStudio,
    MetaLlama,
    Mistral,
    Moonshot,
    OpenRouter,
    Tencent,
    Together,
    Vllm,
    Volcengine,
    Xai,
    EdenAi,
    ScxAi,
}

/// The provider of this prefix.
pub fn find(name: &str) -> Option<&'static Provider> {
    table::TABLE.iter().find(|provider| provider.name == name)
}

/// Every known provider.
pub fn all() -> &'static [Provider] {
    table::TABLE
}

#[cfg(test)]
mod tests;
