//! How deployments are chosen, retried, replaced and rested: what is read, what its defaults are, what is refused.

use serde_json::json;

use super::fake::{check_notice, notices, served};
use crate::config::{
    AllowedFails, Budget, FallbackTarget, Fallbacks, Mode, NoticeKind, Params, RetryPolicy, RouterSettings, Strategy,
    StrategyArgs,
};

fn router(yaml: &str) -> RouterSettings {
    let loaded = served(yaml);
    assert_eq!(loaded.notices, [], "{yaml}");
    loaded.config.router_settings
}

fn params(yaml: &str) -> Params {
    let mut models =
        served(&format!("model_list: [{{model_name: x, litellm_params: {{model: openai/m, {yaml}}}}}]")).config.models;
    models.remove(0).params
}

fn target(model: &str) -> FallbackTarget {
    FallbackTarget { model: Some(model.to_owned()), params: serde_json::Map::new() }
}

/// The groups and the names of their fallbacks.
fn names(fallbacks: Option<&Fallbacks>) -> Option<String> {
    let group = |(group, targets): &(String, Vec<FallbackTarget>)| {
        let models: Vec<_> = targets.iter().filter_map(|target| target.model.clone()).collect();
        format!("{group}: {}", models.join(" "))
    };
    fallbacks.map(|fallbacks| fallbacks.0.iter().map(group).collect::<Vec<_>>().join("; "))
}

#[test]
fn a_document_that_says_nothing_has_the_defaults() {
    let settings = router("model_list: []");
    assert_eq!(settings, RouterSettings::default());
    assert_eq!((settings.strategy, settings.strategy_args), (Strategy::SimpleShuffle, StrategyArgs::default()));
    assert_eq!((settings.max_fallbacks, settings.retry_after_seconds), (5, 0.0));
    assert!(settings.tag_filtering_match_any && !settings.enable_tag_filtering && settings.fallbacks.is_none());
    assert_eq!((settings.consecutive_fails, settings.consecutive_fails_given), (3, false));
    assert_eq!((settings.max_queued_requests, settings.queue_timeout, settings.max_retry_wait), (100, 10.0, 60.0));
    let general = served("model_list: []").config.general_settings;
    assert!(!general.background_health_checks && general.health_check_details);
    assert_eq!((general.health_check_interval_seconds, general.health_check_concurrency), (300.0, None));
}

#[test]
fn strategies_are_read_under_litellms_names_with_their_arguments() {
    let check = |name: &str, strategy: Strategy, ttl_seconds: f64| {
        let settings = router(&format!("router_settings: {{routing_strategy: {name}}}"));
        assert_eq!((settings.strategy, settings.strategy_args.ttl_seconds), (strategy, ttl_seconds), "{name}");
        assert_eq!(Strategy::parse(strategy.name()), Some(strategy));
    };
    check("simple-shuffle", Strategy::SimpleShuffle, 3600.0);
    check("least-busy", Strategy::LeastBusy, 3600.0);
    check("usage-based-routing", Strategy::UsageBased, 60.0);
    check("usage-based-routing-v2", Strategy::UsageBased, 60.0);
    check("latency-based-routing", Strategy::LatencyBased, 3600.0);
    check("cost-based-routing", Strategy::CostBased, 3600.0);
    let args = "{ttl: '10', lowest_latency_buffer: 0.5, max_latency_list_size: 3, ttft_percentile: 0.9}";
    let expected = StrategyArgs {
        ttl_seconds: 10.0,
        lowest_latency_buffer: 0.5,
        max_latency_list_size: 3,
        ttft_percentile: Some(0.9),
    };
    let yaml = format!("router_settings: {{routing_strategy: latency-based-routing, routing_strategy_args: {args}}}");
    assert_eq!(router(&yaml).strategy_args, expected);
}

#[test]
fn routing_groups_have_a_strategy_of_their_own() {
    let yaml = "router_settings: {routing_groups: [\
                {group_name: fast, models: [a, b], routing_strategy: latency-based-routing, routing_strategy_args: {ttl: 5}}, \
                {group_name: tiered, models: [a, c], routing_strategy: priority, model_priorities: {c: 1, a: 2}}]}";
    let groups = router(yaml).routing_groups;
    assert_eq!(
        (groups[0].name.as_str(), groups[0].strategy, groups[0].args.ttl_seconds),
        ("fast", Strategy::LatencyBased, 5.0)
    );
    assert_eq!(
        (groups[0].models.as_slice(), groups[0].model_priorities.len()),
        (&["a".to_owned(), "b".to_owned()][..], 0)
    );
    assert_eq!(groups[1].strategy, Strategy::SimpleShuffle);
    assert_eq!(groups[1].model_priorities, [("c".to_owned(), 1), ("a".to_owned(), 2)]);
}

#[test]
fn fallbacks_are_the_routers_else_those_of_litellm_with_the_defaults_behind() {
    let check = |yaml: &str, expected: Option<&str>| {
        assert_eq!(names(router(yaml).fallbacks.as_ref()).as_deref(), expected, "{yaml}");
    };
    check("router_settings: {fallbacks: [{a: [b, c]}, {'*': [d]}]}", Some("a: b c; *: d"));
    check("litellm_settings: {fallbacks: [{a: [b]}]}", Some("a: b"));
    check("router_settings: {fallbacks: [{a: [b]}]}\nlitellm_settings: {fallbacks: [{a: [c]}]}", Some("a: b"));
    check("router_settings: {fallbacks: []}\nlitellm_settings: {fallbacks: [{a: [c]}]}", Some("a: c"));
    check("router_settings: {fallbacks: []}", None);
    check("litellm_settings: {default_fallbacks: [x, y]}", Some("*: x y"));
    check("router_settings: {fallbacks: [{a: [b]}]}\nlitellm_settings: {default_fallbacks: [x]}", Some("a: b; *: x"));
    check("router_settings: {default_fallbacks: [y]}\nlitellm_settings: {default_fallbacks: [x]}", Some("*: y"));
    let settings = router(
        "router_settings: {content_policy_fallbacks: [{a: [p]}]}\nlitellm_settings: {context_window_fallbacks: [{a: [w]}], max_fallbacks: 2}",
    );
    assert_eq!(names(settings.content_policy_fallbacks.as_ref()).as_deref(), Some("a: p"));
    assert_eq!(names(settings.context_window_fallbacks.as_ref()).as_deref(), Some("a: w"));
    assert_eq!((settings.fallbacks, settings.max_fallbacks), (None, 2));
}

#[test]
fn a_fallback_may_be_a_map_of_parameters() {
    let fallbacks = router("router_settings: {fallbacks: [{a: [{temperature: 0, model: b, top_p: 1}, c]}]}").fallbacks;
    let targets = fallbacks.unwrap().0.remove(0).1;
    assert_eq!(targets[0].model.as_deref(), Some("b"));
    assert_eq!(serde_json::to_string(&targets[0].params).unwrap(), json!({"temperature": 0, "top_p": 1}).to_string());
    assert_eq!(targets[1], target("c"));
}

#[test]
fn retries_are_the_routers_else_those_of_litellm_else_two() {
    let check = |yaml: &str, expected: u64| {
        let config = served(yaml).config;
        assert_eq!(config.router_settings.retries(&config.litellm_settings), expected, "{yaml}");
    };
    check("model_list: []", 2);
    check("litellm_settings: {num_retries: 4}", 4);
    check("router_settings: {num_retries: 0}\nlitellm_settings: {num_retries: 4}", 0);
}

#[test]
fn policies_are_read_by_kind_of_failure() {
    let settings = router(
        "router_settings: {retry_policy: {TimeoutErrorRetries: 1, DefaultRetries: 4}, \
         model_group_retry_policy: {a: {RateLimitErrorRetries: '3'}, b: null}, \
         allowed_fails_policy: {BadGatewayErrorAllowedFails: 7}}\n\
         litellm_settings: {allowed_fails: 9, cooldown_time: 30}",
    );
    assert_eq!(
        settings.retry_policy,
        Some(RetryPolicy { timeout: Some(1), default: Some(4), ..RetryPolicy::default() })
    );
    let rate_limit = RetryPolicy { rate_limit: Some(3), ..RetryPolicy::default() };
    assert_eq!(settings.model_group_retry_policy, [("a".to_owned(), rate_limit)]);
    let bad_gateway = AllowedFails { bad_gateway: Some(7), ..AllowedFails::default() };
    assert_eq!(settings.allowed_fails_policy, Some(bad_gateway));
    assert_eq!((settings.allowed_fails, settings.cooldown_time_seconds), (Some(9), Some(30.0)));
    let settings =
        router("router_settings: {allowed_fails: 1, cooldown_time: '0.5'}\nlitellm_settings: {allowed_fails: 9}");
    assert_eq!((settings.allowed_fails, settings.cooldown_time_seconds), (Some(1), Some(0.5)));
    assert_eq!(router("router_settings: {cooldown_time: 0}").cooldown_time_seconds, None);
}

#[test]
fn health_checks_are_set_in_either_section() {
    let check = |yaml: &str, expected: (bool, Option<f64>, &[&str])| {
        let settings = router(yaml);
        let groups: Vec<_> = settings.background_health_check_model_groups.iter().map(String::as_str).collect();
        let threshold = settings.health_check_staleness_threshold_seconds;
        assert_eq!((settings.enable_health_check_routing, threshold, groups.as_slice()), expected, "{yaml}");
    };
    let general = "general_settings: {enable_health_check_routing: true, health_check_staleness_threshold: 9, \
                   background_health_check_model_groups: [a]}\n";
    check(general, (true, Some(9.0), &["a"]));
    let router = "router_settings: {enable_health_check_routing: false, background_health_check_model_groups: [b]}";
    check(&format!("{general}{router}"), (false, Some(9.0), &["b"]));
}

#[test]
fn a_budget_has_a_limit_and_a_period() {
    let check = |limit: &str, period: &str, expected: Option<(f64, u64)>| {
        let budget = params(&format!("max_budget: {limit}, budget_duration: {period}")).budget;
        assert_eq!(budget.map(|budget| (budget.limit_usd, budget.period_seconds)), expected, "{limit} {period}");
    };
    check("1.5", "30s", Some((1.5, 30)));
    check("'2'", "5m", Some((2.0, 300)));
    check("2", "2h", Some((2.0, 7_200)));
    check("2", "1d", Some((2.0, 86_400)));
    check("2", "1w", Some((2.0, 604_800)));
    check("2", "2mo", Some((2.0, 5_184_000)));
    check("2", "30days", Some((2.0, 2_592_000)));
    check("2", "Daily", Some((2.0, 86_400)));
    check("0", "1d", None);
    check("2", "null", None);
    check("null", "1d", None);
    let config = served(
        "router_settings: {provider_budget_config: {openai: {budget_limit: 1, time_period: 1d}, azure: {max_budget: 2, budget_duration: 1mo}}}\n\
         litellm_settings: {tag_budget_config: {'product:chat': {max_budget: 3, budget_duration: 2s}}}",
    )
    .config;
    let budget =
        |limit_usd, period_seconds, period: &str| Budget { limit_usd, period_seconds, period: period.to_owned() };
    let expected =
        [("openai".to_owned(), budget(1.0, 86_400, "1d")), ("azure".to_owned(), budget(2.0, 2_592_000, "1mo"))];
    assert_eq!(config.router_settings.provider_budgets, expected);
    assert_eq!(config.litellm_settings.tag_budgets, [("product:chat".to_owned(), budget(3.0, 2, "2s"))]);
}

#[test]
fn pre_call_checks_are_known_by_their_names() {
    let check = |list: &str, expected: &[NoticeKind]| {
        let found = notices(&format!("router_settings: {{optional_pre_call_checks: {list}}}"), Mode::Boot);
        assert_eq!(found.iter().map(|notice| notice.kind).collect::<Vec<_>>(), expected, "{list}");
    };
    check("[prompt_caching, session_affinity, enforce_model_rate_limits]", &[]);
    check("[encrypted_content_affinity]", &[NoticeKind::NotYet]);
    check("[session_afinity]", &[NoticeKind::WrongValue]);
    check("session_affinity", &[NoticeKind::WrongType]);
}

#[test]
fn a_deployment_has_limits_and_ways_of_its_own() {
    let params =
        params("tag_regex: ['User-Agent: x'], cooldown_time: 0, silent_model: s, region_name: eu, allowed_fails: 1");
    assert_eq!((params.tag_regex, params.cooldown_time_seconds), (vec!["User-Agent: x".to_owned()], Some(0.0)));
    assert_eq!((params.silent_models, params.region_name), (vec!["s".to_owned()], Some("eu".to_owned())));
    assert_eq!(params.allowed_fails, Some(1));
    let yaml = "model_list: [{model_name: x, litellm_params: {model: openai/m, silent_model: [s, t]}, \
                model_info: {blocked: true, enable_tag_filtering: false, allowed_fails: 0, cooldown_time: 2, \
                allowed_fails_policy: {TimeoutErrorAllowedFails: 3}, health_check_timeout: '4', max_input_tokens: 10}}]";
    let loaded = served(yaml);
    let model = &loaded.config.models[0];
    assert!(loaded.notices.is_empty(), "{:?}", loaded.notices);
    assert_eq!(model.params.silent_models, ["s", "t"]);
    assert_eq!(
        (model.info.blocked, model.info.enable_tag_filtering, model.info.allow_fail_open),
        (true, Some(false), false)
    );
    assert_eq!((model.info.allowed_fails, model.info.cooldown_time_seconds), (Some(0), Some(2.0)));
    assert_eq!(model.info.allowed_fails_policy, Some(AllowedFails { timeout: Some(3), ..AllowedFails::default() }));
    assert_eq!((model.info.health_check_timeout_seconds, model.info.max_input_tokens), (Some(4.0), Some(10)));
}

#[test]
fn tollgates_own_keys_are_read() {
    let settings = router(
        "router_settings: {consecutive_fails: 0, consecutive_cooldown_time: 1, hedge_after_ms: 2, hedge_max_extra_percent: '3.5', \
         max_queued_requests: 4, queue_timeout: 5, first_chunk_timeout: 6, chunk_timeout: 7, upload_retry_max_size_mb: 8, \
         max_retry_wait: 9, mirrored_requests_max: 10}",
    );
    assert_eq!((settings.consecutive_fails, settings.consecutive_fails_given), (0, true));
    assert_eq!((settings.consecutive_cooldown_time, settings.hedge_after_ms), (1.0, Some(2)));
    assert_eq!((settings.hedge_max_extra_percent, settings.max_queued_requests), (3.5, 4));
    assert_eq!(
        (settings.queue_timeout, settings.first_chunk_timeout, settings.chunk_timeout),
        (5.0, Some(6.0), Some(7.0))
    );
    assert_eq!((settings.upload_retry_max_size_mb, settings.max_retry_wait), (8.0, 9.0));
    assert_eq!(settings.mirrored_requests_max, 10);
}

#[test]
fn a_value_of_the_wrong_shape_is_refused_at_its_place() {
    let check = |settings: &str, expected: &str| {
        let yaml = format!("router_settings:\n  {settings}");
        check_notice(&yaml, Mode::Boot, NoticeKind::WrongType, &format!("config.yaml:2:{expected}"));
    };
    check(
        "fallbacks: {a: [b]}",
        "14: `router_settings.fallbacks` must be a list of maps from a model group to its fallbacks, found a map",
    );
    check(
        "fallbacks: [a]",
        "15: `router_settings.fallbacks[0]` must be a map of one model group to the list of its fallbacks, found a string",
    );
    check(
        "fallbacks: [{a: [b], c: [d]}]",
        "15: `router_settings.fallbacks[0]` must be a map of one model group to the list of its fallbacks, found a map",
    );
    check(
        "fallbacks: [{a: b}]",
        "19: `router_settings.fallbacks[0].a` must be a list of model groups, or of maps with a `model`, found a string",
    );
    check(
        "default_fallbacks: [3]",
        "23: `router_settings.default_fallbacks[0]` must be the name of a model group, or a map with a `model`, found an integer",
    );
    check("cooldown_time: -1", "18: `router_settings.cooldown_time` must be a number from 0 on, found an integer");
    check("queue_timeout: soon", "18: `router_settings.queue_timeout` must be a number from 0 on, found a string");
    check(
        "hedge_max_extra_percent: 101",
        "28: `router_settings.hedge_max_extra_percent` must be a number from 0 to 100, found an integer",
    );
    check(
        "retry_policy: {DefaultRetries: -1}",
        "34: `router_settings.retry_policy.DefaultRetries` must be a whole number from 0 on, found an integer",
    );
    check(
        "routing_strategy_args: {ttft_percentile: 0}",
        "44: `router_settings.routing_strategy_args.ttft_percentile` must be a number above 0, up to 1, found an integer",
    );
    check(
        "provider_budget_config: {openai: {budget_limit: 1, time_period: soon}}",
        "67: `router_settings.provider_budget_config.openai.time_period` must be a duration such as `30s`, `5m`, `1h`, `1d`, `1w` or `1mo`, found a string",
    );
    check(
        "model_group_affinity_config: {a: session_affinity}",
        "32: `router_settings.model_group_affinity_config` must be a map of lists of strings, found a map",
    );
}

#[test]
fn routing_groups_that_contradict_each_other_are_refused() {
    let check = |groups: &str, expected: &str| {
        let yaml = format!("router_settings:\n  routing_groups: [{groups}]");
        check_notice(&yaml, Mode::Boot, NoticeKind::WrongValue, &format!("config.yaml:2:{expected}"));
    };
    let shuffled = |name: &str, model: &str| {
        format!("{{group_name: {name}, models: [{model}], routing_strategy: simple-shuffle}}")
    };
    let path = "`router_settings.routing_groups";
    check("{group_name: g, models: [a]}", &format!("20: {path}[0]` needs a `routing_strategy`"));
    check(
        &shuffled("default", "a"),
        &format!("33: {path}[0].group_name` cannot be `default`; use a name that no other group has"),
    );
    let twice = [shuffled("g", "a"), shuffled("g", "b")].join(",");
    check(&twice, &format!("96: {path}[1].group_name` cannot be `g`; use a name that no other group has"));
    let shared = [shuffled("g", "a"), shuffled("h", "a")].join(",");
    let expected = "cannot be `a`, which belongs to another group already; remove it from one";
    check(&shared, &format!("108: {path}[1].models[0]` {expected}"));
    check(
        "{group_name: g, models: [a, b], routing_strategy: priority, model_priorities: {a: 1}}",
        &format!("98: {path}[0].model_priorities` must name each of `models` once, and no other"),
    );
    check(
        "{group_name: g, models: [a], routing_strategy: least-busy, model_priorities: {a: 1}}",
        &format!("97: {path}[0].model_priorities` has no meaning without `routing_strategy: priority`; remove it"),
    );
}

#[test]
fn a_group_that_is_to_follow_lar1_is_told_of() {
    let yaml = "router_settings: {routing_groups: [{group_name: g, models: [a], routing_strategy: lar1}]}";
    let found = notices(yaml, Mode::Boot);
    assert_eq!(found.iter().map(|notice| notice.kind).collect::<Vec<_>>(), [NoticeKind::NotYet]);
    assert_eq!(served(yaml).config.router_settings.routing_groups[0].strategy, Strategy::SimpleShuffle);
}
