use serde_json::{Value, json};

use super::*;
use crate::chat::{Chunk, ToolCall};
use crate::prepare::Settings;
use crate::provider::resolve;
use crate::stream::Tally;

fn rules(model: &str) -> Rules {
    let resolved = resolve(model, None, None).unwrap();
    Rules::new(Settings::new(resolved.provider, resolved.model))
}

fn check(request: Value, expected: Value) {
    let text = request.to_string();
    let asked = ask(&rules("openai/gpt-4o"), Object::parse(text.as_bytes()).unwrap()).unwrap();
    let body: Value = serde_json::from_slice(&asked.body.to_vec()).unwrap();
    assert_eq!(body, expected, "{request}");
}

#[test]
fn conversations_become_messages() {
    check(
        json!({
            "contents": [
                {"role": "user", "parts": [{"text": "w?"}]},
                {"role": "model", "parts": [
                    {"text": "hm", "thought": true},
                    {"functionCall": {"name": "f", "args": {"a": 1}}},
                    {"functionCall": {"name": "f", "args": {"a": 2}}}
                ]},
                {"role": "user", "parts": [
                    {"functionResponse": {"name": "f", "response": {"b": [1, 2]}}},
                    {"functionResponse": {"name": "f", "response": {}}}
                ]},
                {"parts": [{"text": "see"}, {"inlineData": {"mimeType": "image/png", "data": "-_8"}}]}
            ],
            "system_instruction": {"parts": [{"text": "Be "}, {"text": "brief"}]}
        }),
        json!({"messages": [
            {"role": "system", "content": "Be brief"},
            {"role": "user", "content": "w?"},
            {"role": "assistant", "content": null, "tool_calls": [
                {"id": "call_f", "type": "function", "function": {"name": "f", "arguments": "{\"a\":1}"}},
                {"id": "call_f_2", "type": "function", "function": {"name": "f", "arguments": "{\"a\":2}"}}
            ]},
            {"role": "tool", "tool_call_id": "call_f", "content": "{\"b\": [1, 2]}"},
            {"role": "tool", "tool_call_id": "call_f_2", "content": "{}"},
            {"role": "user", "content": [
                {"type": "text", "text": "see"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,+/8="}}
            ]}
        ]}),
    );
}

#[test]
fn parameters_and_tools_become_openais() {
    check(
        json!({
            "contents": {"parts": [{"text": "x"}]},
            "generationConfig": {
                "temperature": 0.5, "max_output_tokens": 9, "stopSequences": ["E"], "topK": 3,
                "responseSchema": {"type": "OBJECT", "propertyOrdering": ["a"], "properties": {"a": {"type": "STRING"}}}
            },
            "tools": [{"functionDeclarations": [{"name": "f", "parameters": {"type": "OBJECT"}}]}, {"googleSearch": {}}],
            "toolConfig": {"functionCallingConfig": {"mode": "ANY"}},
            "safetySettings": []
        }),
        json!({
            "messages": [{"role": "user", "content": "x"}],
            "temperature": 0.5,
            "max_tokens": 9,
            "stop": ["E"],
            "response_format": {"type": "json_schema", "json_schema": {"name": "response", "schema": {
                "type": "object", "properties": {"a": {"type": "string"}}
            }}},
            "tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}],
            "tool_choice": "required"
        }),
    );
}

#[test]
fn contents_of_another_shape_are_refused() {
    for contents in [json!(3), json!([{"role": "robot", "parts": []}])] {
        let text = json!({ "contents": contents }).to_string();
        let refused = ask(&rules("openai/gpt-4o"), Object::parse(text.as_bytes()).unwrap());
        assert!(refused.is_err(), "{text}");
    }
}

#[test]
fn contents_are_counted_here_where_the_provider_does_not() {
    let text = json!({ "contents": [{"parts": [{"text": "Hello you"}]}] }).to_string();
    let counted = count_here(&rules("openai/gpt-4o"), &Object::parse(text.as_bytes()).unwrap()).unwrap();
    let counted: Value = serde_json::from_slice(&counted).unwrap();
    assert!(counted["totalTokens"].as_u64().unwrap() > 2, "{counted}");
    assert_eq!(counted["litellm_count_source"], "local_estimate");
}

fn events(chunks: Vec<Chunk>) -> Vec<Value> {
    let (mut encoder, mut tally, mut out) = (encode::GenerateEncoder::new(false), Tally::default(), Vec::new());
    for chunk in chunks {
        tally.note(&chunk);
        encoder.chunk(chunk, &mut out);
    }
    encoder.finish(&tally, &mut out);
    let text = String::from_utf8(out).unwrap();
    text.split_terminator("\n\n")
        .map(|event| serde_json::from_str(event.strip_prefix("data: ").unwrap()).unwrap())
        .collect()
}

#[test]
fn a_stream_ends_with_its_reason_and_counts_and_no_done() {
    let usage = chat::Usage { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5, ..chat::Usage::default() };
    let events = events(vec![
        Chunk::reasoning("hm"),
        Chunk::text("Hi"),
        Chunk::tool(0, "a", "f"),
        Chunk::arguments(0, "{\"x\""),
        Chunk::arguments(0, ":1}"),
        Chunk::tool(1, "b", "g"),
        Chunk::finish("length"),
        Chunk::counts(usage),
    ]);
    let parts: Vec<&Value> = events.iter().map(|event| &event["candidates"][0]["content"]["parts"]).collect();
    let call = |name: &str, args: Value| json!([{"functionCall": {"name": name, "args": args}}]);
    assert_eq!(parts, [&json!([{"text": "Hi"}]), &call("f", json!({"x": 1})), &call("g", json!({}))]);
    assert_eq!(events[2]["candidates"][0]["finishReason"], "MAX_TOKENS");
    assert_eq!(
        events[2]["usageMetadata"],
        json!({"promptTokenCount": 3, "candidatesTokenCount": 2, "totalTokenCount": 5})
    );
    assert!(events[0].get("usageMetadata").is_none() && events[0]["candidates"][0].get("finishReason").is_none());
}

#[test]
fn parts_hold_text_pictures_and_calls() {
    let message = Reply {
        content: Some("Hi".to_owned()),
        images: Some(vec![json!({"image_url": {"url": "data:image/png;base64,AA=="}})]),
        tool_calls: Some(vec![ToolCall::function("a", "f", "{\"x\":1}"), ToolCall::function("b", "", "broken")]),
        ..Reply::default()
    };
    let expected = json!([
        {"text": "Hi"},
        {"inlineData": {"mimeType": "image/png", "data": "AA=="}},
        {"functionCall": {"name": "f", "args": {"x": 1}}},
        {"functionCall": {"name": "undefined_tool_name", "args": {}}}
    ]);
    assert_eq!(Value::from(parts(&message, false)), expected);
}
