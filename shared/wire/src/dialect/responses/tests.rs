use std::fmt::Write as _;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::chat::Chunk;
use crate::dialect::{Fault, Frame};

fn asked(chat: &Value, expected: &Value) {
    let text = chat.to_string();
    let request = from_chat(&Object::parse(text.as_bytes()).unwrap()).unwrap();
    let request: Value = serde_json::from_slice(&request.to_vec()).unwrap();
    assert_eq!(&request, expected);
}

#[test]
fn chat_becomes_input_and_instructions() {
    asked(
        &json!({
            "model": "m",
            "messages": [
                { "role": "system", "content": "S" },
                { "role": "user", "content": [
                    { "type": "text", "text": "a" },
                    { "type": "image_url", "image_url": { "url": "https://x/y.png", "detail": "low" } }
                ] },
                { "role": "assistant", "content": null, "tool_calls": [
                    { "id": "c1", "type": "function", "function": { "name": "f", "arguments": "{}" } }
                ] },
                { "role": "tool", "tool_call_id": "c1", "content": "42" }
            ],
            "max_tokens": 9, "stop": ["x"], "reasoning_effort": "low"
        }),
        &json!({
            "input": [
                { "type": "message", "role": "user", "content": [
                    { "type": "input_text", "text": "a" },
                    { "type": "input_image", "image_url": "https://x/y.png", "detail": "low" }
                ] },
                { "type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}" },
                { "type": "function_call_output", "call_id": "c1", "output": [{ "type": "input_text", "text": "42" }] }
            ],
            "instructions": "S",
            "max_output_tokens": 9,
            "reasoning": { "effort": "low" }
        }),
    );
}

#[test]
fn instructions_alone_become_input() {
    asked(
        &json!({ "messages": [{ "role": "system", "content": "S" }] }),
        &json!({ "input": [{ "type": "message", "role": "system", "content": [{ "type": "input_text", "text": "S" }] }] }),
    );
}

#[test]
fn tools_and_format_lose_a_level() {
    asked(
        &json!({
            "messages": [],
            "tools": [{ "type": "function", "function": { "name": "f", "parameters": {}, "strict": true } }],
            "tool_choice": { "type": "function", "function": { "name": "f" } },
            "response_format": { "type": "json_schema", "json_schema": { "name": "n", "schema": {} } },
            "web_search_options": { "search_context_size": "low" }
        }),
        &json!({
            "input": [],
            "tool_choice": { "type": "function", "name": "f" },
            "text": { "format": { "type": "json_schema", "name": "n", "schema": {}, "strict": false } },
            "tools": [
                { "type": "function", "name": "f", "parameters": {}, "strict": true, "description": null },
                { "type": "web_search", "search_context_size": "low" }
            ]
        }),
    );
}

fn answered(response: &Value, expected: &Value) {
    let completion = answer::answer(response.to_string().as_bytes()).unwrap();
    let choice = serde_json::to_value(&completion.choices[0]).unwrap();
    assert_eq!(&choice, expected);
}

#[test]
fn all_items_become_one_choice() {
    answered(
        &json!({ "id": "r", "status": "completed", "output": [
            { "type": "reasoning", "id": "rs", "summary": [{ "type": "summary_text", "text": "hm" }] },
            { "type": "message", "role": "assistant", "content": [{ "type": "output_text", "text": "a", "annotations": [] }] },
            { "type": "message", "role": "assistant", "content": [{ "type": "output_text", "text": "b" }] },
            { "type": "function_call", "id": "fc_9", "call_id": "call_0", "name": "f", "arguments": "{}" }
        ] }),
        &json!({ "finish_reason": "tool_calls", "index": 0, "message": {
            "content": "ab", "role": "assistant", "reasoning_content": "hm",
            "tool_calls": [{ "id": "fc_9", "type": "function", "function": { "name": "f", "arguments": "{}" } }],
            "reasoning_items": [{ "id": "rs", "type": "reasoning", "encrypted_content": null,
                "summary": [{ "type": "summary_text", "text": "hm" }] }]
        } }),
    );
}

#[test]
fn a_response_cut_short_says_why() {
    answered(
        &json!({ "status": "incomplete", "incomplete_details": { "reason": "max_output_tokens" }, "output": [] }),
        &json!({ "finish_reason": "length", "index": 0, "message": { "content": "", "role": "assistant" } }),
    );
}

fn decoded(stream: &str) -> Result<Vec<Chunk>, Fault> {
    let (mut decoder, mut out) = (stream::Stream::default(), Vec::new());
    for data in stream.lines() {
        decoder.frame(Frame { name: "", data: data.as_bytes() }, &mut out)?;
    }
    Ok(out)
}

#[test]
fn calls_are_counted_among_themselves() {
    let stream = concat!(
        "{\"type\":\"response.created\",\"response\":{\"id\":\"r\"}}\n",
        "{\"type\":\"response.output_item.added\",\"output_index\":1,\"item\":{\"type\":\"function_call\",\"call_id\":\"c\",\"name\":\"f\",\"arguments\":\"\"}}\n",
        "{\"type\":\"response.function_call_arguments.delta\",\"output_index\":1,\"delta\":\"{}\"}\n",
        "{\"type\":\"response.completed\",\"response\":{\"output\":[{\"type\":\"function_call\"}],\"usage\":{\"input_tokens\":1,\"output_tokens\":2}}}\n",
    );
    let chunks = decoded(stream).unwrap();
    let calls: Vec<_> =
        chunks.iter().filter_map(|chunk| chunk.choices[0].delta.tool_calls.as_ref()).flatten().collect();
    assert_eq!(calls.iter().map(|call| call.index).collect::<Vec<_>>(), [0, 0]);
    assert_eq!(chunks[2].choices[0].finish_reason.as_deref(), Some("tool_calls"));
    assert_eq!(chunks[2].usage.as_ref().map(|usage| usage.total_tokens), Some(3));
}

#[test]
fn an_error_event_ends_the_stream() {
    let fault = decoded("{\"type\":\"error\",\"code\":\"c\",\"message\":\"m\"}").unwrap_err();
    assert!(matches!(fault, Fault::Provider(text) if text.contains("\"m\"")));
}

proptest! {
    #[test]
    fn garbled_events_never_panic(mut text in "[ -~]{0,80}", kind in 0_usize..6) {
        let kinds = ["response.completed", "response.output_item.added", "error", "response.failed",
            "response.output_text.delta", "response.function_call_arguments.delta"];
        let _ = decoded(&text);
        let _ = write!(text, "\n{{\"type\":\"{}\",\"response\":{{\"output\":[{{}}]}},\"item\":{{}},\"delta\":7}}", kinds[kind]);
        let _ = decoded(&text);
    }
}
