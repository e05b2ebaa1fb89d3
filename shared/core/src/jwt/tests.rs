use serde_json::json;

use super::*;
use crate::clock::Moment;
use crate::config::tests::fake::served_with;
use crate::consult::tests::Scripted;

const RECORDED: &str = include_str!("recorded.json");
const URL: &str = "https://idp.test/keys";
/// Between the times that the recorded tokens name.
const NOW: Moment = Moment(2_000_000_000 * 1_000_000);

fn recorded() -> Value {
    serde_json::from_str(RECORDED).unwrap()
}

/// `general_settings.litellm_jwtauth`, JSON being YAML.
fn settings(jwtauth: &Value, variables: &[(&str, &str)]) -> JwtSettings {
    let yaml = format!("general_settings: {{enable_jwt_auth: true, litellm_jwtauth: {jwtauth}}}");
    served_with(&yaml, variables).config.general_settings.jwt
}

fn authenticator(jwtauth: &Value, variables: &[(&str, &str)], document: &Value) -> JwtAuthenticator {
    let upstream = Scripted::new([(200, document.to_string().into_bytes())]);
    JwtAuthenticator::new(settings(jwtauth, variables), upstream, Clock::manual(NOW))
}

fn of_case(case: &Value, documents: &Value) -> JwtAuthenticator {
    let options = &case["options"];
    let jwtauth = options.get("issuers").map_or(json!({}), |issuers| json!({ "issuers": issuers }));
    let mut variables = vec![("JWT_PUBLIC_KEY_URL", URL)];
    for (option, variable) in [("audience", "JWT_AUDIENCE"), ("issuer", "JWT_ISSUER")] {
        variables.extend(options[option].as_str().map(|value| (variable, value)));
    }
    authenticator(&jwtauth, &variables, &documents[case["document"].as_str().unwrap()])
}

#[tokio::test]
async fn tokens_are_judged_as_litellm_judges_them() {
    let recorded = recorded();
    let cases = recorded["tokens"].as_array().unwrap();
    assert_eq!(cases.len(), 49);
    for case in cases {
        let (name, verdict) = (&case["name"], &case["verdict"]);
        let outcome = of_case(case, &recorded["documents"]).authenticate(case["token"].as_str().unwrap()).await;
        match (&outcome, verdict.get("claims")) {
            (Ok(claims), Some(expected)) => assert_eq!(json!(claims.expose()), *expected, "{name}"),
            (Err(error), None) => {
                assert_eq!(
                    (json!(error.status()), json!(error.kind())),
                    (verdict["status"].clone(), verdict["kind"].clone())
                );
                if case["options"]["any_words"] != true {
                    // The addresses of keys are the operator's own business.
                    let words = verdict["message"].as_str().unwrap().replace(&format!("keys=['{URL}'], "), "");
                    assert_eq!(error.to_string(), words, "{name}");
                }
            }
            _ => panic!("{name}: {outcome:?}, and LiteLLM: {verdict}"),
        }
    }
}

#[test]
fn claims_are_read_as_litellm_reads_them() {
    let recorded = recorded();
    let cases = recorded["identities"].as_array().unwrap();
    assert_eq!(cases.len(), 31);
    for case in cases {
        let settings = settings(&case["settings"], &[]);
        let map = case["claims"].as_object().unwrap().clone();
        let issuer = settings.issuers.iter().position(|issuer| map.get("iss") == Some(&json!(issuer.issuer)));
        let identity = identity::read(&settings, &Claims { map, issuer }).unwrap();
        let role = identity.role.map(|role| match role {
            Role::ProxyAdmin => "proxy_admin",
            Role::Team => "team",
            Role::InternalUser => "internal_user",
        });
        let read = json!({
            "user_id": identity.user_id, "user_email": identity.user_email,
            "is_email_allowed": identity.is_email_allowed, "team_id": identity.team_id,
            "team_alias": identity.team_alias, "team_ids": identity.team_ids, "org_id": identity.org_id,
            "org_alias": identity.org_alias, "end_user_id": identity.end_user_id, "scopes": identity.scopes,
            "is_admin": identity.is_admin, "role": role, "user_role": identity.user_role,
        });
        assert_eq!(read, case["identity"], "{} of {}", case["settings"], case["claims"]);
    }
}

fn check_identity(jwtauth: &Value, claims: &Value, refused: Option<&str>) -> Option<Identity> {
    let claims = Claims { map: claims.as_object().unwrap().clone(), issuer: None };
    let outcome = identity::read(&settings(jwtauth, &[]), &claims);
    let found = outcome.as_ref().err().map(|error| (error.status(), error.to_string()));
    assert_eq!(found, refused.map(|text| (403, text.to_owned())), "{jwtauth} of {claims:?}");
    outcome.ok()
}

#[test]
fn a_token_without_a_role_is_refused_where_roles_are_enforced() {
    let enforced = json!({"enforce_rbac": true, "user_id_jwt_field": "sub"});
    let nobody =
        "Unmatched token passed in. enforce_rbac is set to True. Token must belong to a proxy admin, team, or user.";
    check_identity(&enforced, &json!({}), Some(nobody));
    check_identity(&json!({}), &json!({}), None);
    check_identity(&enforced, &json!({"sub": "u"}), None);
    check_identity(&enforced, &json!({"scope": "litellm_proxy_admin"}), None);
    let roles = json!({"enforce_rbac": true, "user_roles_jwt_field": "r", "user_allowed_roles": ["staff"]});
    let without_id = "No user or team id found in token. enforce_rbac is set to True. Token must belong to a proxy admin, team, or user.";
    check_identity(&roles, &json!({"r": ["staff"]}), Some(without_id));
}

#[test]
fn a_claim_stands_for_a_virtual_key() {
    let field = json!({"virtual_key_claim_field": "client.id"});
    let identity = check_identity(&field, &json!({"client": {"id": "c"}}), None).unwrap();
    let unregistered = crate::config::UnregisteredClient::FallbackTeamMapping;
    let expected = VirtualKeyClaim { field: "client.id".into(), value: "c".into(), issuer: None, unregistered };
    assert_eq!(identity.virtual_key, Some(expected));
    assert_eq!(check_identity(&field, &json!({}), None).unwrap().virtual_key, None);
    for behavior in ["reject", "auto_register"] {
        let strict = json!({"virtual_key_claim_field": "azp", "unregistered_jwt_client_behavior": behavior});
        let refusal = "JWT Key Mapping: Required claim 'azp' is missing from the JWT. Access denied.";
        check_identity(&strict, &json!({}), Some(refusal));
        assert!(check_identity(&strict, &json!({"azp": "a"}), None).unwrap().virtual_key.is_some());
    }
}

#[test]
fn a_scope_allows_its_models() {
    let mapped = json!({"enforce_scope_based_access": true, "scope_mappings": [
        {"scope": "small", "models": ["mini"]}, {"scope": "big", "models": ["max", "ultra"]}]});
    let settings = settings(&mapped, &[]);
    let identity =
        |scopes: &[&str]| Identity { scopes: scopes.iter().map(|s| (*s).to_owned()).collect(), ..Identity::default() };
    for (scopes, model, is_allowed) in [
        (&["small"][..], "mini", true),
        (&["small"], "max", false),
        (&["small", "big"], "ultra", true),
        (&[], "mini", false),
    ] {
        let outcome = identity(scopes).may_use(&settings, model);
        assert_eq!(outcome.err().map(|error| error.status()), (!is_allowed).then_some(403), "{scopes:?} {model}");
    }
    assert!(identity(&[]).may_use(&self::settings(&json!({}), &[]), "mini").is_ok());
}

#[tokio::test]
async fn hostile_tokens_are_refused_without_asking_anybody() {
    let header = "eyJhbGciOiJSUzI1NiJ9";
    let long = format!("{header}.{}.x", "A".repeat(64 * 1024));
    let deep =
        format!("{header}.{}.x", base64::Engine::encode(&base64::prelude::BASE64_URL_SAFE_NO_PAD, "[".repeat(20_000)));
    for token in ["", ".", "..", "...", "a.b", header, &long, &deep, "é.é.é", "eyJhbGciOiJIUzI1NiJ9.e30.x"] {
        let upstream = Scripted::new([]);
        let settings = settings(&json!({}), &[("JWT_PUBLIC_KEY_URL", URL)]);
        let authenticator = JwtAuthenticator::new(settings, upstream.clone(), Clock::manual(NOW));
        let error = authenticator.authenticate(token).await.unwrap_err();
        assert_eq!((error.status(), upstream.asked()), (401, 0), "{}", &token[..token.len().min(40)]);
    }
}

#[test]
fn a_token_has_three_parts() {
    for (presented, expected) in [("a.b.c", true), ("..", true), ("sk-1", false), ("a.b", false), ("a.b.c.d", false)] {
        assert_eq!(is_jwt(presented), expected, "{presented}");
    }
}

#[tokio::test]
async fn every_address_is_asked_until_one_has_the_key() {
    let recorded = recorded();
    let case = &recorded["tokens"][0];
    let token = case["token"].as_str().unwrap();
    let good = recorded["documents"]["all"].to_string().into_bytes();
    let two = [("JWT_PUBLIC_KEY_URL", "https://one.test/keys, https://two.test/keys")];
    let none = br#"{"keys":[]}"#.to_vec();
    let cases = [
        (vec![(200, none.clone()), (200, good.clone())], None),
        (vec![(0, Vec::new()), (200, good)], None),
        (vec![(200, none.clone()), (200, none.clone())], Some((401, "auth_error"))),
        // The one that does not answer may have it: the caller should try again.
        (vec![(0, Vec::new()), (200, none)], Some((503, "auth_provider_unavailable"))),
    ];
    for (answers, refused) in cases {
        let upstream = Scripted::new(answers);
        let authenticator = JwtAuthenticator::new(settings(&json!({}), &two), upstream, Clock::manual(NOW));
        let outcome = authenticator.authenticate(token).await;
        assert_eq!(outcome.err().map(|error| (error.status(), error.kind())), refused);
    }
    let nowhere = JwtAuthenticator::new(settings(&json!({}), &[]), Scripted::new([]), Clock::manual(NOW));
    assert_eq!(nowhere.authenticate(token).await, Err(JwtError::NoSource));
}

#[tokio::test]
async fn clocks_may_be_wrong_by_the_leeway_alone() {
    let check = |leeway: u64, now: u64| {
        let claims = json!({"iat": 1000, "nbf": 1000, "exp": 2000}).as_object().unwrap().clone();
        check::claims(&claims, &Expected { issuer: None, audiences: &[] }, now, leeway)
    };
    for (leeway, now, is_good) in
        [(0, 1000, true), (0, 999, false), (60, 940, true), (60, 939, false), (0, 1999, true), (0, 2000, false)]
    {
        assert_eq!(check(leeway, now).is_ok(), is_good, "{now} by {leeway}");
    }
    assert_eq!(check(60, 2059), Ok(()));
    assert_eq!(check(60, 2060), Err(JwtError::Expired));
}

#[test]
fn debug_shows_no_claim() {
    let claims = Claims { map: json!({"email": "hidden"}).as_object().unwrap().clone(), issuer: None };
    assert_eq!(format!("{claims:?}"), r#"{"email"}"#);
}
