//! What selection, limits and the breaker know of a deployment: worked out once, when the configuration is loaded.

use std::time::Duration;

use tollgate_wire::Usage;

use crate::config::{AllowedFails, Budget, Config, Model};
use crate::meter::{Handle, Meter};
use crate::select::tags::Tags;

/// How a deployment takes part in its group. Handles are those of the meter it was [counted](Routing::count) by.
#[derive(Debug, Default)]
pub struct Routing {
    pub handle: Handle,
    pub order: Option<i64>,
    pub tags: Tags,
    /// `model_info.enable_tag_filtering`: stands above the router's setting for the whole group.
    pub tag_filtering: Option<bool>,
    /// `model_info.blocked`.
    pub is_blocked: bool,
    pub region: Option<String>,
    /// `model_info.access_groups`.
    pub access_groups: Vec<String>,
    pub team_id: Option<String>,
    pub team_public_model_name: Option<String>,
    pub max_input_tokens: Option<u64>,
    /// What `model_info.supports_web_search` says.
    pub web_search: Option<bool>,
    pub rpm: Option<u64>,
    pub tpm: Option<u64>,
    /// `max_parallel_requests`, or what LiteLLM derives from the limits.
    pub parallel_max: Option<u32>,
    /// `num_retries`, else `max_retries`.
    pub retries: Option<u64>,
    pub cooldown: Option<Duration>,
    pub allowed_fails: Option<u64>,
    pub allowed_fails_policy: Option<AllowedFails>,
    pub silent_models: Vec<String>,
    pub price: Price,
    pub budgets: Vec<Allowance>,
    pub health: HealthCheck,
}

/// What the deployment's health checks are like.
#[derive(Clone, Debug, Default)]
pub struct HealthCheck {
    /// Whether the background checks it.
    pub is_checked: bool,
    /// Whether what the background finds keeps calls from it.
    pub is_routed_by: bool,
    /// The model to ask, where the deployment's own cannot be: a wildcard's.
    pub model: Option<String>,
    pub timeout: Option<Duration>,
    pub tokens_max: Option<u64>,
}

/// US dollars a token. LiteLLM takes 5 where nobody knows.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Price {
    pub input_usd: Option<f64>,
    pub output_usd: Option<f64>,
}

/// LiteLLM's price of a token, in cost-based routing alone, where nobody knows.
const UNKNOWN_PRICE_USD: f64 = 5.0;
const PICOUSD_A_USD: f64 = 1e12;

impl Price {
    /// What cost-based routing compares.
    pub fn sum_usd(&self) -> f64 {
        self.input_usd.unwrap_or(UNKNOWN_PRICE_USD) + self.output_usd.unwrap_or(UNKNOWN_PRICE_USD)
    }

    /// What so many tokens cost; nothing where nobody knows the price.
    pub fn cost_picousd(&self, input_tokens: u64, output_tokens: u64) -> u64 {
        let input = self.input_usd.unwrap_or(0.0) * input_tokens as f64;
        let output = self.output_usd.unwrap_or(0.0) * output_tokens as f64;
        picousd(input + output)
    }

    pub fn cost_of(&self, usage: Usage) -> u64 {
        self.cost_picousd(usage.prompt_tokens, usage.completion_tokens)
    }
}

/// Saturates; what is no number or below nothing is nothing.
fn picousd(usd: f64) -> u64 {
    (usd * PICOUSD_A_USD) as u64
}

/// A budget that calls of the deployment are paid from.
#[derive(Clone, Debug)]
pub struct Allowance {
    pub purse: Handle,
    pub limit_picousd: u64,
    pub period: Duration,
    /// As LiteLLM names it where it is exceeded: `provider openai`.
    pub shown: String,
    /// LiteLLM's key of the counter.
    pub name: String,
    /// Only calls with this tag count.
    pub tag: Option<String>,
}

impl Allowance {
    fn new(kind: &str, of: &str, shown: String, budget: &Budget) -> Self {
        Self {
            purse: Handle::default(),
            limit_picousd: picousd(budget.limit_usd),
            period: Duration::from_secs(budget.period_seconds),
            shown,
            name: format!("{kind}_spend:{of}:{}", budget.period),
            tag: None,
        }
    }
}

impl Routing {
    pub(super) fn new(config: &Config, entry: &Model, provider: &str, known: Known) -> Self {
        let (params, info, router) = (&entry.params, &entry.info, &config.router_settings);
        let cooldown = info.cooldown_time_seconds.or(params.cooldown_time_seconds);
        let groups = &router.background_health_check_model_groups;
        let is_checked = !info.disable_background_health_check && (groups.is_empty() || groups.contains(&entry.group));
        // A policy leaves the decision to cooldowns, unless the groups are named.
        let is_routed_by = is_checked && (router.allowed_fails_policy.is_none() || !groups.is_empty());
        Self {
            handle: Handle::default(),
            order: params.order,
            tags: Tags::new(params.tags.clone(), &params.tag_regex, info.allow_fail_open),
            tag_filtering: info.enable_tag_filtering,
            is_blocked: info.blocked,
            region: params.region_name.clone(),
            access_groups: entry.info.access_groups.clone(),
            team_id: info.team_id.clone(),
            team_public_model_name: info.team_public_model_name.clone(),
            max_input_tokens: info.max_input_tokens.or(known.max_input_tokens),
            web_search: info.raw.get("supports_web_search").and_then(serde_json::Value::as_bool),
            rpm: entry.rpm,
            tpm: entry.tpm,
            parallel_max: parallel_max(config, entry),
            retries: params.num_retries.or(params.max_retries),
            cooldown: cooldown.map(super::seconds),
            allowed_fails: info.allowed_fails.or(params.allowed_fails),
            allowed_fails_policy: info.allowed_fails_policy.clone().or_else(|| params.allowed_fails_policy.clone()),
            silent_models: params.silent_models.clone(),
            price: known.price.given(entry),
            budgets: allowances(config, entry, provider),
            health: HealthCheck {
                is_checked,
                is_routed_by,
                model: info.health_check_model.clone(),
                timeout: info.health_check_timeout_seconds.map(super::seconds),
                tokens_max: info.health_check_max_tokens,
            },
        }
    }

    /// Gives the deployment its places in the meter.
    pub(crate) fn count(&mut self, meter: &dyn Meter, id: &str) {
        self.handle = meter.handle(id);
        for budget in &mut self.budgets {
            budget.purse = meter.purse(&budget.name);
        }
    }

    /// The budgets that a call with these tags is paid from.
    pub fn budgets_of(&self, tags: &[String]) -> impl Iterator<Item = &Allowance> {
        self.budgets.iter().filter(move |budget| budget.tag.as_ref().is_none_or(|tag| tags.contains(tag)))
    }
}

/// What the model map knows.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Known {
    pub max_input_tokens: Option<u64>,
    pub price: Price,
}

impl Price {
    /// The configuration stands above the model map.
    fn given(self, entry: &Model) -> Self {
        let (params, info) = (&entry.params, &entry.info);
        Self {
            input_usd: params.input_cost_per_token.or(info.input_cost_per_token).or(self.input_usd),
            output_usd: params.output_cost_per_token.or(info.output_cost_per_token).or(self.output_usd),
        }
    }
}

/// LiteLLM's `calculate_max_parallel_requests`: what is set, else `rpm`, else six for each thousand of `tpm`.
fn parallel_max(config: &Config, entry: &Model) -> Option<u32> {
    let params = &entry.params;
    let from_tokens = || params.tpm.map(|tpm| (tpm.saturating_mul(6) / 1000).max(1));
    let number = params.max_parallel_requests.or(params.rpm).or_else(from_tokens);
    let number = number.or(config.router_settings.default_max_parallel_requests)?;
    Some(u32::try_from(number).unwrap_or(u32::MAX))
}

fn allowances(config: &Config, entry: &Model, provider: &str) -> Vec<Allowance> {
    let mut found = Vec::new();
    for (name, budget) in config.router_settings.provider_budgets.iter().filter(|(name, _)| name == provider) {
        found.push(Allowance::new("provider", name, format!("provider {name}"), budget));
    }
    if let Some(budget) = &entry.params.budget {
        let shown = format!(
            "deployment model_name: {}, litellm_params.model: {}, model_id: {}",
            entry.group, entry.params.model, entry.id
        );
        found.push(Allowance::new("deployment", &entry.id, shown, budget));
    }
    for (tag, budget) in &config.litellm_settings.tag_budgets {
        let allowance = Allowance::new("tag", tag, format!("tag='{tag}'"), budget);
        found.push(Allowance { tag: Some(tag.clone()), ..allowance });
    }
    found
}
