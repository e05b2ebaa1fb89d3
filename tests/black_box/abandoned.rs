//! Calls that the gateway no longer waits for: their connections are closed at once, whoever answers instead.

use crate::harness::gateway::{Gateway, KEY};
use crate::harness::provider::{Provider, send_completion};
use serde_json::{Value, json};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// Far below the provider's patience, which has no end.
const CLOSED_WITHIN: Duration = Duration::from_secs(5);

/// A gateway with a deployment that never answers, which is asked first, and one that does; hears when a call to the
/// former is closed.
fn start(params: &Value, router: &Value) -> (Gateway, Receiver<()>) {
    let (tell, closed) = channel();
    let provider = Provider::start(move |request, connection| {
        let (_, path) = request.head.request();
        if path.starts_with("/good/") {
            return send_completion(connection, "from good");
        }
        // Nothing more comes before the connection ends.
        let ended = connection.read_request_head();
        tell.send(()).expect("the test listens");
        ended.map(drop)
    });
    let entry = |id: &str, weight: u8, more: &Value| {
        let api_base = format!("http://127.0.0.1:{}/{id}/v1", provider.port);
        let mut params = json!({ "model": "openai/gpt-4o", "api_key": "sk-x", "api_base": api_base, "weight": weight });
        params.as_object_mut().expect("a map").extend(more.as_object().expect("a map").clone());
        json!({ "model_name": "chat", "litellm_params": params, "model_info": { "id": id } })
    };
    let models = [entry("silent", 1, params), entry("good", 0, &json!({}))];
    let settings = json!({ "master_key": KEY });
    let document = json!({ "model_list": models, "router_settings": router, "general_settings": settings });
    (Gateway::start(&document.to_string()), closed)
}

fn check(params: &Value, router: &Value) {
    for streamed in [false, true] {
        let (gateway, closed) = start(params, router);
        let messages = json!([{ "role": "user", "content": "Hello" }]);
        let body = json!({ "model": "chat", "messages": messages, "stream": streamed });
        let answer = gateway.post("/v1/chat/completions", &body);
        assert_eq!(answer.head.status(), 200, "{}", answer.text());
        assert!(answer.text().contains("from good"), "{}", answer.text());
        closed.recv_timeout(CLOSED_WITHIN).expect("the silent deployment's connection is still open");
    }
}

#[test]
fn a_call_that_took_too_long_is_closed() {
    check(&json!({ "timeout": 0.3 }), &json!({ "num_retries": 1 }));
}

#[test]
fn the_slower_one_of_a_hedged_call_is_closed() {
    check(&json!({}), &json!({ "hedge_after_ms": 100, "hedge_max_extra_percent": 100 }));
}
