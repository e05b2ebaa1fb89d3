//! What `litellm_settings` and `general_settings` say of teams to be made.
//!
//! Reads what the tables have checked already.

use super::node::Node;
use super::params::Fields;
use crate::directory::Row;
use crate::govern::TeamRules;

pub(super) fn read(document: &Node) -> TeamRules {
    let settings = Fields::of(document.get("litellm_settings"));
    let general = Fields::of(document.get("general_settings"));
    let given = Fields::of(settings.get("default_team_params"));
    let first = settings.get("default_team_settings").and_then(|teams| teams.items().first());
    let budget = given.number("max_budget").or_else(|| Fields::of(first).number("max_budget"));
    let permissions = Some(given.texts("team_member_permissions")).filter(|names| !names.is_empty());
    let mut defaults = Row::new();
    let mut set = |name: &str, value: Option<serde_json::Value>| {
        defaults.extend(value.map(|value| (name.to_owned(), value)));
    };
    set("organization_id", given.text("organization_id").map(Into::into));
    set("max_budget", budget.map(Into::into));
    set("budget_duration", given.text("budget_duration").map(Into::into));
    set("tpm_limit", given.integer("tpm_limit").map(Into::into));
    set("rpm_limit", given.integer("rpm_limit").map(Into::into));
    set("team_member_permissions", permissions.map(Into::into));
    TeamRules { defaults, leaves_admins_out: general.flag("disable_auto_add_proxy_admin_to_teams") }
}
