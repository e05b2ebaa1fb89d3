//! A deployment: one `model_list` entry, worked out once so that a call only fills in its body.
//!
//! Knows where its provider is and how it is shown the key. Reads no environment: variables are handed in.

mod account;
mod claude;
mod cloud;
mod describe;
mod info_fields;
mod routing;
mod scheme;
mod storage;

use std::sync::OnceLock;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, Uri, header};
use serde_json::{Map, Value};
use tollgate_wire::dialect::Mode;
use tollgate_wire::models::{self, Facts};
use tollgate_wire::prepare::{Rules, Settings, StreamUsage};
use tollgate_wire::price_map;
use tollgate_wire::prices::Prices;
use tollgate_wire::provider::{self, Auth, KeyNeed, Provider, Resolved};
use tollgate_wire::{Operation, json::raw};

use crate::config::{Config, Model, Params};
use crate::meter::Meter;
use crate::sign::Scheme;
use crate::{Error, Secret};
pub use describe::describe_group;
pub use routing::{Allowance, HealthCheck, Price, Routing};
use scheme::Known;
pub use storage::Storage;

/// How many measures a call can be shared out by.
pub const MEASURES: usize = 3;

/// One deployment of a model group. No `Debug`: its headers may be the operator's secrets.
pub struct Deployment {
    /// LiteLLM's deployment id, as in `x-litellm-model-id`.
    pub id: String,
    /// The group's name: `model_name`.
    pub group: String,
    /// The model as the configuration writes it: `litellm_params.model`.
    pub named: String,
    pub provider: &'static str,
    /// The model as the provider knows it.
    pub model: String,
    /// The address without its query.
    pub api_base: String,
    pub rules: Rules,
    /// Everything a request carries but its content: key, `extra_headers`, content type.
    pub headers: HeaderMap,
    /// Longest wait for a whole answer.
    pub timeout: Duration,
    /// The deployment's own `timeout` as Python prints it, for the sentence about a timeout.
    pub timeout_text: String,
    /// Longest silence in a stream.
    pub stream_timeout: Duration,
    pub mock: Option<Value>,
    /// How the caller is shown where no fixed key does it; its headers are added right before a request is sent.
    pub scheme: Option<Scheme>,
    /// Where files of batches are kept, at providers without an interface for files.
    pub storage: Storage,
    /// What to set, where the provider wants a key and none is known.
    pub missing_key: Option<String>,
    /// Shares of the group's calls by `weight`, `rpm` and `tpm`; 0 where the configuration says nothing.
    pub shares: [f64; MEASURES],
    /// The same names as header values, made once.
    pub shown: Shown,
    /// What selection, limits and the breaker know of it.
    pub routing: Routing,
    /// Prices that stand above the map's.
    pub prices: Option<Prices>,
    addresses: Vec<(Operation, Mode, Uri)>,
    mode: Option<String>,
    info: Map<String, Value>,
    /// The parameters that may be shown.
    told: Map<String, Value>,
}

/// What the client may see of a deployment, ready to be sent.
#[derive(Debug)]
pub struct Shown {
    pub id: HeaderValue,
    pub group: HeaderValue,
    pub model: HeaderValue,
    pub api_base: HeaderValue,
    /// The headers that every answer of the deployment begins with: made by `http` at the first one.
    pub headers: OnceLock<HeaderMap>,
}

/// Why an entry of `model_list` cannot be a deployment; the entry is skipped, as LiteLLM does.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Unusable(pub String);

/// Looks a variable up, in `environment_variables` and then in the process's environment.
pub type Variables<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The prices of `litellm_params`, and of `model_info` where those say nothing. What cannot be read leaves the entry
/// out: the map's price in its place would be silent.
fn own_prices(entry: &Model) -> Result<Option<Prices>, Unusable> {
    let unusable = |fault: price_map::Fault| Unusable(fault.to_string());
    let params = price_map::custom(&entry.group, &entry.params.prices).map_err(unusable)?;
    let info = price_map::custom(&entry.group, &entry.info.raw).map_err(unusable)?;
    Ok(match (params, info) {
        (Some(params), Some(info)) => Some(params.or(&info)),
        (params, info) => params.or(info),
    })
}

impl Deployment {
    /// Works an entry out.
    ///
    /// # Errors
    /// When no provider can be told, the provider has no address, or a header cannot be sent.
    pub fn new(config: &Config, entry: &Model, variables: Variables<'_>) -> Result<Self, Unusable> {
        let params = &entry.params;
        let given_base = params.api_base.as_deref();
        let resolved = provider::resolve(&params.model, params.custom_llm_provider.as_deref(), given_base);
        let Resolved { provider, model } = resolved.map_err(|error| Unusable(error.to_string()))?;
        let base = params.api_base.clone().or_else(|| first(provider.base_url_variables, variables));
        let base = account::base(provider.name, params, base, variables);
        let version = api_version(provider, params, variables);
        let cloud = cloud::cloud(config, params, &model, variables);
        let known = Known { config, params, provider, base: base.as_deref(), cloud: &cloud, variables };
        let scheme = scheme::scheme(&known)?;
        let storage = storage::storage(&known);
        let credential = match scheme {
            Some(_) => None,
            None if claude::is_keyed_so(provider.name, &model) => claude::credential(&known)?,
            None => credential(&known, version.as_deref())?,
        };
        let own = settings(config, entry, Resolved { provider, model: model.clone() });
        let mut settings = Settings { api_base: base.clone(), api_version: version.clone(), ..own };
        announce(&known, &mut settings);
        settings.cloud = cloud;
        let rules = Rules::new(settings);
        let addresses = addresses(&rules)?;
        let is_keyless = provider.key == KeyNeed::Optional || params.mock_response.is_some();
        let missing_key = credential.is_none() && scheme.is_none() && !is_keyless && !provider.is_untranslated();
        let api_base = shown_base(base.as_deref().or(provider.base_url).unwrap_or_default());
        let whole_s = params.timeout_seconds.or(config.router_settings.timeout_seconds);
        let whole_s = whole_s.unwrap_or(config.litellm_settings.request_timeout_seconds);
        let stream_s =
            params.stream_timeout_seconds.or(config.router_settings.stream_timeout_seconds).unwrap_or(whole_s);
        let shown = shown(entry, &api_base)?;
        let known = known_facts(&rules, provider.name, &model);
        let routing = Routing::new(config, entry, provider.name, known);
        let prices = own_prices(entry)?;
        Ok(Self {
            id: entry.id.clone(),
            group: entry.group.clone(),
            named: params.model.clone(),
            provider: provider.name,
            model,
            api_base,
            rules,
            headers: headers(credential),
            timeout: seconds(whole_s),
            timeout_text: params.timeout_seconds.map_or_else(|| "None".to_owned(), |seconds| format!("{seconds:?}")),
            stream_timeout: seconds(stream_s),
            mock: params.mock_response.clone(),
            scheme,
            storage,
            missing_key: missing_key.then(|| provider.key_variables.join(" or ")),
            shares: [params.weight, params.rpm.map(count), params.tpm.map(count)].map(Option::unwrap_or_default),
            shown,
            routing,
            prices,
            addresses,
            mode: entry.info.mode.clone(),
            info: entry.info.raw.clone(),
            told: entry.params.told.clone(),
        })
    }

    /// Gives the deployment its places in a meter.
    pub fn count(&mut self, meter: &dyn Meter) {
        self.routing.count(meter, &self.id);
    }

    /// Whether the model takes `response_format`, as LiteLLM's pre-call checks ask.
    pub fn takes_response_format(&self) -> bool {
        self.rules.parameters().any(|name| name == "response_format")
    }

    /// Where calls of this kind go.
    ///
    /// # Errors
    /// When the provider does not offer the operation.
    pub fn uri(&self, operation: Operation, mode: Mode) -> Result<Uri, Error> {
        let found = self.addresses.iter().find(|(offered, kind, _)| *offered == operation && *kind == mode);
        found.map(|(_, _, uri)| uri.clone()).ok_or(Error::NotOffered { provider: self.provider, operation })
    }

    /// Where a resource of the account lives: a file, a batch, a vector store. `path` begins with a slash.
    ///
    /// # Errors
    /// When the account has no address, or the path cannot stand in one.
    pub fn resource_uri(&self, path: &str) -> Result<Uri, Error> {
        self.resource_uri_of(self.rules.settings.api_version.as_deref(), path)
    }

    /// As [`resource_uri`](Self::resource_uri), in the interface of Azure that has OpenAI's own paths.
    ///
    /// # Errors
    /// As there.
    pub fn newer_resource_uri(&self, path: &str) -> Result<Uri, Error> {
        self.resource_uri_of(Some("v1"), path)
    }

    fn resource_uri_of(&self, version: Option<&str>, path: &str) -> Result<Uri, Error> {
        let settings = &self.rules.settings;
        let base = settings.api_base.as_deref();
        let text = provider::resource_url(settings.provider, base, version, path);
        let text = text.map_err(|error| Error::Invalid { param: None, message: error.to_string() })?;
        text.parse().map_err(|_| Error::Invalid { param: None, message: format!("`{path}` cannot be asked for") })
    }

    /// Whether text completions go to the provider as such; else the model is asked in a chat.
    pub fn completes_text(&self) -> bool {
        let offered = self.rules.speaks(Operation::TextCompletion);
        let is_openai = matches!(self.provider, "openai" | "azure" | "azure_ai");
        offered && (!is_openai || self.operation() == Operation::TextCompletion)
    }

    /// The kind of call that the model is for: `model_info.mode`, else what the model map says, else chat.
    pub fn operation(&self) -> Operation {
        let known = models::lookup(self.provider, &self.model);
        match self.mode.as_deref().or(known.as_ref().map(|facts| facts.mode)) {
            Some("completion") => Operation::TextCompletion,
            Some("embedding") => Operation::Embedding,
            Some("moderation") => Operation::Moderation,
            Some("image_generation") => Operation::ImageGeneration,
            Some("audio_speech") => Operation::Speech,
            Some("image_edit") => Operation::ImageEdit,
            Some("audio_transcription") => Operation::Transcription,
            Some("rerank") => Operation::Rerank,
            Some("ocr") => Operation::Ocr,
            _ => Operation::ChatCompletion,
        }
    }
}

/// What of it selection looks at.
fn known_facts(rules: &Rules, provider: &str, model: &str) -> routing::Known {
    let facts = describe::facts(rules, provider, model);
    let price = Price {
        input_usd: facts.as_ref().and_then(Facts::input_cost_per_token_usd),
        output_usd: facts.as_ref().and_then(Facts::output_cost_per_token_usd),
    };
    routing::Known { max_input_tokens: facts.as_ref().and_then(Facts::max_input_tokens), price }
}

fn shown(entry: &Model, api_base: &str) -> Result<Shown, Unusable> {
    Ok(Shown {
        id: header_value(&entry.id)?,
        group: header_value(&entry.group)?,
        model: header_value(&entry.params.model)?,
        api_base: header_value(api_base)?,
        headers: OnceLock::new(),
    })
}

fn settings(config: &Config, entry: &Model, resolved: Resolved) -> Settings {
    let params = &entry.params;
    let as_raw = |(name, value): (&String, &Value)| (name.clone(), raw(value));
    Settings {
        base_model: entry.info.base_model.clone(),
        organization: params.organization.clone(),
        drop_params: params.drop_params.unwrap_or(config.litellm_settings.drop_params),
        modify_params: config.litellm_settings.modify_params,
        additional_drop_params: params.additional_drop_params.clone(),
        allowed_openai_params: params.allowed_openai_params.clone(),
        defaults: params.defaults.iter().map(|(name, value)| (name.clone(), raw(value))).collect(),
        extra_body: params.extra_body.iter().map(as_raw).collect(),
        extra_headers: params.extra_headers.clone(),
        stream_usage: StreamUsage::Track,
        ..Settings::new(resolved.provider, resolved.model)
    }
}

fn api_version(provider: &Provider, params: &Params, variables: Variables<'_>) -> Option<String> {
    let given = params.api_version.clone();
    if provider.path == provider::Path::Azure { given.or_else(|| variables("AZURE_API_VERSION")) } else { given }
}

fn addresses(rules: &Rules) -> Result<Vec<(Operation, Mode, Uri)>, Unusable> {
    let mut addresses = Vec::new();
    for operation in rules.provider().operations {
        for mode in [Mode::Whole, Mode::Streamed] {
            let text = rules.url(*operation, mode).map_err(|error| Unusable(error.to_string()))?;
            addresses.push((*operation, mode, address(&text)?));
        }
    }
    Ok(addresses)
}

/// An address that a request can be sent to.
pub(crate) fn address(text: &str) -> Result<Uri, Unusable> {
    let uri: Uri = text.parse().map_err(|_| Unusable(format!("api_base `{}` is no address", shown_base(text))))?;
    let complete = matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some();
    if complete {
        return Ok(uri);
    }
    let shown = shown_base(text);
    Err(Unusable(format!("api_base `{shown}` is no http or https address: write it with its scheme")))
}

fn headers(credential: Option<(HeaderName, HeaderValue)>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    headers.insert(header::USER_AGENT, HeaderValue::from_static(concat!("tollgate/", env!("CARGO_PKG_VERSION"))));
    headers.extend(credential);
    headers
}

/// The header that shows the key: the deployment's own, else the first variable that is set.
fn credential(known: &Known<'_>, version: Option<&str>) -> Result<Option<(HeaderName, HeaderValue)>, Unusable> {
    let Known { params, provider, base, variables, .. } = *known;
    if let Some(token) = params.azure_ad_token.as_ref().filter(|_| provider.path == provider::Path::Azure) {
        return Ok(Some((header::AUTHORIZATION, bearer(token)?)));
    }
    if let Some(value) = scheme::watsonx_authorization(known) {
        return Ok(Some((header::AUTHORIZATION, sensitive(value.expose())?)));
    }
    let key = params.api_key.clone().or_else(|| first(provider.key_variables, variables).map(Secret::new));
    let Some(key) = key else { return Ok(None) };
    if provider.name == "snowflake" {
        let (key, _) = account::snowflake_key(key.expose());
        return Ok(Some((header::AUTHORIZATION, sensitive(&format!("Bearer {key}"))?)));
    }
    Ok(Some(match provider::auth(provider, base, version) {
        Auth::Bearer => (header::AUTHORIZATION, bearer(&key)?),
        Auth::Header(name) => (HeaderName::from_static(name), sensitive(key.expose())?),
    }))
}

fn bearer(key: &Secret) -> Result<HeaderValue, Unusable> {
    sensitive(&format!("Bearer {}", key.expose()))
}

/// A value that `Debug` does not show.
fn sensitive(text: &str) -> Result<HeaderValue, Unusable> {
    let refuse = |_| Unusable("api_key holds characters that cannot be sent in an HTTP header".to_owned());
    let mut value = HeaderValue::try_from(text).map_err(refuse)?;
    value.set_sensitive(true);
    Ok(value)
}

fn header_value(text: &str) -> Result<HeaderValue, Unusable> {
    HeaderValue::try_from(text)
        .map_err(|_| Unusable(format!("`{}` cannot be sent in an HTTP header", text.escape_debug())))
}

fn first(names: &[&str], variables: Variables<'_>) -> Option<String> {
    names.iter().find_map(|name| variables(name).filter(|value| !value.is_empty()))
}

/// What tells the provider of which kind the key is.
fn announce(known: &Known<'_>, settings: &mut Settings) {
    if claude::shows_oauth(known) {
        let (name, value) = claude::OAUTH_HEADER;
        settings.extra_headers.push((name.to_owned(), value.to_owned()));
        settings.betas.push(claude::OAUTH_BETA.to_owned());
    }
    if known.provider.name == "snowflake" {
        let own = known.params.api_key.clone();
        let key = own.or_else(|| first(known.provider.key_variables, known.variables).map(Secret::new));
        let (_, (name, value)) = account::snowflake_key(key.as_ref().map_or("", Secret::expose));
        settings.extra_headers.push((name.to_owned(), value.to_owned()));
    }
}

/// An address that may be shown: without query and without user information.
fn shown_base(address: &str) -> String {
    let bare = address.split(['?', '#']).next().unwrap_or(address);
    let (before, rest) = bare.split_at(bare.find("://").map_or(0, |at| at + "://".len()));
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = authority.rsplit('@').next().unwrap_or(authority);
    format!("{before}{host}{path}")
}

fn count(number: u64) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}

fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests;
