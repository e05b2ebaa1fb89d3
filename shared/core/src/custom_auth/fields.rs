//! The fields of LiteLLM's `UserAPIKeyAuth`, and what each may be.
//!
//! A field that is none of them is refused: a budget under a misspelt name would be no budget.

use serde_json::Value;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Text,
    /// A finite number.
    Number,
    /// A whole number.
    Whole,
    Flag,
    Texts,
    Object,
    Objects,
    Any,
}

/// Where a field belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A column of `LiteLLM_VerificationToken`.
    Key,
    Beside,
}

/// By place and kind.
const FIELDS: &[(Place, Kind, &[&str])] = &[
    (
        Place::Key,
        Kind::Text,
        &[
            "key_name",
            "key_alias",
            "expires",
            "user_id",
            "team_id",
            "agent_id",
            "project_id",
            "budget_duration",
            "budget_reset_at",
            "key_type",
            "budget_id",
            "organization_id",
            "created_at",
            "created_by",
            "updated_at",
            "updated_by",
            "last_active",
            "object_permission_id",
            "rotation_interval",
            "last_rotation_at",
            "key_rotation_at",
            "settings_updated_at",
        ],
    ),
    (Place::Key, Kind::Number, &["spend", "total_spend", "max_budget"]),
    (Place::Key, Kind::Whole, &["max_parallel_requests", "tpm_limit", "rpm_limit", "tpd_limit", "rotation_count"]),
    (Place::Key, Kind::Flag, &["soft_budget_cooldown", "blocked", "auto_rotate"]),
    (Place::Key, Kind::Texts, &["models", "allowed_cache_controls", "allowed_routes", "access_group_ids"]),
    (
        Place::Key,
        Kind::Object,
        &[
            "aliases",
            "config",
            "metadata",
            "permissions",
            "model_spend",
            "model_max_budget",
            "budget_fallbacks",
            "router_settings",
        ],
    ),
    (Place::Key, Kind::Objects, &["budget_limits"]),
    (
        Place::Beside,
        Kind::Text,
        &[
            "team_alias",
            "team_object_permission_id",
            "end_user_id",
            "organization_alias",
            "project_alias",
            "user_email",
            "allowed_model_region",
            "request_route",
        ],
    ),
    (
        Place::Beside,
        Kind::Number,
        &[
            "team_spend",
            "team_max_budget",
            "team_soft_budget",
            "soft_budget",
            "team_member_spend",
            "end_user_max_budget",
            "organization_max_budget",
            "last_refreshed_at",
            "user_spend",
            "user_max_budget",
        ],
    ),
    (
        Place::Beside,
        Kind::Whole,
        &[
            "team_tpm_limit",
            "team_rpm_limit",
            "team_tpd_limit",
            "team_member_tpm_limit",
            "team_member_rpm_limit",
            "end_user_tpm_limit",
            "end_user_rpm_limit",
            "end_user_tpd_limit",
            "organization_tpm_limit",
            "organization_rpm_limit",
            "user_tpm_limit",
            "user_rpm_limit",
        ],
    ),
    (Place::Beside, Kind::Flag, &["team_blocked", "is_session_token"]),
    (Place::Beside, Kind::Texts, &["team_models"]),
    (
        Place::Beside,
        Kind::Object,
        &[
            "team_model_max_budget",
            "team_model_aliases",
            "team_member",
            "team_metadata",
            "end_user_model_max_budget",
            "organization_metadata",
            "project_metadata",
            "rpm_limit_per_model",
            "tpm_limit_per_model",
            "user_model_max_budget",
            "litellm_budget_table",
            "object_permission",
            "team_object_permission",
            "end_user_object_permission",
            "jwt_claims",
        ],
    ),
    (Place::Beside, Kind::Any, &["user", "created_by_user"]),
];

/// Roles a caller may have.
pub const ROLES: [&str; 7] =
    ["proxy_admin", "proxy_admin_viewer", "org_admin", "internal_user", "internal_user_viewer", "team", "customer"];

pub fn find(name: &str) -> Option<(Place, Kind)> {
    let row = FIELDS.iter().find(|(_, _, names)| names.contains(&name))?;
    Some((row.0, row.1))
}

pub fn fits(value: &Value, kind: Kind) -> bool {
    match kind {
        Kind::Text => value.is_string(),
        Kind::Number => value.is_number(),
        Kind::Whole => value.is_i64(),
        Kind::Flag => value.is_boolean(),
        Kind::Texts => value.as_array().is_some_and(|items| items.iter().all(Value::is_string)),
        Kind::Object => value.is_object(),
        Kind::Objects => value.as_array().is_some_and(|items| items.iter().all(Value::is_object)),
        Kind::Any => true,
    }
}
