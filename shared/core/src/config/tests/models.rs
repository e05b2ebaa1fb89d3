//! What a deployment is made of.

use serde_json::json;

use super::fake::{Fake, check_notice, served};
use crate::config::{Mode, Model, NoticeKind};

fn only(yaml: &str) -> Model {
    let mut models = served(yaml).config.models;
    assert_eq!(models.len(), 1);
    models.remove(0)
}

fn with_params(params: &str) -> Model {
    only(&format!("model_list: [{{model_name: x, litellm_params: {{model: openai/x, {params}}}}}]"))
}

#[test]
fn gateway_keys_are_typed_and_stay_out_of_the_body() {
    let model = with_params(
        "api_key: sk, api_base: http://x, timeout: '60', max_retries: 2, drop_params: 'true', tags: [a], weight: 2, order: 1, \
         extra_headers: {X-One: 1}, use_in_pass_through: true, cooldown_time: 3, litellm_credential_name: null",
    );
    let params = model.params;
    assert_eq!(params.model, "openai/x");
    assert_eq!(params.api_key.map(|key| key.expose().to_owned()), Some("sk".to_owned()));
    assert_eq!(params.api_base.as_deref(), Some("http://x"));
    assert_eq!((params.timeout_seconds, params.max_retries, params.drop_params), (Some(60.0), Some(2), Some(true)));
    assert_eq!((params.tags, params.weight, params.order), (vec!["a".to_owned()], Some(2.0), Some(1)));
    assert_eq!(params.extra_headers, [("X-One".to_owned(), "1".to_owned())]);
    assert_eq!(params.defaults, []);
}

#[test]
fn openai_and_unknown_keys_go_into_the_body_in_their_order() {
    let params =
        with_params("zebra: [1], temperature: 0.5, stream_options: {include_usage: true}, top_p: null, api_base: b")
            .params;
    let expected =
        [("zebra", json!([1])), ("temperature", json!(0.5)), ("stream_options", json!({"include_usage": true}))];
    assert_eq!(params.defaults, expected.map(|(name, value)| (name.to_owned(), value)));
}

#[test]
fn secrets_stay_out_of_the_body_and_of_debug_output() {
    let model = with_params(
        "api_key: hidden-1, aws_secret_access_key: hidden-2, vertex_credentials: {key: hidden-3}, unknown: hidden-4, \
         extra_headers: {Authorization: hidden-5}, client_secret: hidden-6, azure_ad_token: hidden-7",
    );
    let names: Vec<_> = model.params.credentials.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["aws_secret_access_key", "vertex_credentials", "client_secret"]);
    assert_eq!(model.params.credentials[1].1.expose(), r#"{"key":"hidden-3"}"#);
    let debug = format!("{model:?}");
    assert!(!debug.contains("hidden"), "{debug}");
}

#[test]
fn limits_are_looked_for_in_litellms_order() {
    let check = |yaml: &str, expected: (Option<u64>, Option<u64>)| {
        let model = only(&format!("model_list: [{{model_name: x, {yaml}}}]"));
        assert_eq!((model.tpm, model.params.tpm), expected, "{yaml}");
    };
    check("tpm: 1, litellm_params: {model: openai/m, tpm: 2}, model_info: {tpm: 3}", (Some(1), Some(2)));
    check("tpm: 1, litellm_params: {model: openai/m}", (Some(1), Some(1)));
    check("litellm_params: {model: openai/m, tpm: 2}, model_info: {tpm: 3}", (Some(2), Some(2)));
    check("litellm_params: {model: openai/m}, model_info: {tpm: '3'}", (Some(3), None));
    check("litellm_params: {model: openai/m}", (None, None));
}

#[test]
fn a_credential_fills_in_what_the_deployment_does_not_set() {
    let yaml = "credential_list: [{credential_name: shared, credential_values: {api_key: theirs, api_base: http://x}}]\n\
                model_list: [{model_name: x, litellm_params: {model: openai/m, api_base: mine, litellm_credential_name: shared}}]";
    let params = only(yaml).params;
    assert_eq!(params.api_key.map(|key| key.expose().to_owned()), Some("theirs".to_owned()));
    assert_eq!(params.api_base.as_deref(), Some("mine"));
    let yaml = "model_list: [{model_name: x, litellm_params: {model: openai/m, litellm_credential_name: gone}}]";
    let expected = "config.yaml:1:89: `gone` is no credential of `credential_list`; add it there";
    check_notice(yaml, Mode::Boot, NoticeKind::UnknownCredential, expected);
}

#[test]
fn an_unusable_deployment_is_left_out_and_named() {
    let check = |entry: &str, expected: &str| {
        let yaml = format!("model_list: [{entry}, {{model_name: y, litellm_params: {{model: openai/m}}}}]");
        assert_eq!(served(&yaml).config.models.len(), 1);
        check_notice(&yaml, Mode::Boot, NoticeKind::SkippedModel, expected);
    };
    check("{model_name: x}", "config.yaml:1:14: deployment of `x` is left out: add `litellm_params`");
    check(
        "{model_name: x, litellm_params: null}",
        "config.yaml:1:14: deployment of `x` is left out: add `litellm_params`",
    );
    check(
        "{model_name: x, litellm_params: {api_key: k}}",
        "config.yaml:1:46: deployment of `x` is left out: it has no `model`; add one",
    );
    check(
        "{litellm_params: {model: openai/m}}",
        "config.yaml:1:14: deployment of `a model without a name` is left out: it has no `model_name`; add one",
    );
}

#[test]
fn a_deployment_is_served_in_its_environments_only() {
    let yaml = "model_list: [{model_name: x, litellm_params: {model: openai/m}, model_info: {supported_environments: [production]}}]";
    let count = |fake: Fake| fake.load(Mode::Boot).unwrap().config.models.len();
    assert_eq!(count(Fake::with("config.yaml", yaml).set("LITELLM_ENVIRONMENT", "production")), 1);
    assert_eq!(count(Fake::with("config.yaml", yaml).set("LITELLM_ENVIRONMENT", "staging")), 0);
    assert_eq!(count(Fake::with("config.yaml", yaml)), 0);
}

#[test]
fn model_info_keeps_everything_it_was_given() {
    let model = only(
        "model_list: [{model_name: x, litellm_params: {model: openai/m}, model_info: {mode: chat, mine: {a: 1}, base_model: b}}]",
    );
    assert_eq!((model.info.mode.as_deref(), model.info.base_model.as_deref()), (Some("chat"), Some("b")));
    assert_eq!(serde_json::Value::Object(model.info.raw), json!({"mode": "chat", "mine": {"a": 1}, "base_model": "b"}));
}
