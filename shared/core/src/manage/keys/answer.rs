//! Keys as they are answered: LiteLLM shows a key in three shapes, depending on the route.
//!
//! None of them holds the text of a key but the first, which only the call that made the key is given.

use serde_json::{Map, Value, json};

use super::shape::ROUTER_SETTINGS;
use crate::directory::{Columns, Row, schema};
use crate::manage::show::{self, Times};

/// What a request that makes a key is answered.
pub fn made(text: &str, row: &Row, budget: Option<&Row>) -> Row {
    let mut answer = show::picked(&show::row(&schema::KEYS, row, Times::Zulu), MADE);
    let token = row.get("token").cloned().unwrap_or(Value::Null);
    for name in ["token", "token_id"] {
        answer.insert(name.to_owned(), token.clone());
    }
    for window in answer.get_mut("budget_limits").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(reset_at) = window.get_mut("reset_at") {
            *reset_at = show::time(reset_at, Times::Zulu);
        }
    }
    answer.insert("key".to_owned(), text.into());
    answer.insert("router_settings".to_owned(), router_settings(row.object("router_settings")));
    answer.insert("litellm_budget_table".to_owned(), show::budget(budget, Times::Zulu));
    answer
}

fn router_settings(settings: Option<&Row>) -> Value {
    let mut shown = show::picked(settings.unwrap_or(&Map::new()), ROUTER_SETTINGS);
    let aliases = shown.entry("model_group_alias").or_insert(Value::Null);
    if aliases.is_null() {
        *aliases = json!({});
    }
    Value::Object(shown)
}

/// The row as it is, without the hash of its key: what `/key/info` shows.
pub fn info(row: &Row, budget: Option<&Row>, times: Times) -> Row {
    let mut shown = whole(row, times);
    shown.shift_remove("token");
    shown.insert("litellm_budget_table".to_owned(), show::budget(budget, times));
    shown
}

/// The row among those of its user, where LiteLLM writes one of its times otherwise.
pub fn of_user(row: &Row) -> Row {
    let mut shown = whole(row, Times::Zulu);
    shown.extend(row.get("expires").map(|expires| ("expires".to_owned(), show::time(expires, Times::Offset))));
    shown
}

/// The row as it is.
pub fn whole(row: &Row, times: Times) -> Row {
    let mut shown = show::row(&schema::KEYS, row, times);
    show::add_nulls(&mut shown, RELATIONS);
    shown
}

/// The shape of what LiteLLM knows of a key that calls.
pub fn known(row: &Row, budget: Option<&Row>, times: Times) -> Row {
    let mut shown = show::picked(&show::row(&schema::KEYS, row, times), KNOWN);
    shown.insert("litellm_budget_table".to_owned(), show::budget(budget, times));
    shown
}

/// The same with what LiteLLM adds when a key calls, nothing of which is looked up for a list.
pub fn calling(row: &Row, budget: Option<&Row>, times: Times) -> Row {
    let mut shown = known(row, budget, times);
    show::add_nulls(&mut shown, CALLING);
    shown.insert("team_models".to_owned(), json!([]));
    for name in ["team_blocked", "is_session_token"] {
        shown.insert(name.to_owned(), false.into());
    }
    shown
}

/// A key that has been deleted or replaced.
pub fn deleted(row: &Row, times: Times) -> Row {
    let all = show::row(&schema::DELETED_KEYS, row, times);
    let mut shown = show::picked(&all, KNOWN);
    shown.extend(show::picked(&all, DELETED));
    shown
}

/// What a key's row leads to; nothing of it is shown but the budget and the permission.
const RELATIONS: &[&str] = &[
    "litellm_budget_table",
    "litellm_organization_table",
    "litellm_project_table",
    "object_permission",
    "jwt_key_mappings",
];

const MADE: &[&str] = &[
    "key_alias",
    "duration",
    "models",
    "spend",
    "max_budget",
    "user_id",
    "team_id",
    "agent_id",
    "max_parallel_requests",
    "metadata",
    "tpm_limit",
    "rpm_limit",
    "budget_duration",
    "budget_limits",
    "allowed_cache_controls",
    "config",
    "permissions",
    "model_max_budget",
    "budget_fallbacks",
    "model_rpm_limit",
    "model_tpm_limit",
    "mcp_rpm_limit",
    "tag_rpm_limit",
    "guardrails",
    "policies",
    "prompts",
    "blocked",
    "aliases",
    "object_permission",
    "key",
    "tpd_limit",
    "default_estimated_output_tokens",
    "default_estimated_output_tokens_per_model",
    "budget_id",
    "end_user_budget_id",
    "tags",
    "disable_global_guardrails",
    "enable_prompt_caching",
    "throttle_on_budget_exceeded",
    "enforced_params",
    "allowed_routes",
    "allowed_passthrough_routes",
    "denied_passthrough_routes",
    "allowed_vector_store_indexes",
    "rpm_limit_type",
    "tpm_limit_type",
    "router_settings",
    "access_group_ids",
    "key_name",
    "key_type",
    "expires",
    "token_id",
    "organization_id",
    "project_id",
    "litellm_budget_table",
    "token",
    "created_by",
    "updated_by",
    "created_at",
    "updated_at",
];

const KNOWN: &[&str] = &[
    "token",
    "key_name",
    "key_alias",
    "spend",
    "total_spend",
    "max_budget",
    "expires",
    "models",
    "aliases",
    "config",
    "user_id",
    "team_id",
    "agent_id",
    "project_id",
    "max_parallel_requests",
    "metadata",
    "tpm_limit",
    "rpm_limit",
    "tpd_limit",
    "budget_duration",
    "budget_reset_at",
    "allowed_cache_controls",
    "allowed_routes",
    "key_type",
    "permissions",
    "model_spend",
    "model_max_budget",
    "budget_fallbacks",
    "soft_budget_cooldown",
    "blocked",
    "litellm_budget_table",
    "budget_id",
    "org_id",
    "created_at",
    "created_by",
    "updated_at",
    "updated_by",
    "settings_updated_at",
    "last_active",
    "object_permission_id",
    "object_permission",
    "access_group_ids",
    "rotation_count",
    "auto_rotate",
    "rotation_interval",
    "last_rotation_at",
    "key_rotation_at",
    "router_settings",
    "budget_limits",
];

const DELETED: &[&str] =
    &["id", "organization_id", "deleted_at", "deleted_by", "deleted_by_api_key", "litellm_changed_by"];

const CALLING: &[&str] = &[
    "team_spend",
    "team_alias",
    "team_tpm_limit",
    "team_rpm_limit",
    "team_tpd_limit",
    "team_max_budget",
    "team_soft_budget",
    "team_model_max_budget",
    "team_models",
    "team_blocked",
    "soft_budget",
    "team_model_aliases",
    "team_member",
    "team_metadata",
    "team_object_permission_id",
    "team_member_spend",
    "team_member_tpm_limit",
    "team_member_rpm_limit",
    "end_user_id",
    "end_user_tpm_limit",
    "end_user_rpm_limit",
    "end_user_tpd_limit",
    "end_user_max_budget",
    "end_user_model_max_budget",
    "organization_alias",
    "organization_max_budget",
    "organization_tpm_limit",
    "organization_rpm_limit",
    "organization_metadata",
    "project_alias",
    "project_metadata",
    "last_refreshed_at",
    "api_key",
    "user_role",
    "allowed_model_region",
    "parent_otel_span",
    "rpm_limit_per_model",
    "tpm_limit_per_model",
    "user_tpm_limit",
    "user_rpm_limit",
    "user_email",
    "user_spend",
    "user_max_budget",
    "user_model_max_budget",
    "request_route",
    "is_session_token",
    "user",
    "created_by_user",
    "end_user_object_permission",
    "team_object_permission",
    "jwt_claims",
];
