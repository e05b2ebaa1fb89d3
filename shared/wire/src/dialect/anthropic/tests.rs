use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::*;
use crate::bridge;
use crate::prepare::prepare;
use crate::provider::{self, Cloud};

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
