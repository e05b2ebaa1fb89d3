//! Everything that pass-through routes need, worked out once from the configuration and its variables.
//!
//! Knows where each provider is and how it is shown its key. Reads no environment: variables are handed in.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderName, HeaderValue, Method, header};
use tollgate_wire::provider::resolve;

use super::operator::{Lookup, Operator};
use super::provider::{PROVIDERS, Provider, Shows, Way};
use super::target::Base;
use super::vertex::Vertex;
use crate::config::{Config, Model, Params};
use crate::deployment::{Deployment, Variables};
use crate::{Error, Secret};

/// Anthropic takes a token in place of a key.
const ANTHROPIC_TOKEN_VARIABLE: &str = "ANTHROPIC_AUTH_TOKEN";
/// Longer waits cannot be computed with.
const TIMEOUT_MAX: Duration = Duration::from_hours(24 * 365);

/// All pass-through routes of a gateway.
#[derive(Default)]
pub struct Passes {
    providers: Vec<Ready>,
    operators: Vec<Operator>,
    /// Longest wait for an answer's head, and for each piece of its body.
    pub(super) timeout: Duration,
    /// Whether Amazon's agent runtime may be called.
    pub(super) serves_agents: bool,
    pub(super) vertex: Vertex,
}

/// One provider, ready to be asked.
pub(super) struct Ready {
    pub provider: &'static Provider,
    pub base: Option<Base>,
    pub shown: Option<Shown>,
    /// The environment's account, where a request is signed.
    pub account: Option<Arc<Deployment>>,
}

/// The provider's key, as it goes out.
pub(super) enum Shown {
    Headers(Vec<(HeaderName, HeaderValue)>),
    Query(Secret),
}

impl Passes {
    /// Works the routes out; what cannot be used is left out, and said in a line of the second value.
    pub fn new(config: &Config, variables: Variables<'_>) -> (Self, Vec<String>) {
        let mut warnings = Vec::new();
        let providers: Vec<Ready> =
            PROVIDERS.iter().map(|provider| ready(provider, config, variables, &mut warnings)).collect();
        let mut operators = Vec::new();
        for endpoint in &config.general_settings.pass_through_endpoints {
            match Operator::new(endpoint) {
                Ok(operator) => operators.push(operator),
                Err(reason) => {
                    let place = &endpoint.place;
                    warnings.push(format!(
                        "{}:{}: pass-through route `{}` is left out: {reason}",
                        place.file, place.line, endpoint.path
                    ));
                }
            }
        }
        let general = &config.general_settings;
        let vertex = providers.iter().find(|ready| ready.provider.way == Way::Vertex);
        let passes = Self {
            vertex: Vertex::new(config, variables, vertex.and_then(|ready| ready.base.clone())),
            providers,
            operators,
            timeout: timeout(general.pass_through_request_timeout_seconds),
            serves_agents: !general.disable_bedrock_agent_runtime_passthrough,
        };
        (passes, warnings)
    }

    /// Looks an operator's route up.
    pub fn find<'a>(&'a self, method: &Method, path: &str) -> Lookup<'a> {
        super::operator::find(&self.operators, method, path)
    }

    pub(super) fn provider(&self, name: &'static str) -> Result<&Ready, Error> {
        let found = self.providers.iter().find(|ready| ready.provider.name == name);
        found.ok_or(Error::PassThroughUnset { provider: name, variables: name.to_owned() })
    }
}

/// Seconds as a wait that can be computed with.
pub(super) fn timeout(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or(TIMEOUT_MAX).min(TIMEOUT_MAX)
}

fn ready(provider: &'static Provider, config: &Config, variables: Variables<'_>, warnings: &mut Vec<String>) -> Ready {
    let given = provider.base_variables.iter().find_map(|name| Some((*name, set(name, variables)?)));
    let base = match (given, provider.base) {
        (Some((name, text)), _) => Base::parse(&text)
            .map_err(|reason| warnings.push(format!("pass-through to {}: {name} {reason}", provider.name)))
            .ok(),
        (None, Some(text)) => Base::parse(text).ok(),
        (None, None) => None,
    };
    let key = lent_key(provider, config)
        .or_else(|| provider.key_variables.iter().find_map(|name| set(name, variables)).map(Secret::new));
    let shown = match (key, provider.way) {
        (Some(key), _) => show(provider.shows, &key),
        (None, Way::Anthropic) => set(ANTHROPIC_TOKEN_VARIABLE, variables)
            .and_then(|token| show(Shows::Authorization("Bearer "), &Secret::new(token))),
        (None, _) => None,
    };
    let account = matches!(provider.way, Way::Bedrock | Way::Watsonx).then(|| account(provider, config, variables));
    Ready { provider, base, shown, account: account.flatten() }
}

/// What a deployment at the provider that says nothing itself would have.
fn account(provider: &Provider, config: &Config, variables: Variables<'_>) -> Option<Arc<Deployment>> {
    Deployment::new(config, &Model::of_provider(provider.name), variables).ok().map(Arc::new)
}

fn set(name: &str, variables: Variables<'_>) -> Option<String> {
    variables(name).filter(|text| !text.is_empty())
}

/// The key of the first deployment that lends it: `use_in_pass_through`.
fn lent_key(provider: &Provider, config: &Config) -> Option<Secret> {
    let (name, wants_europe) = match provider.name.strip_prefix("eu.") {
        Some(name) => (name, true),
        None => (provider.name, false),
    };
    let lenders = config.models.iter().map(|model| &model.params).filter(|params| params.use_in_pass_through);
    let is_there = |params: &&Params| {
        let in_europe = name == "assemblyai" && params.api_base.as_ref().is_some_and(|base| base.contains("eu"));
        is_of(name, params) && in_europe == wants_europe
    };
    lenders.filter(is_there).find_map(|params| params.api_key.clone())
}

fn is_of(name: &str, params: &Params) -> bool {
    if let Some(custom) = &params.custom_llm_provider {
        return custom == name;
    }
    if params.model.split_once('/').is_some_and(|(prefix, _)| prefix == name) {
        return true;
    }
    resolve(&params.model, None, params.api_base.as_deref()).is_ok_and(|resolved| resolved.provider.name == name)
}

/// `None` where the key cannot be sent in a header: then the route says that it has none.
fn show(shows: Shows, key: &Secret) -> Option<Shown> {
    let one = |name, text: String| Some(Shown::Headers(vec![(name, sensitive(&text)?)]));
    match shows {
        Shows::Authorization(scheme) => one(header::AUTHORIZATION, format!("{scheme}{}", key.expose())),
        Shows::Basic => one(header::AUTHORIZATION, format!("Basic {}", STANDARD.encode(format!("{}:", key.expose())))),
        Shows::Header(name) => one(HeaderName::from_static(name), key.expose().to_owned()),
        Shows::BearerAndApiKey => Some(Shown::Headers(vec![
            (header::AUTHORIZATION, sensitive(&format!("Bearer {}", key.expose()))?),
            (HeaderName::from_static("api-key"), sensitive(key.expose())?),
        ])),
        Shows::Query => Some(Shown::Query(key.clone())),
        Shows::Signed => one(header::AUTHORIZATION, format!("Bearer {}", key.expose())),
    }
}

pub(super) fn sensitive(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::try_from(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// OpenAI's base with `/v1` where only one of base and path has it, and without where both do.
///
/// LiteLLM adds it for OpenAI's own host only, and doubles it for a base that ends in it.
pub(super) fn with_one_version(base: &Base, rest: &str) -> Base {
    let has = rest.trim_start_matches('/').starts_with("v1/") || rest.trim_matches('/') == "v1";
    let ends = base.path().ends_with("/v1");
    match (ends, has) {
        (true, true) => base.with_path(base.path().trim_end_matches("/v1")),
        (false, false) if base.is_at("api.openai.com") => base.with_path(&format!("{}/v1", base.path())),
        _ => base.clone(),
    }
}
