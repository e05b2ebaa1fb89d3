//! What LiteLLM sends to Gemini and makes of its answers, replayed; and streams that were cut or garbled.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde::Deserialize;

use super::*;
use crate::answer::Form;
use crate::client::{self, Wanted};
use crate::dialect::{Fault, Frame, Stamp};
use crate::prepare::prepare;
use crate::provider;
use crate::stream::UsageWish;

/// Written by `tests/record/golden_gemini.py`; numbers are places in `texts`.
#[derive(Deserialize)]
struct Golden {
    cases: BTreeMap<String, Case>,
    deployments: BTreeMap<String, String>,
    texts: Vec<Value>,
    requests: Vec<(String, String, usize)>,
    answers: Vec<(String, String, usize, usize)>,
}

#[derive(Deserialize)]
struct Case {
    path: String,
    body: Value,
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("golden.json")).unwrap()
}

fn rules(model: &str) -> Rules {
    let resolved = provider::resolve(model, None, None).unwrap();
    let mut settings = Settings::new(resolved.provider, resolved.model);
    settings.api_base = Some(if vertex::is_vertex(settings.provider.name) { "http://h" } else { "" }.to_owned());
    settings.cloud.vertex_project = Some("oracle-proj".to_owned());
    Rules::new(settings)
}

fn prepared(rules: &Rules, case: &Case) -> (Operation, Result<Prepared, Refusal>) {
    let text = case.body.to_string();
    let body = Object::parse(text.as_bytes()).unwrap();
    let operation = match case.path.as_str() {
        "/v1/embeddings" => Operation::Embedding,
        path if path.contains("enerateContent") => Operation::GenerateContent,
        _ => Operation::ChatCompletion,
    };
    (operation, prepare(rules, operation, body))
}

/// What this gateway would send, in the fixture's terms.
fn sent(rules: &Rules, case: &Case) -> Value {
    let (operation, prepared) = prepared(rules, case);
    let prepared = match prepared {
        Ok(prepared) => prepared,
        Err(refusal) => return json!({"refused": format!("litellm.{}: {refusal}", refusal.class())}),
    };
    let mode = if prepared.upstream_stream { Mode::Streamed } else { Mode::Whole };
    let path = rules.url(operation, mode).unwrap().replace("http://h", "");
    json!({"path": path, "body": serde_json::from_slice::<Value>(&prepared.body).unwrap()})
}

/// Numbers as floats, JSON within text as JSON, nulls and empty values dropped, ids masked.
fn normal(value: &Value) -> Value {
    let is_empty = |value: &Value| value.is_null() || *value == json!({}) || *value == json!([]);
    match value {
        Value::Object(fields) => {
            let kept =
                fields.iter().filter(|(name, value)| *name != "created" && !(*name == "id" && value.is_string()));
            let kept = kept.map(|(name, value)| match value.as_str().filter(|_| name == "arguments") {
                Some(text) => (name.clone(), serde_json::from_str(text).map_or_else(|_| json!(text), |v| normal(&v))),
                None => (name.clone(), normal(value)),
            });
            Value::Object(kept.filter(|(_, value)| !is_empty(value)).collect())
        }
        Value::Array(items) => items.iter().map(normal).collect(),
        Value::Number(number) => json!(number.as_f64()),
        other => other.clone(),
    }
}

fn check(name: &str, count: usize, wrong: &[String]) {
    assert!(wrong.is_empty(), "{} of {count} {name} differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn requests_are_those_that_litellm_sends() {
    let golden = golden();
    let mut wrong = Vec::new();
    for (name, case, want) in &golden.requests {
        let got = normal(&sent(&rules(&golden.deployments[name]), &golden.cases[case]));
        let want = normal(&golden.texts[*want]);
        if got != want {
            wrong.push(format!("{name} {case}\n   want {want}\n   got  {got}"));
        }
    }
    check("requests", golden.requests.len(), &wrong);
}

fn wanted(name: &str, form: Form, usage: UsageWish) -> Wanted {
    let estimator = crate::tokens::Estimator::default();
    let echo = serde_json::Map::new();
    Wanted { model: name.to_owned(), estimator, usage, form, echo }
}

/// What a client gets of a raw answer: the answer, or the data of its events.
fn received(name: &str, rules: &Rules, case: &Case, raw: &str) -> Value {
    let (asked, prepared) = prepared(rules, case);
    let prepared = prepared.unwrap();
    let model = rules.settings.model.clone();
    let context = Context {
        provider: "gemini",
        model,
        notes: prepared.notes,
        stamp: Stamp::new("1".to_owned(), 1),
        ..Context::default()
    };
    let usage = if prepared.include_usage_wanted { UsageWish::Shown } else { UsageWish::Hidden };
    let is_native = asked == Operation::GenerateContent;
    let form = if is_native { Form::Native(crate::Format::GenerateContent) } else { Form::Chat };
    let wanted = wanted(name, form, usage);
    if prepared.upstream_stream {
        let mut stream = client::stream(rules, &context, &wanted);
        let mut out = Vec::new();
        stream.push(Bytes::from(raw.to_owned()), &mut out).unwrap();
        stream.finish(&mut out).unwrap();
        return events(&out);
    }
    let answer = client::answer(rules, asked, &context, &wanted, &[Bytes::from(raw.to_owned())]).unwrap();
    serde_json::from_slice(&answer.body).unwrap()
}

fn events(bytes: &[u8]) -> Value {
    let text = std::str::from_utf8(bytes).unwrap();
    let data = text.split("\n\n").filter_map(|event| event.strip_prefix("data: "));
    data.map(|data| serde_json::from_str(data).unwrap_or_else(|_| json!(data))).collect()
}

#[test]
fn answers_are_those_that_litellm_gives() {
    let golden = golden();
    let mut wrong = Vec::new();
    for (name, case, raw, want) in &golden.answers {
        let raw = golden.texts[*raw].as_str().unwrap().to_owned();
        let got = normal(&received(name, &rules(&golden.deployments[name]), &golden.cases[case], &raw));
        let want = normal(&golden.texts[*want]);
        if got != want {
            wrong.push(format!("{name} {case}\n   want {want}\n   got  {got}"));
        }
    }
    check("answers", golden.answers.len(), &wrong);
}

fn stream() -> Vec<u8> {
    let parts = [
        json!({"text": "h\u{fc}m", "thought": true}),
        json!({"text": "gr\u{fc}n \u{1f680}"}),
        json!({"functionCall": {"name": "f", "args": {"a": [1, "\u{e9}"]}}, "thoughtSignature": "c2ln"}),
        json!({"inlineData": {"mimeType": "image/png", "data": "AA=="}}),
    ];
    let mut out = Vec::new();
    for part in parts {
        let answer = json!({"candidates": [{"content": {"parts": [part]}}], "usageMetadata": {"promptTokenCount": 1}});
        out.extend(format!("data: {answer}\r\n\r\n").into_bytes());
    }
    let usage =
        json!({"promptTokenCount": 1, "candidatesTokenCount": 2, "thoughtsTokenCount": 3, "totalTokenCount": 6});
    let last = json!({"candidates": [{"finishReason": "STOP"}], "usageMetadata": usage});
    out.extend(format!("data: {last}\r\n\r\n").into_bytes());
    out
}

/// The events of a stream that came in two pieces.
fn decoded(bytes: &[u8], cut: usize) -> Result<Value, Fault> {
    let rules = rules("gemini/gemini-2.5-pro");
    let mut stream = client::stream(&rules, &Context::default(), &wanted("m", Form::Chat, UsageWish::Shown));
    let mut out = Vec::new();
    for piece in [&bytes[..cut], &bytes[cut..]] {
        stream.push(Bytes::copy_from_slice(piece), &mut out)?;
    }
    stream.finish(&mut out)?;
    Ok(events(&out))
}

#[test]
fn a_stream_cut_at_any_byte_says_the_same() {
    let bytes = stream();
    let whole = decoded(&bytes, 0).unwrap();
    assert_eq!(whole.pointer("/4/choices/0/finish_reason"), Some(&json!("tool_calls")), "{whole}");
    assert_eq!(whole.pointer("/5/usage/completion_tokens"), Some(&json!(5)), "{whole}");
    for cut in 0..=bytes.len() {
        assert_eq!(decoded(&bytes, cut).as_ref(), Ok(&whole), "cut at {cut}");
    }
}

#[test]
fn an_error_in_a_stream_is_the_providers() {
    let mut bytes = stream();
    bytes.extend_from_slice(b"data: {\"error\":{\"code\":503,\"message\":\"slow\",\"status\":\"UNAVAILABLE\"}}\n\n");
    assert!(matches!(decoded(&bytes, 9), Err(Fault::Provider(text)) if text.contains("UNAVAILABLE")));
}

#[test]
fn a_blocked_prompt_is_an_answer_without_content() {
    let body =
        br#"{"promptFeedback":{"blockReason":"SAFETY"},"usageMetadata":{"promptTokenCount":4,"totalTokenCount":4}}"#;
    let completion = answer::answer(&Context::default(), body).unwrap();
    assert_eq!(completion.choices[0].finish_reason.as_deref(), Some("content_filter"));
    assert_eq!(completion.choices[0].message.content, None);
}

#[test]
fn hostile_requests_are_refused_or_written_and_never_more() {
    for model in ["gemini/gemini-2.5-pro", "vertex_ai/gemini-3-pro", "vertex_ai/multimodalembedding"] {
        let rules = rules(model);
        for body in [
            json!({"messages": 1}),
            json!({"messages": [1]}),
            json!({"messages": [{"role": "user", "content": [{"type": "image_url"}, {"type": "file", "file": {}}]}]}),
            json!({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": "data:,"}]}]}),
            json!({"messages": [{"role": "tool", "content": "x"}, {"role": "robot"}]}),
            json!({"messages": [{"role": "assistant", "tool_calls": [{"function": {"arguments": "{"}}]}]}),
            json!({"messages": [], "tools": [1, {"function": 1}, {"type": 1}], "tool_choice": 7, "stop": 3}),
            json!({"messages": [], "response_format": {"type": "json_schema", "json_schema": 1}, "thinking": 1}),
            json!({"input": [[], 1, {"file": 1}], "contents": 1, "generationConfig": [1]}),
        ] {
            let text = body.to_string();
            for operation in [Operation::ChatCompletion, Operation::Embedding, Operation::GenerateContent] {
                let _ = prepare(&rules, operation, Object::parse(text.as_bytes()).unwrap());
            }
        }
    }
}

proptest! {
    #[test]
    fn garbled_events_never_panic(data in prop::collection::vec(any::<u8>(), 0..200), shape in "[{}\\[\\]\",:a-zA-Z0-9]{0,80}") {
        let mut decoder = stream::Stream::new(&Context::default());
        let mut out = Vec::new();
        for bytes in [data.as_slice(), shape.as_bytes()] {
            let _ = decoder.frame(Frame { name: "", data: bytes }, &mut out);
            let _ = answer::answer(&Context::default(), bytes);
            let _ = embed::answer("m", &[Bytes::copy_from_slice(bytes)]);
        }
    }

    #[test]
    fn a_changed_byte_of_a_stream_never_panics(place in 0_usize..900, byte in any::<u8>(), cut in 0_usize..900) {
        let mut bytes = stream();
        let place = place % bytes.len();
        bytes[place] = byte;
        let cut = cut % bytes.len();
        let _ = decoded(&bytes, cut);
        let _ = decoded(&bytes[..cut], 0);
    }
}
