use serde_json::{Value, json};

use super::*;
use crate::answer::Form;
use crate::chat::{Chunk, Delta, Usage};
use crate::client::ask;
use crate::dialect::Stamp;
use crate::prepare::Settings;
use crate::provider;
use crate::stream::{Tally, UsageWish};
use crate::tokens::Estimator;

fn rules() -> Rules {
    Rules::new(Settings::new(provider::find("groq").unwrap(), "llama-3.3-70b-versatile"))
}

fn chat_of(request: &Value) -> Result<Value, Refusal> {
    let text = request.to_string();
    let asked = ask(&rules(), Operation::Responses, Object::parse(text.as_bytes()).unwrap())?;
    Ok(serde_json::from_slice(&asked.body.to_vec()).unwrap())
}

fn messages(input: &Value, expected: &Value) {
    assert_eq!(&chat_of(&json!({ "input": input })).unwrap()["messages"], expected);
}

#[test]
fn texts_and_items_become_turns() {
    messages(&json!("Hi"), &json!([{ "role": "user", "content": "Hi" }]));
    messages(
        &json!([
            { "role": "developer", "content": "D" },
            { "role": "user", "content": [
                { "type": "input_text", "text": "a" },
                { "type": "input_image", "image_url": "data:image/png;base64,AA==" },
                { "type": "input_file", "file_data": "data:application/pdf;base64,AA==", "filename": "f.pdf" }
            ] },
            { "type": "item_reference", "id": "x" }
        ]),
        &json!([
            { "role": "developer", "content": "D" },
            { "role": "user", "content": [
                { "type": "text", "text": "a" },
                { "type": "image_url", "image_url": { "url": "data:image/png;base64,AA==", "detail": "auto" } },
                { "type": "file", "file": { "file_data": "data:application/pdf;base64,AA==", "filename": "f.pdf" } }
            ] }
        ]),
    );
}

#[test]
fn calls_of_a_turn_stand_in_one_message() {
    messages(
        &json!([
            { "type": "reasoning", "summary": [{ "type": "summary_text", "text": "hm" }] },
            { "type": "function_call", "call_id": "a", "name": "f", "arguments": "{}" },
            { "type": "custom_tool_call", "call_id": "b", "name": "patch", "input": "x" },
            { "type": "function_call_output", "call_id": "a", "output": [{ "type": "input_text", "text": "1" }] },
            { "type": "custom_tool_call_output", "call_id": "b", "output": "2" },
            { "type": "function_call_output", "output": "lost" }
        ]),
        &json!([
            { "role": "assistant", "content": null, "reasoning_content": "hm", "tool_calls": [
                { "id": "a", "type": "function", "function": { "name": "f", "arguments": "{}" } },
                { "id": "b", "type": "function", "function": { "name": "patch", "arguments": "{\"content\":\"x\"}" } }
            ] },
            { "role": "tool", "content": "1", "tool_call_id": "a" },
            { "role": "tool", "content": "2", "tool_call_id": "b" }
        ]),
    );
}

#[test]
fn signed_reasoning_goes_back_as_its_blocks() {
    let block = json!({ "type": "thinking", "thinking": "t", "signature": "s" });
    messages(
        &json!([{ "type": "reasoning", "encrypted_content": json!([block]).to_string() }, { "role": "assistant", "content": "a" }]),
        &json!([{ "role": "assistant", "content": "a", "thinking_blocks": [block] }]),
    );
    messages(&json!([{ "type": "reasoning", "encrypted_content": "gAAAA" }]), &json!([]));
}

#[test]
fn parameters_are_renamed_or_dropped() {
    let chat = chat_of(&json!({
        "input": "p", "instructions": "I", "max_output_tokens": 5, "store": true, "include": [], "truncation": "auto",
        "text": { "format": { "type": "json_schema", "name": "n", "schema": {}, "strict": true } },
        "reasoning": { "effort": "low", "summary": "auto" }, "stream": true, "top_k": 3,
        "tools": [{ "type": "function", "name": "f" }, { "type": "web_search" }, { "type": "local_shell" }],
        "tool_choice": { "type": "function", "name": "f" }
    }));
    assert_eq!(
        chat.unwrap(),
        json!({
            "messages": [{ "role": "system", "content": "I" }, { "role": "user", "content": "p" }],
            "tools": [{ "type": "function", "function":
                { "name": "f", "description": "", "parameters": { "type": "object" }, "strict": false } }],
            "tool_choice": { "type": "function", "function": { "name": "f" } },
            "max_tokens": 5,
            "response_format": { "type": "json_schema", "json_schema": { "name": "n", "schema": {}, "strict": true } },
            "reasoning_effort": "low",
            "stream": true,
            "stream_options": { "include_usage": true },
            "top_k": 3
        })
    );
}

#[test]
fn an_input_that_is_none_is_refused() {
    for input in [json!(7), json!({}), json!([7]), json!([{ "role": "user", "content": 7 }])] {
        assert!(chat_of(&json!({ "input": input })).is_err(), "{input}");
    }
}

fn wanted(tools: &Value) -> Wanted {
    let echo = Map::from_iter([("tools".to_owned(), tools.clone())]);
    let (usage, form, estimator) = (UsageWish::Hidden, Form::Responses, Estimator::default());
    Wanted { model: "alias".to_owned(), estimator, usage, form, echo }
}

fn context() -> Context {
    Context { model: "m".to_owned(), stamp: Stamp::new("0-1".to_owned(), 7), ..Context::default() }
}

/// The types of all events with their output index, and the last event's response.
fn streamed(tools: &Value, chunks: Vec<Chunk>) -> (Vec<String>, Value) {
    let (mut encoder, mut tally, mut out) = (encoder(&context(), &wanted(tools)), Tally::default(), Vec::new());
    for chunk in chunks {
        tally.note(&chunk);
        encoder.chunk(chunk, &mut out);
    }
    encoder.finish(&tally, &mut out);
    let text = String::from_utf8(out).unwrap();
    let lines: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("data: ")).collect();
    assert_eq!(lines.last(), Some(&"[DONE]"));
    let events: Vec<Value> = lines[..lines.len() - 1].iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    for (place, event) in events.iter().enumerate() {
        assert_eq!((&event["sequence_number"], &event["model"]), (&json!(place), &json!("alias")));
    }
    let names = events.iter().map(|event| {
        let kind = event["type"].as_str().unwrap().trim_start_matches("response.");
        event.get("output_index").map_or_else(|| kind.to_owned(), |index| format!("{kind} {index}"))
    });
    let response: Value = serde_json::from_slice(encoder.response().unwrap()).unwrap();
    assert_eq!(events.last().unwrap()["response"], response);
    (names.collect(), response)
}

#[test]
fn reasoning_text_and_calls_come_in_order() {
    let tools = json!([{ "type": "custom", "name": "patch" }]);
    let usage = Usage { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3, ..Usage::default() };
    let (events, response) = streamed(
        &tools,
        vec![
            Chunk::reasoning("hm"),
            Chunk::text("a"),
            Chunk::tool(0, "c1", "patch"),
            Chunk::arguments(0, "{\"content\":\"x\"}"),
            Chunk::finish("tool_calls"),
            Chunk::counts(usage),
        ],
    );
    let expected = [
        "created",
        "in_progress",
        "output_item.added 0",
        "reasoning_summary_text.delta 0",
        "reasoning_summary_text.done 0",
        "reasoning_summary_part.done 0",
        "output_item.done 0",
        "output_item.added 1",
        "content_part.added 1",
        "output_text.delta 1",
        "output_item.added 2",
        "function_call_arguments.delta 2",
        "function_call_arguments.delta 2",
        "function_call_arguments.done 2",
        "output_item.done 2",
        "output_text.done 1",
        "content_part.done 1",
        "output_item.done 1",
        "completed",
    ];
    assert_eq!(events, expected);
    let kinds: Vec<&str> =
        response["output"].as_array().unwrap().iter().map(|item| item["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["reasoning", "message", "custom_tool_call"]);
    assert_eq!(response["output"][2]["input"], "x");
    assert_eq!(response["usage"]["total_tokens"], 3);
}

#[test]
fn an_answer_cut_short_is_incomplete() {
    let (events, response) = streamed(&json!([]), vec![Chunk::text("a"), Chunk::finish("length")]);
    assert_eq!(events.last().unwrap(), "incomplete");
    assert_eq!(response["incomplete_details"]["reason"], "max_output_tokens");
}

#[test]
fn an_answer_of_nothing_is_an_empty_message() {
    let (events, response) = streamed(&json!([]), vec![Chunk::finish("stop")]);
    assert_eq!(events.len(), 8);
    assert_eq!(response["output"][0]["content"][0]["text"], "");
}

#[test]
fn a_call_of_a_namespace_gets_its_name_back() {
    let tools = json!([{ "type": "namespace", "name": "n", "tools": [{ "type": "function", "name": "f" }] }]);
    let (_, response) = streamed(&tools, vec![Chunk::tool(0, "c", "n__f"), Chunk::finish("tool_calls")]);
    assert_eq!((&response["output"][0]["name"], &response["output"][0]["namespace"]), (&json!("f"), &json!("n")));
}

#[test]
fn pieces_of_thinking_become_one_block() {
    let piece = |value: Value| {
        Chunk::of(Delta {
            reasoning_content: Some("t".to_owned()),
            thinking_blocks: Some(vec![value]),
            ..Delta::default()
        })
    };
    let (_, response) = streamed(
        &json!([]),
        vec![
            piece(json!({ "type": "thinking", "thinking": "a" })),
            piece(json!({ "type": "thinking", "thinking": "b", "signature": "s" })),
            Chunk::text("x"),
        ],
    );
    let kept = r#"[{"type":"thinking","thinking":"ab","signature":"s"}]"#;
    assert_eq!(response["output"][0]["encrypted_content"], kept);
}

#[derive(Debug)]
struct Sealing;

impl Ids for Sealing {
    fn shown(&self, id: &str) -> String {
        format!("sealed-{id}")
    }
}

#[test]
fn relayed_events_show_sealed_ids_and_one_end() {
    let mut seen =
        crate::client::Seen { model: "alias".to_owned(), ids: Some(Arc::new(Sealing)), ..Default::default() };
    let event = json!({ "type": "response.completed", "response": { "id": "resp_1", "usage": { "input_tokens": 1, "output_tokens": 2 } } });
    observe(event.to_string().as_bytes(), &mut seen).unwrap();
    let shown: Value = serde_json::from_slice(&seen.replaced.take().unwrap()).unwrap();
    assert_eq!((&shown["response"]["id"], &shown["model"]), (&json!("sealed-resp_1"), &json!("alias")));
    assert!(seen.is_done && seen.usage.is_some_and(|usage| usage.total_tokens == 3));
    assert!(observe(b"{\"type\":\"error\",\"message\":\"m\"}", &mut seen).is_err());
    assert!(observe(b"no json", &mut seen).is_err());
}

#[test]
fn a_relayed_answer_keeps_its_own_text() {
    let context = Context { ids: Some(Arc::new(Sealing)), ..context() };
    let body = br#"{"id":"resp_1","object":"response","model":"gpt","output":[{"x": 1.0}],"usage":{"input_tokens":1,"output_tokens":2}}"#;
    let answer = native(&context, &wanted(&json!([])), body).unwrap();
    let text = String::from_utf8(answer.body).unwrap();
    assert!(
        text.starts_with("{\"id\":\"sealed-resp_1\"") && text.contains("[{\"x\": 1.0}]") && text.contains("\"alias\"")
    );
    assert!(native(&context, &wanted(&json!([])), b"{}").is_err());
}
