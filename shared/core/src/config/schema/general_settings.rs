//! `general_settings`: the server, who may call it, and where its records go.
//!
//! Tollgate's own keys stand in a table of their own.

use super::jwt_auth::JWT_AUTH;
use super::{Group, Kind, Section, acted, later, spend};

pub(super) static GENERAL_SETTINGS: Section = Section::strict(&[OWN, spend::OWN, SETTINGS, spend::SETTINGS]);

/// Keys LiteLLM does not have.
const OWN: &[Group] = &[
    // How budgets are enforced: `default` lets the last call of each exceed it, `strict` none.
    acted(Kind::Choice(&["default", "strict"]), &["budget_enforcement"]),
    // How long a call waits for others to give back what they hold of a budget; 5.
    acted(Kind::Number, &["budget_wait_seconds"]),
    // Whether a model without a price is refused where a budget applies.
    acted(Kind::Choice(&["allow", "refuse"]), &["unpriced_model_under_budget"]),
    // How long a key that was looked up is believed while the database is away; 3600.
    acted(Kind::Number, &["last_known_key_ttl_seconds"]),
    // Whether an unknown key refuses the configuration; false where nothing is set.
    acted(Kind::Flag, &["strict_config"]),
    // The largest head of a request; 64.
    acted(Kind::Count, &["max_header_size_kb"]),
    // How long the body of a request may take to arrive; 300.
    acted(Kind::Number, &["request_read_timeout_seconds"]),
    // How much of what a request names by address is fetched, 50, and how long that may take, 30.
    acted(Kind::Number, &["max_media_download_size_mb", "media_download_timeout_seconds"]),
    // Responses made of chats that are kept for later ones to go on from: 64 MB of them, a day, 10000.
    acted(Kind::Number, &["responses_store_max_size_mb", "responses_store_retention_seconds"]),
    acted(Kind::Count, &["responses_store_max_entries"]),
    // How long connecting to a provider may take; 10.
    acted(Kind::Number, &["upstream_connect_timeout_seconds"]),
    // How long a call to the database may take; 10.
    acted(Kind::Amount, &["database_timeout_seconds"]),
    acted(Kind::Number, &["realtime_max_message_size_mb", "realtime_idle_timeout_seconds"]),
    // The service that `custom_auth` names: what it is shown of the gateway and told of callers, the time it has, 5,
    // how long its answers are kept, 60, how many, 10000, and how long they may be, 64.
    acted(Kind::Text, &["custom_auth_secret"]),
    acted(Kind::Choice(&["key", "hash"]), &["custom_auth_credential"]),
    acted(Kind::HeaderNames, &["custom_auth_headers"]),
    acted(Kind::Amount, &["custom_auth_timeout_seconds", "custom_auth_cache_seconds"]),
    acted(Kind::Count, &["custom_auth_cache_max_entries", "custom_auth_max_response_size_kb"]),
    // By how much the clocks of token issuers may be wrong; 0, as with LiteLLM.
    acted(Kind::Count, &["jwt_leeway_seconds"]),
    // Connections kept open to one host; 1000.
    acted(Kind::Count, &["upstream_idle_connections_per_host_max"]),
];

const KEY_MANAGERS: &[&str] = &[
    "google_kms",
    "azure_key_vault",
    "aws_secret_manager",
    "google_secret_manager",
    "hashicorp_vault",
    "cyberark",
    "local",
    "aws_kms",
    "custom",
];

const SETTINGS: &[Group] = &[
    acted(Kind::Number, &["user_api_key_cache_ttl"]),
    acted(
        Kind::Any,
        &["disable_reset_budget", "fail_closed_budget_enforcement", "max_budget", "token_rate_limit_type"],
    ),
    acted(
        Kind::Flag,
        &[
            "apply_user_budget_to_team_keys",
            "enforce_user_param",
            "reject_clientside_metadata_tags",
            "allow_requests_on_db_unavailable",
        ],
    ),
    acted(Kind::Integer, &["global_max_parallel_requests", "max_parallel_requests"]),
    acted(Kind::Text, &["user_header_name"]),
    acted(Kind::TextList, &["admin_only_routes", "allowed_routes", "enforced_params"]),
    acted(Kind::Section(&SERVICE_ACCOUNTS), &["service_account_settings"]),
    acted(Kind::Period, &["budget_duration"]),
    acted(Kind::Text, &["master_key", "litellm_key_header_name"]),
    // LiteLLM takes any other word for its default.
    acted(Kind::Choice(&["aes-256-gcm", "AES-256-GCM", "xsalsa20-poly1305"]), &["encryption_algorithm"]),
    acted(Kind::Networks, &["allowed_ips", "trusted_proxy_ranges"]),
    acted(Kind::Flag, &["use_x_forwarded_for", "custom_auth_run_common_checks"]),
    acted(Kind::AddressOrPython, &["custom_auth"]),
    acted(Kind::Flag, &["enable_jwt_auth"]),
    acted(Kind::JwtAuth(&JWT_AUTH), &["litellm_jwtauth"]),
    later("a call without a model is refused", Kind::Text, &["completion_model"]),
    acted(
        Kind::Flag,
        &["dangerously_allow_mock_testing_request_params", "dangerously_permit_weak_or_unset_master_key"],
    ),
    later("headers of clients are not forwarded", Kind::Flag, &["forward_client_headers_to_llm_api"]),
    acted(Kind::Number, &["max_request_size_mb", "max_response_size_mb"]),
    acted(
        Kind::Python,
        &[
            "custom_key_generate",
            "custom_key_update",
            "custom_key_policy",
            "custom_sso",
            "custom_ui_sso_sign_in_handler",
            "custom_team_metadata_validate",
        ],
    ),
    later(
        "this of the database is not acted on",
        Kind::Any,
        &[
            "database_args",
            "database_type",
            "disable_adding_master_key_hash_to_db",
            "disable_master_key_return",
            "statement_timeout",
        ],
    ),
    later("this of the database is not acted on", Kind::Flag, &["use_redis_transaction_buffer"]),
    acted(Kind::Flag, &["store_model_in_db"]),
    acted(Kind::Number, &["proxy_config_reload_interval_seconds"]),
    acted(Kind::Text, &["database_url"]),
    acted(Kind::Flag, &["database_disable_prepared_statements", "disable_prisma_schema_update"]),
    acted(Kind::Count, &["database_connection_pool_limit"]),
    acted(Kind::Amount, &["database_connection_pool_timeout", "database_connection_timeout"]),
    later("this of the database is not acted on", Kind::List, &["supported_db_objects"]),
    later("this of the database is not acted on", Kind::Map, &["database_extra_connection_params"]),
    later(
        "this of the database is not acted on",
        Kind::Number,
        &["database_connect_timeout", "database_max_idle_connection_lifetime", "database_socket_timeout"],
    ),
    acted(
        Kind::Flag,
        &[
            "background_health_checks",
            "enable_health_check_routing",
            "health_check_details",
            "health_check_ignore_transient_errors",
            "use_shared_health_check",
        ],
    ),
    acted(Kind::Count, &["health_check_concurrency"]),
    acted(Kind::Amount, &["health_check_interval", "health_check_staleness_threshold"]),
    acted(Kind::TextList, &["background_health_check_model_groups"]),
    later(
        "health checks are not adjusted by it",
        Kind::Any,
        &["allow_public_health_readiness_details", "background_health_check_max_tokens", "health_check_timeout"],
    ),
    later(
        "health checks are not adjusted by it",
        Kind::Flag,
        &["health_check_skip_disabled_background_models", "model_list_healthy_only"],
    ),
    later("results of health checks are not kept", Kind::Text, &["maximum_health_check_retention_period"]),
    later(
        "alerts and reports are not sent",
        Kind::Any,
        &["alert_type_config", "email_settings", "spend_capture_rate_check", "spend_report_frequency"],
    ),
    later("alerts and reports are not sent", Kind::Integer, &["alerting_threshold"]),
    later("alerts and reports are not sent", Kind::Map, &["alert_to_webhook_url", "alerting_args"]),
    later("alerts and reports are not sent", Kind::TextList, &["alert_types", "alerting"]),
    later(
        "mcp and search tools are not served",
        Kind::Any,
        &[
            "enable_mcp_registry",
            "mcp_advertised_versions",
            "mcp_allow_all_keys_respects_mcp_scope",
            "mcp_client_side_auth_header_name",
            "mcp_session_token_signing",
            "require_end_user_mcp_access_defined",
            "require_key_mcp_access_defined",
            "user_mcp_management_mode",
        ],
    ),
    later(
        "mcp and search tools are not served",
        Kind::Flag,
        &["mcp_prefer_client_id_metadata_document", "search_tool_deny_by_default"],
    ),
    later("mcp and search tools are not served", Kind::Integer, &["mcp_xff_num_trusted_hops"]),
    later("mcp and search tools are not served", Kind::List, &["mcp_allowed_clients", "search_tools"]),
    later("mcp and search tools are not served", Kind::Text, &["mcp_client_id_header"]),
    later(
        "mcp and search tools are not served",
        Kind::TextList,
        &["mcp_internal_ip_ranges", "mcp_required_fields", "mcp_trusted_proxy_ranges"],
    ),
    later(
        "keys, tokens (JWT) and custom_auth authenticate, and secrets come from the environment",
        Kind::Any,
        &[
            "allow_user_auth",
            "auto_redirect_ui_login_to_sso",
            "custom_auth_settings",
            "enable_oauth2_auth",
            "enable_oauth2_proxy_auth",
            "enforce_rbac",
            "google_kms",
            "oauth2_config_mappings",
            "password_policy_check_breached_passwords",
        ],
    ),
    later(
        "keys, tokens (JWT) and custom_auth authenticate, and secrets come from the environment",
        Kind::Choice(KEY_MANAGERS),
        &["key_management_system"],
    ),
    later(
        "keys, tokens (JWT) and custom_auth authenticate, and secrets come from the environment",
        Kind::Flag,
        &[
            "allow_cli_sso_verification_uri_complete",
            "disable_env_credential_login",
            "disable_password_login_when_sso_enabled",
            "password_policy_require_lowercase",
            "password_policy_require_numbers",
            "password_policy_require_special_characters",
            "password_policy_require_uppercase",
            "use_azure_key_vault",
            "use_google_kms",
        ],
    ),
    later(
        "keys, tokens (JWT) and custom_auth authenticate, and secrets come from the environment",
        Kind::Integer,
        &[
            "failed_login_block_seconds",
            "failed_login_window_seconds",
            "max_failed_login_attempts_per_source",
            "password_policy_min_length",
        ],
    ),
    later(
        "keys, tokens (JWT) and custom_auth authenticate, and secrets come from the environment",
        Kind::List,
        &["role_permissions"],
    ),
    later(
        "keys, tokens (JWT) and custom_auth authenticate, and secrets come from the environment",
        Kind::Map,
        &["max_failed_login_attempts_per_source_overrides"],
    ),
    later(
        "keys, tokens (JWT) and custom_auth authenticate, and secrets come from the environment",
        Kind::Section(&KEY_MANAGEMENT),
        &["key_management_settings"],
    ),
    later(
        "keys, tokens (JWT) and custom_auth authenticate, and secrets come from the environment",
        Kind::Text,
        &["control_plane_url"],
    ),
    later(
        "budgets and spend work without it",
        Kind::Any,
        &[
            "audit_logs",
            "disable_error_logs",
            "enable_key_rotation",
            "proxy_budget_rescheduler_max_time",
            "proxy_budget_rescheduler_min_time",
            "scheduled_job_stagger",
            "spend_logs_metadata_fields",
            "store_audit_logs",
            "track_unmanaged_batch_cost",
        ],
    ),
    later(
        "budgets and spend work without it",
        Kind::Flag,
        &["disable_budget_reservation", "use_spend_logs_partitioning"],
    ),
    later(
        "budgets and spend work without it",
        Kind::Text,
        &["maximum_autorouter_session_retention_period", "maximum_spend_logs_cleanup_batch_timeout"],
    ),
    later(
        "this limit is not enforced",
        Kind::Any,
        &[
            "disable_batch_input_file_rate_limiting",
            "disable_retry_on_max_parallel_request_limit_error",
            "enforced_batch_output_expires_after",
            "enforced_file_expires_after",
            "skip_batch_input_file_rate_limiting_for_models",
            "skip_batch_input_file_rate_limiting_for_providers",
        ],
    ),
    later("this limit is not enforced", Kind::Flag, &["fail_closed_rate_limit_enforcement"]),
    later(
        "this limit is not enforced",
        Kind::Integer,
        &[
            "max_batch_file_records",
            "max_batch_file_size_mb",
            "max_batch_file_uploads_per_day",
            "max_file_downloads_per_minute",
            "max_file_size_mb",
            "max_in_flight_requests_per_worker",
            "max_queued_requests_per_worker",
        ],
    ),
    later("this limit is not enforced", Kind::Number, &["admission_queue_timeout_seconds"]),
    later("this limit is not enforced", Kind::Section(&COORDINATION_REDIS), &["coordination_redis"]),
    later("this limit is not enforced", Kind::TextList, &["allowed_file_extensions", "blocked_file_extensions"]),
    acted(
        Kind::Flag,
        &[
            "disable_auto_add_proxy_admin_to_teams",
            "disable_bedrock_agent_runtime_passthrough",
            "disable_custom_api_keys",
        ],
    ),
    acted(Kind::Number, &["pass_through_request_timeout"]),
    acted(Kind::Sections(&PASS_THROUGH), &["pass_through_endpoints"]),
    later(
        "pass-through routes hand on ids as they are",
        Kind::Any,
        &["passthrough_managed_object_ids", "use_client_credentials_pass_through_routes"],
    ),
    later("pass-through routes serve no WebSockets", Kind::Flag, &["enable_openai_websocket_passthrough"]),
    later("pass-through routes serve no WebSockets", Kind::Number, &["responses_websocket_session_limit_seconds"]),
    later("this pass-through route is not served", Kind::TextList, &["transcribe_media_buckets"]),
    later(
        "keys, users and teams work without it, and there is no dashboard",
        Kind::Any,
        &[
            "default_team_disabled",
            "default_team_params",
            "disable_admin_ui",
            "disable_key_generate_for_org_admin",
            "disable_swagger",
            "hide_default_credentials_hint",
            "team_metadata_schema",
            "team_metadata_validation_error_message",
            "team_metadata_validation_timeout",
            "ui_access_mode",
            "ui_theme",
            "use_team_public_model_name",
        ],
    ),
    later(
        "keys, users and teams work without it, and there is no dashboard",
        Kind::Flag,
        &["enable_claude_code_gateway", "enable_public_model_hub"],
    ),
    later("keys, users and teams work without it, and there is no dashboard", Kind::List, &["plugins"]),
    later(
        "keys, users and teams work without it, and there is no dashboard",
        Kind::Map,
        &["claude_code_gateway_managed_settings"],
    ),
    later(
        "it has no effect here",
        Kind::Any,
        &[
            "allow_client_side_credentials",
            "always_include_stream_usage",
            "banned_keywords_list",
            "block_robots",
            "blocked_user_list",
            "disable_load_balancing",
            "disable_model_info_refresh",
            "drain_endpoint_token",
            "embedding_model",
            "enable_drain_endpoint",
            "expose_fallback_errors_to_caller",
            "forward_llm_provider_auth_headers",
            "forward_openai_org_id",
            "image_generation_model",
            "litellm_license",
            "missing_session_id",
            "moderation_model",
            "proxy_batch_polling_interval",
            "tag_header",
            "tracing",
            "user_header_mappings",
        ],
    ),
    later(
        "it has no effect here",
        Kind::Flag,
        &[
            "allow_unmanaged_response_ids",
            "cancel_on_disconnect",
            "disable_responses_id_security",
            "enforce_fallback_model_access",
            "include_call_id_in_error_body",
            "infer_model_from_keys",
            "otel",
            "user_url_validation",
            "vector_store_deny_by_default",
        ],
    ),
    later("it has no effect here", Kind::Integer, &["user_api_key_cache_max_size"]),
    later(
        "it has no effect here",
        Kind::TextList,
        &["provider_url_destination_allowed_hosts", "public_routes", "user_url_allowed_hosts"],
    ),
];

static PASS_THROUGH: Section = Section::strict(&[&[
    acted(Kind::Text, &["id", "path", "target", "custom_auth_parser"]),
    acted(Kind::TextMap, &["headers"]),
    acted(Kind::Map, &["default_query_params"]),
    later("guardrails are not run, so requests pass unguarded", Kind::Any, &["guardrails"]),
    later("this has no effect on a pass-through route", Kind::Any, &["custom_body", "is_litellm_model_route"]),
    acted(Kind::Flag, &["include_subpath", "auth", "is_from_config", "forward_headers", "merge_query_params"]),
    acted(Kind::Number, &["cost_per_request", "timeout"]),
    acted(Kind::TextList, &["methods"]),
]]);

static COORDINATION_REDIS: Section = Section::strict(&[&[
    acted(
        Kind::Text,
        &[
            "host",
            "password",
            "username",
            "url",
            "sentinel_password",
            "service_name",
            "aws_iam_user_name",
            "aws_iam_cache_name",
            "aws_iam_region",
        ],
    ),
    acted(Kind::Integer, &["port"]),
    acted(Kind::Flag, &["ssl"]),
    acted(Kind::List, &["startup_nodes"]),
    acted(Kind::Any, &["sentinel_nodes", "aws_iam_auth", "aws_iam_serverless"]),
]]);

/// Of keys that no person owns.
static SERVICE_ACCOUNTS: Section = Section::strict(&[&[acted(Kind::TextList, &["enforced_params"])]]);

static KEY_MANAGEMENT: Section = Section::strict(&[&[
    acted(Kind::List, &["hosted_keys"]),
    acted(Kind::Flag, &["store_virtual_keys"]),
    acted(
        Kind::Text,
        &[
            "prefix_for_stored_virtual_keys",
            "primary_secret_name",
            "description",
            "kms_key_id",
            "custom_secret_manager",
            "aws_region_name",
            "aws_role_name",
            "aws_session_name",
            "aws_external_id",
            "aws_profile_name",
            "aws_web_identity_token",
            "aws_sts_endpoint",
        ],
    ),
    acted(Kind::Any, &["access_mode"]),
    acted(Kind::Map, &["tags"]),
    acted(Kind::TextList, &["replica_regions"]),
]]);
