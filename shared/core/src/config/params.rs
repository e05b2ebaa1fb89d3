//! `litellm_params` of a deployment, sorted by where they go.
//!
//! Reads what the tables have checked already. Knows no provider.

use std::fmt;

use serde_json::{Map, Value as Json};

use super::budget::Budget;
use super::failure_policy::AllowedFails;
use super::model::secret;
use super::node::{Entry, Node, Value};
use super::schema::{Index, Role};
use crate::Secret;

/// How to call a deployment. Durations are in seconds, prices in US dollars.
#[derive(Clone, Default)]
pub struct Params {
    /// The model as the provider knows it, mostly with the provider in front: `openai/gpt-4o`.
    pub model: String,
    pub custom_llm_provider: Option<String>,
    pub api_key: Option<Secret>,
    /// `api_base`, else `base_url`.
    pub api_base: Option<String>,
    pub api_version: Option<String>,
    pub organization: Option<String>,
    pub azure_ad_token: Option<Secret>,
    /// `timeout`, else `request_timeout`.
    pub timeout_seconds: Option<f64>,
    pub stream_timeout_seconds: Option<f64>,
    pub max_retries: Option<u64>,
    pub num_retries: Option<u64>,
    pub drop_params: Option<bool>,
    pub additional_drop_params: Vec<String>,
    pub allowed_openai_params: Vec<String>,
    /// `headers` and `extra_headers`, in this order.
    pub extra_headers: Vec<(String, String)>,
    pub extra_body: Map<String, Json>,
    pub mock_response: Option<Json>,
    /// Lends its key to the pass-through route of its provider.
    pub use_in_pass_through: bool,
    pub tpm: Option<u64>,
    pub rpm: Option<u64>,
    pub weight: Option<f64>,
    pub order: Option<i64>,
    pub tags: Vec<String>,
    /// Patterns for headers of a request, written `Name: value`.
    pub tag_regex: Vec<String>,
    /// Where `model_info` sets none.
    pub cooldown_time_seconds: Option<f64>,
    /// `max_budget` for each `budget_duration`.
    pub budget: Option<Budget>,
    /// `silent_model`: model groups that get a copy of each call and whose answers nobody sees.
    pub silent_models: Vec<String>,
    pub region_name: Option<String>,
    /// LiteLLM reads these two in `model_info` alone.
    pub allowed_fails: Option<u64>,
    pub allowed_fails_policy: Option<AllowedFails>,
    /// Input tokens a minute: of the entry, else of `litellm_params`, else of `model_info`.
    pub max_parallel_requests: Option<u64>,
    pub input_cost_per_token: Option<f64>,
    pub output_cost_per_token: Option<f64>,
    /// Prices of its own, as they are written: `input_cost_per_token`, `tiered_pricing`, ….
    pub prices: Map<String, Json>,
    /// What tells a provider who is calling, beyond the fields above: `aws_secret_access_key`, …
    pub credentials: Vec<(String, Secret)>,
    /// What goes into the body of every call unless the caller sets it, in the order written.
    pub defaults: Vec<(String, Json)>,
    /// What may be shown of all this, as it was written.
    pub told: Map<String, Json>,
}

impl Params {
    /// Reads entries in their order; `index` says where each key goes, an unknown one into the body.
    pub(super) fn read(entries: &[Entry], index: &Index) -> Self {
        let mut params = Self::gateway(&Fields(entries));
        for entry in entries {
            let Some(name) = entry.name() else { continue };
            let role = index.get(name).map_or(Role::Body, |group| group.role);
            if role != Role::Credential && may_be_told(name, &entry.value) && !entry.value.is_null() {
                params.told.insert(name.to_owned(), entry.value.to_json());
            }
            match role {
                Role::Gateway => {}
                _ if entry.value.is_null() => {}
                Role::Body => params.defaults.push((name.to_owned(), entry.value.to_json())),
                Role::Credential => params.credentials.push((name.to_owned(), secret(&entry.value))),
            }
        }
        params
    }

    /// What a credential lends is not shown.
    pub(super) fn tell_only(&mut self, own: &[Entry]) {
        self.told.retain(|name, _| own.iter().any(|entry| entry.name() == Some(name)));
    }

    /// A credential by its name; an empty one counts as absent.
    pub fn credential(&self, name: &str) -> Option<&Secret> {
        let found = self.credentials.iter().find(|(own, _)| own == name);
        found.map(|(_, value)| value).filter(|value| !value.expose().is_empty())
    }

    /// What Google is shown: JSON, or the path of a file that holds it.
    pub fn google_credentials(&self) -> Option<&Secret> {
        self.credential("vertex_credentials").or_else(|| self.credential("vertex_ai_credentials"))
    }

    fn gateway(fields: &Fields<'_>) -> Self {
        Self {
            model: fields.text("model").unwrap_or_default(),
            custom_llm_provider: fields.text("custom_llm_provider"),
            api_key: fields.text("api_key").map(Secret::new),
            api_base: fields.text("api_base").or_else(|| fields.text("base_url")),
            api_version: fields.text("api_version"),
            organization: fields.text("organization"),
            azure_ad_token: fields.text("azure_ad_token").map(Secret::new),
            timeout_seconds: fields.number("timeout").or_else(|| fields.number("request_timeout")),
            stream_timeout_seconds: fields.number("stream_timeout"),
            max_retries: fields.count("max_retries"),
            num_retries: fields.count("num_retries"),
            drop_params: fields.get("drop_params").and_then(Node::as_flag),
            additional_drop_params: fields.texts("additional_drop_params"),
            allowed_openai_params: fields.texts("allowed_openai_params"),
            extra_headers: [fields.pairs("headers"), fields.pairs("extra_headers")].concat(),
            extra_body: fields.get("extra_body").map(Node::to_json_map).unwrap_or_default(),
            mock_response: fields.get("mock_response").map(Node::to_json),
            use_in_pass_through: fields.flag("use_in_pass_through"),
            tpm: fields.count("tpm"),
            rpm: fields.count("rpm"),
            weight: fields.number("weight"),
            order: fields.integer("order"),
            tags: fields.texts("tags"),
            tag_regex: fields.texts("tag_regex"),
            cooldown_time_seconds: fields.number("cooldown_time"),
            budget: Budget::new(fields.number("max_budget"), fields.text("budget_duration")),
            silent_models: fields.texts("silent_model"),
            region_name: fields.text("region_name"),
            allowed_fails: fields.count("allowed_fails"),
            allowed_fails_policy: fields.get("allowed_fails_policy").map(AllowedFails::read),
            max_parallel_requests: fields.count("max_parallel_requests"),
            input_cost_per_token: fields.number("input_cost_per_token"),
            output_cost_per_token: fields.number("output_cost_per_token"),
            prices: prices(fields),
            credentials: Vec::new(),
            defaults: Vec::new(),
            told: Map::new(),
        }
    }
}

impl fmt::Debug for Params {
    /// Names only of headers, bodies and defaults: their values may come from secret variables.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers: Vec<_> = self.extra_headers.iter().map(|(name, _)| name).collect();
        let defaults: Vec<_> = self.defaults.iter().map(|(name, _)| name).collect();
        let mut debug = formatter.debug_struct("Params");
        debug.field("model", &self.model).field("custom_llm_provider", &self.custom_llm_provider);
        debug.field("api_base", &self.api_base).field("api_key", &self.api_key).field("credentials", &self.credentials);
        debug.field("extra_headers", &headers).field("defaults", &defaults).finish_non_exhaustive()
    }
}

/// Texts that are no secret and hold none; of everything else only numbers and flags are shown.
const PLAIN: &[&str] = &[
    "model",
    "custom_llm_provider",
    "api_base",
    "api_version",
    "litellm_credential_name",
    "region_name",
    "budget_duration",
    "tags",
];

/// Whether a parameter may be shown.
fn may_be_told(name: &str, value: &Node) -> bool {
    PLAIN.contains(&name) || matches!(value.value, Value::Bool(_) | Value::Integer(_) | Value::Float(_))
}

/// What the table of prices names.
fn prices(fields: &Fields<'_>) -> Map<String, Json> {
    let is_price =
        |name: &str| name.contains("cost") || name.contains("pricing") || name.contains("web_search_billing");
    let priced = fields.0.iter().filter_map(|entry| Some((entry.name()?, &entry.value)));
    priced.filter(|(name, _)| is_price(name)).map(|(name, value)| (name.to_owned(), value.to_json())).collect()
}

/// The entries of a section, read by name. A value of another type than asked for counts as absent.
pub(super) struct Fields<'a>(pub &'a [Entry]);

impl<'a> Fields<'a> {
    pub fn of(node: Option<&'a Node>) -> Self {
        Self(node.map(Node::entries).unwrap_or_default())
    }

    pub fn get(&self, name: &str) -> Option<&'a Node> {
        let entry = self.0.iter().find(|entry| entry.name() == Some(name))?;
        Some(&entry.value).filter(|value| !value.is_null())
    }

    pub fn text(&self, name: &str) -> Option<String> {
        self.get(name).and_then(Node::as_text).map(str::to_owned)
    }

    pub fn flag(&self, name: &str) -> bool {
        self.get(name).and_then(Node::as_flag).unwrap_or(false)
    }

    /// A flag, and what it is where the document does not say.
    pub fn flag_or(&self, name: &str, otherwise: bool) -> bool {
        self.get(name).and_then(Node::as_flag).unwrap_or(otherwise)
    }

    /// A flag that is on unless it is turned off.
    pub fn flag_unless_off(&self, name: &str) -> bool {
        self.get(name).and_then(Node::as_flag).unwrap_or(true)
    }

    pub fn number(&self, name: &str) -> Option<f64> {
        self.get(name).and_then(Node::as_number)
    }

    /// A number above zero; zero counts as absent.
    pub fn positive(&self, name: &str) -> Option<f64> {
        self.number(name).filter(|number| *number > 0.0)
    }

    pub fn integer(&self, name: &str) -> Option<i64> {
        self.get(name).and_then(Node::as_integer).and_then(|number| i64::try_from(number).ok())
    }

    pub fn count(&self, name: &str) -> Option<u64> {
        self.get(name).and_then(Node::as_integer).and_then(|number| u64::try_from(number).ok())
    }

    pub fn texts(&self, name: &str) -> Vec<String> {
        self.get(name).map(Node::texts).unwrap_or_default()
    }

    pub fn pairs(&self, name: &str) -> Vec<(String, String)> {
        let entries = self.get(name).map(Node::entries).unwrap_or_default();
        entries.iter().filter_map(|entry| Some((python_key(&entry.key.value), entry.value.as_scalar_text()?))).collect()
    }
}

fn python_key(key: &Value) -> String {
    super::python::text(key)
}
