//! Pieces of streams from each wire to each client's format.

use std::hint::black_box;

use bytes::Bytes;
use criterion::{Criterion, Throughput};
use serde_json::{Map, Value, json};
use tollgate_wire::answer::Form;
use tollgate_wire::client::{self, Wanted};
use tollgate_wire::dialect::{Context, Stamp};
use tollgate_wire::json::Object;
use tollgate_wire::stream::UsageWish;
use tollgate_wire::tokens::Estimator;

use super::rules;

const PIECES: u64 = 1_000;

/// A provider, its model, and one piece of its stream.
struct Source {
    name: &'static str,
    deployment: (&'static str, &'static str),
    /// What comes before the pieces.
    start: Bytes,
    piece: Bytes,
}

fn event(name: &str, data: &Value) -> Bytes {
    Bytes::from(format!("event: {name}\ndata: {data}\n\n"))
}

fn data(data: &Value) -> Bytes {
    Bytes::from(format!("data: {data}\r\n\r\n"))
}

/// A message of AWS's event stream.
fn message(name: &str, payload: &Value) -> Bytes {
    let mut block = Vec::new();
    for (name, value) in [(":event-type", name), (":content-type", "application/json"), (":message-type", "event")] {
        block.push(u8::try_from(name.len()).unwrap_or_default());
        block.extend_from_slice(name.as_bytes());
        block.push(7);
        block.extend_from_slice(&u16::try_from(value.len()).unwrap_or_default().to_be_bytes());
        block.extend_from_slice(value.as_bytes());
    }
    let payload = payload.to_string();
    let whole = u32::try_from(16 + block.len() + payload.len()).unwrap_or_default();
    let mut out = whole.to_be_bytes().to_vec();
    out.extend_from_slice(&u32::try_from(block.len()).unwrap_or_default().to_be_bytes());
    out.extend_from_slice(&crc32fast::hash(&out).to_be_bytes());
    out.extend_from_slice(&block);
    out.extend_from_slice(payload.as_bytes());
    out.extend_from_slice(&crc32fast::hash(&out).to_be_bytes());
    out.into()
}

fn anthropic() -> [Source; 2] {
    let deployment = ("anthropic", "claude-sonnet-4-5");
    let delta = |delta: Value| {
        event("content_block_delta", &json!({"type": "content_block_delta", "index": 0, "delta": delta}))
    };
    let tool = json!({"type": "tool_use", "id": "toolu_1", "name": "get", "input": {}});
    let start = json!({"type": "content_block_start", "index": 0, "content_block": tool});
    [
        Source {
            name: "anthropic text",
            deployment,
            start: Bytes::new(),
            piece: delta(json!({"type": "text_delta", "text": " and then it said"})),
        },
        Source {
            name: "anthropic arguments",
            deployment,
            start: event("content_block_start", &start),
            piece: delta(json!({"type": "input_json_delta", "partial_json": "{\"city\": \"Par"})),
        },
    ]
}

fn bedrock() -> [Source; 2] {
    let deployment = ("bedrock", "converse/us.anthropic.claude-sonnet-4-5-20250929-v1:0");
    let delta = |delta: Value| {
        message("contentBlockDelta", &json!({"contentBlockIndex": 0, "delta": delta, "p": "abcdefghijklmnopqrst"}))
    };
    let start = json!({"contentBlockIndex": 0, "start": {"toolUse": {"name": "get", "toolUseId": "tooluse_1"}}});
    [
        Source {
            name: "bedrock text",
            deployment,
            start: Bytes::new(),
            piece: delta(json!({"text": " and then it said"})),
        },
        Source {
            name: "bedrock arguments",
            deployment,
            start: message("contentBlockStart", &start),
            piece: delta(json!({"toolUse": {"input": "{\"city\": \"Par"}})),
        },
    ]
}

fn gemini() -> Source {
    let candidate = json!({"content": {"parts": [{"text": " and then it said"}], "role": "model"}, "index": 0});
    let details = json!([{"modality": "TEXT", "tokenCount": 7}]);
    let usage = json!({
        "promptTokenCount": 7, "candidatesTokenCount": 5, "totalTokenCount": 12, "promptTokensDetails": details,
    });
    let answer = json!({
        "candidates": [candidate], "usageMetadata": usage, "modelVersion": "gemini-2.5-pro", "responseId": "abcdefgh",
    });
    Source { name: "gemini text", deployment: ("gemini", "gemini-2.5-pro"), start: Bytes::new(), piece: data(&answer) }
}

fn ollama() -> Source {
    let turn = json!({"role": "assistant", "content": " and then it said"});
    let line = json!({"model": "llama3", "created_at": "2025-01-01T00:00:00.000000Z", "message": turn, "done": false});
    Source {
        name: "ollama text",
        deployment: ("ollama_chat", "llama3"),
        start: Bytes::new(),
        piece: Bytes::from(format!("{line}\n")),
    }
}

fn open_ai() -> [Source; 2] {
    let chunk = |delta: Value| {
        let choice = json!({"index": 0, "delta": delta, "logprobs": null, "finish_reason": null});
        data(&json!({
            "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "gpt-4o",
            "service_tier": "default", "system_fingerprint": "fp_1", "choices": [choice],
        }))
    };
    let call = |id: Value, function: Value| {
        chunk(json!({"tool_calls": [{"index": 0, "id": id, "type": "function", "function": function}]}))
    };
    let deployment = ("openai", "gpt-4o");
    [
        Source {
            name: "openai text",
            deployment,
            start: Bytes::new(),
            piece: chunk(json!({"content": " and then it said"})),
        },
        Source {
            name: "openai arguments",
            deployment,
            start: call(json!("call_1"), json!({"name": "get", "arguments": ""})),
            piece: call(Value::Null, json!({"arguments": "{\"city\": \"Par"})),
        },
    ]
}

/// How long a thousand pieces take: as many milliseconds as one takes microseconds.
pub fn pieces(criterion: &mut Criterion) {
    let mut sources = vec![gemini(), ollama()];
    sources.extend(anthropic().into_iter().chain(bedrock()).chain(open_ai()));
    let forms = [("chat", Form::Chat), ("messages", Form::Messages), ("responses", Form::Responses)];
    let mut group = criterion.benchmark_group("1000 pieces");
    group.throughput(Throughput::Elements(PIECES));
    for source in &sources {
        for (client, form) in forms {
            group.bench_function(format!("{} to {client}", source.name), |bencher| {
                bencher.iter(|| relay(source, form));
            });
        }
    }
    group.finish();
}

fn relay(source: &Source, form: Form) -> Vec<u8> {
    let (provider, model) = source.deployment;
    let context = Context {
        provider,
        model: model.to_owned(),
        stamp: Stamp::new("00000000-0000-4000-8000-000000000000".to_owned(), 1),
        ..Context::default()
    };
    let wanted = Wanted {
        model: "m".to_owned(),
        estimator: Estimator::new(model, &Bytes::new(), &Object::default()),
        usage: UsageWish::Shown,
        form,
        echo: Map::new(),
    };
    let rules = rules(provider, model);
    let mut stream = client::stream(&rules, &context, &wanted);
    let mut out = Vec::with_capacity(1024);
    assert_eq!(stream.push(source.start.clone(), &mut out), Ok(()), "{} to {form:?}", source.name);
    for _ in 0..PIECES {
        out.clear();
        let outcome = stream.push(black_box(source.piece.clone()), &mut out);
        assert!(outcome.is_ok() && !out.is_empty(), "{} to {form:?}: {outcome:?}", source.name);
    }
    out
}
