//! Recorded requests, answers and streams of LiteLLM, replayed; and what no recording shows.

use bytes::Bytes;
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::*;
use crate::client::{self, Wanted};
use crate::dialect::Stamp;
use crate::prepare::{self, Prepared, Settings};
use crate::stream::UsageWish;
use crate::tokens::Estimator;
use crate::{Format, provider};

/// Made by `tests/record/golden_messages.py`.
static GOLDEN: &str = include_str!("golden.json");

#[derive(Deserialize)]
struct Row {
    provider: &'static str,
    case: &'static str,
    request: Value,
    upstream: Value,
    provided: String,
    answer: Value,
}

fn rows() -> Vec<Row> {
    serde_json::from_str(GOLDEN).unwrap()
}

fn rules(row: &Row) -> Rules {
    let found = provider::find(row.provider).unwrap();
    let mut settings = Settings::new(found, row.upstream["model"].as_str().unwrap());
    settings.api_base = Some("http://127.0.0.1:1/v1".to_owned());
    Rules::new(settings)
}

fn asked(rules: &Rules, request: &Value) -> Result<(Operation, Form, Map<String, Value>, Prepared), Refusal> {
    let text = request.to_string();
    let asked = client::ask(rules, Operation::Messages, Object::parse(text.as_bytes()).unwrap())?;
    let (operation, form, echo) = (asked.operation, asked.form, asked.echo);
    Ok((operation, form, echo, prepare::prepare(rules, operation, asked.body)?))
}

fn wanted(form: Form, model: &str, echo: Map<String, Value>) -> Wanted {
    Wanted { model: model.to_owned(), estimator: Estimator::default(), usage: UsageWish::Hidden, form, echo }
}

fn context(row: &Row) -> Context {
    let model = row.upstream["model"].as_str().unwrap().to_owned();
    Context { provider: row.provider, model, stamp: Stamp::new("id".to_owned(), 1), ..Context::default() }
}

/// Nulls say nothing, ids are new each time, and arguments are JSON inside a string.
fn plain(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, value| !value.is_null());
            for (name, value) in fields {
                match (name.as_str(), value.as_str()) {
                    ("arguments" | "partial_json", Some(text)) => {
                        *value = serde_json::from_str(text).unwrap_or_else(|_| text.into());
                    }
                    ("id", Some(text)) if !text.starts_with("call_") && !text.starts_with("toolu_") => {
                        *value = "id".into()
                    }
                    _ => plain(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(plain),
        _ => {}
    }
}

fn check(name: &str, mut got: Value, mut want: Value) {
    plain(&mut got);
    plain(&mut want);
    assert_eq!(got, want, "{name}\n got {got}\nwant {want}");
}

#[test]
fn requests_are_litellms() {
    for row in rows() {
        let (.., prepared) = asked(&rules(&row), &row.request).unwrap();
        let got = serde_json::from_slice(&prepared.body).unwrap();
        check(&format!("{} {}", row.provider, row.case), got, row.upstream);
    }
}

#[test]
fn whole_answers_are_litellms() {
    for row in rows().into_iter().filter(|row| row.answer.is_object()) {
        let rules = rules(&row);
        let (operation, form, echo, _) = asked(&rules, &row.request).unwrap();
        let bodies = [Bytes::from(row.provided.clone())];
        let answer = client::answer(&rules, operation, &context(&row), &wanted(form, row.provider, echo), &bodies);
        let got = serde_json::from_slice(&answer.unwrap().body).unwrap();
        check(&format!("{} {}", row.provider, row.case), got, row.answer);
    }
}

/// What a client gets of a stream that came in these pieces.
fn streamed(row: &Row, pieces: &[&[u8]]) -> (Vec<u8>, Result<(), Fault>) {
    let rules = rules(row);
    let (_, form, echo, _) = asked(&rules, &row.request).unwrap();
    let mut stream = client::stream(&rules, &context(row), &wanted(form, row.provider, echo));
    let mut out = Vec::new();
    for piece in pieces {
        if let Err(fault) = stream.push(Bytes::copy_from_slice(piece), &mut out) {
            return (out, Err(fault));
        }
    }
    let end = stream.finish(&mut out);
    (out, end)
}

fn events(text: &[u8]) -> Value {
    let text = std::str::from_utf8(text).unwrap();
    let event = |event: &str| {
        let (name, data) = event.split_once("\ndata: ").unwrap();
        json!([name.strip_prefix("event: ").unwrap(), serde_json::from_str::<Value>(data).unwrap()])
    };
    text.split_terminator("\n\n").map(event).collect()
}

#[test]
fn streams_are_litellms() {
    for row in rows().into_iter().filter(|row| row.answer.is_array()) {
        // Mistral is not asked for usage, so both sides count: the numbers are compared elsewhere.
        let (out, end) = streamed(&row, &[row.provided.as_bytes()]);
        assert_eq!(end, Ok(()), "{} {}", row.provider, row.case);
        let (mut got, mut want) = (events(&out), row.answer.clone());
        if row.provider == "mistral" {
            for events in [&mut got, &mut want] {
                let events = events.as_array_mut().unwrap();
                let place = events.len() - 2;
                events[place][1]["usage"] = Value::Null;
            }
        }
        check(&format!("{} {}", row.provider, row.case), got, want);
    }
}

#[test]
fn a_stream_split_anywhere_reads_alike() {
    for row in rows().into_iter().filter(|row| row.answer.is_array() && row.case.contains("tools")) {
        let bytes = row.provided.as_bytes();
        let whole = streamed(&row, &[bytes]);
        for place in (0..bytes.len()).step_by(7) {
            assert_eq!(streamed(&row, &[&bytes[..place], &bytes[place..]]), whole, "{} at {place}", row.case);
        }
    }
}

proptest! {
    #[test]
    fn cut_and_garbled_streams_never_panic(row in 0usize..10, cut in 0usize..4000, place in 0usize..4000, byte: u8) {
        let rows: Vec<Row> = rows().into_iter().filter(|row| row.answer.is_array()).collect();
        let row = &rows[row];
        let mut bytes = row.provided.clone().into_bytes();
        bytes.truncate(cut.max(1));
        let place = place % bytes.len();
        bytes[place] = byte;
        let _outcome = streamed(row, &[&bytes]);
    }

    #[test]
    fn any_text_for_messages_is_asked_or_refused(text in ".{0,200}") {
        let rows = rows();
        let request = json!({ "model": "m", "max_tokens": 1, "messages": [{ "role": "user", "content": [
            { "type": "tool_result", "tool_use_id": text, "content": [{ "type": text, "text": text }] },
            { "type": "image", "source": { "type": "base64", "data": text } },
        ] }], "tools": [{ "name": text }] });
        for row in rows.iter().filter(|row| row.case == "am_basic") {
            let _outcome = asked(&rules(row), &request);
        }
    }
}

/// The chat that this request becomes for `model` at `provider`.
fn chat(provider: &str, model: &str, more: &Value) -> Value {
    let mut request = json!({ "model": "m", "max_tokens": 9, "messages": [{ "role": "user", "content": "Hi" }] });
    request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let rules = Rules::new(Settings::new(provider::find(provider).unwrap(), model));
    let text = request.to_string();
    let asked = client::ask(&rules, Operation::Messages, Object::parse(text.as_bytes()).unwrap()).unwrap();
    serde_json::from_slice(&asked.body.to_vec()).unwrap()
}

#[test]
fn fields_of_a_chat_are_litellms() {
    let cases = [
        ("thinking", json!({ "type": "disabled" }), "reasoning_effort", json!("none")),
        ("thinking", json!({ "type": "enabled", "budget_tokens": 4096 }), "reasoning_effort", json!("high")),
        ("thinking", json!({ "type": "enabled", "budget_tokens": 100 }), "reasoning_effort", json!("low")),
        ("thinking", json!({ "type": "adaptive" }), "reasoning_effort", json!("medium")),
        ("tool_choice", json!({ "type": "any" }), "tool_choice", json!("required")),
        ("tool_choice", json!({ "type": "none" }), "tool_choice", json!("none")),
        ("stop_sequences", json!([]), "stop", Value::Null),
        ("metadata", json!({ "user_id": "u" }), "user", json!("u")),
        ("top_k", json!(3), "top_k", json!(3)),
        ("safeguards", json!({ "a": 1 }), "safeguards", Value::Null),
        ("tools", json!([{ "type": "web_search_20250305", "name": "web_search" }]), "web_search_options", json!({})),
        (
            "tools",
            json!([{ "name": "n", "input_schema": { "type": "object" }, "strict": true }]),
            "tools",
            json!([{ "type": "function",
                     "function": { "name": "n", "parameters": { "type": "object" }, "strict": true } }]),
        ),
        (
            "output_config",
            json!({ "format": { "type": "json_schema",
                                "schema": { "type": "object", "properties": { "a": { "type": "string" } } } } }),
            "response_format",
            json!({ "type": "json_schema", "json_schema": { "name": "structured_output", "strict": true, "schema": {
                "type": "object", "properties": { "a": { "type": "string" } },
                "additionalProperties": false, "required": ["a"] } } }),
        ),
    ];
    for (name, value, field, want) in cases {
        assert_eq!(chat("hosted_vllm", "some-model", &json!({ name: value }))[field], want, "{name} {value}");
    }
}

#[test]
fn turns_of_a_chat_are_litellms() {
    let cases = [
        // Empty blocks go, and a turn of nothing else with them.
        (
            json!([{ "role": "assistant", "content": [{ "type": "text", "text": " " }] }, { "role": "user", "content": "a" }]),
            json!([{ "role": "user", "content": "a" }]),
        ),
        // Ids keep to Anthropic's alphabet, on both sides of a call.
        (
            json!([{ "role": "assistant", "content": [{ "type": "tool_use", "id": "functions.Bash:0", "name": "Bash", "input": {} }] },
                { "role": "user", "content": [{ "type": "tool_result", "tool_use_id": "functions.Bash:0", "content": "x" }] }]),
            json!([{ "role": "assistant", "content": null, "tool_calls": [{ "id": "functions_Bash_0", "type": "function",
                  "function": { "name": "Bash", "arguments": "{}" } }] },
                { "role": "tool", "content": "x", "tool_call_id": "functions_Bash_0" }]),
        ),
        // A system message inside the conversation stands behind the results that follow it.
        (
            json!([{ "role": "user", "content": "a" }, { "role": "system", "content": "s" },
                { "role": "user", "content": [{ "type": "tool_result", "tool_use_id": "t", "content": "r" }] }]),
            json!([{ "role": "user", "content": "a" }, { "role": "tool", "content": "r", "tool_call_id": "t" },
                { "role": "user", "content": [
                    { "type": "text", "text": "Operator note (not from the user): the following was originally a \
                                              mid-conversation system-role reminder." },
                    { "type": "text", "text": "s" }] }]),
        ),
        // Images and documents become addresses.
        (
            json!([{ "role": "user", "content": [
                    { "type": "image", "source": { "type": "base64", "media_type": "image/png", "data": "AA" } },
                    { "type": "document", "source": { "type": "url", "url": "https://x/y.pdf" } }] }]),
            json!([{ "role": "user", "content": [
                    { "type": "image_url", "image_url": { "url": "data:image/png;base64,AA" } },
                    { "type": "image_url", "image_url": { "url": "https://x/y.pdf" } }] }]),
        ),
    ];
    for (turns, want) in cases {
        assert_eq!(chat("hosted_vllm", "some-model", &json!({ "messages": turns }))["messages"], want, "{turns}");
    }
}

#[test]
fn marks_for_the_cache_are_kept_where_they_are_read() {
    let system = json!([{ "type": "text", "text": "s", "cache_control": { "type": "ephemeral" } }]);
    let marked = |provider, model| {
        let chat = chat(provider, model, &json!({ "system": system }));
        chat.pointer("/messages/0/content/0/cache_control").is_some()
    };
    assert!(marked("openrouter", "anthropic/claude-sonnet-4"));
    assert!(marked("gemini", "gemini-2.5-flash"));
    assert!(!marked("hosted_vllm", "some-model"));
}

#[test]
fn long_names_of_tools_are_cut_and_given_back() {
    let name = "n".repeat(80);
    let short = tools::short_name(&name);
    assert_eq!(short.len(), 64);
    let names = Map::from_iter([(short.to_string(), Value::from(name.clone()))]);
    let completion: Completion = serde_json::from_value(json!({ "choices": [{ "finish_reason": "stop", "message": {
        "tool_calls": [{ "id": "c", "function": { "name": short, "arguments": "{\"a\": [1" } }] } }] }))
    .unwrap();
    let wanted = wanted(Form::Messages, "m", names);
    let answer = answer(&Context::default(), &wanted, completion).unwrap();
    let got: Value = serde_json::from_slice(&answer.body).unwrap();
    // The call was cut off inside its arguments, too: the brackets are closed.
    assert_eq!(got["content"], json!([{ "type": "tool_use", "id": "c", "name": name, "input": { "a": [1] } }]));
    assert_eq!(got["stop_reason"], "tool_use");
}

#[test]
fn sealed_reasoning_goes_back_to_openai_and_to_no_other() {
    let turns = json!([{ "role": "assistant", "content": [
        { "type": "thinking", "thinking": "t", "signature": signature::seal("secret") }, { "type": "text", "text": "x" }] }]);
    let input = chat("openai", "gpt-5", &json!({ "messages": turns }))["input"].clone();
    assert_eq!(
        input[0],
        json!({ "type": "reasoning", "encrypted_content": "secret",
                                 "summary": [{ "type": "summary_text", "text": "t" }] })
    );
    let other = chat("hosted_vllm", "some-model", &json!({ "messages": turns }));
    assert!(!other.to_string().contains("secret"), "{other}");
}

#[test]
fn counts_are_anthropics() {
    let (body, count) = counted(br#"{"object":"response.input_tokens","input_tokens":7}"#).unwrap();
    assert_eq!((count, body.as_slice()), (7, br#"{"input_tokens":7,"litellm_count_source":"provider"}"#.as_slice()));
    let text = r#"{"system":"Be brief.","messages":[{"role":"user","content":"Hi"}]}"#;
    let body = count_here("gpt-4o", &Object::parse(text.as_bytes()).unwrap()).unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(body["litellm_count_source"], "local_estimate");
    assert!(body["input_tokens"].as_u64().unwrap() > 10);
    assert_eq!(Operation::CountMessageTokens.format(), Format::Messages);
}

#[test]
fn anthropic_is_asked_for_its_own_count() {
    let rules = Rules::new(Settings::new(provider::find("anthropic").unwrap(), "claude-sonnet-4-5"));
    let text = r#"{"model":"m","max_tokens":5,"messages":[{"role":"user","content":"Hi"}],"system":"s"}"#;
    let asked = client::ask(&rules, Operation::CountMessageTokens, Object::parse(text.as_bytes()).unwrap()).unwrap();
    assert_eq!(asked.form, Form::MessageCount);
    let prepared = prepare::prepare(&rules, asked.operation, asked.body).unwrap();
    assert_eq!(prepared.url.as_deref(), Some("https://api.anthropic.com/v1/messages/count_tokens"));
    let want = r#"{"messages":[{"role":"user","content":"Hi"}],"system":"s","model":"claude-sonnet-4-5"}"#;
    assert_eq!(prepared.body, want.as_bytes());
}
