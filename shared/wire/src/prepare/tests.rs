use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::*;
use crate::json::raw;
use crate::provider::{self, Auth};
use crate::{bridge, models};

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
    path: String,
    body: Option<Value>,
}

#[derive(Deserialize)]
struct Deployment {
    model: String,
    api_base: Option<String>,
    api_version: Option<String>,
    base_model: Option<String>,
    #[serde(default)]
    drop_params: bool,
}

/// Runs that differ on purpose: deployment, case, reason.
const DIFFERENT: [(&str, &str, &str); 1] =
    [("openai", "tc_stream", "usage is asked for in a bridged text completion too, so that it can be accounted")];

fn rules(deployment: &Deployment) -> Rules {
    let base = deployment.api_base.as_deref();
    let resolved = provider::resolve(&deployment.model, None, base).expect("a known provider");
    Rules::new(Settings {
        base_model: deployment.base_model.clone(),
        api_base: deployment.api_base.clone(),
        api_version: deployment.api_version.clone(),
        drop_params: deployment.drop_params,
        ..Settings::new(resolved.provider, resolved.model)
    })
}

fn operation(case: &Case) -> Operation {
    match case.path.as_str() {
        "/v1/chat/completions" => Operation::ChatCompletion,
        "/v1/completions" => Operation::TextCompletion,
        "/v1/embeddings" => Operation::Embedding,
        "/v1/moderations" => Operation::Moderation,
        "/v1/images/generations" => Operation::ImageGeneration,
        "/v1/audio/transcriptions" => Operation::Transcription,
        "/v1/rerank" => Operation::Rerank,
        path => panic!("{} has no operation: {path}", case.kind),
    }
}

/// What this gateway would send, in the fixture's terms.
fn ours(deployment: &Deployment, case: &Case) -> Value {
    let rules = rules(deployment);
    let mut operation = operation(case);
    let text = case.body.clone().unwrap_or_else(|| json!({})).to_string();
    let mut body = Object::parse(text.as_bytes()).expect("an object");
    let chats = models::lookup(rules.provider().name, &rules.settings.model).is_some_and(|facts| facts.mode == "chat");
    if operation == Operation::TextCompletion && chats {
        operation = Operation::ChatCompletion;
        body = bridge::text_to_chat(body).expect("a prompt of texts");
    }
    let prepared = match prepare(&rules, operation, body) {
        Ok(prepared) => prepared,
        Err(refusal) => return json!({"refused": format!("litellm.{}: {refusal}", refusal.class())}),
    };
    let (base, version) = (deployment.api_base.as_deref(), deployment.api_version.as_deref());
    let provider = rules.provider();
    let url = provider::url(provider, base, version, &rules.settings.model, operation).expect("an address");
    let (address, query) = url.split_once('?').unwrap_or((&url, ""));
    let path = address.trim_start_matches("http://127.0.0.1:1");
    let header = match provider::auth(provider, base, version) {
        Auth::Bearer => "authorization",
        Auth::Header(name) => name,
    };
    let mut headers: BTreeMap<String, String> =
        prepared.headers.iter().map(|(name, value)| (name.to_lowercase(), value.clone())).collect();
    headers.insert(header.to_owned(), "key".to_owned());
    let mut request = json!({"path": path, "headers": headers});
    if !query.is_empty() {
        request["query"] = json!(query);
    }
    if operation != Operation::Transcription {
        request["body"] = serde_json::from_slice(&prepared.body).expect("JSON");
    }
    normal(&request)
}

/// Nulls and empty values dropped, JSON within strings unfolded, as the recording did.
fn normal(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let kept = fields.iter().map(|(name, inner)| {
                let text = inner.as_str().filter(|text| name == "arguments" && text.starts_with(['{', '[']));
                let unfolded = text.and_then(|text| serde_json::from_str::<Value>(text).ok());
                (name.clone(), unfolded.map_or_else(|| normal(inner), |json| json!({"__json": json})))
            });
            let is_empty = |value: &Value| value.is_null() || *value == json!({}) || *value == json!([]);
            Value::Object(kept.filter(|(_, value)| !is_empty(value)).collect())
        }
        Value::Array(items) => items.iter().map(normal).collect(),
        Value::String(text) if text == "Please select a tool to handle the current issue." => json!("<tool-nudge>"),
        Value::String(text) if text.starts_with("[The following images are tool output") => json!("<tool-images>"),
        Value::Number(number) => json!(number.as_f64()),
        other => other.clone(),
    }
}

/// The fixture's side, without the key itself and what is no part of a prepared request.
fn theirs(want: &Value) -> Value {
    let mut want = want.clone();
    if let Some(fields) = want.as_object_mut() {
        fields.remove("parts");
    }
    for name in ["authorization", "api-key"] {
        if let Some(key) = want.pointer_mut(&format!("/headers/{name}")) {
            *key = json!("key");
        }
    }
    normal(&want)
}

#[test]
fn requests_are_those_that_litellm_sends() {
    let golden: Golden = serde_json::from_str(include_str!("golden.json")).expect("the fixture");
    let mut wrong = Vec::new();
    for (name, case, want) in &golden.runs {
        let is_different = DIFFERENT.iter().any(|different| different.0 == name && different.1 == case);
        let (got, want) = (ours(&golden.deployments[name], &golden.cases[case]), theirs(want));
        if got != want && !is_different {
            wrong.push(format!("{name} {case}\n   want {want}\n   got  {got}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), golden.runs.len(), wrong.join("\n"));
}

/// A deployment of `provider/model` that says nothing else.
fn settings(model: &str) -> Settings {
    let resolved = provider::resolve(model, None, None).expect("a known provider");
    Settings::new(resolved.provider, resolved.model)
}

fn chat(settings: Settings, body: Value) -> Result<Prepared, Refusal> {
    let text = body.to_string();
    let object = Object::parse(text.as_bytes()).expect("an object");
    prepare(&Rules::new(settings), Operation::ChatCompletion, object)
}

/// What the body becomes, but for its model.
fn check(settings: Settings, body: Value, want: Value) {
    let prepared = chat(settings, body.clone()).expect("a request");
    let mut got: Value = serde_json::from_slice(&prepared.body).expect("JSON");
    got.as_object_mut().map(|fields| fields.shift_remove("model"));
    assert_eq!(got, want, "{body}");
}

#[test]
fn values_keep_the_clients_own_text() {
    let text = br#"{"model":"x","messages":[{"role":"user","content":"\u00e9 1.50"}],"temperature":1.50,"seed":12345678901234567890123}"#;
    let prepared = prepare(
        &Rules::new(settings("openai/gpt-4o")),
        Operation::ChatCompletion,
        Object::parse(text).expect("an object"),
    );
    let want = br#"{"model":"gpt-4o","messages":[{"role":"user","content":"\u00e9 1.50"}],"temperature":1.50,"seed":12345678901234567890123}"#;
    assert_eq!(prepared.expect("a request").body, want);
}

#[test]
fn defaults_fill_gaps_and_nulls_do_not_count_as_gaps() {
    let defaults = vec![("temperature".to_owned(), raw(&0.5)), ("top_k".to_owned(), raw(&3))];
    let deployment = || Settings { defaults: defaults.clone(), ..settings("openai/gpt-4o") };
    check(deployment(), json!({"temperature": 1}), json!({"temperature": 1, "top_k": 3}));
    check(deployment(), json!({"temperature": null, "stop": null}), json!({"top_k": 3}));
}

#[test]
fn request_may_not_replace_the_model_or_the_key() {
    let body = json!({
        "extra_body": {"model": "evil", "a": 1},
        "extra_headers": {"Authorization": "Bearer x", "API-Key": "y", "x-a": "1", "x-number": 1},
    });
    let prepared = chat(settings("openai/gpt-4o"), body).expect("a request");
    assert_eq!(prepared.body, br#"{"a":1,"model":"gpt-4o"}"#);
    assert_eq!(prepared.headers, [("x-a".to_owned(), "1".to_owned())]);
}

#[test]
fn extra_fields_of_the_request_stand_above_those_of_the_deployment() {
    let extra_body = vec![("foo".to_owned(), raw(&1)), ("top_p".to_owned(), raw(&0.3))];
    let deployment = || Settings { extra_body: extra_body.clone(), ..settings("openai/gpt-4o") };
    check(deployment(), json!({"foo": 2, "top_p": 0.5}), json!({"foo": 2, "top_p": 0.3}));
    check(deployment(), json!({"extra_body": {"bar": 1}}), json!({"bar": 1}));
}

#[test]
fn dropped_parameters_are_dropped_by_name_and_by_path() {
    let body = json!({
        "temperature": 1,
        "foo": 1,
        "response_format": {"type": "json_schema", "json_schema": {"name": "a", "strict": true}},
        "additional_drop_params": ["temperature", "foo", "response_format.json_schema.strict"],
    });
    let want = json!({"response_format": {"type": "json_schema", "json_schema": {"name": "a"}}});
    check(settings("openai/gpt-4o"), body, want);
}

#[test]
fn what_claude_alone_knows_of_a_tool_goes_to_claude_alone() {
    let function = json!({"name": "f", "input_examples": [{}]});
    let body = json!({
        "messages": [{"role": "user", "content": "x"}],
        "tools": [{"type": "function", "function": function, "eager_input_streaming": true}]
    });
    let mut want = body.clone();
    want["tools"] = json!([{"type": "function", "function": {"name": "f"}}]);
    check(settings("openai/gpt-4o"), body, want);
}

#[test]
fn unknown_parameters_are_refused_dropped_or_insisted_on() {
    let body = || json!({"thinking": {"type": "enabled"}, "logit_bias": {}, "seed": 1, "n": 1, "user": "u"});
    let refused = chat(settings("mistral/mistral-large-latest"), body()).expect_err("a refusal").to_string();
    assert!(
        refused.starts_with("mistral does not support parameters: ['logit_bias', 'thinking'], for model="),
        "{refused}"
    );
    let dropping = Settings { drop_params: true, ..settings("mistral/mistral-large-latest") };
    check(dropping, body(), json!({"random_seed": 1}));
    let allowed = vec!["thinking".to_owned(), "logit_bias".to_owned()];
    let insisting = Settings { allowed_openai_params: allowed, ..settings("mistral/mistral-large-latest") };
    check(insisting, body(), json!({"thinking": {"type": "enabled"}, "logit_bias": {}, "random_seed": 1}));
}

/// `want` is whether the provider is asked for usage, and whether the client is shown it.
fn usage(mode: StreamUsage, options: Value, want: (bool, bool)) {
    let deployment = Settings { stream_usage: mode, ..settings("openai/gpt-4o") };
    let prepared = chat(deployment, json!({"stream": true, "stream_options": options})).expect("a request");
    let body: Value = serde_json::from_slice(&prepared.body).expect("JSON");
    let asked = body.pointer("/stream_options/include_usage") == Some(&json!(true));
    assert_eq!((asked, prepared.include_usage_wanted), want, "{mode:?} {options}");
}

#[test]
fn usage_of_a_stream_is_asked_for_and_shown_as_configured() {
    usage(StreamUsage::Track, json!(null), (true, false));
    usage(StreamUsage::Track, json!({"include_usage": false}), (true, false));
    usage(StreamUsage::Track, json!({"include_usage": true}), (true, true));
    usage(StreamUsage::Show, json!(null), (true, true));
    usage(StreamUsage::Show, json!({"include_usage": false}), (false, false));
    usage(StreamUsage::AsAsked, json!(null), (false, false));
    usage(StreamUsage::AsAsked, json!({"include_usage": true}), (true, true));
}

#[test]
fn schema_that_a_model_cannot_follow_becomes_a_tool_and_no_stream() {
    let format = json!({"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "object"}}});
    let prepared = chat(settings("groq/llama-3.3-70b-versatile"), json!({"stream": true, "response_format": format}));
    let prepared = prepared.expect("a request");
    assert!(prepared.stream && !prepared.upstream_stream && prepared.json_tool);
    let body: Value = serde_json::from_slice(&prepared.body).expect("JSON");
    assert_eq!(body.pointer("/tool_choice/function/name"), Some(&json!(JSON_TOOL)));
    assert_eq!(body.get("stream"), None);
}

#[test]
fn what_is_not_translated_says_so() {
    let refused = chat(settings("petals/x"), json!({})).expect_err("a refusal").to_string();
    assert!(refused.starts_with("provider `petals` is known but not translated yet"), "{refused}");
    let rules = Rules::new(settings("groq/x"));
    let refused = prepare(&rules, Operation::Moderation, Object::default()).expect_err("a refusal").to_string();
    assert_eq!(refused, "provider `groq` does not offer `amoderation`: send it to another deployment");
}

#[test]
fn odd_requests_are_prepared_or_refused_and_never_break() {
    let odd =
        ["1", "null", "\"text\"", "[]", "{}", "[1]", "[null]", "[[]]", r#"[{"role":1}]"#, r#"{"type":"enabled"}"#];
    let odd_messages = [
        r#"[{"role":"tool","content":[{"type":"image_url"}]}]"#,
        r#"[{"role":"assistant","content":[1,null],"tool_calls":[1]},{"role":"system"},{"role":"developer"}]"#,
        r#"[{"role":"user","content":[{"type":"image_url","image_url":1,"cache_control":1},{"type":"file","file":1}]}]"#,
    ];
    for provider in provider::all().iter().filter(|provider| !provider.is_untranslated()) {
        let rules = Rules::new(Settings::new(provider, "claude-magistral-gpt-5"));
        for name in
            provider::NAMES.iter().chain(&["messages", "extra_body", "additional_drop_params", "input", "query"])
        {
            for value in odd.iter().chain(&odd_messages) {
                let text = format!("{{\"{name}\":{value},\"documents\":[],\"stream\":true,\"drop_params\":true}}");
                for operation in provider.operations {
                    let object = Object::parse(text.as_bytes()).expect("an object");
                    if let Ok(prepared) = prepare(&rules, *operation, object) {
                        assert!(Object::parse(&prepared.body).is_ok(), "{} {text}", provider.name);
                    }
                }
            }
        }
    }
}
