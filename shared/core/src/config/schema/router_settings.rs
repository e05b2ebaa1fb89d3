//! `router_settings`: how a deployment is chosen, retried and replaced.
//!
//! The arguments LiteLLM's router takes. What a section holds is told of by the section's own key.

use super::{Group, Kind, Section, acted, acted_unless, later};

pub(super) static ROUTER_SETTINGS: Section = Section::strict(&[OWN, SETTINGS]);

/// Keys LiteLLM does not have. Durations are in seconds where the name does not say otherwise.
const OWN: &[Group] = &[
    // Failures in a row that rest a deployment, 3, and how long, 30.
    acted(Kind::Count, &["consecutive_fails"]),
    acted(Kind::Amount, &["consecutive_cooldown_time"]),
    // After how many milliseconds a second deployment is asked too, never, and how many calls that may add, 5 %.
    acted(Kind::Count, &["hedge_after_ms"]),
    acted(Kind::Percent, &["hedge_max_extra_percent"]),
    // Calls of a model group that may wait for a deployment, 100, and how long, 10.
    acted(Kind::Count, &["max_queued_requests"]),
    acted(Kind::Amount, &["queue_timeout"]),
    // How long the first piece of a stream may take, and how long it may be silent after that; without a limit.
    acted(Kind::Amount, &["first_chunk_timeout", "chunk_timeout"]),
    // The largest upload that is held in memory, so that it can be sent again; 16.
    acted(Kind::Amount, &["upload_retry_max_size_mb"]),
    // The longest `Retry-After` that is waited for; 60.
    acted(Kind::Amount, &["max_retry_wait"]),
    // Calls to silent models that may be in flight; 32.
    acted(Kind::Count, &["mirrored_requests_max"]),
];

/// The checks, and what is missed without those that are not made yet.
const PRE_CALL_CHECKS: &[(&str, Option<&str>)] = &[
    ("prompt_caching", None),
    ("router_budget_limiting", None),
    ("responses_api_deployment_check", None),
    ("deployment_affinity", None),
    ("session_affinity", None),
    ("enforce_model_rate_limits", None),
    ("forward_client_headers_by_model_group", Some("headers of clients are not passed on")),
    ("encrypted_content_affinity", Some("encrypted reasoning may reach another account than the one that made it")),
];

const STRATEGIES: &[&str] = &[
    "simple-shuffle",
    "least-busy",
    "usage-based-routing",
    "latency-based-routing",
    "cost-based-routing",
    "usage-based-routing-v2",
    "lar1",
];

const GROUP_STRATEGIES: &[&str] = &[
    "simple-shuffle",
    "least-busy",
    "usage-based-routing",
    "latency-based-routing",
    "cost-based-routing",
    "usage-based-routing-v2",
    "lar1",
    "priority",
];

const SHUFFLED: &str = "deployments are chosen by weight, else at random";

const SETTINGS: &[Group] = &[
    acted(Kind::Count, &["num_retries", "max_fallbacks", "allowed_fails", "default_max_parallel_requests"]),
    acted(Kind::Number, &["timeout", "stream_timeout"]),
    acted(
        Kind::Amount,
        &["retry_after", "cooldown_time", "deployment_affinity_ttl_seconds", "health_check_staleness_threshold"],
    ),
    acted(Kind::NamedTextsOrSections(&ALIAS), &["model_group_alias"]),
    acted_unless("lar1", SHUFFLED, Kind::Choice(STRATEGIES), &["routing_strategy"]),
    acted(Kind::Section(&STRATEGY_ARGS), &["routing_strategy_args"]),
    acted(Kind::RoutingGroups(&ROUTING_GROUP), &["routing_groups"]),
    acted(Kind::Fallbacks, &["fallbacks", "context_window_fallbacks", "content_policy_fallbacks"]),
    acted(Kind::PreCallChecks(PRE_CALL_CHECKS), &["optional_pre_call_checks"]),
    acted(Kind::TextList, &["background_health_check_model_groups"]),
    acted(Kind::FallbackTargets, &["default_fallbacks"]),
    acted(Kind::Section(&RETRY_POLICY), &["retry_policy"]),
    acted(Kind::NamedSections(&RETRY_POLICY), &["model_group_retry_policy"]),
    acted(Kind::Section(&ALLOWED_FAILS_POLICY), &["allowed_fails_policy"]),
    acted(
        Kind::Flag,
        &[
            "enable_weighted_failover",
            "disable_cooldowns",
            "enable_pre_call_checks",
            "enable_tag_filtering",
            "tag_filtering_match_any",
            "enable_health_check_routing",
            "health_check_ignore_transient_errors",
        ],
    ),
    acted(Kind::Text, &["tag_routing_prefix"]),
    acted(Kind::Integer, &["default_priority"]),
    acted(Kind::NamedTextLists, &["model_group_affinity_config"]),
    acted(Kind::NamedSections(&BUDGET), &["provider_budget_config"]),
    later("answers and counters are not shared through redis", Kind::Flag, &["cache_responses"]),
    later("answers and counters are not shared through redis", Kind::Integer, &["redis_db", "redis_port"]),
    later("answers and counters are not shared through redis", Kind::List, &["caching_groups"]),
    later("answers and counters are not shared through redis", Kind::Map, &["cache_kwargs"]),
    later(
        "answers and counters are not shared through redis",
        Kind::Text,
        &["redis_host", "redis_password", "redis_url"],
    ),
    later("python code cannot choose deployments", Kind::List, &["plugins"]),
    later("alerts of the router are not sent", Kind::Section(&ALERTING), &["alerting_config"]),
    later("it has no effect here", Kind::Any, &["debug_level"]),
    later("it has no effect here", Kind::Flag, &["set_verbose"]),
    later("it has no effect here", Kind::Integer, &["client_ttl"]),
    later("it has no effect here", Kind::List, &["guardrail_list"]),
    later("it has no effect here", Kind::Map, &["default_litellm_params"]),
    later("it has no effect here", Kind::Number, &["polling_interval"]),
    // LiteLLM reads them from the settings of a key or a team, and ignores them in its document.
    later("deployments have their weight in `litellm_params`", Kind::Map, &["weights"]),
];

/// Arguments of the strategies by latency and by usage, and those of `lar1`.
static STRATEGY_ARGS: Section = Section::strict(&[&[
    acted(Kind::Amount, &["ttl", "lowest_latency_buffer"]),
    acted(Kind::Count, &["max_latency_list_size"]),
    acted(Kind::Fraction, &["ttft_percentile"]),
    later(
        SHUFFLED,
        Kind::Number,
        &["confidence_threshold_low", "confidence_threshold_medium", "confidence_threshold_high"],
    ),
]]);

pub(super) static ALIAS: Section = Section::strict(&[&[acted(Kind::Text, &["model"]), acted(Kind::Flag, &["hidden"])]]);

pub(super) static RETRY_POLICY: Section = Section::strict(&[&[acted(
    Kind::Count,
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
    Kind::Count,
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
    acted(Kind::Text, &["group_name"]),
    acted_unless("lar1", SHUFFLED, Kind::Choice(GROUP_STRATEGIES), &["routing_strategy"]),
    acted(Kind::TextList, &["models"]),
    acted(Kind::Section(&STRATEGY_ARGS), &["routing_strategy_args"]),
    acted(Kind::Priorities, &["model_priorities"]),
]]);

pub(super) static BUDGET: Section = Section::strict(&[&[
    acted(Kind::Number, &["max_budget", "budget_limit"]),
    acted(Kind::Period, &["budget_duration", "time_period"]),
    // LiteLLM's router reads them from no budget either.
    later("a budget of the router limits money only", Kind::Integer, &["tpm_limit", "rpm_limit"]),
]]);
