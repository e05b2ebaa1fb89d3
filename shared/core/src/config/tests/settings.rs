//! What the settings sections mean, and what they mean where they say nothing.

use super::fake::{Fake, served};
use crate::config::{GroupAlias, Mode, Verdict, check};

#[test]
fn an_absent_section_has_its_defaults() {
    let config = served("model_list: []").config;
    assert_eq!(config.litellm_settings.request_timeout_seconds, 6000.0);
    assert!(!config.litellm_settings.drop_params && !config.litellm_settings.json_logs);
    let general = config.general_settings;
    assert!(general.master_key.is_none() && !general.strict_config);
    assert_eq!(
        (general.max_request_size_mb, general.max_response_size_mb, general.max_header_size_kb),
        (50.0, 256.0, 64)
    );
    assert_eq!(
        (general.upstream_connect_timeout_seconds, general.upstream_idle_connections_per_host_max),
        (10.0, 1000)
    );
    assert_eq!((general.database.connection_pool_limit, general.database.timeout_seconds), (None, 10.0));
    assert_eq!(
        (general.database.connection_pool_timeout_seconds, general.database.disable_schema_update),
        (60.0, false)
    );
    assert_eq!(config.router_settings.model_group_alias, []);
}

#[test]
fn the_settings_of_the_database_are_read() {
    let yaml = "general_settings: {database_url: 'sqlite:a.db', database_connection_pool_limit: 5, \
                database_connection_pool_timeout: 7, database_timeout_seconds: 2.5, disable_prisma_schema_update: true}";
    let general = served(yaml).config.general_settings;
    assert_eq!(general.database.url.as_ref().map(|url| url.expose()), Some("sqlite:a.db"));
    assert_eq!((general.database.connection_pool_limit, general.database.timeout_seconds), (Some(5), 2.5));
    assert_eq!((general.database.connection_pool_timeout_seconds, general.database.disable_schema_update), (7.0, true));
    let fake = Fake::with("config.yaml", "model_list: []").set("DISABLE_SCHEMA_UPDATE", "True");
    assert!(fake.load(Mode::Boot).unwrap().config.general_settings.database.disable_schema_update);
}

#[test]
fn settings_are_read_as_written() {
    let yaml = "litellm_settings: {drop_params: yes, num_retries: '2', request_timeout: 30}\n\
                router_settings: {timeout: 5.5, model_group_alias: {a: b, c: {model: d, hidden: true}}}\n\
                general_settings: {master_key: sk-1, max_request_size_mb: 0.5, litellm_key_header_name: X-Key}";
    let config = served(yaml).config;
    assert!(config.litellm_settings.drop_params);
    assert_eq!(config.litellm_settings.num_retries, Some(2));
    assert_eq!(config.litellm_settings.request_timeout_seconds, 30.0);
    assert_eq!(config.router_settings.timeout_seconds, Some(5.5));
    let alias = |alias: &str, model: &str, hidden| GroupAlias { alias: alias.into(), model: model.into(), hidden };
    assert_eq!(config.router_settings.model_group_alias, [alias("a", "b", false), alias("c", "d", true)]);
    assert_eq!(config.general_settings.master_key.map(|key| key.expose().to_owned()), Some("sk-1".to_owned()));
    assert_eq!(config.general_settings.max_request_size_mb, 0.5);
    assert_eq!(config.general_settings.litellm_key_header_name.as_deref(), Some("X-Key"));
}

#[test]
fn the_master_key_may_come_from_its_variable() {
    let check = |yaml: &str, expected: Option<&str>| {
        let loaded = Fake::with("config.yaml", yaml).set("LITELLM_MASTER_KEY", "sk-env").load(Mode::Boot).unwrap();
        let key = loaded.config.general_settings.master_key;
        assert_eq!(key.as_ref().map(|key| key.expose()), expected, "{yaml}");
    };
    check("model_list: []", Some("sk-env"));
    check("general_settings: {}", Some("sk-env"));
    check("general_settings: {master_key: sk-1}", Some("sk-1"));
    check("general_settings: {master_key: null}", None);
}

#[test]
fn a_report_reads_as_text_and_as_json() {
    let fake = Fake::with("config.yaml", "model_lst: []\nlitellm_settings: {callbacks: [otel]}");
    let report = check("config.yaml", &fake, Mode::Check);
    let expected = "error: config.yaml:1:1: unknown key `model_lst`; did you mean `model_list`?\n\
                    warning: config.yaml:2:32: callback `otel` is not supported yet: nothing is sent to it\n\
                    config.yaml: refused, 1 errors, 1 warnings";
    assert_eq!(report.to_string(), expected);
    assert_eq!(report.verdict, Verdict::Errors);
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["verdict"], "errors");
    let notice = &json["notices"][0];
    assert_eq!(
        (&notice["severity"], &notice["kind"], &notice["line"]),
        (&"error".into(), &"unknown_key".into(), &1.into())
    );
    assert_eq!((&notice["nearest"], &notice["path"]), (&"model_list".into(), &"model_lst".into()));
    let fake = Fake::with("config.yaml", "model_list: [{model_name: x, litellm_params: {model: openai/m}}]");
    let report = check("config.yaml", &fake, Mode::CheckStrict);
    assert_eq!(report.to_string(), "config.yaml: ok, 1 deployments, 0 warnings");
}

#[test]
fn tollgates_own_keys_are_known_and_read() {
    let yaml = "general_settings: {strict_config: true, max_header_size_kb: 1, request_read_timeout_seconds: 2, \
                upstream_connect_timeout_seconds: 3, upstream_idle_connections_per_host_max: 4}";
    let loaded = served(yaml);
    let general = loaded.config.general_settings;
    assert_eq!((loaded.notices, general.strict_config, general.max_header_size_kb), (vec![], true, 1));
    assert_eq!((general.request_read_timeout_seconds, general.upstream_connect_timeout_seconds), (2.0, 3.0));
    assert_eq!(general.upstream_idle_connections_per_host_max, 4);
}

#[test]
fn the_form_of_stored_secrets_is_litellms_default_unless_it_is_named() {
    use crate::seal::Algorithm;
    let check = |yaml: &str, expected: Algorithm| {
        assert_eq!(served(yaml).config.general_settings.encryption_algorithm, expected, "{yaml}");
    };
    check("general_settings: {}", Algorithm::SecretBox);
    check("general_settings: {encryption_algorithm: xsalsa20-poly1305}", Algorithm::SecretBox);
    check("general_settings: {encryption_algorithm: aes-256-gcm}", Algorithm::AesGcm);
    check("general_settings: {encryption_algorithm: AES-256-GCM}", Algorithm::AesGcm);
}
