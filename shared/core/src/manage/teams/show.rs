//! A team as answers hold it: LiteLLM has two shapes.

use serde_json::{Value, json};

use super::{TEAMS, aliases, member};
use crate::directory::{Columns, Row, schema};
use crate::manage::{money, permission, records};
use crate::{App, Error};

/// A team in the order of LiteLLM's model of it.
pub const ORDER: &[&str] = &[
    "team_alias",
    "team_id",
    "organization_id",
    "admins",
    "members",
    "members_with_roles",
    "team_member_permissions",
    "metadata",
    "tpm_limit",
    "rpm_limit",
    "tpd_limit",
    "max_budget",
    "soft_budget",
    "budget_duration",
    "budget_limits",
    "models",
    "blocked",
    "router_settings",
    "access_group_ids",
    "default_team_member_models",
    "spend",
    "max_parallel_requests",
    "budget_reset_at",
    "model_id",
    "model_spend",
    "model_max_budget",
    "policies",
    "allow_team_guardrail_config",
    "litellm_model_table",
    "object_permission",
    "object_permission_id",
    "updated_at",
    "created_at",
];

/// A team as LiteLLM's model of it, with what it is linked to given.
pub fn model(team: &Row, names: Option<&Row>, permission: Value) -> Row {
    let mut shown = columns(team);
    if let Some(windows) = shown.get_mut("budget_limits").and_then(Value::as_array_mut) {
        for window in windows {
            if let Some(reset_at) = window.get("reset_at").and_then(Value::as_str) {
                window["reset_at"] = reset_at.replace("+00:00", "Z").into();
            }
        }
    }
    let names = names.map_or(Value::Null, |names| {
        json!({
            "id": names.get("id"),
            "model_aliases": names.get("aliases"),
            "created_by": names.get("created_by"),
            "updated_by": names.get("updated_by"),
            "team": null,
        })
    });
    shown.insert("litellm_model_table".to_owned(), names);
    shown.insert("object_permission".to_owned(), permission);
    records::only(&shown, ORDER)
}

/// The same, with what it is linked to read.
///
/// # Errors
/// Where the database cannot be reached.
pub async fn whole(app: &App, team: &Row) -> Result<Row, Error> {
    let names = aliases::of(app, team).await?;
    let permission = permission::shown(app, team.text("object_permission_id")).await?;
    Ok(model(team, names.as_ref(), permission))
}

/// A team as LiteLLM's database client answers it, without what it is linked to.
pub fn bare(team: &Row) -> Row {
    const LINKS: &[&str] = &["litellm_organization_table", "litellm_model_table", "object_permission", "projects"];
    records::with_nulls(columns(team), LINKS)
}

/// The same with its names for models and its permission.
///
/// # Errors
/// Where the database cannot be reached.
pub async fn client(app: &App, team: &Row) -> Result<Row, Error> {
    let mut shown = bare(team);
    if let Some(names) = aliases::of(app, team).await? {
        let mut names = records::shown(&schema::MODEL_ALIASES, &names);
        let aliases = names.shift_remove("aliases").unwrap_or(Value::Null);
        names.insert("model_aliases".to_owned(), aliases);
        names.insert("team".to_owned(), Value::Null);
        shown.insert("litellm_model_table".to_owned(), Value::Object(names));
    }
    let permission = permission::shown(app, team.text("object_permission_id")).await?;
    shown.insert("object_permission".to_owned(), permission);
    Ok(shown)
}

fn columns(team: &Row) -> Row {
    let mut shown = records::shown(TEAMS, team);
    shown.insert("members_with_roles".to_owned(), member::list(&member::of(team)));
    shown
}

/// A membership, with its budget.
pub fn membership(row: &Row, budget: Option<&Row>) -> Row {
    let mut shown = records::only(
        &records::shown(&schema::TEAM_MEMBERSHIPS, row),
        &["user_id", "team_id", "budget_id", "spend", "total_spend"],
    );
    shown.insert("litellm_budget_table".to_owned(), money::full(budget));
    shown
}

/// A user, as changes of members show it.
pub fn user(row: &Row) -> Value {
    let mut shown = records::shown(&schema::USERS, row);
    shown.shift_remove("password");
    Value::Object(records::with_nulls(shown, &["organization_memberships", "object_permission"]))
}
