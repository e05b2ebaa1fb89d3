//! `model_info` of a deployment.
//!
//! Reads what the tables have checked already.

use std::fmt;

use serde_json::{Map, Value as Json};

use super::failure_policy::AllowedFails;
use super::node::Node;
use super::params::Fields;

/// What is known about a deployment besides how to call it.
#[derive(Clone, Default)]
pub struct ModelInfo {
    pub id: Option<String>,
    /// `chat`, `embedding`, …: which endpoint the model belongs to.
    pub mode: Option<String>,
    pub base_model: Option<String>,
    pub team_id: Option<String>,
    pub access_groups: Vec<String>,
    pub supported_environments: Vec<String>,
    pub input_cost_per_token: Option<f64>,
    pub output_cost_per_token: Option<f64>,
    pub allowed_fails: Option<u64>,
    pub allowed_fails_policy: Option<AllowedFails>,
    /// Else that of `litellm_params`.
    pub cooldown_time_seconds: Option<f64>,
    /// Paused: no call goes to it.
    pub blocked: bool,
    /// Of the model group, in place of the router's.
    pub enable_tag_filtering: Option<bool>,
    /// Whether deployments tagged `default` serve calls whose `!` and `&` tags leave no other.
    pub allow_fail_open: bool,
    pub team_public_model_name: Option<String>,
    pub max_input_tokens: Option<u64>,
    /// The model that a health check asks for, without the group's wildcard.
    pub health_check_model: Option<String>,
    pub health_check_timeout_seconds: Option<f64>,
    pub health_check_max_tokens: Option<u64>,
    pub disable_background_health_check: bool,
    /// The whole section as it was written, for `GET /model/info`.
    pub raw: Map<String, Json>,
}

impl ModelInfo {
    pub(super) fn read(node: Option<&Node>) -> Self {
        let Some(node) = node else { return Self::default() };
        let fields = Fields::of(Some(node));
        Self {
            id: node.get("id").and_then(Node::as_scalar_text),
            mode: fields.text("mode"),
            base_model: fields.text("base_model"),
            team_id: fields.text("team_id"),
            access_groups: fields.texts("access_groups"),
            supported_environments: fields.texts("supported_environments"),
            input_cost_per_token: fields.number("input_cost_per_token"),
            output_cost_per_token: fields.number("output_cost_per_token"),
            allowed_fails: fields.count("allowed_fails"),
            allowed_fails_policy: fields.get("allowed_fails_policy").map(AllowedFails::read),
            cooldown_time_seconds: fields.number("cooldown_time"),
            blocked: fields.flag("blocked"),
            enable_tag_filtering: fields.get("enable_tag_filtering").and_then(Node::as_flag),
            allow_fail_open: fields.flag("allow_fail_open"),
            team_public_model_name: fields.text("team_public_model_name"),
            max_input_tokens: fields.count("max_input_tokens"),
            health_check_model: fields.text("health_check_model"),
            health_check_timeout_seconds: fields.number("health_check_timeout"),
            health_check_max_tokens: fields.count("health_check_max_tokens"),
            disable_background_health_check: fields.flag("disable_background_health_check"),
            raw: node.to_json_map(),
        }
    }
}

impl fmt::Debug for ModelInfo {
    /// Keys only of `raw`: a value may come from a secret variable.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys: Vec<_> = self.raw.keys().collect();
        formatter
            .debug_struct("ModelInfo")
            .field("id", &self.id)
            .field("mode", &self.mode)
            .field("raw", &keys)
            .finish_non_exhaustive()
    }
}
