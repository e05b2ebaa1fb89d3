use serde_json::{Value, json};

use crate::Operation;
use crate::json::Object;
use crate::prepare::{Prepared, Refusal, Rules, Settings, prepare};
use crate::provider;

fn prepared(model: &str, body: &Value) -> Result<Prepared, Refusal> {
    let resolved = provider::resolve(model, None, Some("https://gateway.test/v1")).unwrap();
    let rules = Rules::new(Settings {
        api_base: Some("https://gateway.test/v1".to_owned()),
        ..Settings::new(resolved.provider, resolved.model)
    });
    let text = body.to_string();
    prepare(&rules, Operation::Responses, Object::parse(text.as_bytes()).unwrap())
}

fn check(model: &str, body: &Value, expected: &Value) {
    let prepared = prepared(model, body).unwrap();
    let body: Value = serde_json::from_slice(&prepared.body).unwrap();
    assert_eq!(&body, expected);
}

#[test]
fn only_parameters_of_a_response_pass() {
    check(
        "openai/gpt-4o",
        &json!({ "model": "a", "input": "Hi", "max_output_tokens": 1, "foo": 1, "cache": {}, "metadata": { "k": "v" } }),
        &json!({ "model": "gpt-4o", "input": "Hi", "max_output_tokens": 16, "metadata": { "k": "v" } }),
    );
}

#[test]
fn efforts_are_refused_where_the_map_knows_better() {
    let refusal = prepared("openai/gpt-4o", &json!({ "input": "p", "reasoning": { "effort": "low" } })).unwrap_err();
    assert!(refusal.to_string().starts_with("gpt-4o doesn't support `reasoning.effort`"));
    let body = json!({ "input": "p", "reasoning": { "effort": "low" } });
    check("hosted_vllm/gpt-4o", &body, &json!({ "input": "p", "reasoning": { "effort": "low" }, "model": "gpt-4o" }));
}

#[test]
fn items_of_another_making_are_not_sent_to_openai() {
    let own = "rs_0297435d-921c-441a-8251-13e7a2fd7517";
    check(
        "openai/gpt-4o",
        &json!({ "input": [
            { "type": "reasoning", "id": own, "summary": [] },
            { "type": "reasoning", "id": "rs_1", "summary": [], "status": null },
            { "type": "function_call", "id": "call_1", "call_id": "call_1", "name": "f", "arguments": "{}" },
            { "role": "user", "content": [{ "type": "input_text", "text": "a", "cache_control": { "type": "ephemeral" } }] }
        ] }),
        &json!({ "model": "gpt-4o", "input": [
            { "type": "reasoning", "id": "rs_1", "summary": [] },
            { "type": "function_call", "call_id": "call_1", "name": "f", "arguments": "{}" },
            { "role": "user", "content": [{ "type": "input_text", "text": "a" }] }
        ] }),
    );
}

#[test]
fn providers_get_what_they_want() {
    check(
        "xai/grok-4",
        &json!({ "input": "p", "metadata": { "a": "b" }, "tools": [{ "type": "web_search", "search_context_size": "low" }] }),
        &json!({ "model": "grok-4", "input": "p", "tools": [{ "type": "web_search" }] }),
    );
    check("perplexity/preset/pro-search", &json!({ "input": "p" }), &json!({ "preset": "pro-search", "input": "p" }));
    check(
        "fireworks_ai/x",
        &json!({ "input": [{ "role": "developer", "content": "D" }, { "role": "user", "content": "p" }] }),
        &json!({ "model": "accounts/fireworks/models/x", "instructions": "D",
            "input": [{ "role": "user", "content": "p" }] }),
    );
}

#[test]
fn models_that_answer_responses_alone_are_asked_by_them() {
    let resolved = provider::resolve("openai/responses/gpt-4o", None, None).unwrap();
    let rules = Rules::new(Settings::new(resolved.provider, resolved.model));
    let body = json!({ "model": "a", "messages": [{ "role": "user", "content": "Hi" }], "max_tokens": 50 }).to_string();
    let prepared = prepare(&rules, Operation::ChatCompletion, Object::parse(body.as_bytes()).unwrap()).unwrap();
    assert_eq!(prepared.url.as_deref(), Some("https://api.openai.com/v1/responses"));
    let sent: Value = serde_json::from_slice(&prepared.body).unwrap();
    let input = json!([{ "type": "message", "role": "user", "content": [{ "type": "input_text", "text": "Hi" }] }]);
    assert_eq!(sent, json!({ "input": input, "max_output_tokens": 50, "model": "gpt-4o" }));
}
