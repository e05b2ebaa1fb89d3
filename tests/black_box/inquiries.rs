//! LiteLLM's recorded answers on `/utils/…` against the gateway's.
//!
//! Knows where the gateway says more than LiteLLM, or says it in another order.

use crate::harness::gateway::{Gateway, KEY};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// By `tests/record/utility_routes.py`.
const RECORDED: &str = include_str!("../recorded/utility_routes.json");

const MODELS: [(&str, &str); 9] = [
    ("gpt", "openai/gpt-4o"),
    ("azure-gpt", "azure/gpt-4o-mini"),
    ("mistral", "mistral/mistral-large-latest"),
    ("vllm", "hosted_vllm/meta-llama/Llama-3.1-8B-Instruct"),
    ("groq", "groq/openai/gpt-oss-120b"),
    ("old", "openai/gpt-3.5-turbo"),
    ("embed", "openai/text-embedding-3-small"),
    ("deep", "deepseek/deepseek-chat"),
    ("reasoner", "openai/o3-mini"),
];

fn start() -> Gateway {
    let models: Vec<Value> = MODELS
        .iter()
        .map(|(name, model)| {
            let params = json!({ "model": model, "api_key": "sk-x", "api_base": "http://127.0.0.1:9/v1" });
            json!({ "model_name": name, "litellm_params": params })
        })
        .collect();
    Gateway::start(&json!({ "model_list": models, "general_settings": { "master_key": KEY } }).to_string())
}

fn ask(gateway: &Gateway, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let answer = if method == "POST" {
        gateway.post(path, body)
    } else {
        let mut connection = gateway.connect();
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEY}\r\n\r\n");
        connection.write(request.as_bytes()).expect("the gateway takes the request");
        connection.read_response().expect("the gateway answers")
    };
    let body = answer.json();
    (answer.head.status(), body)
}

/// Lists of parameters are sets: LiteLLM's order is another for each provider, and one name may come twice.
fn as_set(answer: &Value) -> Option<BTreeSet<String>> {
    let mut names: BTreeSet<String> = serde_json::from_value(answer.get("supported_openai_params")?.clone()).ok()?;
    // LiteLLM's own client acts on these two; no provider is sent them.
    names.retain(|name| name != "max_retries" && name != "extra_headers");
    Some(names)
}

#[test]
fn inquiries_are_answered_as_litellm_answers_them() {
    let gateway = start();
    let rows: Vec<(String, String, Value, u16, Value)> = serde_json::from_str(RECORDED).expect("the fixture");
    let rows = rows.iter().filter(|(_, path, ..)| path != "/utils/transform_request" && !path.contains("claude"));
    let mut compared = 0;
    for (method, path, body, status, want) in rows {
        let (got_status, got) = ask(&gateway, method, path, body);
        compared += 1;
        if *status == 500 {
            // What LiteLLM stumbles over is the client's fault, and is told.
            assert_eq!(got_status, 400, "{path} {body}: {got}");
            assert!(got["error"]["message"].is_string(), "{path} {body}: {got}");
            continue;
        }
        assert_eq!(got_status, *status, "{path} {body}: {got}");
        match as_set(want) {
            Some(set) => assert_eq!(as_set(&got), Some(set), "{path}"),
            None => assert_eq!(&got, want, "{path} {body}"),
        }
    }
    assert!(compared > 50, "the fixture has lost its rows");
}
