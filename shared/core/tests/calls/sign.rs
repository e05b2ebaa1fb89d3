//! Deployments without a fixed key: the request is signed right before it is sent, within the call's deadline.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::json;
use tokio::time::Instant;
use tollgate_core::sign::{Scheme, SignError, Signer};
use tollgate_core::upstream::BoxFuture;
use tollgate_testkit::{Scripted, Stamp};
use tollgate_wire::Operation;

use crate::gateway::{Gateway, question, streamed_question};

const YAML: &str = "
model_list:
  - model_name: chat
    litellm_params: {model: azure/x, api_base: 'https://a.example', api_version: 2024-10-21, timeout: 7,
      tenant_id: t, client_id: c, client_secret: s}
  - model_name: keyed
    litellm_params: {model: azure/x, api_base: 'https://a.example', api_version: 2024-10-21, api_key: k,
      tenant_id: t, client_id: c, client_secret: s}
";
const ANSWER: &str = r#"{"id":"x","object":"chat.completion","created":1,"model":"m","choices":[]}"#;

#[tokio::test]
async fn a_request_is_signed_with_its_final_body() {
    let gateway = Gateway::of(YAML, &[], [Scripted::json(200, ANSWER)]);
    assert_eq!(gateway.chat("chat").await.status, 200);
    let sent = gateway.sent();
    assert_eq!(sent.headers["authorization"], format!("stamped entra {}", sent.body.len()));
    let gateway = Gateway::of(YAML, &[], [Scripted::json(200, ANSWER)]);
    assert_eq!(gateway.chat("keyed").await.status, 200);
    let sent = gateway.sent();
    assert!(sent.headers.get("authorization").is_none());
    assert_eq!(sent.headers["api-key"], "k");
}

#[tokio::test]
async fn credentials_that_cannot_be_had_are_a_failure_of_their_own() {
    let check = async |failure: SignError, status: u16, expected: &str| {
        for body in [question("chat"), streamed_question("chat")] {
            let mut gateway = Gateway::of(YAML, &[], []);
            gateway.app.signer = Arc::new(Stamp { failure: Some(failure.clone()) });
            let answer = gateway.ask(Operation::ChatCompletion, &body).await;
            assert_eq!(answer.status, status, "{}", answer.text);
            assert!(answer.text.starts_with(expected), "{}", answer.text);
            assert!(gateway.provider.requests().is_empty(), "sent without credentials");
        }
    };
    check(SignError::Refused("no such client".to_owned()), 401, "litellm.AuthenticationError: no such client").await;
    check(SignError::Unreachable("down".to_owned()), 500, "litellm.APIConnectionError: down").await;
}

/// Never done.
struct Stuck;

impl Signer for Stuck {
    fn sign<'a>(
        &'a self,
        _: &'a Scheme,
        _: &'a mut http::request::Parts,
        _: &'a Bytes,
    ) -> BoxFuture<'a, Result<(), SignError>> {
        Box::pin(std::future::pending())
    }
}

#[tokio::test(start_paused = true)]
async fn a_signature_that_never_comes_ends_with_the_calls_deadline() {
    let mut gateway = Gateway::of(YAML, &[], []);
    gateway.app.signer = Arc::new(Stuck);
    let started = Instant::now();
    let body = json!({ "model": "chat", "messages": [{ "role": "user", "content": "Hi" }] });
    let answer = gateway.ask(Operation::ChatCompletion, &body).await;
    assert_eq!((answer.status, started.elapsed().as_secs()), (408, 7), "{}", answer.text);
}
