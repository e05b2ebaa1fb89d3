pub mod issuer;
mod moto;

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::Request;
use tollgate_core::sign::{AssumedRole, Sts};

use super::*;
use issuer::Issuer;

const SECRET: &str = "hidden-secret";

fn head() -> Parts {
    Request::post("https://bedrock-runtime.us-west-2.amazonaws.com/model/m/converse").body(()).unwrap().into_parts().0
}

fn secret() -> Secret {
    Secret::new(SECRET.to_owned())
}

fn ibm(base: &str) -> Scheme {
    Scheme::Ibm { token_url: format!("{base}/identity/token"), api_key: secret() }
}

fn databricks(base: &str) -> Scheme {
    let token_url = format!("{base}/oidc/v1/token");
    Scheme::Databricks { token_url, client_id: "c".to_owned(), client_secret: secret() }
}

fn role(base: &str) -> Scheme {
    let keys = AwsKeys { id: "AKID".to_owned(), secret: secret(), session_token: None };
    let sts = Sts { endpoint: Some(base.to_owned()), region: "eu-west-1".to_owned() };
    let role = AssumedRole {
        arn: "arn:aws:iam::1:role/r".to_owned(),
        session_name: None,
        external_id: None,
        tags: Vec::new(),
        sts,
    };
    Scheme::SigV4 {
        service: "bedrock",
        region: "us-west-2".to_owned(),
        source: AwsSource::Role { base: Some(keys), role },
    }
}

#[tokio::test]
async fn a_hundred_requests_at_once_ask_the_issuer_once() {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let issuer = Issuer::start(move |asked| {
        counted.fetch_add(1, Ordering::SeqCst);
        match asked.body.contains("AssumeRole") {
            true => issuer::assumed("ASIA"),
            false => (200, r#"{"access_token":"t","expires_in":3600}"#.to_owned()),
        }
    })
    .await;
    for (number, scheme) in [ibm(&issuer.base), databricks(&issuer.base), role(&issuer.base)].iter().enumerate() {
        let credentials = issuer.credentials(&[]);
        let asked = (0..100).map(|_| async {
            let mut head = head();
            credentials.sign(scheme, &mut head, &Bytes::from_static(b"{}")).await.unwrap();
            head.headers
        });
        let signed = futures_util::future::join_all(asked).await;
        assert_eq!(count.load(Ordering::SeqCst), number + 1, "{scheme:?}");
        let shown = signed[99]["authorization"].to_str().unwrap();
        let is_shown = shown == "Bearer t" || shown.contains("Credential=ASIA/");
        assert!(is_shown && signed[0]["authorization"] == signed[99]["authorization"], "{shown}");
    }
}

#[tokio::test]
async fn ibm_and_databricks_are_asked_in_their_own_ways() {
    let issuer = Issuer::start(|_| (200, r#"{"access_token":"t","expires_in":"60"}"#.to_owned())).await;
    let check = async |scheme: Scheme, expected: &str, authorization: Option<&str>| {
        let mut head = head();
        issuer.credentials(&[]).sign(&scheme, &mut head, &Bytes::new()).await.unwrap();
        assert_eq!(head.headers["authorization"], "Bearer t");
        assert!(head.headers["authorization"].is_sensitive());
        let asked = issuer.asked().pop().unwrap();
        assert_eq!(asked.line(), expected);
        assert_eq!(asked.header("authorization"), authorization);
    };
    let grant = "grant_type=urn%3Aibm%3Aparams%3Aoauth%3Agrant-type%3Aapikey&apikey=hidden-secret";
    check(ibm(&issuer.base), &format!("POST /identity/token {grant}"), None).await;
    let grant = "POST /oidc/v1/token grant_type=client_credentials&scope=all-apis";
    check(databricks(&issuer.base), grant, Some("Basic YzpoaWRkZW4tc2VjcmV0")).await;
}

#[tokio::test]
async fn anthropics_models_on_vertex_see_the_token_twice_as_with_litellm() {
    let issuer = Issuer::start(|_| (200, r#"{"access_token":"t","expires_in":60}"#.to_owned())).await;
    let credentials = issuer.credentials(&[]);
    let user = format!(
        r#"{{"type":"authorized_user","client_id":"c","client_secret":"s","refresh_token":"r","token_uri":"{}/t"}}"#,
        issuer.base
    );
    let scheme = Scheme::Google { credentials: Some(Secret::new(user)) };
    for (publisher, expected) in [("anthropic", Some("t")), ("google", None)] {
        let address = format!("https://x/v1/projects/p/locations/l/publishers/{publisher}/models/m:rawPredict");
        let request = Request::post(address).extension(Operation::ChatCompletion).body(());
        let (mut head, ()) = request.unwrap().into_parts();
        credentials.sign(&scheme, &mut head, &Bytes::new()).await.unwrap();
        assert_eq!(head.headers.get("x-api-key").map(|value| value.to_str().unwrap()), expected);
    }
}

#[tokio::test]
async fn failures_say_who_refused_and_no_secret() {
    let check = async |status: u16, body: &'static str, expected: &dyn Fn(&str) -> SignError| {
        let issuer = Issuer::start(move |_| (status, body.to_owned())).await;
        for scheme in [ibm(&issuer.base), databricks(&issuer.base), role(&issuer.base)] {
            let error = issuer.credentials(&[]).sign(&scheme, &mut head(), &Bytes::new()).await.unwrap_err();
            let host = issuer.base.trim_start_matches("http://");
            assert_eq!(error, expected(host));
            assert!(!error.to_string().contains(SECRET));
        }
    };
    let refused = |text: String| SignError::Refused(text);
    check(401, r#"{"error":"invalid_client","error_description":"no such key"}"#, &|host| {
        refused(format!("{host} answered 401: invalid_client: no such key"))
    })
    .await;
    check(403, "<E><Error><Code>AccessDenied</Code><Message>not &lt;you&gt;</Message></Error></E>", &|host| {
        refused(format!("{host} answered 403: AccessDenied: not <you>"))
    })
    .await;
    check(503, "hidden-secret", &|host| SignError::Unreachable(format!("{host} answered 503: no reason given"))).await;
}

#[tokio::test]
async fn an_issuer_that_is_not_there_is_named() {
    let issuer = Issuer::start(|_| (200, String::new())).await;
    let scheme = ibm("http://127.0.0.1:1");
    let error = issuer.credentials(&[]).sign(&scheme, &mut head(), &Bytes::new()).await.unwrap_err();
    let expected = "no answer from 127.0.0.1, which issues credentials: connection refused";
    assert_eq!(error, SignError::Unreachable(expected.to_owned()));
    let error = issuer.credentials(&[]).sign(&ibm("nowhere"), &mut head(), &Bytes::new()).await.unwrap_err();
    assert!(matches!(error, SignError::Refused(_)), "{error}");
}

#[test]
fn schemes_show_nothing_but_their_name() {
    let mut seen = HashMap::new();
    for scheme in [ibm("http://x"), databricks("http://x"), role("http://x")] {
        seen.insert(format!("{scheme:?}"), scheme);
    }
    let mut shown: Vec<_> = seen.into_keys().collect();
    shown.sort();
    assert_eq!(shown, [r#"Scheme("aws")"#, r#"Scheme("databricks")"#, r#"Scheme("ibm")"#]);
}
