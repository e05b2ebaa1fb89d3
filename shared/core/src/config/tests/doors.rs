//! Who may come in: sections whose keys must agree with each other.

use std::time::Duration;

use super::fake::{notices, served, served_with};
use crate::address::{AddressRule, Network};
use crate::config::{CustomAuthCredential, Mode, NoticeKind, Severity, UnregisteredClient};

/// Every error of `general_settings`, without its place.
fn errors(settings: &str) -> Vec<String> {
    let found = notices(&format!("general_settings: {settings}"), Mode::BootStrict);
    let errors = found.iter().filter(|notice| notice.severity == Severity::Error);
    errors.map(|notice| notice.to_string().split_once(": ").unwrap().1.to_owned()).collect()
}

fn check(settings: &str, expected: &[&str]) {
    assert_eq!(errors(settings), expected, "{settings}");
}

#[test]
fn a_section_of_tokens_is_refused_where_litellm_refuses_it() {
    let jwt = |inner: &str, expected: &[&str]| {
        let expected: Vec<String> =
            expected.iter().map(|text| text.replace('@', "general_settings.litellm_jwtauth")).collect();
        let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
        check(&format!("{{litellm_jwtauth: {inner}}}"), &expected);
    };
    jwt("{user_id_jwt_feild: sub}", &["unknown key `@.user_id_jwt_feild`; did you mean `user_id_jwt_field`?"]);
    jwt("{user_roles_jwt_field: r}", &["`@.user_roles_jwt_field` needs `user_allowed_roles`"]);
    jwt("{user_allowed_roles: [r]}", &["`@.user_allowed_roles` needs `user_roles_jwt_field`"]);
    jwt("{object_id_jwt_field: oid}", &["`@.object_id_jwt_field` needs `role_mappings`"]);
    jwt("{scope_mappings: [{scope: s}]}", &["`@.scope_mappings` needs `enforce_scope_based_access: true`"]);
    jwt("{scope_mappings: [{scope: s, models: [m]}], enforce_scope_based_access: true}", &[]);
    jwt("{role_mappings: [{role: r}]}", &["`@.role_mappings[0]` needs `internal_role`"]);
    jwt(
        "{role_mappings: [{role: r, internal_role: boss}]}",
        &["`@.role_mappings[0].internal_role` cannot be `boss`; use one of proxy_admin, team, internal_user"],
    );
    jwt("{issuers: [{issuer: x}]}", &["`@.issuers[0]` needs an `audience`, or `disable_audience_validation: true`"]);
    jwt("{issuers: [{issuer: x, disable_audience_validation: true}, {issuer: y, audience: [a, b]}]}", &[]);
    jwt(
        "{issuers: [{issuer: x, audience: a, disable_audience_validation: true}]}",
        &["`@.issuers[0]` cannot have both an `audience` and `disable_audience_validation: true`"],
    );
    jwt(
        "{issuers: [{issuer: x, audience: a, jwks_url: idp.test/keys}]}",
        &["`@.issuers[0].jwks_url` must be an address that begins with `https://` or `http://`"],
    );
    jwt("{public_key_ttl: -1}", &["`@.public_key_ttl` must be a number from 0 on, found an integer"]);
}

#[test]
fn what_is_not_said_of_tokens_is_as_litellm_has_it() {
    let jwt = served("general_settings: {}").config.general_settings.jwt;
    assert!(!jwt.is_enabled && jwt.public_key_urls.is_empty() && jwt.audience.is_none() && jwt.issuer.is_none());
    assert_eq!((jwt.public_key_ttl_seconds, jwt.public_key_stale_ttl_seconds, jwt.leeway_seconds), (600.0, 3600.0, 0));
    assert_eq!((jwt.admin_jwt_scope.as_str(), jwt.team_id_default), ("litellm_proxy_admin", None));
    assert_eq!(jwt.public_allowed_routes, ["public_routes"]);
    assert_eq!(jwt.unregistered_jwt_client_behavior, UnregisteredClient::FallbackTeamMapping);
}

#[test]
fn tokens_are_read_as_the_settings_and_variables_say() {
    let yaml = "general_settings: {enable_jwt_auth: true, jwt_leeway_seconds: 5, litellm_jwtauth: {public_key_ttl: 60, \
                jwt_client_id_field: azp, unregistered_jwt_client_behavior: reject, team_allowed_routes: [/x]}}";
    let variables =
        [("JWT_PUBLIC_KEY_URL", " https://one.test , https://two.test,"), ("JWT_AUDIENCE", "a"), ("JWT_ISSUER", "")];
    let jwt = served_with(yaml, &variables).config.general_settings.jwt;
    assert!(jwt.is_enabled);
    assert_eq!(jwt.public_key_urls, ["https://one.test", "https://two.test"]);
    assert_eq!((jwt.audience.as_deref(), jwt.issuer.as_deref()), (Some("a"), None));
    assert_eq!((jwt.public_key_ttl_seconds, jwt.leeway_seconds), (60.0, 5));
    assert_eq!(jwt.virtual_key_claim_field.as_deref(), Some("azp"));
    assert_eq!(jwt.unregistered_jwt_client_behavior, UnregisteredClient::Reject);
    assert_eq!(jwt.team_allowed_routes, ["/x"]);
}

#[test]
fn what_is_not_done_with_tokens_yet_is_said() {
    let yaml = "general_settings: {litellm_jwtauth: {oidc_userinfo_enabled: true, agent_id_jwt_field: azp}}";
    let found = notices(yaml, Mode::Boot);
    assert_eq!(found.iter().filter(|notice| notice.kind == NoticeKind::NotYet).count(), 2, "{found:?}");
}

#[test]
fn an_entry_that_is_no_address_is_refused_by_name() {
    check("{allowed_ips: [10.0.0.1, 10.0.0.0/8, 'fd00::/8'], trusted_proxy_ranges: '10.0.0.0/8, ::1'}", &[]);
    check(
        "{allowed_ips: [10.0.0.1, 10.0.0.0/40, localhost]}",
        &[
            "`general_settings.allowed_ips[1]` cannot be `10.0.0.0/40`; use an address, or a range such as `10.0.0.0/8`",
            "`general_settings.allowed_ips[2]` cannot be `localhost`; use an address, or a range such as `10.0.0.0/8`",
        ],
    );
    check(
        "{trusted_proxy_ranges: '10.0.0.0/8,x'}",
        &["`general_settings.trusted_proxy_ranges` cannot be `x`; use an address, or a range such as `10.0.0.0/8`"],
    );
    check(
        "{allowed_ips: {a: b}}",
        &[
            "`general_settings.allowed_ips` must be a list of addresses, and of ranges such as `10.0.0.0/8`, found a map",
        ],
    );
}

#[test]
fn addresses_are_read_as_written() {
    let yaml = "general_settings: {allowed_ips: [10.0.0.0/8], use_x_forwarded_for: true, trusted_proxy_ranges: '::1,10.0.0.1'}";
    let rule = served(yaml).config.general_settings.address;
    assert_eq!(rule.allowed, Some(vec![Network::parse("10.0.0.0/8").unwrap()]));
    assert!(rule.uses_forwarded_for);
    assert_eq!(rule.trusted_proxies, [Network::parse("::1").unwrap(), Network::parse("10.0.0.1").unwrap()]);
    assert_eq!(served("general_settings: {}").config.general_settings.address, AddressRule::default());
    assert_eq!(served("general_settings: {allowed_ips: []}").config.general_settings.address.allowed, Some(Vec::new()));
}

#[test]
fn custom_authentication_is_a_service_or_python_code() {
    check("{custom_auth: 'https://auth.test/check', custom_auth_headers: [X-Team, cookie]}", &[]);
    check(
        "{custom_auth: 'ftp://auth.test'}",
        &["`general_settings.custom_auth` must be an address that begins with `https://` or `http://`"],
    );
    check(
        "{custom_auth_headers: ['X Team'], custom_auth_timeout_seconds: -1, custom_auth_credential: both}",
        &[
            "`general_settings.custom_auth_headers[0]` cannot be `X Team`, which is no name of a header",
            "`general_settings.custom_auth_timeout_seconds` must be a number from 0 on, found an integer",
            "`general_settings.custom_auth_credential` cannot be `both`; use one of key, hash",
        ],
    );
    assert!(served("general_settings: {custom_auth: my.module.fn}").config.general_settings.custom_auth.is_none());
}

#[test]
fn custom_authentication_is_read_as_written_and_hides_its_secrets() {
    let read = |yaml: &str| served(yaml).config.general_settings.custom_auth.unwrap();
    let plain = read("general_settings: {custom_auth: 'https://auth.test/check'}");
    assert_eq!((plain.timeout, plain.cache_ttl), (Duration::from_secs(5), Duration::from_secs(60)));
    assert_eq!((plain.cache_entries_max, plain.answer_bytes_max), (10_000, 65_536));
    assert!(plain.credential == CustomAuthCredential::Key && plain.headers.is_empty() && !plain.runs_common_checks);
    let yaml = "general_settings: {custom_auth: 'https://auth.test/hidden-path', custom_auth_secret: hidden-secret, \
                custom_auth_credential: hash, custom_auth_headers: [X-Team], custom_auth_timeout_seconds: 0.5, \
                custom_auth_cache_seconds: 0, custom_auth_cache_max_entries: 7, custom_auth_max_response_size_kb: 1, \
                custom_auth_run_common_checks: true}";
    let full = read(yaml);
    assert_eq!((full.timeout, full.cache_ttl), (Duration::from_millis(500), Duration::ZERO));
    assert_eq!((full.cache_entries_max, full.answer_bytes_max), (7, 1024));
    assert!(full.credential == CustomAuthCredential::Hash && full.headers == ["x-team"] && full.runs_common_checks);
    assert!(!format!("{full:?}").contains("hidden"), "{full:?}");
}
