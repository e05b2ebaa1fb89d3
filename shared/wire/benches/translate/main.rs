//! What translation costs: chats of every kind for three providers, and pieces of streams on their way back.
//!
//! Targets: 10 kB in less than 60 microseconds, 1 MB in less than 5 milliseconds, a piece in less than 3 microseconds.

mod conversations;
mod pieces;

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use tollgate_wire::Operation;
use tollgate_wire::json::Object;
use tollgate_wire::prepare::{Rules, Settings, prepare};
use tollgate_wire::provider;

const DEPLOYMENTS: [(&str, &str); 3] = [
    ("anthropic", "claude-sonnet-4-5"),
    ("gemini", "gemini-2.5-pro"),
    ("bedrock", "converse/us.anthropic.claude-sonnet-4-5-20250929-v1:0"),
];

fn rules(provider: &str, model: &str) -> Rules {
    let found = provider::find(provider).unwrap_or_else(|| unreachable!("the table has it"));
    Rules::new(Settings::new(found, model))
}

fn requests(criterion: &mut Criterion) {
    for (provider, model) in DEPLOYMENTS {
        let rules = rules(provider, model);
        let mut group = criterion.benchmark_group(provider);
        for (mix, make) in conversations::MIXES {
            for (length, bytes) in [("10 kB", 10_000), ("60 kB", 60_000), ("1 MB", 1_000_000)] {
                let text = make(bytes);
                group.bench_function(format!("{mix} of {length}"), |bencher| {
                    bencher.iter(|| {
                        let body = Object::parse(black_box(&text).as_bytes());
                        let prepared = body.map(|body| prepare(&rules, Operation::ChatCompletion, body));
                        assert!(matches!(prepared, Ok(Ok(_))), "{mix} is refused: {prepared:?}");
                        prepared
                    });
                });
            }
        }
        group.finish();
    }
}

fn settings() -> Criterion {
    Criterion::default().warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_millis(800))
}

criterion_group!(name = benches; config = settings(); targets = requests, pieces::pieces);
criterion_main!(benches);
