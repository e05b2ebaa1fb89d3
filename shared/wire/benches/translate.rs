//! What translation costs: a chat to Anthropic's form, small and large, and one piece of its stream back.
//!
//! Targets: 10 kB in less than 60 microseconds, 1 MB in less than 5 milliseconds, a piece in less than 3 microseconds.

use std::hint::black_box;

use bytes::Bytes;
use criterion::{Criterion, criterion_group, criterion_main};
use serde_json::{Map, Value, json};
use tollgate_wire::Operation;
use tollgate_wire::answer::Form;
use tollgate_wire::client::{self, Wanted};
use tollgate_wire::dialect::{Context, Stamp};
use tollgate_wire::json::Object;
use tollgate_wire::prepare::{Rules, Settings, prepare};
use tollgate_wire::provider;
use tollgate_wire::stream::UsageWish;
use tollgate_wire::tokens::Estimator;

const PIECES: usize = 1_000;

fn rules() -> Rules {
    let found = provider::find("anthropic").unwrap_or_else(|| unreachable!("the table has it"));
    Rules::new(Settings::new(found, "claude-sonnet-4-5"))
}

/// Long texts: a document in the prompt, a question and an answer.
fn long_texts(bytes: usize) -> String {
    let line = "The quick brown fox, as \"one\" says, jumps over the lazy dog; größer als üblich.\n";
    let text = line.repeat(bytes / (2 * line.len()));
    let messages = json!([
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": text}, {"type": "text", "text": "What is it about?"}]},
        {"role": "assistant", "content": "A fox."},
        {"role": "user", "content": text},
    ]);
    json!({"model": "m", "messages": messages, "max_tokens": 1000, "temperature": 0.5}).to_string()
}

/// Many short turns with tools, their calls and results.
fn agent(bytes: usize) -> String {
    let parameters = json!({
        "type": "object",
        "properties": {"city": {"type": "string", "description": "Where"}, "unit": {"enum": ["celsius", "fahrenheit"]}},
        "required": ["city"],
    });
    let tool = |number: usize| {
        let function = json!({"name": format!("get_{number}"), "description": "Looks it up", "parameters": parameters});
        json!({"type": "function", "function": function})
    };
    let tools: Vec<Value> = (0..8).map(tool).collect();
    let mut messages = vec![json!({"role": "system", "content": "Use the tools."})];
    let mut length = 0;
    while length < bytes.saturating_sub(2_500) {
        let id = format!("call_{}", messages.len());
        let function = json!({"name": "get_1", "arguments": "{\"city\":\"Paris\",\"unit\":\"celsius\"}"});
        let turns = [
            json!({"role": "user", "content": "How is the weather in Paris today?"}),
            json!({"role": "assistant", "content": null, "tool_calls": [{"id": id, "type": "function", "function": function}]}),
            json!({"role": "tool", "tool_call_id": id, "content": "22 degrees, \"sunny\"\nwind from the west"}),
            json!({"role": "assistant", "content": "It is sunny, at 22 degrees."}),
        ];
        length += turns.iter().map(|turn| turn.to_string().len()).sum::<usize>();
        messages.extend(turns);
    }
    json!({"model": "m", "messages": messages, "tools": tools, "tool_choice": "auto"}).to_string()
}

fn requests(criterion: &mut Criterion) {
    let rules = rules();
    let mut group = criterion.benchmark_group("request");
    let cases = [
        ("texts of 10 kB", long_texts(10_000)),
        ("turns of 10 kB", agent(10_000)),
        ("texts of 1 MB", long_texts(1_000_000)),
        ("turns of 1 MB", agent(1_000_000)),
    ];
    for (name, text) in &cases {
        group.bench_function(*name, |bencher| {
            bencher.iter(|| {
                let body = Object::parse(black_box(text).as_bytes());
                body.map(|body| prepare(&rules, Operation::ChatCompletion, body))
            });
        });
    }
    group.finish();
}

fn pieces(criterion: &mut Criterion) {
    let rules = rules();
    let context = Context {
        provider: "anthropic",
        model: "claude-sonnet-4-5".to_owned(),
        stamp: Stamp::new("00000000-0000-4000-8000-000000000000".to_owned(), 1),
        ..Context::default()
    };
    let body = Object::default();
    let wanted = Wanted {
        model: "m".to_owned(),
        prompt_bytes: 100,
        estimator: Estimator::new("claude-sonnet-4-5", &Bytes::new(), &body),
        usage: UsageWish::Shown,
        form: Form::Chat,
        echo: Map::new(),
    };
    let delta = json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": " and then it said"}});
    let event = Bytes::from(format!("event: content_block_delta\ndata: {delta}\n\n"));
    criterion.bench_function("1000 pieces of a stream", |bencher| {
        bencher.iter(|| {
            let mut stream = client::stream(&rules, &context, &wanted);
            let mut out = Vec::with_capacity(512);
            for _ in 0..PIECES {
                out.clear();
                let _ = stream.push(black_box(event.clone()), &mut out);
            }
            out
        });
    });
}

criterion_group!(benches, requests, pieces);
criterion_main!(benches);
