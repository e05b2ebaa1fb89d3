//! What LiteLLM sends to Bedrock and makes of its answers, replayed; and streams that were cut or tampered with.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};

use super::*;
use crate::answer::Form;
use crate::client::{self, Wanted};
use crate::dialect::{Fault, Frame, Notes, Stamp};
use crate::prepare::prepare;
use crate::stream::UsageWish;
use crate::stream::event_stream::tests::{encode, event};
use crate::{bridge, provider};

/// Written by `tests/record/golden_bedrock.py`; numbers are places in `texts`.
#[derive(Deserialize)]
struct Golden {
    cases: BTreeMap<String, Case>,
    deployments: BTreeMap<String, Deployment>,
    texts: Vec<Value>,
    requests: Vec<(String, String, usize)>,
    answers: Vec<(String, String, usize, usize)>,
}

#[derive(Deserialize)]
struct Case {
    path: String,
    body: Value,
}

#[derive(Deserialize)]
struct Deployment {
    model: String,
    drop_params: bool,
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("golden.json")).expect("the fixture")
}

fn settings(model: &str) -> Settings {
    let resolved = provider::resolve(model, None, None).expect("a known provider");
    let mut settings = Settings::new(resolved.provider, resolved.model);
    settings.cloud.aws_bedrock_runtime_endpoint = Some(String::new());
    settings
}

fn rules(deployment: &Deployment) -> Rules {
    Rules::new(Settings { drop_params: deployment.drop_params, ..settings(&deployment.model) })
}

fn prepared(rules: &Rules, case: &Case) -> (Operation, Result<Prepared, Refusal>) {
    let text = case.body.to_string();
    let body = Object::parse(text.as_bytes()).expect("an object");
    match case.path.as_str() {
        "/v1/embeddings" => (Operation::Embedding, prepare(rules, Operation::Embedding, body)),
        "/v1/completions" => {
            let body = bridge::text_to_chat(body).expect("a prompt of texts");
            (Operation::ChatCompletion, prepare(rules, Operation::ChatCompletion, body))
        }
        _ => (Operation::ChatCompletion, prepare(rules, Operation::ChatCompletion, body)),
    }
}

/// What this gateway would send, in the fixture's terms.
fn sent(rules: &Rules, case: &Case) -> Value {
    let (operation, prepared) = prepared(rules, case);
    let prepared = match prepared {
        Ok(prepared) => prepared,
        Err(refusal) => return json!({"refused": format!("litellm.{}: {refusal}", refusal.class())}),
    };
    let mode = if prepared.upstream_stream { Mode::Streamed } else { Mode::Whole };
    let bodies = [&prepared.body].into_iter().chain(&prepared.more_bodies);
    let bodies: Vec<Value> = bodies.map(|body| serde_json::from_slice(body).expect("JSON")).collect();
    json!({"path": rules.url(operation, mode).expect("an address"), "bodies": bodies})
}

/// Numbers as floats, nulls and empty values dropped: neither side means anything by them.
fn normal(value: &Value) -> Value {
    let is_empty = |value: &Value| value.is_null() || *value == json!({}) || *value == json!([]);
    match value {
        Value::Object(fields) => {
            let masked = |name: &str, value: &Value| name == "created" || (name == "id" && is_own_id(value));
            let kept = fields.iter().filter(|(name, value)| !masked(name, value));
            let kept = kept.map(|(name, value)| (name.clone(), normal(value)));
            Value::Object(kept.filter(|(_, value)| !is_empty(value)).collect())
        }
        Value::Array(items) => items.iter().map(normal).collect(),
        Value::Number(number) => json!(number.as_f64()),
        other => other.clone(),
    }
}

fn is_own_id(value: &Value) -> bool {
    value.as_str().is_some_and(|id| id.starts_with("chatcmpl-") || id.starts_with("cmpl-"))
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
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), golden.requests.len(), wrong.join("\n"));
}

/// What a client gets of a raw answer: the answer, or the data of its events.
fn received(name: &str, rules: &Rules, case: &Case, raw: &str) -> Value {
    let (asked, prepared) = prepared(rules, case);
    let prepared = prepared.expect("a request");
    let model = rules.settings.model.clone();
    let stamp = Stamp::new("1".to_owned(), 1);
    let context = Context { provider: "bedrock", model, notes: prepared.notes, stamp, ..Context::default() };
    let usage = if prepared.include_usage_wanted { UsageWish::Shown } else { UsageWish::Hidden };
    let form = if case.path == "/v1/completions" { Form::ChatAsText } else { Form::Chat };
    let estimator = crate::tokens::Estimator::default();
    let echo = serde_json::Map::new();
    let wanted = Wanted { model: name.to_owned(), estimator, usage, form, echo };
    if prepared.upstream_stream {
        let bytes = STANDARD.decode(raw).expect("base64");
        let mut stream = client::stream(rules, &context, &wanted);
        let mut out = Vec::new();
        stream.push(Bytes::from(bytes), &mut out).expect("a stream");
        stream.finish(&mut out).expect("its end");
        return events(&out);
    }
    let bodies = [Bytes::from(raw.to_owned())];
    if prepared.stream {
        let (replayed, _) = client::replay(rules, asked, &context, &wanted, &bodies).expect("an answer");
        return events(&replayed.concat());
    }
    let answer = client::answer(rules, asked, &context, &wanted, &bodies).expect("an answer");
    serde_json::from_slice(&answer.body).expect("JSON")
}

fn events(bytes: &[u8]) -> Value {
    let text = std::str::from_utf8(bytes).expect("text");
    let data = text.split("\n\n").filter_map(|event| event.strip_prefix("data: "));
    data.map(|data| serde_json::from_str(data).unwrap_or_else(|_| json!(data))).collect()
}

#[test]
fn answers_are_those_that_litellm_gives() {
    let golden = golden();
    let mut wrong = Vec::new();
    for (name, case, raw, want) in &golden.answers {
        let raw = golden.texts[*raw].as_str().expect("text");
        let got = normal(&received(name, &rules(&golden.deployments[name]), &golden.cases[case], raw));
        let want = normal(&golden.texts[*want]);
        if got != want {
            wrong.push(format!("{name} {case}\n   want {want}\n   got  {got}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), golden.answers.len(), wrong.join("\n"));
}

/// The chunks of a stream that came in two pieces.
fn decoded(bytes: &[u8], cut: usize) -> Result<Vec<Value>, Fault> {
    let context = Context { model: "amazon.nova-pro-v1:0".to_owned(), ..Context::default() };
    let wanted = Wanted {
        model: "m".to_owned(),
        estimator: crate::tokens::Estimator::default(),
        usage: UsageWish::Shown,
        form: Form::Chat,
        echo: serde_json::Map::new(),
    };
    let mut stream = client::stream(&Rules::new(settings("bedrock/amazon.nova-pro-v1:0")), &context, &wanted);
    let mut out = Vec::new();
    for piece in [&bytes[..cut], &bytes[cut..]] {
        stream.push(Bytes::copy_from_slice(piece), &mut out)?;
    }
    stream.finish(&mut out)?;
    Ok(events(&out).as_array().cloned().unwrap_or_default())
}

fn stream() -> Vec<u8> {
    let said: [(&str, Value); 9] = [
        ("messageStart", json!({"role": "assistant"})),
        ("contentBlockDelta", json!({"contentBlockIndex": 0, "delta": {"reasoningContent": {"text": "h\u{fc}m"}}})),
        ("contentBlockDelta", json!({"contentBlockIndex": 1, "delta": {"text": "gr\u{fc}n"}})),
        ("contentBlockStop", json!({"contentBlockIndex": 1})),
        ("contentBlockStart", json!({"contentBlockIndex": 2, "start": {"toolUse": {"toolUseId": "t", "name": "f"}}})),
        ("contentBlockDelta", json!({"contentBlockIndex": 2, "delta": {"toolUse": {"input": ""}}})),
        ("contentBlockStop", json!({"contentBlockIndex": 2})),
        ("messageStop", json!({"stopReason": "tool_use"})),
        ("metadata", json!({"usage": {"inputTokens": 1, "outputTokens": 2, "totalTokens": 3}})),
    ];
    said.iter().flat_map(|(name, data)| event(name, data.to_string().as_bytes())).collect()
}

#[test]
fn a_stream_cut_at_any_byte_says_the_same() {
    let bytes = stream();
    let whole = decoded(&bytes, 0).expect("a stream");
    assert!(whole.len() > 5, "{whole:?}");
    for cut in 0..=bytes.len() {
        assert_eq!(decoded(&bytes, cut).as_ref(), Ok(&whole), "cut at {cut}");
    }
}

#[test]
fn a_call_without_arguments_has_an_empty_object() {
    let said = decoded(&stream(), 0).expect("a stream");
    let pieces = said.iter().filter_map(|event| event.pointer("/choices/0/delta/tool_calls/0/function/arguments"));
    assert_eq!(pieces.filter_map(Value::as_str).collect::<String>(), "{}");
}

#[test]
fn an_exception_is_the_providers_error() {
    let headers = [(":message-type", "exception"), (":exception-type", "throttlingException")];
    let mut bytes = stream();
    bytes.extend(encode(&headers, br#"{"message":"slow"}"#));
    assert!(matches!(decoded(&bytes, 7), Err(Fault::Provider(text)) if text.contains("429")));
}

/// Every address that the deployment's chats go to, whole and streamed.
fn check_address(model: &str, set: fn(&mut Settings), want: [&str; 2]) {
    let resolved = provider::resolve(model, None, None).expect("a known provider");
    let mut settings = Settings::new(resolved.provider, resolved.model);
    settings.cloud.aws_region = region_in_name(&settings.model).unwrap_or("us-east-1").to_owned();
    set(&mut settings);
    let rules = Rules::new(settings);
    let got = [Mode::Whole, Mode::Streamed].map(|mode| rules.url(Operation::ChatCompletion, mode).expect("an address"));
    assert_eq!(got, want, "{model}");
}

#[test]
fn addresses_are_litellms() {
    const HOST: &str = "https://bedrock-runtime.us-east-1.amazonaws.com/model";
    let plain: fn(&mut Settings) = |_| {};
    let at = |host: &str, path: [&str; 2]| path.map(|path| format!("{host}/{path}"));
    let check = |model: &str, set: fn(&mut Settings), host: &str, path: [&str; 2]| {
        let want = at(host, path);
        check_address(model, set, [&want[0], &want[1]]);
    };
    check(
        "bedrock/amazon.nova-pro-v1:0",
        plain,
        HOST,
        ["amazon.nova-pro-v1%3A0/converse", "amazon.nova-pro-v1%3A0/converse-stream"],
    );
    check("bedrock/converse/us.x.y-v1:0", plain, HOST, ["us.x.y-v1%3A0/converse", "us.x.y-v1%3A0/converse-stream"]);
    check(
        "bedrock/eu-west-3/anthropic.claude-v2",
        plain,
        "https://bedrock-runtime.eu-west-3.amazonaws.com/model",
        ["anthropic.claude-v2/converse", "anthropic.claude-v2/converse-stream"],
    );
    check(
        "bedrock/arn:aws:bedrock:us-east-1:1:application-inference-profile/abc",
        plain,
        HOST,
        [
            "arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Aapplication-inference-profile%2Fabc/converse",
            "arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Aapplication-inference-profile%2Fabc/converse-stream",
        ],
    );
    check(
        "bedrock/invoke/meta.llama3-8b-instruct-v1:0",
        plain,
        HOST,
        ["meta.llama3-8b-instruct-v1:0/invoke", "meta.llama3-8b-instruct-v1:0/invoke-with-response-stream"],
    );
    check(
        "bedrock/llama/arn:aws:bedrock:us-east-1:1:imported-model/x",
        plain,
        HOST,
        [
            "arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Aimported-model%2Fx/invoke",
            "arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Aimported-model%2Fx/invoke-with-response-stream",
        ],
    );
    check(
        "bedrock/anthropic.claude-v2",
        |settings| settings.cloud.model_id = Some("a:b/c".to_owned()),
        HOST,
        ["a%3Ab%2Fc/converse", "a%3Ab%2Fc/converse-stream"],
    );
    check(
        "bedrock/cn.model",
        |settings| settings.cloud.aws_region = "cn-north-1".to_owned(),
        "https://bedrock-runtime.cn-north-1.amazonaws.com.cn/model",
        ["cn.model/invoke", "cn.model/invoke-with-response-stream"],
    );
    check(
        "bedrock/amazon.nova-pro-v1:0",
        |settings| settings.api_base = Some("http://x".to_owned()),
        "http://x/model",
        ["amazon.nova-pro-v1%3A0/converse", "amazon.nova-pro-v1%3A0/converse-stream"],
    );
}

#[test]
fn base_names_are_found() {
    for (model, base) in [
        ("us.meta.llama3-2-11b-instruct-v1:0", "meta.llama3-2-11b-instruct-v1:0"),
        ("anthropic.claude-3-5-sonnet-20241022-v2:0:51k", "anthropic.claude-3-5-sonnet-20241022-v2:0"),
        ("us.anthropic.claude-opus-4-6-v1[1m]", "anthropic.claude-opus-4-6-v1"),
        ("converse/us-east-1/anthropic.claude-v2", "anthropic.claude-v2"),
        ("nova-2/arn:aws:bedrock:us-east-1:1:custom/x", "amazon.nova-2-custom"),
        ("arn:aws:bedrock:us-east-1:1:inference-profile/us.amazon.nova-pro-v1:0", "amazon.nova-pro-v1:0"),
    ] {
        assert_eq!(name::base(model), base, "{model}");
    }
}

#[test]
fn a_claude_that_nobody_knows_yet_can_what_all_can() {
    let supported = |model: &str| converse::supported(model);
    for name in ["tools", "tool_choice", "thinking"] {
        assert!(supported("converse/us.anthropic.claude-opus-97-v1:0").contains(name), "{name}");
    }
    assert!(!supported("converse/unknown.model").contains("tool_choice"));
}

#[test]
fn hostile_requests_are_refused_or_written_and_never_more() {
    let rules = Rules::new(settings("bedrock/us.anthropic.claude-sonnet-4-5-20250929-v1:0"));
    let deep = format!("{}1{}", "{\"a\":".repeat(100), "}".repeat(100));
    let recursive = json!({"$ref": "#/$defs/a", "$defs": {"a": {"properties": {"x": {"$ref": "#/$defs/a"}}}}});
    for body in [
        json!({"messages": 1}),
        json!({"messages": [1]}),
        json!({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:,"}}]}]}),
        json!({"messages": [{"role": "user", "content": [{"type": "file"}]}]}),
        json!({"messages": [{"role": "x", "content": "y"}]}),
        json!({"messages": [{"role": "user", "content": "y"}], "tools": [{"function": 1}, {"function": {"parameters": recursive}}]}),
        json!({"messages": [{"role": "user", "content": "y"}], "thinking": 3, "response_format": {"type": "json_schema"}}),
        json!({"messages": [{"role": "user", "content": "y"}], "x": serde_json::from_str::<Value>(&deep).expect("JSON")}),
    ] {
        let text = body.to_string();
        let _ = prepare(&rules, Operation::ChatCompletion, Object::parse(text.as_bytes()).expect("an object"));
    }
}

proptest! {
    #[test]
    fn garbled_events_never_panic(data in prop::collection::vec(any::<u8>(), 0..200), shape in "[{}\\[\\]\",:a-zA-Z0-9]{0,80}") {
        for json_tool in [false, true] {
            let notes = Notes { json_tool, ..Notes::default() };
            let mut decoder = ConverseStream::new(&Context { notes, ..Context::default() });
            let mut out = Vec::new();
            let _ = decoder.frame(Frame { name: "x", data: &data }, &mut out);
            let _ = decoder.frame(Frame { name: "x", data: shape.as_bytes() }, &mut out);
        }
        let _ = converse::answer(&Context::default(), &data);
        let _ = converse::answer(&Context::default(), shape.as_bytes());
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
