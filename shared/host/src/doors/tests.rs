use std::time::Duration;

use serde_json::{Value, json};
use tollgate_core::config::{Environment, Mode, ReadError, load};
use tollgate_core::custom_auth::{CustomAuthError, Question, Verdict};
use tollgate_core::jwt::JwtError;

use super::*;
use crate::sign::tests::issuer::Issuer;
use crate::upstream::{Limits, Pool};

const RECORDED: &str = include_str!("../../../core/src/jwt/recorded.json");

/// One document and the variables of one test.
struct Only<'a> {
    document: String,
    variables: &'a [(&'a str, &'a str)],
}

impl Environment for Only<'_> {
    fn read(&self, _: &str, _: u64) -> Result<Vec<u8>, ReadError> {
        Ok(self.document.clone().into_bytes())
    }

    fn exists(&self, _: &str) -> bool {
        true
    }

    fn variable(&self, name: &str) -> Option<String> {
        self.variables.iter().find(|(own, _)| *own == name).map(|(_, value)| (*value).to_owned())
    }
}

fn config(general: &str, variables: &[(&str, &str)]) -> Config {
    let document = format!("general_settings: {{{general}}}");
    load("config.yaml", &Only { document, variables }, Mode::Boot).unwrap().config
}

fn pool() -> Arc<Pool> {
    let limits = Limits {
        connect_timeout: Duration::from_secs(5),
        idle_connections_per_host_max: 8,
        idle_timeout: Duration::from_secs(5),
    };
    Arc::new(Pool::new(limits, rustls::RootCertStore::empty()))
}

#[tokio::test]
async fn keys_come_over_the_connection_pool_once_and_by_no_redirect() {
    let recorded: Value = serde_json::from_str(RECORDED).unwrap();
    let (token, keys) = (recorded["tokens"][0]["token"].as_str().unwrap(), recorded["documents"]["all"].to_string());
    let issuer = Issuer::start(move |asked| match asked.target.as_str() {
        "/keys" => (200, keys.clone()),
        "/realm/.well-known/openid-configuration" => {
            let host = asked.header("host").unwrap();
            (200, json!({ "jwks_uri": format!("http://{host}/keys") }).to_string())
        }
        _ => (302, String::new()),
    })
    .await;
    for (path, requests, status) in
        [("/keys", 1, None), ("/realm/.well-known/openid-configuration", 3, None), ("/moved", 4, Some(503))]
    {
        let address = format!("{}{path}", issuer.base);
        let config = config("enable_jwt_auth: true", &[("JWT_PUBLIC_KEY_URL", &address)]);
        let authenticator = jwt(&config, pool(), Clock::System).unwrap();
        for _ in 0..3 {
            let outcome = authenticator.authenticate(token).await;
            assert_eq!(outcome.err().as_ref().map(JwtError::status), status, "{path}");
        }
        assert_eq!(issuer.asked().len(), requests, "{path}");
    }
    assert!(jwt(&config("", &[]), pool(), Clock::System).is_none());
}

#[tokio::test]
async fn the_service_of_the_operator_is_asked_over_the_connection_pool() {
    let service =
        Issuer::start(|asked| match serde_json::from_str::<Value>(&asked.body).unwrap()["api_key"].as_str() {
            Some("known") => (200, r#"{"user_id": "u"}"#.to_owned()),
            _ => (403, r#"{"message": "not you"}"#.to_owned()),
        })
        .await;
    let config = config(&format!("custom_auth: '{}/check', custom_auth_secret: s", service.base), &[]);
    let auth = custom_auth(&config, pool(), Clock::System).unwrap();
    let headers = http::HeaderMap::new();
    let question = |key| Question {
        key: Some(key),
        method: &http::Method::GET,
        path: "/v1/models",
        headers: &headers,
        client: None,
    };
    assert!(matches!(auth.ask(question("known")).await, Ok(Verdict::Grant(grant)) if grant.key["user_id"] == "u"));
    let refused = CustomAuthError::Refused { status: 403, message: "not you".to_owned() };
    assert_eq!(auth.ask(question("other")).await, Err(refused));
    let asked = &service.asked()[0];
    assert_eq!((asked.method.as_str(), asked.target.as_str()), ("POST", "/check"));
    assert_eq!(
        (asked.header("authorization"), asked.header("content-type")),
        (Some("Bearer s"), Some("application/json"))
    );
    assert!(custom_auth(&self::config("custom_auth: my.module.fn", &[]), pool(), Clock::System).is_none());
}

#[test]
fn the_salt_comes_before_the_master_key() {
    let salted = "environment_variables: {}";
    let of = |document: &str| {
        let document = document.to_owned();
        let config = load("config.yaml", &Only { document, variables: &[] }, Mode::Boot).unwrap().config;
        salt(&config).map(|salt| salt.expose().to_owned())
    };
    assert_eq!(of(salted), None);
    assert_eq!(of("general_settings: {master_key: sk-m}").as_deref(), Some("sk-m"));
    let both = "{general_settings: {master_key: sk-m}, environment_variables: {LITELLM_SALT_KEY: sk-s}}";
    assert_eq!(of(both).as_deref(), Some("sk-s"));
    assert!(sealer(&config("master_key: sk-m", &[])).is_some() && sealer(&config("", &[])).is_none());
}
