//! What a deployment fixes when the configuration is loaded, worked out once for all its requests.
//!
//! Knows no key and no environment.

use serde_json::value::RawValue;

use super::supported::{is_catalogued, supported};
use crate::Operation;
use crate::dialect::{self, Dialect, Mode, responses, vertex};
use crate::failure::Reader;
use crate::json::raw;
use crate::models::{self, Capability};
use crate::provider::{self, Adapter, CacheMarks, Cloud, Parameters, Provider, UrlError};

/// What a deployment says of itself: LiteLLM's `litellm_params` and the settings that stand above them.
#[derive(Clone, Debug)]
pub struct Settings {
    pub provider: &'static Provider,
    /// The model's name at the provider, without prefix ([`crate::provider::resolve`]).
    pub model: String,
    /// `model_info.base_model`: whose abilities count where the name is a deployment's own.
    pub base_model: Option<String>,
    /// The resolved address; `None` means the provider's own.
    pub api_base: Option<String>,
    /// Azure's version of the interface.
    pub api_version: Option<String>,
    /// Sent as `OpenAI-Organization` to OpenAI.
    pub organization: Option<String>,
    /// The deployment's own value, else that of `litellm_settings`; a request may set it too.
    pub drop_params: bool,
    /// `litellm_settings.modify_params`: whether a conversation is mended where the provider would refuse it.
    pub modify_params: bool,
    pub additional_drop_params: Vec<String>,
    pub allowed_openai_params: Vec<String>,
    /// Request fields that the deployment fills in where the client leaves them out.
    pub defaults: Vec<(String, Box<RawValue>)>,
    pub extra_body: Vec<(String, Box<RawValue>)>,
    pub extra_headers: Vec<(String, String)>,
    /// Anthropic's beta features that every request of the deployment needs.
    pub betas: Vec<String>,
    pub stream_usage: StreamUsage,
    pub cloud: Cloud,
}

impl Settings {
    /// A deployment that says nothing but where its model is.
    pub fn new(provider: &'static Provider, model: impl Into<String>) -> Self {
        Self {
            provider,
            model: model.into(),
            base_model: None,
            api_base: None,
            api_version: None,
            organization: None,
            drop_params: false,
            modify_params: false,
            additional_drop_params: Vec::new(),
            allowed_openai_params: Vec::new(),
            defaults: Vec::new(),
            extra_body: Vec::new(),
            extra_headers: Vec::new(),
            betas: Vec::new(),
            stream_usage: StreamUsage::default(),
            cloud: Cloud::default(),
        }
    }
}

/// Whether the provider is asked for the usage of a chat stream (`general_settings.always_include_stream_usage`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StreamUsage {
    /// Unset: asked for wherever the provider can tell; the client sees it if it asked.
    #[default]
    Track,
    /// `true`: asked for, and shown to every client that does not decline.
    Show,
    /// `false`: asked for only if the client asks.
    AsAsked,
}

/// Families of OpenAI models with rules of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    Plain,
    /// `o1`, `o3-mini`, …
    OSeries,
    /// `gpt-5` and later, which reason.
    Gpt5,
    /// `gpt-5-search-api`.
    Gpt5Search,
}

/// Everything about a deployment that preparing a request needs.
#[derive(Clone, Debug)]
pub struct Rules {
    pub settings: Settings,
    pub(super) family: Family,
    pub(super) supported: Parameters,
    /// The model's name as it goes into the body of a chat, and of anything else.
    pub(super) chat_model: Box<RawValue>,
    pub(super) plain_model: Box<RawValue>,
    pub(super) strips_cache_marks: bool,
    pub(super) translates_developer: bool,
    /// Whether chats have to be asked as responses.
    pub(super) chats_by_responses: bool,
    /// How the provider is spoken to, where it is not by OpenAI's wire.
    pub(crate) dialect: Option<&'static dyn Dialect>,
}

impl Rules {
    /// Works out once what all requests of the deployment have in common.
    pub fn new(settings: Settings) -> Self {
        let family = family(&settings);
        let dialect = dialect::of(&settings);
        let supported = dialect.map_or_else(|| supported(&settings, family), |dialect| dialect.supported(&settings));
        let (chat_model, plain_model) = (raw(&wire_model(&settings)), raw(&settings.model));
        let strips_cache_marks = strips_cache_marks(&settings, family);
        let translates_developer = family != Family::OSeries;
        let chats_by_responses = responses::is_asked_by(&settings);
        Self {
            settings,
            family,
            supported,
            chat_model,
            plain_model,
            strips_cache_marks,
            translates_developer,
            chats_by_responses,
            dialect,
        }
    }

    /// The provider that the deployment calls.
    pub fn provider(&self) -> &'static Provider {
        self.settings.provider
    }

    /// Where calls of this kind go.
    ///
    /// # Errors
    /// Where the provider has no address of its own and the deployment gives none.
    pub fn url(&self, operation: Operation, mode: Mode) -> Result<String, UrlError> {
        let settings = &self.settings;
        match self.dialect {
            Some(dialect) => dialect.url(settings, operation, mode),
            None if vertex::is_vertex(settings.provider.name) => vertex::open_ai(settings, mode),
            None => {
                let (base, version) = (settings.api_base.as_deref(), settings.api_version.as_deref());
                provider::url(settings.provider, base, version, &settings.model, operation)
            }
        }
    }

    /// Headers that every request of the deployment carries beside authentication.
    pub fn headers(&self, operation: Operation) -> Vec<(&'static str, String)> {
        self.dialect.map(|dialect| dialect.headers(&self.settings, operation)).unwrap_or_default()
    }

    /// Whether the provider takes calls of this kind as they are.
    pub fn speaks(&self, operation: Operation) -> bool {
        match self.dialect {
            Some(dialect) => dialect.speaks(&self.settings, operation),
            // Partner models at Vertex AI chat in OpenAI's form, and do nothing else.
            None if vertex::is_vertex(self.settings.provider.name) => operation == Operation::ChatCompletion,
            None if operation == Operation::Responses => {
                self.settings.provider.offers(operation) && super::responses::speaks(&self.settings)
            }
            None => self.settings.provider.offers(operation),
        }
    }

    /// Whose rules word the failures of the deployment's chats.
    pub fn reader(&self) -> Reader {
        self.dialect.map_or(Reader::Provider, Dialect::reader)
    }

    /// Whether the provider speaks a wire of its own.
    pub const fn is_translated(&self) -> bool {
        self.dialect.is_some()
    }

    /// The chat parameters that reach the provider, in the order of [`NAMES`](crate::provider::NAMES).
    pub fn parameters(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.supported.names()
    }

    /// Whether the chat parameter reaches the provider.
    pub fn supports(&self, parameter: &str) -> bool {
        self.supported.contains(parameter)
    }

    /// What the model map says of the deployment's model.
    pub(super) fn can(&self, capability: Capability) -> bool {
        models::supports(self.settings.provider.name, &self.settings.model, capability)
    }

    /// Whether `stream: false` may be spelled out; Azure's reasoning models are called without it.
    pub(super) fn names_stream(&self) -> bool {
        let is_azure_o_series = self.settings.provider.adapter == Adapter::Azure && self.family == Family::OSeries;
        self.supports("stream") && !is_azure_o_series
    }

    /// As `can`, for models that Azure knows by another name.
    pub(super) fn detected_model(&self) -> &str {
        self.settings.base_model.as_deref().unwrap_or(&self.settings.model)
    }

    /// Whether the address is OpenAI's own and not a gateway or server that speaks its wire.
    pub(super) fn is_hosted_by_openai(&self) -> bool {
        is_openai_host(self.settings.api_base.as_deref())
    }
}

fn is_openai_host(api_base: Option<&str>) -> bool {
    api_base.is_none_or(|base| {
        let host = crate::provider::host(base);
        host.is_empty() || host == "openai.com" || host.ends_with(".openai.com")
    })
}

/// Which rules of OpenAI's own models apply.
fn family(settings: &Settings) -> Family {
    let model = settings.base_model.as_deref().unwrap_or(&settings.model);
    match settings.provider.adapter {
        Adapter::OpenAi if is_o_series(&settings.model) => Family::OSeries,
        Adapter::OpenAi | Adapter::AzureAi => gpt5_family(&settings.model),
        Adapter::Azure if is_azure_o_series(model) => Family::OSeries,
        Adapter::Azure => gpt5_family(model),
        _ => Family::Plain,
    }
}

fn gpt5_family(model: &str) -> Family {
    let last = model.rsplit('/').next().unwrap_or(model);
    let reasons =
        ["gpt-5", "gpt-6", "gpt5_series"].iter().any(|mark| model.contains(mark)) && !last.contains("gpt-5-chat");
    match reasons {
        true if model.contains("gpt-5") && model.contains("search") => Family::Gpt5Search,
        true => Family::Gpt5,
        false => Family::Plain,
    }
}

/// A catalogue model named `o` and a digit.
fn is_o_series(model: &str) -> bool {
    let name = model.rsplit('/').next().unwrap_or(model);
    let is_named = name.starts_with('o') && name.as_bytes().get(1).is_some_and(u8::is_ascii_digit);
    is_named && is_catalogued(name)
}

fn is_azure_o_series(model: &str) -> bool {
    ["o1", "o3", "o4", "o_series/"].iter().any(|mark| model.contains(mark))
}

/// The model's name in the body, where the provider wants it otherwise than the deployment writes it.
fn wire_model(settings: &Settings) -> String {
    let model = settings.model.as_str();
    match settings.provider.adapter {
        Adapter::Azure => model.replace("o_series/", "").replace("gpt5_series/", ""),
        Adapter::Fireworks => fireworks_resource(model),
        Adapter::Clarifai => clarifai_address(model),
        _ => model.to_owned(),
    }
}

/// Short names of Fireworks become resource names.
pub(super) fn fireworks_resource(model: &str) -> String {
    let is_whole = model.starts_with("accounts/") || model.starts_with("FW-") || model.contains('#');
    let is_router = model.ends_with("-fast")
        || matches!(model, "firerouter" | "auto" | "auto-instant")
        || model.starts_with("firerouter/");
    match () {
        () if is_whole => model.to_owned(),
        () if model.starts_with("routers/") || model.starts_with("models/") => format!("accounts/fireworks/{model}"),
        () if is_router => format!("accounts/fireworks/routers/{model}"),
        () => format!("accounts/fireworks/models/{model}"),
    }
}

/// `user.app.model` is written as the model's address.
fn clarifai_address(model: &str) -> String {
    let mut parts = model.split('.');
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(user), Some(app), Some(name), None) => format!("https://clarifai.com/{user}/{app}/models/{name}"),
        _ => model.to_owned(),
    }
}

fn strips_cache_marks(settings: &Settings, family: Family) -> bool {
    let model = settings.model.to_ascii_lowercase();
    match settings.provider.cache_marks {
        CacheMarks::Strip => true,
        // LiteLLM prepares Azure's `o` models as it does OpenAI's own.
        CacheMarks::Keep => family == Family::OSeries,
        CacheMarks::OpenRouter => !reads_cache_marks(&model),
        CacheMarks::OpenAi => is_openai_host(settings.api_base.as_deref()),
    }
}

/// Models behind OpenRouter that read `cache_control`, by their name in lower case.
pub(super) fn reads_cache_marks(model: &str) -> bool {
    ["claude", "gemini", "minimax", "glm", "z-ai"].iter().any(|mark| model.contains(mark))
}
