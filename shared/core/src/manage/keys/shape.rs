//! The fields of requests about keys, as LiteLLM's models of them declare them. Tables, no logic.

use super::super::read::{Kind, Shape};

/// What requests about keys and users share.
pub const BASE: Shape = &[
    ("key_alias", Kind::Text),
    ("duration", Kind::Text),
    ("models", Kind::Texts),
    ("spend", Kind::Number),
    ("max_budget", Kind::Budget),
    ("user_id", Kind::Text),
    ("team_id", Kind::Id),
    ("agent_id", Kind::Text),
    ("max_parallel_requests", Kind::Int),
    ("metadata", Kind::Map),
    ("tpm_limit", Kind::Whole),
    ("rpm_limit", Kind::Whole),
    ("budget_duration", Kind::Text),
    ("budget_limits", Kind::Windows),
    ("allowed_cache_controls", Kind::Texts),
    ("config", Kind::Map),
    ("permissions", Kind::Map),
    ("model_max_budget", Kind::Map),
    ("budget_fallbacks", Kind::MapOfTexts),
    ("model_rpm_limit", Kind::Map),
    ("model_tpm_limit", Kind::Map),
    ("mcp_rpm_limit", Kind::MapOfWholes),
    ("tag_rpm_limit", Kind::MapOfWholes),
    ("guardrails", Kind::Texts),
    ("policies", Kind::Texts),
    ("prompts", Kind::Texts),
    ("blocked", Kind::Flag),
    ("aliases", Kind::Map),
    ("object_permission", Kind::Permission),
];

/// What every request about keys has besides.
pub const KEY: Shape = &[
    ("key", Kind::Text),
    ("tpd_limit", Kind::Whole),
    ("default_estimated_output_tokens", Kind::Positive),
    ("default_estimated_output_tokens_per_model", Kind::MapOfWholes),
    ("budget_id", Kind::Text),
    ("end_user_budget_id", Kind::Text),
    ("tags", Kind::Texts),
    ("disable_global_guardrails", Kind::Flag),
    ("enable_prompt_caching", Kind::Flag),
    ("throttle_on_budget_exceeded", Kind::Flag),
    ("enforced_params", Kind::Texts),
    ("allowed_routes", Kind::Texts),
    ("allowed_passthrough_routes", Kind::Texts),
    ("denied_passthrough_routes", Kind::Texts),
    ("allowed_vector_store_indexes", Kind::Maps),
    ("rpm_limit_type", THROUGHPUT),
    ("tpm_limit_type", THROUGHPUT),
    ("router_settings", Kind::Part(ROUTER_SETTINGS)),
    ("access_group_ids", Kind::Texts),
    ("soft_budget", Kind::Number),
    ("auto_rotate", Kind::Flag),
    ("rotation_interval", Kind::Text),
    ("organization_id", Kind::Id),
    ("project_id", Kind::Id),
];

/// What only a new key has.
pub const NEW: Shape = &[("send_invite_email", Kind::Flag), ("key_type", KEY_TYPE)];

/// What only an update has.
pub const CHANGED: Shape = &[("temp_budget_increase", Kind::Number), ("temp_budget_expiry", Kind::Moment)];

/// What only a regeneration has.
pub const REPLACED: Shape =
    &[("new_key", Kind::Text), ("new_master_key", Kind::Text), ("grace_period", Kind::Text), ("key_type", KEY_TYPE)];

const THROUGHPUT: Kind = Kind::Choice(
    "literal_error",
    &["guaranteed_throughput", "best_effort_throughput", "dynamic"],
    "'guaranteed_throughput', 'best_effort_throughput' or 'dynamic'",
);

const KEY_TYPE: Kind = Kind::Choice(
    "enum",
    &["llm_api", "management", "read_only", "default"],
    "'llm_api', 'management', 'read_only' or 'default'",
);

/// Members of `router_settings`, in the order in which they are shown.
pub const ROUTER_SETTINGS: &[&str] = &[
    "routing_strategy_args",
    "routing_strategy",
    "routing_groups",
    "retry_policy",
    "model_group_retry_policy",
    "model_group_affinity_config",
    "allowed_fails",
    "cooldown_time",
    "num_retries",
    "timeout",
    "max_retries",
    "retry_after",
    "fallbacks",
    "context_window_fallbacks",
    "model_group_alias",
    "enable_tag_filtering",
    "weights",
    "tag_routing_prefix",
    "optional_pre_call_checks",
];

/// Fields that LiteLLM has no column for: they are kept in `metadata`.
pub const IN_METADATA: &[&str] = &[
    "disable_global_guardrails",
    "guardrails",
    "policies",
    "tags",
    "prompts",
    "allowed_passthrough_routes",
    "denied_passthrough_routes",
    "model_rpm_limit",
    "model_tpm_limit",
    "default_estimated_output_tokens",
    "default_estimated_output_tokens_per_model",
    "mcp_rpm_limit",
    "tag_rpm_limit",
    "rpm_limit_type",
    "tpm_limit_type",
    "enforced_params",
    "temp_budget_increase",
    "temp_budget_expiry",
    "allowed_vector_store_indexes",
    "throttle_on_budget_exceeded",
    "enable_prompt_caching",
    "end_user_budget_id",
];

/// Fields that are columns of the same name.
pub const COLUMNS: &[&str] = &[
    "key_alias",
    "models",
    "spend",
    "max_budget",
    "user_id",
    "team_id",
    "agent_id",
    "max_parallel_requests",
    "tpm_limit",
    "rpm_limit",
    "tpd_limit",
    "allowed_cache_controls",
    "config",
    "permissions",
    "model_max_budget",
    "budget_fallbacks",
    "blocked",
    "aliases",
    "budget_id",
    "allowed_routes",
    "router_settings",
    "access_group_ids",
    "auto_rotate",
    "rotation_interval",
    "organization_id",
    "project_id",
    "key_type",
];
