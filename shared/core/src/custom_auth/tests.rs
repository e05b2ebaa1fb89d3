use std::time::Duration;

use super::*;
use crate::clock::Moment;
use crate::config::tests::fake::served;
use crate::consult::tests::Scripted;

const KEY: &str = "sk-1234";
/// SHA-256 of [`KEY`].
const HASH: &str = "88dc28d0f030c55ed4ab77ed8faf098196cb1c05df778539800c9f1243fe6b4b";

struct Fixture {
    service: Arc<Scripted>,
    auth: CustomAuth,
    clock: Clock,
}

fn fixture(more: &str, answers: &[(u16, &str)]) -> Fixture {
    let yaml = format!("general_settings: {{custom_auth: 'https://auth.test/check'{more}}}");
    let settings = served(&yaml).config.general_settings.custom_auth.unwrap();
    let service = Scripted::new(answers.iter().map(|(status, body)| (*status, body.as_bytes().to_vec())));
    let clock = Clock::manual(Moment(1_000_000_000_000));
    Fixture { auth: CustomAuth::new(settings, service.clone(), clock.clone()), service, clock }
}

impl Fixture {
    async fn ask(&self, key: Option<&str>, path: &str) -> Result<Verdict, CustomAuthError> {
        let headers = HeaderMap::from_iter([("x-team".parse().unwrap(), HeaderValue::from_static("a"))]);
        let client = "203.0.113.5".parse().ok();
        self.auth.ask(Question { key, method: &Method::POST, path, headers: &headers, client }).await
    }

    fn told(&self, index: usize) -> Value {
        serde_json::from_slice(self.service.requests.lock().unwrap()[index].body()).unwrap()
    }
}

#[tokio::test]
async fn the_service_is_told_what_the_settings_say() {
    let known = json!({"api_key": KEY, "api_key_hash": HASH, "method": "POST", "path": "/v1/models", "headers": {},
        "client_ip": "203.0.113.5"});
    let mut with_header = known.clone();
    with_header["headers"] = json!({"x-team": "a"});
    let mut hashed = known.clone();
    hashed["api_key"] = Value::Null;
    for (more, told) in [
        ("", known),
        (", custom_auth_headers: [X-Team, x-absent]", with_header),
        (", custom_auth_credential: hash", hashed),
    ] {
        let fixture = fixture(more, &[(200, "{}")]);
        fixture.ask(Some(KEY), "/v1/models").await.unwrap();
        assert_eq!(fixture.told(0), told, "{more}");
    }
    let fixture = fixture(", custom_auth_secret: s", &[(200, "{}")]);
    fixture.ask(None, "/").await.unwrap();
    let told = fixture.told(0);
    assert_eq!((&told["api_key"], &told["api_key_hash"]), (&Value::Null, &Value::Null));
    let requests = fixture.service.requests.lock().unwrap();
    let (head, secret) = (&requests[0], &requests[0].headers()["authorization"]);
    assert_eq!((head.method(), head.uri().to_string().as_str()), (&Method::POST, "https://auth.test/check"));
    assert!(secret == "Bearer s" && secret.is_sensitive());
}

#[tokio::test]
async fn a_caller_is_who_the_service_says() {
    let answer = r#"{"user_id": "u", "org_id": "o", "models": ["gpt"], "max_budget": 1.5, "tpm_limit": null,
        "team_max_budget": 9, "user_role": "internal_user", "metadata": {"a": 1}}"#;
    let Verdict::Grant(grant) = fixture("", &[(200, answer)]).ask(Some(KEY), "/").await.unwrap() else { panic!() };
    let key =
        json!({"user_id": "u", "organization_id": "o", "models": ["gpt"], "max_budget": 1.5, "metadata": {"a": 1}});
    assert_eq!((json!(grant.key), json!(grant.beside)), (key, json!({"team_max_budget": 9})));
    assert_eq!((grant.hash.as_str(), grant.user_role.as_deref()), (HASH, Some("internal_user")));
    let shown = format!("{grant:?}");
    assert!(shown.contains("user_id") && !shown.contains("gpt"), "{shown}");
}

#[tokio::test]
async fn spend_is_booked_on_a_hash_and_never_on_a_key() {
    let other = "a".repeat(64);
    for (answer, hash) in [
        ("{}".to_owned(), HASH),
        (format!(r#"{{"api_key": "{KEY}"}}"#), HASH),
        (format!(r#"{{"token": "Bearer {KEY}"}}"#), HASH),
        (
            r#"{"api_key": "a.b.c"}"#.to_owned(),
            "hashed-jwt-845e30448809e2bc8958eb025bfc795235d13b077a53d0c3abbd2385170dc9b8",
        ),
        (format!(r#"{{"api_key": "{other}"}}"#), other.as_str()),
        (format!(r#"{{"token": "{other}", "api_key": "{KEY}"}}"#), other.as_str()),
    ] {
        let Verdict::Grant(grant) = fixture("", &[(200, &answer)]).ask(Some(KEY), "/").await.unwrap() else { panic!() };
        assert_eq!(grant.hash, hash, "{answer}");
    }
}

#[tokio::test]
async fn the_service_may_name_a_key_to_go_on_with() {
    let verdict = fixture("", &[(200, r#""sk-other""#)]).ask(Some(KEY), "/").await;
    assert_eq!(verdict, Ok(Verdict::Key(Secret::new("sk-other".to_owned()))));
}

async fn check_refused(answer: (u16, &str), status: u16, message: &str) {
    let fixture = fixture("", &[answer]);
    let error = fixture.ask(Some(KEY), "/").await.unwrap_err();
    assert_eq!((error.status(), error.to_string().as_str()), (status, message), "{answer:?}");
}

#[tokio::test(start_paused = true)]
async fn nobody_is_let_in_unless_the_service_says_so() {
    check_refused((401, r#"{"message": "unknown key"}"#), 401, "unknown key").await;
    check_refused((403, r#"{"error": {"message": "not on sunday"}}"#), 403, "not on sunday").await;
    check_refused((403, r#"{"detail": "no"}"#), 403, "no").await;
    check_refused((401, r#"{"error": "no"}"#), 401, "no").await;
    check_refused((401, "<html>"), 401, "Invalid credentials").await;
    check_refused((403, ""), 403, "Access forbidden").await;
    check_refused((401, &format!(r#"{{"message": "{}"}}"#, "x".repeat(5000))), 401, &"x".repeat(500)).await;
    let unavailable = "custom authentication is not available now: try again later";
    let long = format!(r#"{{"key_alias": "{}"}}"#, "x".repeat(70_000));
    for answer in [
        (0, ""),
        (1, ""),
        (500, r#"{"user_id": "u"}"#),
        (302, ""),
        (204, ""),
        (200, ""),
        (200, "[]"),
        (200, "true"),
        (200, r#""""#),
        (200, r#"{"user_id": 7}"#),
        (200, r#"{"models": "gpt"}"#),
        (200, r#"{"max_budget": "1"}"#),
        (200, r#"{"rpm_limit": 1.5}"#),
        (200, r#"{"max_bugdet": 1}"#),
        (200, r#"{"user_role": "root"}"#),
        (200, r#"{"user_role": 1}"#),
        (200, long.as_str()),
    ] {
        check_refused(answer, 503, unavailable).await;
    }
}

#[tokio::test]
async fn an_answer_holds_for_its_time_and_its_question() {
    let fixture = fixture("", &[(200, "{}"), (200, "{}"), (200, "{}"), (200, "{}")]);
    for (key, path, advance_s, asked) in
        [(KEY, "/a", 0, 1), (KEY, "/a", 59, 1), (KEY, "/b", 0, 2), ("sk-other", "/a", 0, 3), (KEY, "/a", 1, 4)]
    {
        fixture.clock.advance(Duration::from_secs(advance_s));
        fixture.ask(Some(key), path).await.unwrap();
        assert_eq!(fixture.service.asked(), asked, "{key} {path}");
    }
}

#[tokio::test]
async fn a_refusal_is_not_kept() {
    let fixture = fixture("", &[(401, "{}"), (200, "{}")]);
    assert_eq!(fixture.ask(Some(KEY), "/").await.map_err(|error| error.status()), Err(401));
    assert!(fixture.ask(Some(KEY), "/").await.is_ok());
}

#[test]
fn the_cache_keeps_within_its_bounds() {
    let cache = Cache::new(Duration::from_secs(10), 2);
    let verdict = Verdict::Key(Secret::new("sk-1".to_owned()));
    let found = |digest: u8, at: u64| cache.find(&[digest; 32], Moment(at * 1_000_000)).is_some();
    let keep = |digest: u8, allowed: Option<u64>, at: u64| {
        cache.keep([digest; 32], &verdict, allowed.map(Duration::from_secs), Moment(at * 1_000_000));
    };
    keep(1, None, 0);
    keep(2, Some(5), 0);
    keep(3, None, 0);
    assert!(found(1, 9) && !found(1, 10) && found(2, 4) && !found(2, 5) && !found(3, 0));
    // What is over makes room.
    keep(3, Some(100), 6);
    assert!(found(1, 6) && found(3, 15) && !found(3, 16));
    keep(4, Some(0), 20);
    assert!(!found(4, 20));
}

#[test]
fn the_service_may_shorten_the_time() {
    for (line, expected) in [
        (None, None),
        (Some("private"), None),
        (Some("max-age=5"), Some(5)),
        (Some("private, Max-Age=\"7\""), Some(7)),
        (Some("max-age=5, no-store"), Some(0)),
        (Some("no-cache"), Some(0)),
    ] {
        let headers =
            line.map(|line| (http::header::CACHE_CONTROL, HeaderValue::from_static(line))).into_iter().collect();
        assert_eq!(cache::allowed(&headers), expected.map(Duration::from_secs), "{line:?}");
    }
}
