//! The providers behind `/{provider}/*`: where each is, which variable holds its key, and how the key is shown.
//!
//! One row a provider, after LiteLLM 1.106.2's routes of the same names. Decides nothing.

/// One provider whose own API is served under a prefix.
#[derive(Debug, PartialEq, Eq)]
pub struct Provider {
    /// LiteLLM's name, as in `custom_llm_provider`: a deployment with `use_in_pass_through` lends its key by it.
    pub name: &'static str,
    /// Variables that move the provider; the first that is set counts.
    pub base_variables: &'static [&'static str],
    /// Where the provider is otherwise; `None` where only a variable can tell.
    pub base: Option<&'static str>,
    pub key_variables: &'static [&'static str],
    pub shows: Shows,
    pub forwards: Forwards,
    pub way: Way,
}

/// How the provider is shown its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shows {
    /// `Authorization`, with this before the key.
    Authorization(&'static str),
    /// `Authorization: Basic`, the key as the name and no password.
    Basic,
    /// This header, with the key alone.
    Header(&'static str),
    /// `Authorization: Bearer` and `api-key`: LiteLLM sends both to OpenAI and Azure.
    BearerAndApiKey,
    /// The query's `key`.
    Query,
    /// Something that is made for each request.
    Signed,
}

/// Which of the client's headers the provider gets, besides those of the body and of `x-pass-`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forwards {
    /// All but the gateway's own and those of the connection.
    All,
    /// These; a name that ends in `-` stands for all that begin with it.
    Only(&'static [&'static str]),
}

/// What a route does beyond relaying.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Nothing.
    Plain,
    /// `/v1` stands once, whether base, path, both or none of them have it.
    OpenAi,
    /// A caller without a key at the gateway may bring one of its own.
    Anthropic,
    /// A base that ends in `/v1` loses it: the path has it.
    OpenRouter,
    /// A model group in the path, or named by the body, leads to its deployment.
    Azure,
    /// A model group in the body leads to its deployment.
    BodyGroup,
    /// Only a model group in the path leads anywhere.
    PathGroup,
    /// `version` is put into the query where the caller has none.
    Watsonx,
    Bedrock,
    Vertex,
}

const NOTHING: Forwards = Forwards::Only(&[]);
const BEARER: Shows = Shows::Authorization("Bearer ");

const fn plain(
    name: &'static str,
    base_variables: &'static [&'static str],
    base: &'static str,
    key_variables: &'static [&'static str],
    shows: Shows,
) -> Provider {
    Provider { name, base_variables, base: Some(base), key_variables, shows, forwards: NOTHING, way: Way::Plain }
}

/// Every provider, with LiteLLM's defaults.
pub static PROVIDERS: &[Provider] = &[
    Provider {
        forwards: Forwards::All,
        way: Way::Anthropic,
        ..plain(
            "anthropic",
            &["ANTHROPIC_API_BASE", "ANTHROPIC_BASE_URL"],
            "https://api.anthropic.com",
            &["ANTHROPIC_API_KEY"],
            Shows::Header("x-api-key"),
        )
    },
    Provider {
        forwards: Forwards::Only(&["openai-beta", "openai-organization", "openai-project"]),
        way: Way::OpenAi,
        ..plain("openai", &["OPENAI_API_BASE"], "https://api.openai.com", &["OPENAI_API_KEY"], Shows::BearerAndApiKey)
    },
    Provider {
        // Google's resumable uploads are steered by headers.
        forwards: Forwards::Only(&["x-goog-upload-", "x-goog-api-client"]),
        ..plain(
            "gemini",
            &["GEMINI_API_BASE"],
            "https://generativelanguage.googleapis.com",
            &["GEMINI_API_KEY", "GOOGLE_API_KEY"],
            Shows::Query,
        )
    },
    plain("cohere", &["COHERE_API_BASE"], "https://api.cohere.com", &["COHERE_API_KEY"], BEARER),
    plain("mistral", &["MISTRAL_API_BASE"], "https://api.mistral.ai", &["MISTRAL_API_KEY"], BEARER),
    Provider {
        way: Way::OpenRouter,
        ..plain("openrouter", &["OPENROUTER_API_BASE"], "https://openrouter.ai/api/v1", &["OPENROUTER_API_KEY"], BEARER)
    },
    Provider {
        base: None,
        way: Way::BodyGroup,
        ..plain("vllm", &["VLLM_API_BASE"], "", &["VLLM_API_KEY"], Shows::Header("x-api-key"))
    },
    Provider {
        base: None,
        way: Way::Azure,
        ..plain("azure", &["AZURE_API_BASE"], "", &["AZURE_API_KEY"], Shows::BearerAndApiKey)
    },
    Provider {
        base: None,
        way: Way::PathGroup,
        ..plain("nvidia_nim", &["NVIDIA_NIM_API_BASE"], "", &["NVIDIA_NIM_API_KEY"], BEARER)
    },
    Provider { base: None, ..plain("milvus", &["MILVUS_API_BASE"], "", &["MILVUS_API_KEY"], BEARER) },
    Provider {
        base: None,
        way: Way::Watsonx,
        ..plain("watsonx", &["WATSONX_API_BASE", "WATSONX_URL", "WX_URL", "WML_URL"], "", &["WATSONX_TOKEN"], BEARER)
    },
    plain(
        "assemblyai",
        &["ASSEMBLYAI_API_BASE"],
        "https://api.assemblyai.com",
        &["ASSEMBLYAI_API_KEY"],
        Shows::Header("authorization"),
    ),
    plain(
        "eu.assemblyai",
        &["ASSEMBLYAI_EU_API_BASE"],
        "https://api.eu.assemblyai.com",
        &["ASSEMBLYAI_API_KEY"],
        Shows::Header("authorization"),
    ),
    plain("cursor", &["CURSOR_API_BASE"], "https://api.cursor.com", &["CURSOR_API_KEY"], Shows::Basic),
    plain("fal_ai", &["FAL_AI_API_BASE"], "https://queue.fal.run", &["FAL_AI_API_KEY"], Shows::Authorization("Key ")),
    Provider {
        forwards: Forwards::Only(&["typesafe-danger-zone-"]),
        ..plain("typesafe", &["TYPESAFE_API_BASE"], "https://api.typesafe.ai", &["TYPESAFE_API_KEY"], BEARER)
    },
    Provider {
        base: None,
        forwards: Forwards::Only(&["x-amzn-bedrock-"]),
        way: Way::Bedrock,
        ..plain("bedrock", &["AWS_BEDROCK_RUNTIME_ENDPOINT"], "", &["AWS_BEARER_TOKEN_BEDROCK"], Shows::Signed)
    },
    Provider {
        base: None,
        forwards: Forwards::Only(&["anthropic-beta"]),
        way: Way::Vertex,
        ..plain("vertex_ai", &["VERTEXAI_API_BASE"], "", &[], Shows::Signed)
    },
];
