use std::collections::BTreeMap;

use bytes::Bytes;
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::*;
use crate::answer::Form;
use crate::bridge;
use crate::client::{self, Wanted};
use crate::dialect::{Notes, Stamp};
use crate::prepare::prepare;
use crate::provider::{self, Cloud};
use crate::stream::UsageWish;

/// What LiteLLM sent for each client request: written by `tests/record/golden_requests.py`.
#[derive(Deserialize)]
struct Golden {
    cases: BTreeMap<String, Case>,
    deployments: BTreeMap<String, Deployment>,
    runs: Vec<(String, String, Value)>,
}

#[derive(Deserialize)]
struct Case {
    kind: String,
    body: Value,
    #[serde(default)]
    headers: Map<String, Value>,
}

#[derive(Deserialize)]
struct Deployment {
    model: String,
    api_base: Option<String>,
    #[serde(default)]
    drop_params: bool,
    vertex_project: Option<String>,
    aws_bedrock_runtime_endpoint: Option<String>,
}

fn rules(deployment: &Deployment) -> Rules {
    let base = deployment.api_base.as_deref();
    let resolved = provider::resolve(&deployment.model, None, base).expect("a known provider");
    let cloud = Cloud {
        vertex_project: deployment.vertex_project.clone(),
        aws_bedrock_runtime_endpoint: deployment.aws_bedrock_runtime_endpoint.clone(),
        ..Cloud::default()
    };
    Rules::new(Settings {
        api_base: deployment.api_base.clone(),
        drop_params: deployment.drop_params,
        cloud,
        ..Settings::new(resolved.provider, resolved.model)
    })
}

/// What this gateway would send, in the fixture's terms.
fn ours(deployment: &Deployment, case: &Case) -> Value {
    let rules = rules(deployment);
    let operation = if case.kind == "messages" { Operation::Messages } else { Operation::ChatCompletion };
    let mut body = case.body.clone();
    // As the core hands a client's headers on.
    for (name, value) in case.headers.iter().filter(|(name, _)| name.starts_with("anthropic-")) {
        body["extra_headers"][name] = value.clone();
    }
    let text = body.to_string();
    let mut object = Object::parse(text.as_bytes()).expect("an object");
    if case.kind == "completions" {
        object = bridge::text_to_chat(object).expect("a prompt of texts");
    }
    let prepared = match prepare(&rules, operation, object) {
        Ok(prepared) => prepared,
        Err(refusal) => return json!({"refused": format!("litellm.{}", refusal.class())}),
    };
    let mode = if prepared.upstream_stream { Mode::Streamed } else { Mode::Whole };
    let url = prepared.url.clone().unwrap_or_else(|| rules.url(operation, mode).expect("an address"));
    let address = url.split_once('?').map_or(url.as_str(), |(address, _)| address);
    let headers = prepared.headers.iter().map(|(name, value)| (name.to_lowercase(), value.clone().into()));
    let headers: Map<String, Value> = headers.collect();
    normal(&json!({
        "path": address.trim_start_matches("http://127.0.0.1:1"),
        "headers": headers,
        "body": serde_json::from_slice::<Value>(&prepared.body).expect("JSON"),
    }))
}

/// Nulls and empty values dropped, texts of LiteLLM's own named, as the recording did.
fn normal(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let kept = fields.iter().map(|(name, inner)| (name.clone(), normal(inner)));
            let is_empty = |value: &Value| value.is_null() || *value == json!({}) || *value == json!([]);
            Value::Object(kept.filter(|(_, value)| !is_empty(value)).collect())
        }
        Value::Array(items) => items.iter().map(normal).collect(),
        Value::String(text) if text == messages::PLACEHOLDER => json!("<empty-message>"),
        Value::String(text) if text.starts_with("00000000-0000-4000-8000-") => json!("<id>"),
        Value::String(text) if text == system::NOTE => json!("<operator-note>"),
        Value::Number(number) => json!(number.as_f64()),
        other => other.clone(),
    }
}

/// The fixture's side, without what is no part of a prepared request.
fn theirs(want: &Value) -> Value {
    if let Some(message) = want.get("refused").and_then(Value::as_str) {
        return json!({"refused": message.split(':').next()});
    }
    let headers = want["headers"].as_object().cloned().unwrap_or_default();
    let kept = headers.into_iter().filter(|(name, _)| name.starts_with("anthropic-") || name == "x-custom");
    normal(&json!({"path": want["path"], "headers": kept.collect::<Map<_, _>>(), "body": want["body"]}))
}

/// Runs that differ on purpose: case, reason.
const DIFFERENT: [(&str, &str); 1] =
    [("gem_search", "a tool that Anthropic does not have is the client's fault, not ours")];

fn check_requests(fixture: &str) {
    let golden: Golden = serde_json::from_str(fixture).expect("the fixture");
    let mut wrong = Vec::new();
    for (name, case, want) in &golden.runs {
        let (got, want) = (ours(&golden.deployments[name], &golden.cases[case]), theirs(want));
        if got != want && DIFFERENT.iter().all(|different| different.0 != case) {
            wrong.push(format!("{name} {case}\n   want {want}\n   got  {got}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), golden.runs.len(), wrong.join("\n"));
}

#[test]
fn requests_are_those_that_litellm_sends_to_anthropic() {
    check_requests(include_str!("requests.json"));
}

#[test]
fn requests_are_those_that_litellm_sends_to_clouds() {
    check_requests(include_str!("clouds.json"));
}

fn wanted(usage: UsageWish) -> Wanted {
    let estimator = crate::tokens::Estimator::default();
    Wanted { model: "anthropic".to_owned(), estimator, usage, form: Form::Chat, echo: Map::new() }
}

fn context(notes: Notes) -> Context {
    let stamp = Stamp::new("1".to_owned(), 1);
    Context { provider: "anthropic", model: "claude-sonnet-4-5".to_owned(), notes, stamp, ..Context::default() }
}

fn anthropic() -> Rules {
    let resolved = provider::resolve("anthropic/claude-sonnet-4-5", None, None).expect("a known provider");
    Rules::new(Settings::new(resolved.provider, resolved.model))
}

/// What a client gets of a raw stream: the data of its events.
fn events(rules: &Rules, context: &Context, wanted: &Wanted, pieces: &[&[u8]]) -> Vec<Value> {
    let mut stream = client::stream(rules, context, wanted);
    let mut out = Vec::new();
    for piece in pieces {
        stream.push(Bytes::copy_from_slice(piece), &mut out).expect("a stream");
    }
    stream.finish(&mut out).expect("its end");
    let text = String::from_utf8(out).expect("text");
    let data = text.split("\n\n").filter_map(|event| event.strip_prefix("data: "));
    data.map(|data| serde_json::from_str(data).unwrap_or_else(|_| json!(data))).collect()
}

/// A stream as one answer: texts joined, calls by their place.
fn folded(events: &[Value]) -> Value {
    let mut whole = json!({"content": "", "reasoning": "", "calls": {}, "signature": ""});
    let mut append = |place: String, text: &Value| {
        let Some(text) = text.as_str() else { return };
        let old = whole.pointer(&place).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (parent, name) = place.rsplit_once('/').expect("a place");
        if let Some(Value::Object(fields)) = whole.pointer_mut(parent) {
            fields.insert(name.to_owned(), json!(old + text));
        }
    };
    for event in events {
        let delta = &event["choices"][0]["delta"];
        append("/content".to_owned(), &delta["content"]);
        append("/reasoning".to_owned(), &delta["reasoning_content"]);
        append("/signature".to_owned(), &delta["thinking_blocks"][0]["signature"]);
        append("/finish".to_owned(), &event["choices"][0]["finish_reason"]);
        for call in delta["tool_calls"].as_array().into_iter().flatten() {
            for (name, value) in [
                ("id", &call["id"]),
                ("name", &call["function"]["name"]),
                ("arguments", &call["function"]["arguments"]),
            ] {
                append(format!("/calls/{}.{name}", call["index"]), value);
            }
        }
    }
    whole["done"] = json!(events.iter().filter(|event| **event == "[DONE]").count());
    whole["usage"] = events.iter().find_map(|event| event.get("usage")).cloned().unwrap_or_default();
    whole
}

/// Without what differs from run to run.
fn masked(answer: &Value) -> Value {
    let mut answer = answer.clone();
    for name in ["id", "created"] {
        answer.as_object_mut().map(|fields| fields.shift_remove(name));
    }
    if let Some(Value::Object(usage)) = answer.get_mut("usage") {
        usage.shift_remove("cost");
    }
    normal(&answer)
}

#[test]
fn answers_are_those_that_litellm_gives() {
    let golden: Vec<(String, Value, String, Value)> =
        serde_json::from_str(include_str!("answers.json")).expect("the fixture");
    let (rules, mut wrong) = (anthropic(), Vec::new());
    for (case, body, raw, want) in &golden {
        let text = body.to_string();
        let object = Object::parse(text.as_bytes()).expect("an object");
        let prepared = prepare(&rules, Operation::ChatCompletion, object).expect("a request");
        let usage = if prepared.include_usage_wanted { UsageWish::Shown } else { UsageWish::Hidden };
        let (context, wanted) = (context(prepared.notes), wanted(usage));
        let (got, want) = match want.as_array() {
            Some(want) => (folded(&events(&rules, &context, &wanted, &[raw.as_bytes()])), folded(want)),
            None => {
                let bodies = [Bytes::from(raw.clone())];
                let answer = client::answer(&rules, Operation::ChatCompletion, &context, &wanted, &bodies);
                (serde_json::from_slice(&answer.expect("an answer").body).expect("JSON"), want.clone())
            }
        };
        if masked(&got) != masked(&want) {
            wrong.push(format!("{case}\n   want {}\n   got  {}", masked(&want), masked(&got)));
        }
    }
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), golden.len(), wrong.join("\n"));
}

const STREAM: &str = concat!(
    "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":5}}}\n\n",
    "data: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"thinking\",\"thinking\":\"\"}}\n\n",
    "data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"thinking_delta\",\"thinking\":\"hm ü\"}}\n\n",
    "data: {\"type\":\"content_block_start\",\"index\":1,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n",
    "data: {\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"text_delta\",\"text\":\"a \\\"b\\\" 🚀\"}}\n\n",
    "event: ping\ndata: {\"type\":\"ping\"}\n\n",
    "data: {\"type\":\"content_block_start\",\"index\":2,\"content_block\":{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"f\"}}\n\n",
    "data: {\"type\":\"content_block_delta\",\"index\":2,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"{}\"}}\n\n",
    "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"tool_use\"},\"usage\":{\"output_tokens\":7}}\n\n",
    "data: {\"type\":\"message_stop\"}\n\n",
);

#[test]
fn a_stream_split_at_any_byte_decodes_alike() {
    let (rules, context, wanted) = (anthropic(), context(Notes::default()), wanted(UsageWish::Shown));
    let whole = events(&rules, &context, &wanted, &[STREAM.as_bytes()]);
    assert_eq!(folded(&whole)["content"], "a \"b\" 🚀");
    for place in 0..STREAM.len() {
        let (start, rest) = STREAM.as_bytes().split_at(place);
        assert_eq!(events(&rules, &context, &wanted, &[start, rest]), whole, "split at {place}");
    }
}

proptest! {
    #[test]
    fn garbled_streams_and_answers_never_panic(place in 0..STREAM.len(), length in 0..STREAM.len(), byte: u8) {
        let mut bytes = STREAM.as_bytes()[..length].to_vec();
        if let Some(target) = bytes.get_mut(place) {
            *target = byte;
        }
        let (rules, context) = (anthropic(), context(Notes::default()));
        let mut stream = client::stream(&rules, &context, &wanted(UsageWish::Shown));
        let mut out = Vec::new();
        if stream.push(Bytes::from(bytes.clone()), &mut out).is_ok() {
            let _ = stream.finish(&mut out);
        }
        let _ = answer(&context, &bytes);
    }
}

#[test]
fn oauth_tokens_bring_their_feature_with_them() {
    let mut settings = anthropic().settings;
    settings.betas.push("oauth-2025-04-20".to_owned());
    let body = br#"{"messages":[{"role":"user","content":"Hi"}],"extra_headers":{"anthropic-beta":"context-1m-2025-08-07,unknown"}}"#;
    let prepared = prepare(&Rules::new(settings), Operation::ChatCompletion, Object::parse(body).expect("an object"));
    let headers = prepared.expect("a request").headers;
    let beta = headers.iter().find(|(name, _)| name == beta::HEADER).map(|(_, value)| value.as_str());
    assert_eq!(beta, Some("context-1m-2025-08-07,oauth-2025-04-20"));
}
