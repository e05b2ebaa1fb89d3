//! Requests that are passed on by keys that may not use every model: what they name is looked at first, wherever it is.

use std::sync::Arc;

use http::{HeaderMap, Method};
use serde_json::json;
use tollgate_core::call::Visitor;
use tollgate_core::clock::Clock;
use tollgate_core::directory::{Change, Directory, Memory, schema};
use tollgate_core::govern::{Governance, Ports, Settings, hash_of};
use tollgate_core::pass::{PassCall, Route};
use tollgate_core::upstream::RequestBody;
use tollgate_testkit::Scripted;

use crate::gateway::Gateway;

const KEY: &str = "sk-passes-0001";
const CONFIG: &str = "
model_list:
  - {model_name: az, litellm_params: {model: azure/my-gpt, api_base: 'https://mine.example', api_key: k}}
  - {model_name: served, litellm_params: {model: hosted_vllm/m, api_base: 'https://vllm.example', api_key: k}}
";
const VARIABLES: &[(&str, &str)] = &[
    ("ANTHROPIC_API_KEY", "k"),
    ("OPENAI_API_KEY", "k"),
    ("GEMINI_API_KEY", "k"),
    ("VLLM_API_BASE", "https://vllm.example"),
    ("AZURE_API_BASE", "https://azure.example/"),
    ("AZURE_API_KEY", "k"),
];
const JSON: &str = "application/json";
const FORM: &str = "multipart/form-data; boundary=x";

/// The status that a key of these models gets, and the body that was sent on.
async fn passed(
    models: &[&str],
    (to, rest): (&'static str, &str),
    (kind, body): (&str, &str),
) -> (u16, Option<String>) {
    let mut gateway = Gateway::of(CONFIG, VARIABLES, [Scripted::json(200, "{}")]);
    let directory = Arc::new(Memory::new(Clock::System));
    let row = json!({ "token": hash_of(KEY), "models": models }).as_object().unwrap().clone();
    directory.write(vec![Change::Insert(&schema::KEYS, row)]).await.unwrap();
    gateway.app.governance = Governance::new(Ports::alone(directory), Clock::System, Settings::default());
    let caller = gateway.app.governance.identify(&gateway.app.gatekeeper, KEY).await.unwrap();
    let endpoint = format!("/{to}/{rest}");
    let visitor = Visitor { caller, endpoint, address: None, customer: None, user_agent: None };
    let mut headers = HeaderMap::new();
    headers.insert("content-type", kind.parse().unwrap());
    let call = PassCall {
        visitor: Some(visitor),
        id: "call-1".to_owned(),
        route: Route::Provider(to),
        method: Method::POST,
        rest: rest.to_owned(),
        query: None,
        headers,
        key: None,
        body: RequestBody::from(body.as_bytes().to_vec()),
        length_bytes: Some(body.len() as u64),
        started: std::time::Instant::now(),
    };
    let outcome = gateway.app.pass(call).await;
    let sent = gateway.provider.requests().pop().map(|sent| String::from_utf8_lossy(&sent.body).into_owned());
    (outcome.map_or_else(|error| error.status(), |reply| reply.status.as_u16()), sent)
}

#[tokio::test]
async fn a_key_reaches_its_own_models_only() {
    let form = "--x\r\ncontent-disposition: form-data; name=\"model\"\r\n\r\nmine\r\n--x--\r\n";
    for (own, to, rest, kind, body) in [
        ("mine", "anthropic", "v1/messages", JSON, r#"{"messages":[],"model":"mine"}"#),
        ("mine", "openai", "v1/audio/transcriptions", FORM, form),
        ("mine", "gemini", "v1beta/models/mine:generateContent", JSON, "{}"),
        ("az", "azure", "openai/deployments/az/chat/completions", JSON, "{}"),
        ("az", "azure", "chat/completions", JSON, r#"{"model":"az"}"#),
        ("served", "vllm", "v1/chat/completions", JSON, r#"{"model":"served"}"#),
    ] {
        let what = format!("{to}/{rest}");
        let (status, sent) = passed(&[own], (to, rest), (kind, body)).await;
        assert_eq!((status, sent.is_some()), (200, true), "{what} of its own");
        let refused = passed(&["other"], (to, rest), (kind, body)).await;
        assert_eq!(refused, (403, None), "{what} of another");
        assert_eq!(passed(&[], (to, rest), (kind, body)).await.0, 200, "{what} of all");
    }
}

#[tokio::test]
async fn what_names_no_model_is_passed_on_as_it_came() {
    let body = r#"{"purpose" : "batch"}"#;
    assert_eq!(passed(&["mine"], ("openai", "v1/files"), (JSON, body)).await, (200, Some(body.to_owned())));
    let broken = "--x\r\ncontent-disposition: form-data; name=\"model\"\r\n\r\nother";
    assert_eq!(passed(&["mine"], ("openai", "v1/files"), (FORM, broken)).await, (400, None), "a form that breaks off");
}
