//! Addresses at Google's Vertex AI, and which of its interfaces a model has.
//!
//! LiteLLM's rules: the name of a model tells its publisher, the location its host. Knows no token and no body.

use super::Mode;
use crate::prepare::Settings;
use crate::provider::UrlError;

/// The interface that a model has at Vertex AI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// Google's own `generateContent`.
    Gemini,
    /// Anthropic's messages, at `rawPredict`.
    Claude,
    /// OpenAI's chat, at the publisher's `rawPredict`.
    Raw { publisher: &'static str, version: &'static str },
    /// OpenAI's chat, at the endpoint that all partner models share.
    Shared,
    /// OpenAI's chat, at an endpoint of its own.
    Garden,
}

/// Beginnings of partner models' names.
const PARTNERS: [&str; 12] = [
    "meta/",
    "deepseek-ai",
    "mistral",
    "codestral",
    "jamba",
    "claude",
    "qwen",
    "openai/gpt-oss-",
    "minimaxai/",
    "moonshotai/",
    "zai-org/",
    "google/gemma-",
];
/// What tells, anywhere in the name, that a partner model is served at the shared endpoint.
const SHARED: [&str; 8] =
    ["llama", "deepseek-ai", "qwen", "openai/gpt-oss-", "minimaxai/", "moonshotai/", "zai-org/", "google/gemma-"];
/// Prefixes that only choose an interface and are no part of the name.
const ROUTES: [&str; 8] =
    ["partner_models/", "gemini/", "gemma/", "bge/", "model_garden/", "non_gemini/", "openai/", "agent_engine/"];
/// Models that are served in some locations only, by LiteLLM's map (`supported_regions`).
const REGIONAL: [(&str, &[&str]); 15] = [
    ("deepseek-ai/deepseek-v3.1-maas", &["us-central1"]),
    ("deepseek-ai/deepseek-v3.2-maas", &["global"]),
    ("deepseek-ai/deepseek-r1-0528-maas", &["us-central1"]),
    ("deepseek-ai/deepseek-ocr-maas", &["us-central1"]),
    ("deepseek-ai/deepseek-v4.1-flash-maas", &["global"]),
    ("google/gemma-4-26b-a4b-it-maas", &["global"]),
    ("lyria-3-clip-preview", &["global"]),
    ("lyria-3-pro-preview", &["global"]),
    ("qwen/qwen3-235b-a22b-instruct-2507-maas", &["global", "us-south1"]),
    ("qwen/qwen3-coder-480b-a35b-instruct-maas", &["global"]),
    ("qwen/qwen3-next-80b-a3b-instruct-maas", &["global"]),
    ("qwen/qwen3-next-80b-a3b-thinking-maas", &["global"]),
    ("zai-org/glm-4.7-maas", &["global"]),
    ("zai-org/glm-5-maas", &["global"]),
    ("zai-org/glm-5.2-maas", &["global"]),
];

/// Whether the provider is Vertex AI under one of its names.
pub(crate) fn is_vertex(provider: &str) -> bool {
    matches!(provider, "vertex_ai" | "vertex_ai_beta")
}

/// The interface of a deployment's model (LiteLLM's `get_vertex_ai_model_route`).
pub(crate) fn route(settings: &Settings) -> Route {
    let model = settings.model.as_str();
    let is_based_on_gemini = settings.base_model.as_deref().is_some_and(|base| base.contains("gemini"));
    if is_based_on_gemini || settings.provider.name == "vertex_ai_beta" {
        return Route::Gemini;
    }
    if PARTNERS.iter().any(|start| model.starts_with(start)) {
        return partner(model);
    }
    if model.contains("openai") || model.starts_with("xai/") {
        return if bare(model).contains('/') { Route::Shared } else { Route::Garden };
    }
    Route::Gemini
}

fn partner(model: &str) -> Route {
    match () {
        () if SHARED.iter().any(|mark| model.contains(mark)) => Route::Shared,
        () if model.contains("mistral") || model.contains("codestral") => {
            Route::Raw { publisher: "mistralai", version: "v1" }
        }
        () if model.contains("jamba") => Route::Raw { publisher: "ai21", version: "v1beta1" },
        () if model.contains("claude") => Route::Claude,
        () => Route::Shared,
    }
}

/// The name without a prefix that only chose the interface.
pub(crate) fn bare(model: &str) -> &str {
    ROUTES.iter().find_map(|prefix| model.strip_prefix(prefix)).unwrap_or(model)
}

/// What an address leads to: `{version}/projects/…/{resource}:{method}`.
#[derive(Clone, Debug)]
pub(crate) struct Target<'a> {
    /// `v1` or `v1beta1`.
    pub version: &'a str,
    /// `publishers/google/models/…` or `endpoints/…`.
    pub resource: String,
    pub method: &'a str,
    /// Whether `?alt=sse` stands at its end.
    pub is_event_stream: bool,
}

/// The address of a method of a model of Google, or of an endpoint where the model is a number.
///
/// # Errors
/// Where the location is none.
pub(crate) fn google(settings: &Settings, version: &str, method: &str, mode: Mode) -> Result<String, UrlError> {
    let name = settings.model.as_str();
    let model = if name.contains("gemini/") { name.rsplit('/').next().unwrap_or(name) } else { bare(name) };
    let resource = if model.bytes().all(|byte| byte.is_ascii_digit()) {
        format!("endpoints/{model}")
    } else {
        format!("publishers/google/models/{model}")
    };
    let is_event_stream = mode == Mode::Streamed;
    address(settings, &Target { version, resource, method, is_event_stream })
}

/// The address of Claude's messages.
///
/// # Errors
/// Where the location is none.
pub(crate) fn claude(settings: &Settings, mode: Mode) -> Result<String, UrlError> {
    raw(settings, "anthropic", "v1", mode)
}

/// The address at which Claude's tokens are counted; the model is named in the body.
///
/// # Errors
/// Where the location is none.
pub(crate) fn claude_count(settings: &Settings) -> Result<String, UrlError> {
    let resource = "publishers/anthropic/models/count-tokens".to_owned();
    let target = Target { version: "v1", resource, method: "rawPredict", is_event_stream: false };
    address(settings, &target)
}

/// The address of a partner model's chat in OpenAI's form.
///
/// # Errors
/// Where the location is none.
pub(crate) fn open_ai(settings: &Settings, mode: Mode) -> Result<String, UrlError> {
    let endpoint = match route(settings) {
        Route::Raw { publisher, version } => return raw(settings, publisher, version, mode),
        Route::Garden => match &settings.api_base {
            // An endpoint with a host of its own is named as a whole.
            Some(base) => return Ok(under(base, "/chat/completions")),
            None => format!("v1beta1/{}/endpoints/{}", project(settings)?, bare(&settings.model)),
        },
        _ => format!("v1/{}/endpoints/openapi", project(settings)?),
    };
    let base = settings.api_base.clone().map_or_else(|| host(settings), Ok)?;
    Ok(format!("{}/{endpoint}/chat/completions", base.trim_end_matches('/')))
}

fn under(base: &str, path: &str) -> String {
    let trimmed = base.trim_end_matches('/');
    if trimmed.ends_with(path) { trimmed.to_owned() } else { format!("{trimmed}{path}") }
}

fn raw(settings: &Settings, publisher: &str, version: &str, mode: Mode) -> Result<String, UrlError> {
    let method = if mode == Mode::Streamed { "streamRawPredict" } else { "rawPredict" };
    let resource = format!("publishers/{publisher}/models/{}", settings.model);
    // LiteLLM asks for events in the query only where an address of the operator's own stands before it.
    let is_event_stream = mode == Mode::Streamed && settings.api_base.is_some();
    address(settings, &Target { version, resource, method, is_event_stream })
}

/// The whole address. An `api_base` without a path, or with a version alone, keeps the usual path; one with a
/// path of its own is the resource itself.
///
/// # Errors
/// Where the location is none.
pub(crate) fn address(settings: &Settings, target: &Target<'_>) -> Result<String, UrlError> {
    let Target { version, resource, method, is_event_stream } = target;
    let path = || Ok(format!("{}/{resource}:{method}", project(settings)?));
    let bare = match settings.api_base.as_deref() {
        None => format!("{}/{version}/{}", host(settings)?, path()?),
        Some(base) => match own_path(base) {
            "" => format!("{}/{version}/{}", base.trim_end_matches('/'), path()?),
            "/v1" | "/v1beta1" => format!("{}/{}", base.trim_end_matches('/'), path()?),
            _ => format!("{base}:{method}"),
        },
    };
    Ok(match is_event_stream {
        true if bare.contains('?') => format!("{bare}&alt=sse"),
        true => format!("{bare}?alt=sse"),
        false => bare,
    })
}

fn own_path(base: &str) -> &str {
    let rest = base.split_once("://").map_or(base, |(_, rest)| rest);
    rest.find('/').map_or("", |place| &rest[place..]).trim_end_matches('/')
}

/// Stands for the project where only the credentials know it: whoever reads them puts it in.
const PROJECT_OF_CREDENTIALS: &str = "-";

/// Where batches are made.
///
/// # Errors
/// When the location is none.
pub(crate) fn batches(settings: &Settings) -> Result<String, UrlError> {
    Ok(format!("{}/v1/{}/batchPredictionJobs", host(settings)?, project(settings)?))
}

/// `projects/{project}/locations/{location}`.
fn project(settings: &Settings) -> Result<String, UrlError> {
    let project = settings.cloud.vertex_project.as_deref().unwrap_or(PROJECT_OF_CREDENTIALS);
    Ok(format!("projects/{project}/locations/{}", location(settings)?))
}

/// The host: one for the whole world, one for each continent, one for each region.
fn host(settings: &Settings) -> Result<String, UrlError> {
    Ok(match location(settings)? {
        "global" => "https://aiplatform.googleapis.com".to_owned(),
        region if region.contains('-') => format!("https://{region}-aiplatform.googleapis.com"),
        continent => format!("https://aiplatform.{continent}.rep.googleapis.com"),
    })
}

/// Where Vertex AI serves a deployment's model; `None` at every other provider.
pub fn vertex_location(settings: &Settings) -> Option<&str> {
    is_vertex(settings.provider.name).then(|| location(settings).ok()).flatten()
}

/// The deployment's location, unless its model is served elsewhere only.
fn location(settings: &Settings) -> Result<&str, UrlError> {
    let wanted = settings.cloud.vertex_location.as_str();
    let regions = REGIONAL.iter().find(|(model, _)| *model == settings.model).map(|(_, regions)| *regions);
    let location = match regions {
        Some([first, rest @ ..]) if !rest.contains(&wanted) => first,
        _ => wanted,
    };
    let is_plain = location.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if is_plain && location.starts_with(|first: char| first.is_ascii_lowercase()) {
        return Ok(location);
    }
    Err(UrlError::BadLocation { location: location.to_owned() })
}

#[cfg(test)]
mod tests;
