//! Users as they are answered; never their passwords.

use serde_json::Value;

use crate::directory::{Row, schema};
use crate::manage::show::{self, Times};

/// Fields that a directory of users keeps in `metadata`, and that only it may read.
const DIRECTORY_ONLY: &[&str] = &["scim_enterprise", "scim_entitlements", "scim_roles"];

/// The row, with what LiteLLM shows beside it.
pub fn user(row: &Row) -> Row {
    let mut shown = Row::new();
    shown.insert("verified_subjects".to_owned(), Value::Null);
    shown.extend(plain(row));
    show::add_nulls(&mut shown, RELATIONS);
    shown
}

/// The row in a list.
pub fn listed(row: &Row, key_count: u64) -> Row {
    let mut shown = plain(row);
    show::add_nulls(&mut shown, &["organization_memberships", "object_permission"]);
    shown.insert("key_count".to_owned(), key_count.into());
    shown
}

fn plain(row: &Row) -> Row {
    let mut shown = show::row(&schema::USERS, row, Times::Zulu);
    shown.shift_remove("password");
    if let Some(metadata) = shown.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.retain(|name, _| !DIRECTORY_ONLY.contains(&name.as_str()));
    }
    shown
}

/// A user without what belongs to them: `/v2/user/info`.
pub fn brief(row: &Row, permission: Option<&Row>) -> Row {
    let mut shown = show::picked(&plain(row), BRIEF);
    shown.insert("object_permission".to_owned(), show::permission(permission));
    shown
}

/// A team, in the answer about its member.
pub fn team(row: &Row, times: Times) -> Row {
    let shown = show::row(&schema::TEAMS, row, times);
    show::picked(&shown, crate::manage::teams::show::ORDER)
}

const RELATIONS: &[&str] = &[
    "litellm_organization_table",
    "organization_memberships",
    "invitations_created",
    "invitations_updated",
    "invitations_user",
    "object_permission",
];

const BRIEF: &[&str] = &[
    "user_id",
    "user_email",
    "user_alias",
    "user_role",
    "spend",
    "max_budget",
    "tpm_limit",
    "rpm_limit",
    "models",
    "budget_duration",
    "budget_reset_at",
    "metadata",
    "created_at",
    "updated_at",
    "sso_user_id",
    "teams",
    "object_permission",
    "model_max_budget",
];
