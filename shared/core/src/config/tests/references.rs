//! `os.environ/NAME` and `environment_variables`.

use serde_json::json;

use super::fake::{Fake, check_notice};
use crate::config::{Loaded, Mode, NoticeKind};

fn load(yaml: &str) -> Loaded {
    let fake = Fake::with("config.yaml", yaml).set("KEY", "sk-env").set("FLAG", "True").set("NUMBER", "7");
    fake.load(Mode::Boot).unwrap_or_else(|refusal| panic!("{refusal}"))
}

#[test]
fn references_are_resolved_in_maps_and_in_lists() {
    let yaml = "model_list: [{model_name: x, litellm_params: {model: m, api_key: os.environ/KEY, drop_params: os.environ/FLAG, \
                max_retries: os.environ/NUMBER, mine: [os.environ/KEY, {a: [os.environ/FLAG]}], \
                anthropic_issuer_signing_key_ref: os.environ/KEY}}]";
    let params = load(yaml).config.models.remove(0).params;
    assert_eq!(params.api_key.map(|key| key.expose().to_owned()), Some("sk-env".to_owned()));
    assert_eq!((params.drop_params, params.max_retries), (Some(true), Some(7)));
    assert_eq!(params.defaults, [("mine".to_owned(), json!(["sk-env", {"a": [true]}]))]);
    // A pointer is read later, by what uses it.
    assert_eq!(params.credentials[0].1.expose(), "os.environ/KEY");
}

#[test]
fn an_unset_variable_gives_null_and_is_named() {
    let yaml = "model_list: [{model_name: x, litellm_params: {model: m, api_key: os.environ/GONE}}]";
    assert!(load(yaml).config.models[0].params.api_key.is_none());
    for mode in [Mode::Boot, Mode::Check] {
        let expected = "config.yaml:1:66: environment variable `GONE` is not set, so `model_list[0].litellm_params.api_key` is null; set it";
        check_notice(yaml, mode, NoticeKind::UnsetVariable, expected);
    }
}

#[test]
fn environment_variables_of_the_document_are_seen_by_its_references() {
    let yaml = "environment_variables: {OWN: sk-own, KEY: sk-over, COPY: os.environ/NUMBER, COUNT: 3, LIT: yes, EMPTY: null}\n\
                general_settings: {master_key: os.environ/OWN, database_url: os.environ/KEY}";
    let config = load(yaml).config;
    assert_eq!(config.general_settings.master_key.map(|key| key.expose().to_owned()), Some("sk-own".to_owned()));
    assert_eq!(config.general_settings.database.url.map(|key| key.expose().to_owned()), Some("sk-over".to_owned()));
    let values: Vec<_> =
        config.environment_variables.iter().map(|(name, value)| (name.as_str(), value.expose())).collect();
    assert_eq!(values, [("OWN", "sk-own"), ("KEY", "sk-over"), ("COPY", "7"), ("COUNT", "3"), ("LIT", "True")]);
}

#[test]
fn variables_that_change_what_a_process_runs_are_refused() {
    for name in [
        "PATH",
        "LD_PRELOAD",
        "DYLD_INSERT_LIBRARIES",
        "PYTHONPATH",
        "HOME",
        "USER",
        "SHELL",
        "LOGNAME",
        "NO_PROXY",
        "no_proxy",
    ] {
        let yaml = format!("environment_variables: {{{name}: x}}");
        let expected =
            format!("config.yaml:1:25: `{name}` cannot be set by a configuration; set it where the process is started");
        check_notice(&yaml, Mode::Boot, NoticeKind::RefusedVariable, &expected);
    }
}
