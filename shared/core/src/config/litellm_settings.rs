//! `litellm_settings`: what LiteLLM sets on its module.
//!
//! Reads what the tables have checked already.

use serde_json::Value as Json;

use super::budget::Budget;
use super::load::Surroundings;
use super::node::Node;
use super::params::Fields;

/// LiteLLM's `request_timeout` where neither the document nor `REQUEST_TIMEOUT` sets one.
const REQUEST_TIMEOUT_SECONDS: f64 = 6000.0;

/// Settings for all deployments.
#[derive(Clone, Debug, PartialEq)]
pub struct LitellmSettings {
    pub drop_params: bool,
    /// `modify_params`, else whether the variable `LITELLM_MODIFY_PARAMS` says anything.
    pub modify_params: bool,
    /// Where the router has none; see [`super::RouterSettings::retries`].
    pub num_retries: Option<u64>,
    /// `request_timeout`, else the variable `REQUEST_TIMEOUT`, else 6000.
    pub request_timeout_seconds: f64,
    pub json_logs: bool,
    pub set_verbose: bool,
    /// Whether addresses in requests are kept out of private networks; true where nothing is set.
    pub user_url_validation: bool,
    /// Hosts that may be fetched from all the same: `host` or `host:port`, in lower case.
    pub user_url_allowed_hosts: Vec<String>,
    /// Where Vertex AI's models are, unless a deployment says otherwise.
    pub vertex_project: Option<String>,
    pub vertex_location: Option<String>,
    /// Whether a deployment of Azure without a key logs in as the machine or the workload that the gateway runs in.
    pub enable_azure_ad_token_refresh: bool,
    /// `tag_budget_config`, by the name of the tag.
    pub tag_budgets: Vec<(String, Budget)>,
    /// `cost_discount_config` and `cost_margin_config`, by provider, as they are written; null where they are absent.
    pub cost_discounts: Json,
    pub cost_margins: Json,
    /// Where a price map is that stands above the built-in one: `model_cost_map_url`, else the variable
    /// `LITELLM_MODEL_COST_MAP_URL`, unless `LITELLM_LOCAL_MODEL_COST_MAP` says that none is wanted.
    pub model_cost_map_url: Option<String>,
}

impl LitellmSettings {
    pub(super) fn read(node: Option<&Node>, surroundings: &Surroundings<'_>) -> Self {
        let fields = Fields::of(node);
        let from_variable = || surroundings.variable("REQUEST_TIMEOUT")?.trim().parse().ok();
        let from_environment = surroundings.variable("LITELLM_MODIFY_PARAMS").is_some_and(|text| !text.is_empty());
        Self {
            drop_params: fields.flag("drop_params"),
            modify_params: fields.flag_or("modify_params", from_environment),
            num_retries: fields.count("num_retries"),
            request_timeout_seconds: fields
                .number("request_timeout")
                .or_else(from_variable)
                .unwrap_or(REQUEST_TIMEOUT_SECONDS),
            json_logs: fields.flag("json_logs"),
            set_verbose: fields.flag("set_verbose"),
            user_url_validation: fields.flag_unless_off("user_url_validation"),
            user_url_allowed_hosts: fields
                .texts("user_url_allowed_hosts")
                .iter()
                .map(|host| host.to_ascii_lowercase())
                .collect(),
            vertex_project: fields.text("vertex_project"),
            vertex_location: fields.text("vertex_location"),
            enable_azure_ad_token_refresh: fields.flag("enable_azure_ad_token_refresh"),
            tag_budgets: Budget::by_name(fields.get("tag_budget_config")),
            cost_discounts: fields.get("cost_discount_config").map_or(Json::Null, Node::to_json),
            cost_margins: fields.get("cost_margin_config").map_or(Json::Null, Node::to_json),
            model_cost_map_url: cost_map(&fields, surroundings),
        }
    }
}

fn cost_map(fields: &Fields<'_>, surroundings: &Surroundings<'_>) -> Option<String> {
    let is_true = |text: String| text.trim().eq_ignore_ascii_case("true");
    if surroundings.variable("LITELLM_LOCAL_MODEL_COST_MAP").is_some_and(is_true) {
        return None;
    }
    let given = fields.text("model_cost_map_url").or_else(|| surroundings.variable("LITELLM_MODEL_COST_MAP_URL"));
    given.map(|url| url.trim().to_owned()).filter(|url| !url.is_empty())
}
