use serde::Deserialize;
use serde_json::Value;

use crate::Operation;
use crate::json::Object;
use crate::prepare::{Rules, Settings, prepare};
use crate::provider;

/// What LiteLLM sends with `modify_params`: written by `tests/record/mended_requests.py`.
#[derive(Deserialize)]
struct Case {
    name: String,
    model: String,
    body: Value,
    sent: Value,
}

fn sent(model: &str, body: &Value, modify_params: bool) -> Result<Value, String> {
    let resolved = provider::resolve(model, None, None).expect("a known provider");
    let settings = Settings { modify_params, ..Settings::new(resolved.provider, resolved.model) };
    let text = body.to_string();
    let body = Object::parse(text.as_bytes()).expect("an object");
    let prepared = prepare(&Rules::new(settings), Operation::ChatCompletion, body);
    prepared
        .map(|prepared| serde_json::from_slice(&prepared.body).expect("JSON"))
        .map_err(|refusal| refusal.to_string())
}

#[test]
fn requests_are_mended_as_litellm_does() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("golden.json")).expect("the fixture");
    let mut differences = Vec::new();
    for case in &cases {
        let ours = sent(&case.model, &case.body, true);
        if ours.as_ref() != Ok(&case.sent) {
            differences.push(format!("{} ({}):\n  ours   {ours:?}\n  theirs {}", case.name, case.model, case.sent));
        }
    }
    assert!(differences.is_empty(), "{} of {} differ:\n{}", differences.len(), cases.len(), differences.join("\n"));
}

fn check(model: &str, messages: Value, expected: Value) {
    let body = serde_json::json!({ "messages": messages, "tools": [{"type": "function", "function": {"name": "f"}}] });
    let ours = sent(model, &body, true).expect("a request");
    assert_eq!(ours["messages"], expected, "{messages}");
}

#[test]
fn what_the_user_says_between_call_and_result_is_kept() {
    let call =
        |id: &str| serde_json::json!({"id": id, "type": "function", "function": {"name": "f", "arguments": "{}"}});
    let text = |text: &str| serde_json::json!({"type": "text", "text": text});
    let tool_use = |id: &str| serde_json::json!({"type": "tool_use", "id": id, "name": "f", "input": {}});
    let skipped = "[System: Tool execution skipped/interrupted by user. No result provided for tool 'f'.]";
    check(
        "anthropic/claude-sonnet-4-5",
        serde_json::json!([
            {"role": "user", "content": "go"},
            {"role": "assistant", "content": null, "tool_calls": [call("a"), call("b")]},
            {"role": "user", "content": "wait"},
            {"role": "tool", "tool_call_id": "a", "content": "done"},
        ]),
        serde_json::json!([
            {"role": "user", "content": [text("go")]},
            {"role": "assistant", "content": [tool_use("a"), tool_use("b")]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "a", "content": "done"},
                {"type": "tool_result", "tool_use_id": "b", "content": skipped},
                text("wait"),
            ]},
        ]),
    );
}

#[test]
fn requests_stay_as_they_are_without_the_setting() {
    let body = serde_json::json!({"messages": [], "max_tokens": 1_000_000});
    assert!(sent("anthropic/claude-sonnet-4-5", &body, false).is_err());
    let body = serde_json::json!({"messages": [{"role": "user", "content": "hi"}], "max_tokens": 1_000_000});
    assert_eq!(sent("anthropic/claude-sonnet-4-5", &body, false).expect("a request")["max_tokens"], 1_000_000);
}
