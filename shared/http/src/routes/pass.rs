//! The routes of providers' own APIs: everything below a prefix, whatever its method.
//!
//! The prefixes are those of LiteLLM 1.106.2; `core` knows what stands behind each name.

use super::Access::Key;
use super::Endpoint::PassThrough;
use super::Method::Any;
use super::{Route, row};

/// LiteLLM promises that nothing of its own stands in this prefix's way.
pub const FIRST: &[Route] = &[row(Any, "/openai_passthrough/{endpoint}", Key, PassThrough("openai"))];

/// They take what no other route of their prefix takes.
pub const ROUTES: &[Route] = &[
    row(Any, "/anthropic/{endpoint}", Key, PassThrough("anthropic")),
    row(Any, "/openai/{endpoint}", Key, PassThrough("openai")),
    row(Any, "/gemini/{endpoint}", Key, PassThrough("gemini")),
    row(Any, "/vertex_ai/{endpoint}", Key, PassThrough("vertex_ai")),
    row(Any, "/vertex-ai/{endpoint}", Key, PassThrough("vertex_ai")),
    row(Any, "/bedrock/{endpoint}", Key, PassThrough("bedrock")),
    row(Any, "/azure/{endpoint}", Key, PassThrough("azure")),
    row(Any, "/azure_ai/{endpoint}", Key, PassThrough("azure")),
    row(Any, "/cohere/{endpoint}", Key, PassThrough("cohere")),
    row(Any, "/mistral/{endpoint}", Key, PassThrough("mistral")),
    row(Any, "/vllm/{endpoint}", Key, PassThrough("vllm")),
    row(Any, "/openrouter/{endpoint}", Key, PassThrough("openrouter")),
    row(Any, "/watsonx/{endpoint}", Key, PassThrough("watsonx")),
    row(Any, "/assemblyai/{endpoint}", Key, PassThrough("assemblyai")),
    row(Any, "/eu.assemblyai/{endpoint}", Key, PassThrough("eu.assemblyai")),
    row(Any, "/nvidia_nim/{endpoint}", Key, PassThrough("nvidia_nim")),
    row(Any, "/milvus/{endpoint}", Key, PassThrough("milvus")),
    row(Any, "/cursor/{endpoint}", Key, PassThrough("cursor")),
    row(Any, "/fal_ai/{endpoint}", Key, PassThrough("fal_ai")),
    row(Any, "/typesafe/{endpoint}", Key, PassThrough("typesafe")),
];
