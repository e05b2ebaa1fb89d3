//! Roles taken on at a stand-in for AWS that verifies every signature: the `moto` that `tests/install` installs.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tollgate_core::Secret;
use tollgate_core::sign::{AssumedRole, AwsKeys, AwsSource, SignError, Sts};

use super::issuer::Issuer;
use crate::sign::aws;
use crate::sign::form::encode;
use crate::sign::outside::{Outside, request, set};
use crate::sign::sigv4::{self, Scope};
use crate::sign::words::element;

const ROLE: &str = "arn:aws:iam::123456789012:role/target";
/// Whoever asks is believed this many times, to make a user and a role; from then on signatures are verified.
const UNVERIFIED: &str = "4";
const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*","Principal":{"AWS":"arn:aws:iam::123456789012:user/gateway"}}]}"#;
const EVERYTHING: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;

struct Moto {
    process: Child,
    base: String,
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Moto {
    fn start() -> Self {
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.cache/aws/bin/moto_server");
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let process = Command::new(&program)
            .args(["-H", "127.0.0.1", "-p", &port.to_string()])
            .env("INITIAL_NO_AUTH_ACTION_COUNT", UNVERIFIED)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}: run tests/install", program.display()));
        Self { process, base: format!("http://127.0.0.1:{port}") }
    }

    async fn is_ready(&self) {
        for _ in 0..600 {
            if tokio::net::TcpStream::connect(self.base.trim_start_matches("http://")).await.is_ok() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("moto does not listen");
    }

    async fn iam(&self, outside: &Outside, form: &[(&str, &str)]) -> String {
        let mut request = request(http::Method::POST, &self.base).unwrap();
        set(&mut request, "content-type", "application/x-www-form-urlencoded; charset=utf-8").unwrap();
        let (mut head, _) = request.into_parts();
        let body = bytes::Bytes::from(encode(form));
        let scope = Scope { service: "iam", region: "us-east-1", now: std::time::SystemTime::now() };
        sigv4::sign(&mut head, &body, &keys("anyone", "anything"), &scope).unwrap();
        let answer = outside.ask(http::Request::from_parts(head, body), Duration::from_secs(20)).await.unwrap();
        assert!(answer.status.is_success(), "{}", answer.text());
        answer.text()
    }

    fn role(&self, base: AwsKeys) -> AwsSource {
        let sts = Sts { endpoint: Some(self.base.clone()), region: "eu-west-1".to_owned() };
        let tags = vec![("team".to_owned(), "a b/ż".to_owned())];
        let role = AssumedRole {
            arn: ROLE.to_owned(),
            session_name: Some("session".to_owned()),
            external_id: Some("external".to_owned()),
            tags,
            sts,
        };
        AwsSource::Role { base: Some(base), role }
    }
}

fn keys(id: &str, secret: &str) -> AwsKeys {
    AwsKeys { id: id.to_owned(), secret: Secret::new(secret.to_owned()), session_token: None }
}

#[tokio::test]
async fn a_role_is_taken_on_where_signatures_are_verified() {
    let moto = Moto::start();
    moto.is_ready().await;
    let outside = Issuer::start(|_| (404, String::new())).await.outside(&[]);
    let version = ("Version", "2010-05-08");
    let user = ("UserName", "gateway");
    moto.iam(&outside, &[("Action", "CreateUser"), version, user]).await;
    let policy = [("Action", "PutUserPolicy"), version, user, ("PolicyName", "p"), ("PolicyDocument", EVERYTHING)];
    moto.iam(&outside, &policy).await;
    let role = [("Action", "CreateRole"), version, ("RoleName", "target"), ("AssumeRolePolicyDocument", TRUST)];
    moto.iam(&outside, &role).await;
    let made = moto.iam(&outside, &[("Action", "CreateAccessKey"), version, user]).await;
    let id = element(&made, "AccessKeyId").unwrap();
    let secret = element(&made, "SecretAccessKey").unwrap();

    let found = aws::keys(&outside, &moto.role(keys(&id, &secret))).await.map_err(|error| error.to_string()).unwrap();
    assert!(found.value.id.starts_with("ASIA") && found.value.session_token.is_some(), "{}", found.value.id);
    let left = found.expires.unwrap().duration_since(std::time::SystemTime::now()).unwrap();
    assert!(left > Duration::from_secs(3500) && left <= Duration::from_secs(3600), "{left:?}");

    let error = aws::keys(&outside, &moto.role(keys(&id, "hidden"))).await.err().unwrap();
    assert!(
        matches!(&error, SignError::Refused(text) if text.contains("answered 403: SignatureDoesNotMatch")),
        "{error}"
    );
    assert!(!error.to_string().contains("hidden"));
}
