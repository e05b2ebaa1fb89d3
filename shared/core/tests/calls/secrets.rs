//! Nothing that is secret is logged or shown: no key, no prompt, no answer.

use serde_json::{Value, json};
use tollgate_core::upstream::UpstreamError;
use tollgate_testkit::{Script, Scripted, Step};
use tollgate_wire::Operation;

use crate::gateway::{Gateway, MASTER_KEY, MODELS, PROVIDER_KEY, config};
use crate::log::Log;
use crate::relay::{begin, frame, stream};

const PROMPT: &str = "prompt-5a0c";
const ANSWER: &str = r#"{"id":"c1","choices":[{"index":0,"message":{"role":"assistant","content":"answer-81d2"},"finish_reason":"stop"}]}"#;
const CHUNK: &[u8] = b"data: {\"id\":\"c1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"answer-81d2\"}}]}\n\n";
/// A provider that repeats what it was sent.
const ECHO: &str = r#"{"error":{"message":"bad key sk-provider-77ab for prompt-5a0c"}}"#;
const ECHO_EVENT: &[u8] = b"data: {\"error\":{\"message\":\"bad key sk-provider-77ab for prompt-5a0c\"}}\n\n";
const SECRETS: [&str; 4] = [MASTER_KEY, PROVIDER_KEY, PROMPT, "answer-81d2"];

fn check(what: &str, text: &str) {
    for secret in SECRETS {
        assert!(!text.contains(secret), "{secret} in {what}: {text}");
    }
}

fn asks(stream: bool) -> Value {
    json!({ "model": "chat", "messages": [{ "role": "user", "content": PROMPT }], "stream": stream })
}

#[tokio::test(start_paused = true)]
async fn no_call_however_it_ends_logs_a_key_a_prompt_or_an_answer() {
    let scripts: [fn() -> Script; 12] = [
        || Scripted::json(200, ANSWER),
        || Scripted::json(401, ECHO),
        || Scripted::json(200, ECHO),
        || Scripted::json(200, "answer-81d2"),
        || Script::Fail(UpstreamError::Unreachable("no route".to_owned())),
        || Script::Hang,
        || stream(vec![Step::Bytes(CHUNK), Step::Bytes(b"data: [DONE]\n\n")]),
        || stream(vec![Step::Bytes(CHUNK), Step::Break]),
        || stream(vec![Step::Bytes(CHUNK), Step::Bytes(ECHO_EVENT)]),
        || stream(vec![Step::Bytes(CHUNK), Step::Bytes(b"data: answer-81d2\n\n")]),
        || stream(vec![Step::Bytes(ECHO_EVENT)]),
        || stream(vec![Step::Bytes(CHUNK), Step::Silence]),
    ];
    for script in scripts {
        for streamed in [false, true] {
            let (gateway, log) = (Gateway::new([script()]), Log::start());
            gateway.ask(Operation::ChatCompletion, &asks(streamed)).await;
            assert_eq!(log.calls().len(), 1);
            check("the log", &log.text());
        }
    }
}

#[tokio::test]
async fn a_client_that_leaves_and_a_request_that_is_refused_log_none_either() {
    let log = Log::start();
    let gateway = Gateway::new([stream(vec![Step::Bytes(CHUNK), Step::Silence])]);
    let mut relay = begin(&gateway, Operation::ChatCompletion, &asks(true)).await;
    frame(&mut relay).await.expect("a frame");
    drop(relay);
    for body in [
        json!({ "model": "chat", "messages": PROMPT }),
        json!({ "model": "chat", "api_key": PROVIDER_KEY, "messages": [PROMPT] }),
        json!({ "messages": [PROMPT] }),
        json!({ "model": "no", "messages": [PROMPT] }),
        json!({ "model": "chat", "prompt": PROMPT }),
        json!(PROMPT),
    ] {
        gateway.ask(Operation::ChatCompletion, &body).await;
    }
    assert_eq!(log.calls().len(), 7);
    check("the log", &log.text());
}

#[test]
fn a_configuration_shows_no_key_in_its_debug_form() {
    let yaml = format!(
        "{MODELS}
  database_url: postgres://user:{PROMPT}@host/db
credential_list: [{{credential_name: c, credential_values: {{api_key: {PROVIDER_KEY}}}}}]
environment_variables: {{SOME_TOKEN: answer-81d2}}
"
    )
    .replace("general_settings: {master_key: sk-master-91fe}", "general_settings:\n  master_key: sk-master-91fe");
    let config = config(&yaml, &[]);
    assert_eq!(config.environment_variables.len(), 1);
    assert_eq!(config.general_settings.master_key.as_ref().map(|key| key.expose()), Some(MASTER_KEY));
    check("the configuration", &format!("{config:?} {config:#?}"));
}

#[test]
fn extra_headers_and_other_credentials_are_not_shown_either() {
    let yaml = format!(
        "
model_list:
  - model_name: chat
    litellm_params:
      model: azure/gpt
      api_base: 'https://a.example'
      azure_ad_token: {MASTER_KEY}
      aws_secret_access_key: {PROVIDER_KEY}
      extra_headers: {{x-token: {PROMPT}}}
      extra_body: {{token: answer-81d2}}
      mock_response: answer-81d2
"
    );
    check("the configuration", &format!("{:?}", config(&yaml, &[])));
}

#[tokio::test]
async fn the_request_to_a_provider_hides_its_key_in_its_debug_form() {
    let gateway = Gateway::new([Scripted::json(200, ANSWER)]);
    gateway.ask(Operation::ChatCompletion, &asks(false)).await;
    let headers = gateway.sent().headers;
    assert_eq!(headers["authorization"], format!("Bearer {PROVIDER_KEY}"));
    check("the headers", &format!("{headers:?} {:?}", gateway.app.gatekeeper));
}
