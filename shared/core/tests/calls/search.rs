//! Web searches, against what LiteLLM 1.106.2 was recorded to send and to answer.

use serde_json::json;
use tollgate_testkit::Scripted;

use crate::gateway::Gateway;

const CONFIG: &str = "
search_tools:
  - {search_tool_name: tav, litellm_params: {search_provider: tavily, api_key: tk, api_base: 'http://h/tav'}}
  - {search_tool_name: exa, litellm_params: {search_provider: exa_ai, api_key: ek}}
  - {search_tool_name: keyless, litellm_params: {search_provider: perplexity}}
  - {search_tool_name: other, litellm_params: {search_provider: nosuch, api_key: x}}
general_settings: {master_key: sk-master-91fe}
";

fn gateway(status: u16, body: &'static str) -> Gateway {
    Gateway::of(CONFIG, &[], [Scripted::json(status, body)])
}

#[tokio::test]
async fn a_search_goes_to_its_tool_and_comes_back_in_one_form() {
    let found = r#"{"results":[{"title":"T","url":"u","content":"C"}]}"#;
    let gateway = gateway(200, found);
    let answer = gateway.search(Some("tav"), &json!({ "query": "x", "max_results": 3 })).await;
    let result = json!({ "title": "T", "url": "u", "snippet": "C", "date": null, "last_updated": null });
    assert_eq!(answer.json(), json!({ "results": [result], "object": "search" }));
    let sent = gateway.sent();
    assert_eq!(
        (sent.uri.as_str(), sent.headers["authorization"].as_bytes()),
        ("http://h/tav/search", &b"Bearer tk"[..])
    );
    assert_eq!(gateway.sent_json(), json!({ "query": "x", "max_results": 3 }));
}

#[tokio::test]
async fn the_tool_may_stand_in_the_body() {
    let gateway = gateway(200, "{}");
    let answer = gateway.search(None, &json!({ "query": "x", "search_tool_name": "exa" })).await;
    assert_eq!(answer.text, r#"{"results":[],"object":"search"}"#);
    assert_eq!(gateway.sent().headers["x-api-key"], "ek");
}

#[tokio::test]
async fn a_search_that_cannot_be_says_why() {
    let cases = [
        (None, json!({ "query": "x" }), 400, "/search: Missing required parameter: 'search_tool_name'."),
        (Some("tav"), json!({}), 400, "/search: Missing required parameter: 'query'."),
        (Some("nope"), json!({ "query": "x" }), 400, "Search tool 'nope' not found in router.search_tools"),
        (Some("other"), json!({ "query": "x" }), 400, "Search tool 'other' not found in router.search_tools"),
    ];
    for (tool, body, status, sentence) in cases {
        let answer = gateway(200, "{}").search(tool, &body).await;
        assert_eq!((answer.status, answer.text.as_str()), (status, sentence));
    }
    assert_eq!(gateway(200, "{}").search(Some("keyless"), &json!({ "query": "x" })).await.status, 401);
    assert_eq!(gateway(429, "{}").search(Some("tav"), &json!({ "query": "x" })).await.status, 429);
}
