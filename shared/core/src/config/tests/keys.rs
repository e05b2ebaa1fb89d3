//! Which keys are known, and what is said of the others.

use std::collections::BTreeMap;

use super::fake::{check_notice, notices};
use crate::config::{Mode, NoticeKind, Severity};

/// A value for a key whose type does not matter here: null fits every kind.
fn document(section: &str, key: &str) -> String {
    match section {
        "litellm_params" | "model_info" => {
            let other = if section == "litellm_params" { "" } else { "litellm_params: {model: openai/x}, " };
            format!("model_list: [{{model_name: x, {other}{section}: {{{key}: }}}}]")
        }
        _ => format!("{section}: {{{key}: }}"),
    }
}

#[test]
fn every_key_litellm_knows_is_known() {
    let recorded: BTreeMap<String, Vec<String>> = serde_json::from_str(include_str!("known_keys.json")).unwrap();
    let mut unknown = Vec::new();
    for (section, keys) in recorded {
        assert!(keys.len() > 40, "{section}");
        for key in keys {
            let found = notices(&document(&section, &key), Mode::Boot);
            let is_unknown = |kind| matches!(kind, NoticeKind::UnknownKey | NoticeKind::PassedToProvider);
            if found.iter().any(|notice| is_unknown(notice.kind)) {
                unknown.push(format!("{section}.{key}"));
            }
        }
    }
    assert_eq!(unknown, Vec::<String>::new());
}

#[test]
fn a_misspelt_key_is_named_with_its_place_and_the_nearest_valid_one() {
    let yaml =
        "model_list:\n  - model_name: x\n    litellm_params:\n      model: openai/x\n      api_bse: http://localhost\n";
    let expected = "config.yaml:5:7: unknown key `model_list[0].litellm_params.api_bse`; did you mean `api_base`?";
    check_notice(yaml, Mode::Boot, NoticeKind::UnknownKey, expected);
    let expected = "config.yaml:1:1: unknown key `modle_list`; did you mean `model_list`?";
    check_notice("modle_list: []", Mode::Boot, NoticeKind::UnknownKey, expected);
    let expected = "config.yaml:1:20: unknown key `general_settings.master-key`; did you mean `master_key`?";
    check_notice("general_settings: {\"master-key\": x}", Mode::Boot, NoticeKind::UnknownKey, expected);
    let expected = "config.yaml:1:20: unknown key `router_settings.retry_policy.TimeoutErrorRetry`; did you mean `TimeoutErrorRetries`?";
    let yaml = "router_settings: {\n  retry_policy: {\n    TimeoutErrorRetry: 1}}";
    check_notice(yaml, Mode::Boot, NoticeKind::UnknownKey, &expected.replace("1:20", "3:5"));
    let expected = "config.yaml:1:1: unknown key `zebra`";
    check_notice("zebra: 1", Mode::Boot, NoticeKind::UnknownKey, expected);
}

#[test]
fn a_key_nobody_knows_goes_to_the_provider_and_is_told_of() {
    let yaml = "model_list: [{model_name: x, litellm_params: {model: openai/x, my_own_switch: 1}}]";
    let expected = "config.yaml:1:64: `model_list[0].litellm_params.my_own_switch` is not known here and is passed to the provider";
    check_notice(yaml, Mode::CheckStrict, NoticeKind::PassedToProvider, expected);
}

#[test]
fn a_known_key_without_effect_is_told_of_once() {
    let model = "  - {model_name: x, litellm_params: {model: openai/x, retry_strategy: x}}\n";
    let yaml = format!("model_list:\n{model}{model}{model}");
    let expected = "config.yaml:2:55: `model_list[0].litellm_params.retry_strategy` is not supported yet and has no effect: \
                    retries and fallbacks of this kind are not made (and 2 more places)";
    check_notice(&yaml, Mode::Boot, NoticeKind::NotYet, expected);
}

#[test]
fn an_unknown_key_refuses_only_where_strictness_is_asked_for() {
    let check = |yaml: &str, mode: Mode, expected: Severity| {
        let found = notices(yaml, mode);
        let severity = found.iter().find(|notice| notice.kind == NoticeKind::UnknownKey).map(|notice| notice.severity);
        assert_eq!(severity, Some(expected), "{mode:?}");
    };
    check("zebra: 1", Mode::Boot, Severity::Warning);
    check("zebra: 1", Mode::BootStrict, Severity::Error);
    check("zebra: 1", Mode::Check, Severity::Error);
    check("zebra: 1", Mode::CheckStrict, Severity::Error);
    check("zebra: 1\ngeneral_settings: {strict_config: true}", Mode::Boot, Severity::Error);
    check("zebra: 1\ngeneral_settings: {strict_config: false}", Mode::Boot, Severity::Warning);
}

#[test]
fn a_value_of_the_wrong_type_is_an_error_with_its_place() {
    let check = |yaml: &str, expected: &str| {
        for mode in [Mode::Boot, Mode::Check] {
            check_notice(yaml, mode, NoticeKind::WrongType, expected);
        }
    };
    check("model_list: {}", "config.yaml:1:13: `model_list` must be a list of maps, found a map");
    check("model_list: [x]", "config.yaml:1:14: `model_list[0]` must be a map, found a string");
    check(
        "general_settings:\n  master_key: 1234",
        "config.yaml:2:15: `general_settings.master_key` must be a string (quote it), found an integer",
    );
    check(
        "litellm_settings: {num_retries: many}",
        "config.yaml:1:33: `litellm_settings.num_retries` must be a whole number from 0 on, found a string",
    );
    check(
        "litellm_settings: {num_retries: -1}",
        "config.yaml:1:33: `litellm_settings.num_retries` must be a whole number from 0 on, found an integer",
    );
    check(
        "litellm_settings: {drop_params: 2}",
        "config.yaml:1:33: `litellm_settings.drop_params` must be true or false, found an integer",
    );
    check(
        "litellm_settings: {request_timeout: 1e}",
        "config.yaml:1:37: `litellm_settings.request_timeout` must be a number, found a string",
    );
    check(
        "model_list: [{model_name: x, litellm_params: {model: openai/x, tags: free}}]",
        "config.yaml:1:70: `model_list[0].litellm_params.tags` must be a list of strings, found a string",
    );
}

#[test]
fn a_value_that_is_no_choice_is_an_error_with_the_nearest_one() {
    let expected = "config.yaml:1:37: `router_settings.routing_strategy` cannot be `least_busy`; use one of simple-shuffle, \
                    least-busy, usage-based-routing, latency-based-routing, cost-based-routing, usage-based-routing-v2, lar1; \
                    did you mean `least-busy`?";
    check_notice("router_settings: {routing_strategy: least_busy}", Mode::Boot, NoticeKind::WrongValue, expected);
}

#[test]
fn python_code_is_named_with_its_alternative() {
    let check = |yaml: &str, start: &str| {
        let found = notices(yaml, Mode::Boot);
        let texts: Vec<_> =
            found.iter().filter(|notice| notice.kind == NoticeKind::PythonCode).map(ToString::to_string).collect();
        assert_eq!(texts.len(), 1, "{texts:?}");
        assert!(texts[0].starts_with(start), "{texts:?}");
        assert!(texts[0].contains("generic_api"));
    };
    check(
        "litellm_settings: {callbacks: custom_callbacks.my_handler}",
        "config.yaml:1:31: `litellm_settings.callbacks` names `custom_callbacks.my_handler`: python code cannot run here",
    );
    check(
        "litellm_settings: {success_callback: [langfuse, mine.log]}",
        "config.yaml:1:49: `litellm_settings.success_callback[1]` names `mine.log`",
    );
    check(
        "general_settings: {custom_auth: my.module.fn}",
        "config.yaml:1:33: `general_settings.custom_auth` names `my.module.fn`",
    );
    check(
        "guardrails: [{guardrail_name: g, litellm_params: {guardrail: mine.Guard, mode: pre_call}}]",
        "config.yaml:1:62: `guardrails[0].litellm_params.guardrail` names `mine.Guard`",
    );
}

#[test]
fn a_callback_that_is_not_run_yet_is_named() {
    let expected = "config.yaml:1:32: callback `langfuse` is not supported yet: nothing is sent to it";
    check_notice("litellm_settings: {callbacks: [langfuse]}", Mode::Boot, NoticeKind::NotYet, expected);
    let expected = "config.yaml:1:32: unknown callback `langfuze`; did you mean `langfuse`?";
    check_notice("litellm_settings: {callbacks: [langfuze]}", Mode::Boot, NoticeKind::WrongValue, expected);
}

#[test]
fn the_one_routing_strategy_that_is_not_followed_is_told_of() {
    for strategy in ["simple-shuffle", "usage-based-routing", "cost-based-routing"] {
        assert_eq!(notices(&format!("router_settings: {{routing_strategy: {strategy}}}"), Mode::CheckStrict), []);
    }
    let expected = "config.yaml:1:19: `router_settings.routing_strategy` is not supported yet and has no effect: \
                    deployments are chosen by weight, else at random";
    check_notice("router_settings: {routing_strategy: lar1}", Mode::Boot, NoticeKind::NotYet, expected);
}

#[test]
fn defaults_of_teams_are_read_and_what_has_no_effect_is_told() {
    let yaml = "litellm_settings: {default_team_params: {max_budget: '5', tpm_limit: 3, models: [x]}}";
    let expected = "config.yaml:1:73: `litellm_settings.default_team_params.models` is not supported yet and has no effect: no team is made by signing on";
    check_notice(yaml, Mode::Boot, NoticeKind::NotYet, expected);
    let yaml = "litellm_settings: {default_team_settings: [{team_id: t, max_budget: 7, langfuse_host: x}]}";
    let expected = "config.yaml:1:72: `litellm_settings.default_team_settings[0].langfuse_host` is not supported yet and has no effect: teams have no callbacks of their own";
    check_notice(yaml, Mode::Boot, NoticeKind::NotYet, expected);
}
