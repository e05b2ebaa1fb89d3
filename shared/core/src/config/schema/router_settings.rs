//! `router_settings`: how a deployment is chosen, retried and replaced.
//!
//! The arguments LiteLLM's router takes. What a section holds is told of by the section's own key.

use super::{Group, Kind, Section, acted, later, later_unless};

pub(super) static ROUTER_SETTINGS: Section = Section::strict(&[SETTINGS]);

const STRATEGIES: &[&str] = &[
    "simple-shuffle",
    "least-busy",
    "usage-based-routing",
    "latency-based-routing",
    "cost-based-routing",
    "usage-based-routing-v2",
    "lar1",
];

const SETTINGS: &[Group] = &[
    later_unless("0", "failed calls are not retried", Kind::Count, &["num_retries"]),
    acted(Kind::Number, &["timeout", "stream_timeout"]),
    acted(Kind::NamedTextsOrSections(&ALIAS), &["model_group_alias"]),
    later_unless(
        "simple-shuffle",
        "deployments are chosen by weight, else at random",
        Kind::Choice(STRATEGIES),
        &["routing_strategy"],
    ),
    later("answers and counters are not shared through redis", Kind::Flag, &["cache_responses"]),
    later("answers and counters are not shared through redis", Kind::Integer, &["redis_db", "redis_port"]),
    later("answers and counters are not shared through redis", Kind::List, &["caching_groups"]),
    later("answers and counters are not shared through redis", Kind::Map, &["cache_kwargs"]),
    later(
        "answers and counters are not shared through redis",
        Kind::Text,
        &["redis_host", "redis_password", "redis_url"],
    ),
    later("fallbacks are not made", Kind::Flag, &["enable_weighted_failover"]),
    later("fallbacks are not made", Kind::Integer, &["max_fallbacks"]),
    later("fallbacks are not made", Kind::List, &["content_policy_fallbacks", "context_window_fallbacks", "fallbacks"]),
    later("fallbacks are not made", Kind::TextList, &["default_fallbacks"]),
    later("failed calls are not retried", Kind::NamedSections(&RETRY_POLICY), &["model_group_retry_policy"]),
    later("failed calls are not retried", Kind::Number, &["retry_after"]),
    later("failed calls are not retried", Kind::Section(&RETRY_POLICY), &["retry_policy"]),
    later("failing deployments are not rested", Kind::Flag, &["disable_cooldowns"]),
    later("failing deployments are not rested", Kind::Integer, &["allowed_fails"]),
    later("failing deployments are not rested", Kind::Number, &["cooldown_time"]),
    later("failing deployments are not rested", Kind::Section(&ALLOWED_FAILS_POLICY), &["allowed_fails_policy"]),
    later(
        "deployments are chosen by weight, else at random",
        Kind::Flag,
        &["enable_pre_call_checks", "enable_tag_filtering", "tag_filtering_match_any"],
    ),
    later(
        "deployments are chosen by weight, else at random",
        Kind::Integer,
        &["default_priority", "deployment_affinity_ttl_seconds"],
    ),
    later("deployments are chosen by weight, else at random", Kind::List, &["plugins"]),
    later(
        "deployments are chosen by weight, else at random",
        Kind::Map,
        &["model_group_affinity_config", "routing_strategy_args"],
    ),
    later("deployments are chosen by weight, else at random", Kind::Sections(&ROUTING_GROUP), &["routing_groups"]),
    later("deployments are chosen by weight, else at random", Kind::Text, &["tag_routing_prefix"]),
    later("deployments are chosen by weight, else at random", Kind::TextList, &["optional_pre_call_checks"]),
    later(
        "health checks are not run",
        Kind::Flag,
        &["enable_health_check_routing", "health_check_ignore_transient_errors"],
    ),
    later("health checks are not run", Kind::Integer, &["health_check_staleness_threshold"]),
    later("health checks are not run", Kind::TextList, &["background_health_check_model_groups"]),
    later("budgets and alerts of the router are not kept", Kind::NamedSections(&BUDGET), &["provider_budget_config"]),
    later("budgets and alerts of the router are not kept", Kind::Section(&ALERTING), &["alerting_config"]),
    later("it has no effect here", Kind::Any, &["debug_level"]),
    later("it has no effect here", Kind::Flag, &["set_verbose"]),
    later("it has no effect here", Kind::Integer, &["client_ttl", "default_max_parallel_requests"]),
    later("it has no effect here", Kind::List, &["guardrail_list"]),
    later("it has no effect here", Kind::Map, &["default_litellm_params"]),
    later("it has no effect here", Kind::Number, &["polling_interval"]),
    later("deployments are chosen by weight, else at random", Kind::Map, &["weights"]),
];

pub(super) static ALIAS: Section = Section::strict(&[&[acted(Kind::Text, &["model"]), acted(Kind::Flag, &["hidden"])]]);

pub(super) static RETRY_POLICY: Section = Section::strict(&[&[acted(
    Kind::Integer,
    &[
        "BadRequestErrorRetries",
        "AuthenticationErrorRetries",
        "TimeoutErrorRetries",
        "RateLimitErrorRetries",
        "ContentPolicyViolationErrorRetries",
        "InternalServerErrorRetries",
        "ServiceUnavailableErrorRetries",
        "NotFoundErrorRetries",
        "DefaultRetries",
    ],
)]]);

pub(super) static ALLOWED_FAILS_POLICY: Section = Section::strict(&[&[acted(
    Kind::Integer,
    &[
        "BadRequestErrorAllowedFails",
        "AuthenticationErrorAllowedFails",
        "TimeoutErrorAllowedFails",
        "RateLimitErrorAllowedFails",
        "ContentPolicyViolationErrorAllowedFails",
        "InternalServerErrorAllowedFails",
        "ServiceUnavailableErrorAllowedFails",
        "BadGatewayErrorAllowedFails",
        "NotFoundErrorAllowedFails",
    ],
)]]);

pub(super) static ALERTING: Section =
    Section::strict(&[&[acted(Kind::Text, &["webhook_url"]), acted(Kind::Number, &["alerting_threshold"])]]);

pub(super) static ROUTING_GROUP: Section = Section::strict(&[&[
    acted(Kind::Text, &["group_name", "routing_strategy"]),
    acted(Kind::TextList, &["models"]),
    acted(Kind::Map, &["routing_strategy_args", "model_priorities"]),
]]);

pub(super) static BUDGET: Section = Section::strict(&[&[
    acted(Kind::Number, &["max_budget", "budget_limit"]),
    acted(Kind::Text, &["budget_duration", "time_period"]),
    acted(Kind::Integer, &["tpm_limit", "rpm_limit"]),
]]);
