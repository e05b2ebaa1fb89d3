//! How a provider wants to be shown the key. Knows only the scheme: the key is put in place elsewhere.

use super::url::{host, is_version_one};
use super::{Path, Provider};

/// The place of a credential in a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Auth {
    /// `Authorization: Bearer …`.
    Bearer,
    /// The bare key in this header.
    Header(&'static str),
}

/// Hosts of Azure that take an API key in a header of their own (LiteLLM's `AZURE_OPENAI_V1_HOST_SUFFIXES`).
const AZURE_HOSTS: [&str; 3] = [".services.ai.azure.com", ".openai.azure.com", ".cognitiveservices.azure.com"];

/// The scheme for an API key; a token of Microsoft Entra is always a bearer token, whatever this says.
///
/// `api_base` is the resolved base of the deployment, `api_version` Azure's.
pub fn auth(provider: &Provider, api_base: Option<&str>, api_version: Option<&str>) -> Auth {
    match provider.path {
        _ if provider.name == "anthropic" => Auth::Header("x-api-key"),
        Path::Azure if !is_version_one(api_version) => Auth::Header("api-key"),
        Path::AzureAi if api_base.is_some_and(is_azure_host) => Auth::Header("api-key"),
        _ if provider.name == "gemini" => Auth::Header("x-goog-api-key"),
        _ => Auth::Bearer,
    }
}

/// Whether the address is one of Azure's own hosts for OpenAI's wire.
pub(crate) fn is_azure_host(api_base: &str) -> bool {
    let host = host(api_base);
    AZURE_HOSTS.iter().any(|suffix| host.ends_with(suffix))
}
