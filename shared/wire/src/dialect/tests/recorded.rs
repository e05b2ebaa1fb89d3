//! What LiteLLM sends to providers with wires of their own, and what it makes of their answers, replayed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::*;
use crate::answer::Form;
use crate::client::{self, Wanted};
use crate::prepare::{StreamUsage, prepare};
use crate::provider;
use crate::stream::UsageWish;

/// Written by `tests/record/golden_dialects.py`.
#[derive(Deserialize)]
struct Row {
    name: String,
    model: String,
    settings: Map<String, Value>,
    operation: String,
    body: Value,
    url: Option<String>,
    sent: Option<Value>,
    #[serde(default)]
    headers: Map<String, Value>,
    raw: Option<String>,
    raw64: Option<String>,
    answer: Option<Value>,
    folded: Option<Value>,
    refused: Option<String>,
}

/// Rows of which a part differs on purpose: beginning of the name, what differs, reason.
const DIFFERENT: [(&str, &str, &str); 32] = [
    ("cohere first: ", "model", "the first version is told which model is asked for"),
    ("cohere: tool", "finish_reason", "a call of a tool ends with `tool_calls`"),
    ("cohere: turns", "finish_reason", "as above"),
    ("cohere: after_turns", "finish_reason", "as above"),
    ("cohere first: tool", "answer", "a call of a tool ends with `tool_calls`, under an id of its own"),
    ("cohere first: turns", "answer", "as above"),
    ("cohere first: after_turns", "answer", "as above"),
    ("cohere first: stream_tools", "folded", "calls are told, as are counts"),
    ("cohere first: stream_usage", "folded", "counts are told"),
    ("cohere: stream", "folded", "LiteLLM cannot read the events that Cohere sends"),
    ("cohere embed", "url", "one host for all operations"),
    ("cohere first", "url", "one host for all operations"),
    ("cohere first: ", "chat_history", "LiteLLM leaves it out"),
    ("cohere first: ", "force_single_step", "follows the history"),
    ("huggingface endpoint", "max_retries", "a setting of the gateway is none of the provider's business"),
    ("watsonx: own", "refused", "parameters of the model are passed on"),
    ("watsonx: stream", "folded", "counts are those of the provider"),
    ("snowflake: stream", "folded", "counts are those of the provider"),
    ("snowflake embed", "answer", "the recorded vectors are not wrapped in lists"),
    ("watsonx embed", "parameters", "no token within the body"),
    ("huggingface rerank", "meta", "tokens of the documents are not guessed"),
    ("nvidia ranking", "meta", "counts that the provider does not tell are not guessed"),
    ("huggingface rerank", "return_text", "asked for where the client asks"),
    ("fireworks rerank", "model", "short names become resource names, as in chats"),
    ("replicate: ", "stream", "a prediction is no stream"),
    ("replicate: image", "input", "images are left out instead of printed as Python has them"),
    ("replicate", "folded", "counts are the gateway's own"),
    ("replicate", "usage", "as above"),
    ("sagemaker: ", "usage", "as above"),
    ("watsonx_text: stream", "folded", "reasons in OpenAI's words"),
    ("watsonx_text: ", "stream", "the address says it"),
    ("watsonx_text: ", "input", "LiteLLM sends none without a template of its own"),
];

fn rows() -> Vec<Row> {
    serde_json::from_str(include_str!("recorded.json")).expect("the fixture")
}

fn is_different(row: &Row, part: &str) -> bool {
    DIFFERENT.iter().any(|(name, what, _)| row.name.starts_with(name) && *what == part)
}

fn rules(row: &Row) -> Rules {
    let base = row.settings.get("api_base").and_then(Value::as_str);
    let resolved = provider::resolve(&row.model, None, base).expect("a known provider");
    let mut settings = Settings::new(resolved.provider, resolved.model);
    settings.api_base = base.map(str::to_owned);
    settings.stream_usage = StreamUsage::AsAsked;
    settings.cloud.watsonx_project_id = Some("p1".to_owned());
    Rules::new(settings)
}

fn operation(row: &Row) -> Operation {
    match row.operation.as_str() {
        "embedding" => Operation::Embedding,
        "rerank" => Operation::Rerank,
        _ => Operation::ChatCompletion,
    }
}

fn prepared(row: &Row, rules: &Rules) -> Result<Prepared, Refusal> {
    let text = row.body.to_string();
    prepare(rules, operation(row), Object::parse(text.as_bytes()).expect("an object"))
}

/// Numbers as floats, nulls and empty values dropped, and fields that differ on purpose or from run to run.
fn normal(row: &Row, value: &Value) -> Value {
    let is_empty = |value: &Value| value.is_null() || *value == json!({}) || *value == json!([]);
    match value {
        Value::Object(fields) => {
            let is_masked = |name: &str| matches!(name, "id" | "created") || is_different(row, name);
            let kept = fields.iter().filter(|(name, _)| !is_masked(name));
            let kept = kept.map(|(name, value)| (name.clone(), normal(row, value)));
            Value::Object(kept.filter(|(_, value)| !is_empty(value)).collect())
        }
        Value::Array(items) => items.iter().map(|item| normal(row, item)).collect(),
        Value::Number(number) => json!(number.as_f64()),
        other => other.clone(),
    }
}

#[test]
fn requests_are_those_that_litellm_sends() {
    let mut wrong = Vec::new();
    for row in &rows() {
        let rules = rules(row);
        let outcome = prepared(row, &rules);
        if let Some(refused) = row.refused.as_ref().filter(|_| !is_different(row, "refused")) {
            let got = outcome.map(|_| String::new()).unwrap_or_else(|refusal| refusal.to_string());
            let is_same = !got.is_empty() && refused.contains(&got.chars().take(60).collect::<String>());
            if !is_same {
                wrong.push(format!("{}\n   want {refused}\n   got  {got}", row.name));
            }
            continue;
        }
        let (Some(sent), Ok(prepared)) = (&row.sent, outcome.as_ref()) else {
            if let Err(refusal) = outcome {
                wrong.push(format!("{}: {refusal}", row.name));
            }
            continue;
        };
        let mode = if prepared.upstream_stream { Mode::Streamed } else { Mode::Whole };
        let url = prepared.url.clone().unwrap_or_else(|| rules.url(operation(row), mode).expect("an address"));
        let body: Value = serde_json::from_slice(&prepared.body).expect("JSON");
        let (got, want) = (normal(row, &body), normal(row, sent));
        if got != want {
            wrong.push(format!("{}\n   want {want}\n   got  {got}", row.name));
        }
        if row.url.as_ref() != Some(&url) && !is_different(row, "url") {
            wrong.push(format!("{}\n   want {:?}\n   got  {url}", row.name, row.url));
        }
        let headers = rules.headers(operation(row));
        for (name, value) in &row.headers {
            let is_there = headers.iter().any(|(own, given)| own == name && given == value);
            let is_own = prepared.headers.iter().any(|(own, given)| own == name && given == value);
            // Snowflake's kind of key is told where the key is known.
            if !is_there && !is_own && name != "x-snowflake-authorization-token-type" {
                wrong.push(format!("{}: no header {name}: {value}", row.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

fn wanted(usage: UsageWish, form: Form) -> Wanted {
    Wanted { model: "m".to_owned(), estimator: crate::tokens::Estimator::default(), usage, form, echo: Map::new() }
}

fn context(rules: &Rules, prepared: &Prepared) -> Context {
    Context {
        provider: rules.provider().name,
        model: rules.settings.model.clone(),
        notes: prepared.notes.clone(),
        stamp: Stamp::new("1".to_owned(), 1),
        ..Context::default()
    }
}

fn raw(row: &Row) -> Bytes {
    match (&row.raw, &row.raw64) {
        (Some(text), _) => Bytes::from(text.clone()),
        (None, Some(text)) => Bytes::from(STANDARD.decode(text).expect("base64")),
        (None, None) => Bytes::new(),
    }
}

#[test]
fn whole_answers_are_those_that_litellm_gives() {
    let mut wrong = Vec::new();
    for row in &rows() {
        let Some(want) = row.answer.as_ref().filter(|_| !is_different(row, "answer")) else { continue };
        let rules = rules(row);
        let Ok(prepared) = prepared(row, &rules) else { continue };
        let form = match operation(row) {
            Operation::Embedding => Form::EmbeddingFromBase64,
            Operation::Rerank => Form::Plain,
            _ => Form::Chat,
        };
        let (context, wanted) = (context(&rules, &prepared), wanted(UsageWish::Hidden, form));
        let got = client::answer(&rules, operation(row), &context, &wanted, &[raw(row)]);
        let got: Value = serde_json::from_slice(&got.expect(&row.name).body).expect("JSON");
        let (mut got, mut want) = (normal(row, &got), normal(row, want));
        for side in [&mut got, &mut want] {
            side.as_object_mut().map(|fields| fields.shift_remove("model"));
        }
        if got != want {
            wrong.push(format!("{}\n   want {want}\n   got  {got}", row.name));
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

/// What the client gets of a stream that came in two pieces.
fn streamed(row: &Row, bytes: &Bytes, cut: usize) -> Result<String, Fault> {
    let rules = rules(row);
    let prepared = prepared(row, &rules).expect("a request");
    let usage = if prepared.include_usage_wanted { UsageWish::Shown } else { UsageWish::Hidden };
    let mut stream = client::stream(&rules, &context(&rules, &prepared), &wanted(usage, Form::Chat));
    let mut out = Vec::new();
    for piece in [bytes.slice(..cut), bytes.slice(cut..)] {
        stream.push(piece, &mut out)?;
    }
    stream.finish(&mut out)?;
    Ok(String::from_utf8(out).expect("text"))
}

/// A stream as its sum, as the recording has it.
fn folded(text: &str) -> Value {
    let mut sum = json!({"text": "", "reasoning": "", "tools": {}, "finish": null});
    let add = |place: &mut Value, text: Option<&Value>| {
        let text = text.and_then(Value::as_str).unwrap_or_default();
        *place = json!(format!("{}{text}", place.as_str().unwrap_or_default()));
    };
    let data = text.split("\n\n").filter_map(|event| event.strip_prefix("data: "));
    for chunk in data.filter_map(|data| serde_json::from_str::<Value>(data).ok()) {
        let delta = &chunk["choices"][0]["delta"];
        add(&mut sum["text"], delta.get("content"));
        add(&mut sum["reasoning"], delta.get("reasoning_content"));
        for call in delta.get("tool_calls").and_then(Value::as_array).into_iter().flatten() {
            let place = call["index"].to_string();
            add(&mut sum["tools"][&place]["name"], call.pointer("/function/name"));
            add(&mut sum["tools"][&place]["arguments"], call.pointer("/function/arguments"));
        }
        if let Some(finish) = chunk.pointer("/choices/0/finish_reason").filter(|reason| reason.is_string()) {
            sum["finish"] = finish.clone();
        }
        if let Some(usage) = chunk.get("usage").filter(|usage| usage.is_object()) {
            for name in ["prompt_tokens", "completion_tokens", "total_tokens"] {
                sum["usage"][name] = usage[name].clone();
            }
        }
    }
    sum
}

#[test]
fn streams_say_what_litellm_says() {
    let mut wrong = Vec::new();
    for row in &rows() {
        let Some(want) = row.folded.as_ref().filter(|_| !is_different(row, "folded")) else { continue };
        let got = folded(&streamed(row, &raw(row), 0).expect(&row.name));
        if normal(row, &got) != normal(row, want) {
            wrong.push(format!("{}\n   want {want}\n   got  {got}", row.name));
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

/// Rows that are streamed to the client and by the provider.
fn streams() -> Vec<Row> {
    let is_streamed = |row: &Row| row.body["stream"] == true && row.refused.is_none();
    rows().into_iter().filter(|row| is_streamed(row) && !row.model.starts_with("replicate/")).collect()
}

#[test]
fn streams_tell_text_tools_reason_and_counts() {
    for row in streams().iter().filter(|row| row.name.ends_with("stream_tools")) {
        let sum = folded(&streamed(row, &raw(row), 0).expect(&row.name));
        assert_eq!(sum["finish"], "tool_calls", "{}", row.name);
        assert_eq!(
            sum["tools"]["0"],
            json!({"name": "get_weather", "arguments": "{\"city\": \"Paris\"}"}),
            "{}",
            row.name
        );
        assert_eq!(sum["usage"]["total_tokens"], 34, "{}", row.name);
    }
    for row in streams().iter().filter(|row| row.name.ends_with("stream")) {
        let sum = folded(&streamed(row, &raw(row), 0).expect(&row.name));
        assert_eq!((&sum["text"], &sum["finish"]), (&json!("Hello ż"), &json!("stop")), "{}", row.name);
    }
}

#[test]
fn streams_cut_at_any_byte_say_the_same() {
    for row in &streams() {
        let bytes = raw(row);
        let whole = streamed(row, &bytes, 0);
        for cut in 0..bytes.len() {
            assert_eq!(streamed(row, &bytes, cut), whole, "{} cut at {cut}", row.name);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn changed_streams_and_answers_never_panic(place in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>()) {
        for row in rows().iter().filter(|row| row.refused.is_none() && row.sent.is_some()) {
            let mut bytes = raw(row).to_vec();
            if bytes.is_empty() {
                continue;
            }
            let place = place.index(bytes.len());
            bytes[place] = byte;
            let bytes = Bytes::from(bytes);
            let cut = cut.index(bytes.len());
            if row.body["stream"] == true {
                let _ = streamed(row, &bytes, cut);
                let _ = streamed(row, &bytes.slice(..cut), 0);
                continue;
            }
            let rules = rules(row);
            let prepared = prepared(row, &rules).expect("a request");
            let wanted = wanted(UsageWish::Hidden, Form::Plain);
            let _ = client::answer(&rules, operation(row), &context(&rules, &prepared), &wanted, &[bytes.slice(..cut)]);
            let _ = client::answer(&rules, operation(row), &context(&rules, &prepared), &wanted, &[bytes]);
        }
    }
}
