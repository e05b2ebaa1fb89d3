use serde_json::Value;

use super::{Call, Mock};
use crate::Operation;
use crate::failure::{Explanation, Failure, Origin, Outcome, Reader};
use crate::json::Object;

const RECORDED: &str = include_str!("recorded.json");

/// Where another answer than LiteLLM's is meant: mock, kind of request (with `*`: any further letters).
const DELIBERATE: &[(&str, &str)] = &[
    // LiteLLM cannot stream what is no text and says so in Python's words; here it is streamed.
    ("whole", "* stream"),
    ("partial", "* stream"),
    ("odd object", "* stream"),
    ("number", "* stream"),
    ("float", "* stream"),
    ("true", "* stream"),
    ("list", "* stream"),
    ("vector", "* stream"),
    ("vectors", "* stream"),
    // LiteLLM's route for texts names its own class first.
    ("streaming error", "text stream"),
    // Python's type checker explains itself at length; here one sentence says what to correct.
    ("*", "embed"),
    ("*", "image"),
    ("whole", "embed*"),
    // Parameters are judged elsewhere.
    ("instruct", "embed base64"),
];

fn fits(wanted: &str, got: &str) -> bool {
    match (wanted.strip_prefix('*'), wanted.strip_suffix('*')) {
        (Some(""), _) => true,
        (Some(end), _) => got.ends_with(end),
        (_, Some(start)) => got.starts_with(start),
        _ => wanted == got,
    }
}

fn provider(params: &Value) -> &str {
    params["model"].as_str().map_or("openai", |model| model.split('/').next().unwrap())
}

fn operation(kind: &str) -> Operation {
    match kind.split(' ').next().unwrap() {
        "chat" => Operation::ChatCompletion,
        "text" => Operation::TextCompletion,
        "embed" => Operation::Embedding,
        _ => Operation::ImageGeneration,
    }
}

/// Identity and time are the caller's; the events of a stream become a list.
fn parsed(body: &str) -> Value {
    let events: Vec<Value> = match body.starts_with("data: ") {
        true => body.split_terminator("\n\n").map(|event| event.strip_prefix("data: ").unwrap()).map(event).collect(),
        false => vec![event(body)],
    };
    Value::Array(events)
}

fn event(text: &str) -> Value {
    let Ok(mut value) = serde_json::from_str::<Value>(text) else { return Value::String(text.to_owned()) };
    for (name, set) in [("id", Value::from("ID")), ("created", Value::from(0))] {
        if let Some(given) = value.get_mut(name).filter(|given| **given != "chatcmpl-mine" && **given != 1_700_000_000)
        {
            *given = set;
        }
    }
    // LiteLLM counts the tokens of a stream although it dictates those of a whole answer; here they are the same.
    let is_last = value["object"] != "chat.completion" && value["usage"]["total_tokens"].as_u64() > Some(0);
    if is_last && value["choices"][0].get("delta").is_some() | value["choices"][0].get("finish_reason").is_none() {
        value["usage"] = Value::from("counted");
    }
    value
}

fn told(failure: Failure, name: &str, kind: &str, streamed: bool) -> Vec<u8> {
    // A stream that has begun gets no further sentences.
    if streamed && failure.status == 529 {
        return failure.body();
    }
    let failure = if kind.starts_with("chat") { failure.with_time_limits("None", "0.5") } else { failure };
    let explanation = Explanation {
        model_group: name,
        fallbacks: None,
        context_window_fallbacks: None,
        content_policy_fallbacks: None,
        outcome: Outcome::NotAttempted,
    };
    failure.explained(&explanation).body()
}

/// The status and body given for a recorded case; `None` where the provider would have been asked.
fn replay(case: &Value) -> Option<(u64, String)> {
    let (name, kind, params) = (case["name"].as_str().unwrap(), case["kind"].as_str().unwrap(), &case["params"]);
    let streamed = kind.ends_with("stream");
    let origin = Origin { provider: provider(params), operation: operation(kind), streamed, reader: Reader::Provider };
    let mock = Mock {
        response: params.get("mock_response"),
        tool_calls: params.get("mock_tool_calls"),
        times_out: params["mock_timeout"] == true,
    };
    if !mock.applies(origin.operation) {
        return None;
    }
    let request = case["request"].to_string();
    let request = Object::parse(request.as_bytes()).unwrap();
    let call = Call { origin, alias: name, id: "ID", created_s: 0 };
    let given = match streamed {
        true => mock.events(&call, &request).map(|events| events.concat()),
        false => mock.answer(&call, &request),
    };
    let (status, body) = match given {
        Ok(body) => (200, body),
        Err(failure) => (u64::from(failure.status), told(failure, name, kind, streamed)),
    };
    Some((status, String::from_utf8(body).unwrap()))
}

#[test]
fn recorded_mocks_are_answered_alike() {
    let recorded: Value = serde_json::from_str(RECORDED).unwrap();
    let (mut alike, mut excused, mut faults) = (0, 0, Vec::new());
    for case in recorded.as_array().unwrap() {
        let (name, kind) = (case["name"].as_str().unwrap(), case["kind"].as_str().unwrap());
        let Some((status, body)) = replay(case) else { continue };
        let (got, wanted) = (parsed(&body), parsed(case["body"].as_str().unwrap()));
        if status == case["status"].as_u64().unwrap() && got == wanted {
            alike += 1;
        } else if DELIBERATE.iter().any(|(mock, asked)| fits(mock, name) && fits(asked, kind)) {
            excused += 1;
        } else {
            faults.push(format!("{name} | {kind}\n  wanted {wanted}\n  got    {status} {got}"));
        }
    }
    assert!(faults.is_empty(), "{} differ:\n{}", faults.len(), faults.join("\n"));
    assert!(alike > 200, "{alike} alike, {excused} excused");
}
