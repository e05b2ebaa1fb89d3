//! What `litellm_settings` and `general_settings` say of keys and users to be made.
//!
//! Reads what the tables have checked already. A limit that is of no use as one is left out, and so limits nothing.

use super::load::Surroundings;
use super::node::Node;
use super::params::Fields;
use crate::govern::{Generation, KeyRules};

/// Fields that `upperbound_key_generate_params` may limit.
const BOUNDED: &[&str] =
    &["max_budget", "budget_duration", "max_parallel_requests", "tpm_limit", "rpm_limit", "duration"];

pub(super) fn read(document: &Node, surroundings: &Surroundings<'_>) -> KeyRules {
    let settings = Fields::of(document.get("litellm_settings"));
    let general = Fields::of(document.get("general_settings"));
    let map = |name: &str| {
        let mut map = settings.get(name).map(Node::to_json_map).unwrap_or_default();
        // Budgets are fractions, however they are written.
        if let Some(budget) = map.get_mut("max_budget").filter(|budget| budget.is_number()) {
            *budget = budget.as_f64().into();
        }
        map
    };
    let generation = settings.get("key_generation_settings");
    let mut bounds = map("upperbound_key_generate_params");
    bounds.retain(|name, value| BOUNDED.contains(&name.as_str()) && !value.is_null());
    let mut user_defaults = map("default_internal_user_params");
    user_defaults.retain(|_, value| !value.is_null());
    KeyRules {
        defaults: map("default_key_generate_params"),
        bounds,
        team: generation.and_then(|node| rule(node.get("team_key_generation")?, "allowed_team_member_roles")),
        personal: generation.and_then(|node| rule(node.get("personal_key_generation")?, "allowed_user_roles")),
        refuses_custom_keys: general.flag("disable_custom_api_keys"),
        user_defaults,
        user_budget: settings.number("max_internal_user_budget"),
        user_budget_duration: settings.text("internal_user_budget_duration"),
        grace_period: surroundings.variable("LITELLM_KEY_ROTATION_GRACE_PERIOD").filter(|text| !text.is_empty()),
    }
}

fn rule(node: &Node, roles: &str) -> Option<Generation> {
    if node.entries().is_empty() {
        return None;
    }
    Some(Generation {
        roles: node.get(roles).map(Node::texts),
        required_params: node.get("required_params").map(Node::texts).unwrap_or_default(),
    })
}
