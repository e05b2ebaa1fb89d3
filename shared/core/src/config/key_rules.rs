//! Rules for new keys and users, as `litellm_settings` and `general_settings` write them.
//!
//! Reads what the tables have checked already.

use super::load::Surroundings;
use super::node::Node;
use super::params::Fields;
use crate::directory::Row;
use crate::govern::{Generation, KeyRules};

impl KeyRules {
    pub(super) fn read(general: &Fields<'_>, litellm: &Fields<'_>, surroundings: &Surroundings<'_>) -> Self {
        let map = |name: &str| litellm.get(name).map(Node::to_json_map).unwrap_or_default();
        let settings = litellm.get("key_generation_settings");
        let generation = |name: &str| settings.and_then(|settings| settings.get(name)).map(generation);
        Self {
            defaults: map("default_key_generate_params"),
            bounds: map("upperbound_key_generate_params"),
            team: generation("team_key_generation"),
            personal: generation("personal_key_generation"),
            refuses_custom_keys: general.flag("disable_custom_api_keys"),
            user_defaults: map("default_internal_user_params"),
            user_budget: litellm.number("max_internal_user_budget"),
            user_budget_duration: litellm.text("internal_user_budget_duration"),
            grace_period: surroundings
                .variable("LITELLM_KEY_ROTATION_GRACE_PERIOD")
                .filter(|period| !period.trim().is_empty()),
        }
    }
}

fn generation(node: &Node) -> Generation {
    let fields: Row = node.to_json_map();
    let texts = |name: &str| {
        let items = fields.get(name)?.as_array()?;
        Some(items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect::<Vec<_>>())
    };
    Generation {
        roles: texts("allowed_team_member_roles").or_else(|| texts("allowed_user_roles")),
        required_params: texts("required_params").unwrap_or_default(),
    }
}
