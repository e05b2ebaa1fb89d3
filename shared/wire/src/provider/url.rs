//! The address of an operation: from a provider's base, its path rule and, for Azure, the API version.
//!
//! Knows no environment: the base has been resolved before.

use super::{Path, Provider};
use crate::Operation;

/// Azure's version where neither deployment nor environment names one; LiteLLM's `AZURE_DEFAULT_API_VERSION`.
pub const AZURE_API_VERSION: &str = "2025-02-01-preview";

/// The same for responses; LiteLLM's `AZURE_DEFAULT_RESPONSES_API_VERSION`.
const AZURE_RESPONSES_VERSION: &str = "preview";

/// Why there is no address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    #[error("provider `{provider}` has no address of its own: set `api_base`")]
    NoBase { provider: &'static str },
    #[error("`{location}` is no location of Vertex AI: set `vertex_location` to one such as `us-central1` or `global`")]
    BadLocation { location: String },
}

/// What an address is made of.
///
/// `api_base` is what the deployment or the environment says, without it the provider's own base is used.
///
/// # Errors
/// Where the provider has no base of its own and none is given.
pub fn url(
    provider: &Provider,
    api_base: Option<&str>,
    api_version: Option<&str>,
    model: &str,
    operation: Operation,
) -> Result<String, UrlError> {
    let base = api_base.or(provider.base_url).ok_or(UrlError::NoBase { provider: provider.name })?;
    let base = if provider.name == "baseten" && api_base.is_none() { &dedicated(base, model) } else { base };
    let trimmed = base.trim_end_matches('/');
    let path = path_of(operation);
    if operation == Operation::Responses {
        return Ok(response_url(provider, trimmed, api_version, model));
    }
    Ok(match provider.path {
        _ if provider.name == "nvidia_nim" && operation == Operation::Rerank => nvidia_rerank(api_base, model),
        _ if provider.name == "deepinfra" && operation == Operation::Rerank => {
            format!("{}/inference/{model}", trimmed.replace("openai", "").trim_end_matches('/'))
        }
        // Another gateway's own bases do without the version that its reranking has.
        Path::Append if provider.name == "litellm_proxy" && operation == Operation::Rerank => {
            under(trimmed.trim_end_matches("/v1"), "/v1", path)
        }
        Path::Append => append(trimmed, path),
        Path::VersionOne if trimmed.ends_with("/v1") => append(trimmed, path),
        Path::VersionOne | Path::UnderVersionOne => under(trimmed, "/v1", path),
        Path::Whole if trimmed.ends_with(path) => trimmed.to_owned(),
        Path::Whole => format!("{trimmed}/v2{path}"),
        Path::Azure => azure(trimmed, api_version, model, path),
        Path::AzureAi => azure_ai(trimmed, api_version, operation),
        Path::Databricks => append(&databricks(trimmed, model), path),
        Path::Gradient if trimmed == "https://inference.do-ai.run" => under(trimmed, "/v1", path),
        Path::Gradient => under(trimmed, "/api/v1", path),
    })
}

/// Where a response is made: most providers keep it beside their chats, some under a version of its own.
fn response_url(provider: &Provider, base: &str, api_version: Option<&str>, model: &str) -> String {
    let (path, bare) = ("/responses", base.split(['?', '#']).next().unwrap_or(base).trim_end_matches('/'));
    let is_whole = bare.ends_with(path);
    match provider.path {
        Path::Azure => {
            let version = api_version.unwrap_or(AZURE_RESPONSES_VERSION);
            let root = bare.split("/openai").next().unwrap_or(bare);
            let between = if is_version_one(Some(version)) { "/openai/v1" } else { "/openai" };
            format!("{root}{between}{path}?api-version={version}")
        }
        // A project of Foundry has responses of its own.
        Path::AzureAi => {
            let root = bare.split_once("://").map_or(("https", bare), |(scheme, rest)| (scheme, rest));
            let mut segments = root.1.split('/');
            let host = segments.next().unwrap_or_default();
            let project: Vec<&str> = segments.take(3).collect();
            let project = match project.as_slice() {
                ["api", "projects", name] => format!("/api/projects/{name}"),
                _ => String::new(),
            };
            format!("{}://{host}{project}/openai/v1{path}", root.0)
        }
        Path::Databricks => append(&databricks(bare, model), path),
        _ if is_whole => bare.to_owned(),
        Path::VersionOne | Path::UnderVersionOne if !bare.ends_with("/v1") => format!("{bare}/v1{path}"),
        _ => match provider.name {
            "perplexity" => format!("{bare}/v1{path}"),
            "hosted_vllm" if !bare.ends_with("/v1") => format!("{bare}/v1{path}"),
            "volcengine" if !bare.ends_with("/api/v3") => format!("{bare}/api/v3{path}"),
            _ => format!("{bare}{path}"),
        },
    }
}

/// NVIDIA reranks at a host of its own, under the model's name; `ranking/` asks for the shared address.
fn nvidia_rerank(api_base: Option<&str>, model: &str) -> String {
    let base = api_base.unwrap_or("https://ai.api.nvidia.com").trim_end_matches('/');
    let root = base.strip_suffix("/v1").unwrap_or(base);
    match model.strip_prefix("ranking/") {
        Some(_) if base.ends_with("/ranking") => base.to_owned(),
        Some(_) => format!("{root}/v1/ranking"),
        None if base.contains("/retrieval/") => base.to_owned(),
        None => format!("{root}/v1/retrieval/{model}/reranking"),
    }
}

/// Where the operation lives below the base.
const fn path_of(operation: Operation) -> &'static str {
    match operation {
        Operation::ChatCompletion => "/chat/completions",
        Operation::TextCompletion => "/completions",
        Operation::Embedding => "/embeddings",
        Operation::Moderation => "/moderations",
        Operation::ImageGeneration => "/images/generations",
        Operation::ImageEdit => "/images/edits",
        Operation::Speech => "/audio/speech",
        Operation::Transcription => "/audio/transcriptions",
        Operation::Rerank => "/rerank",
        Operation::Ocr => "/ocr",
        Operation::Messages => "/messages",
        // The only API on this wire that counts is that of responses.
        Operation::CountMessageTokens => "/responses/input_tokens",
        Operation::Responses => "/responses",
        Operation::GenerateContent => ":generateContent",
        Operation::CountContentTokens => ":countTokens",
    }
}

/// A base that already names the operation is the address itself.
fn append(base: &str, path: &str) -> String {
    if base.ends_with(path) { base.to_owned() } else { format!("{base}{path}") }
}

fn under(base: &str, version: &str, path: &str) -> String {
    if base.ends_with(path) { base.to_owned() } else { format!("{base}{version}{path}") }
}

/// Whether Azure's version means its OpenAI-shaped interface (LiteLLM's `_is_azure_v1_api_version`).
pub(super) fn is_version_one(api_version: Option<&str>) -> bool {
    matches!(api_version, Some("v1" | "latest" | "preview"))
}

fn azure(base: &str, api_version: Option<&str>, model: &str, path: &str) -> String {
    if is_version_one(api_version) {
        let root = base.split("/openai").next().unwrap_or(base);
        return format!("{root}/openai/v1{path}");
    }
    let version = api_version.unwrap_or(AZURE_API_VERSION);
    let (base, query) = base.split_once('?').unwrap_or((base, ""));
    let query = if query.is_empty() { format!("api-version={version}") } else { query.to_owned() };
    // A base with a deployment in it is used as it stands; `o_series/` and the like only steer translation.
    if base.contains("/openai/deployments") {
        return format!("{}?{query}", append(base, path));
    }
    let root = base.strip_suffix("/openai").unwrap_or(base);
    let deployment = super::resolve::without_azure_route(model);
    format!("{root}/openai/deployments/{}{path}?{query}", encode(deployment))
}

/// A deployment name as one path segment.
fn encode(segment: &str) -> String {
    let mut out = String::with_capacity(segment.len());
    for byte in segment.bytes() {
        let plain = byte.is_ascii_alphanumeric() || b"-._~:@!$&'()*+,;=/".contains(&byte);
        if plain {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

fn azure_ai(base: &str, api_version: Option<&str>, operation: Operation) -> String {
    let (base, query) = base.split_once('?').unwrap_or((base, ""));
    let mut ending = path_of(operation).to_owned();
    if operation == Operation::Ocr {
        ending.insert_str(0, "/providers/mistral/azure");
    }
    let is_foundry = base.contains("services.ai.azure.com");
    if is_foundry && matches!(operation, Operation::ChatCompletion | Operation::Embedding) {
        ending.insert_str(0, "/models");
    }
    let address = if operation == Operation::Rerank && !base.ends_with("/v1") && !base.ends_with("/rerank") {
        format!("{base}/v1{ending}")
    } else {
        add_path(base, &ending)
    };
    match (query.contains("api-version"), api_version) {
        (false, Some(version)) if query.is_empty() => format!("{address}?api-version={version}"),
        (false, Some(version)) => format!("{address}?{query}&api-version={version}"),
        _ if query.is_empty() => address,
        _ => format!("{address}?{query}"),
    }
}

/// Appends the ending without repeating the part of it that the base already has:
/// `…/models` and `/models/chat/completions` share `/models`.
fn add_path(base: &str, ending: &str) -> String {
    let shared =
        ending.match_indices('/').map(|(place, _)| &ending[..place]).chain([ending]).filter(|text| !text.is_empty());
    let longest = shared.filter(|start| base.ends_with(start)).max_by_key(|start| start.len()).unwrap_or_default();
    format!("{base}{}", &ending[longest.len()..])
}

/// Models with two dots or more (`catalog.schema.model`) are served by the AI gateway.
fn databricks(base: &str, model: &str) -> String {
    const GATEWAY: &str = "/ai-gateway/mlflow/v1";
    let is_gateway_model = model.matches('.').count() >= 2;
    if !is_gateway_model || base.ends_with(GATEWAY) {
        return base.to_owned();
    }
    let root = base.strip_suffix("/serving-endpoints").unwrap_or(base);
    let has_path = root.split_once("://").map_or(root, |(_, rest)| rest).contains('/');
    if has_path { root.to_owned() } else { format!("{root}{GATEWAY}") }
}

/// A model of Baseten that is an eight-letter code is a deployment with a host of its own.
fn dedicated(base: &str, model: &str) -> String {
    let is_code = model.len() == 8 && model.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if is_code {
        format!("https://model-{model}.api.baseten.co/environments/production/sync/v1")
    } else {
        base.to_owned()
    }
}

/// The host of an address in lower case, without port; empty where there is none.
pub(crate) fn host(address: &str) -> String {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    host.split(':').next().unwrap_or_default().to_ascii_lowercase()
}

/// The path of an address, without query and closing slashes.
pub(super) fn path(address: &str) -> &str {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let path = rest.find('/').map_or("", |place| &rest[place..]);
    path.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/')
}

#[cfg(test)]
mod tests;
