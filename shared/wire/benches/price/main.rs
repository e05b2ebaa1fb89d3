//! What it costs to find a model's prices and to work out a call's cost; it is done once a call.
//!
//! Target: less than 5 microseconds for both together. Reading a whole document of 3 MB may take a second.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use tollgate_wire::Usage;
use tollgate_wire::cost::{self, Adjustments, Call};
use tollgate_wire::price_map::{PriceMap, Wanted};

const USAGE: &str = r#"{"prompt_tokens":3000,"completion_tokens":300,"total_tokens":3300,
    "prompt_tokens_details":{"cached_tokens":1000,"audio_tokens":10},
    "completion_tokens_details":{"reasoning_tokens":100}}"#;
const MODELS: [(&str, &str); 6] = [
    ("openai", "gpt-6-astra"),
    ("openai", "gpt-4o-2031-01-01"),
    ("anthropic", "claude-sonnet-4-5"),
    ("bedrock", "converse/us.anthropic.claude-sonnet-4-5-20250929-v1:0"),
    ("vertex_ai", "gemini-2.5-pro"),
    ("deepseek", "deepseek-v4-pro"),
];

fn prices(criterion: &mut Criterion) {
    let map = PriceMap::built_in();
    let usage = Usage::parse(USAGE).unwrap_or_default();
    for (provider, model) in MODELS {
        criterion.bench_function(&format!("find {provider}/{model}"), |bencher| {
            bencher.iter(|| map.lookup(black_box(Wanted { provider, model })).is_some());
        });
        criterion.bench_function(&format!("find and charge {provider}/{model}"), |bencher| {
            let call = Call::new(provider, model, &usage);
            bencher.iter(|| cost::of(&map, black_box(&call), &Adjustments::default()));
        });
    }
    criterion.bench_function("read a usage object", |bencher| bencher.iter(|| Usage::parse(black_box(USAGE))));
}

criterion_group!(benches, prices);
criterion_main!(benches);
