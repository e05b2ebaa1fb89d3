//! What it costs to choose one of a thousand deployments: by each strategy, calm and with some at rest, and with the
//! filters that look at every deployment.
//!
//! Target: less than 20 microseconds for each.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use futures_util::FutureExt;
use tollgate_core::Catalog;
use tollgate_core::balance::Balancer;
use tollgate_core::breaker::Breaker;
use tollgate_core::catalog::{Found, Group};
use tollgate_core::clock::{Clock, Moment};
use tollgate_core::config::{Config, Environment, Mode, ReadError, load};
use tollgate_core::deployment::Deployment;
use tollgate_core::meter::{Claim, Ending, Memory, Meter, Sample, Settlement};
use tollgate_core::random::Random;
use tollgate_core::select::{Query, Trace, Wish};

const DEPLOYMENTS: usize = 1000;
const NOW: Moment = Moment(28_000_000 * 60_000_000);

const STRATEGIES: [&str; 5] =
    ["simple-shuffle", "least-busy", "usage-based-routing-v2", "latency-based-routing", "cost-based-routing"];

/// How many of a hundred deployments rest.
#[derive(Clone, Copy)]
struct Resting(usize);

/// One document and nothing else.
struct Document(String);

impl Environment for Document {
    fn read(&self, _: &str, _: u64) -> Result<Vec<u8>, ReadError> {
        Ok(self.0.clone().into_bytes())
    }

    fn exists(&self, _: &str) -> bool {
        true
    }

    fn variable(&self, _: &str) -> Option<String> {
        None
    }
}

/// A thousand deployments with these `litellm_params`, each of its place, and some calls behind them.
fn set_up(params: impl Fn(usize) -> String, router: &str, resting: Resting) -> (Balancer, Arc<Group>) {
    let entry = |place: usize| {
        let params = params(place);
        format!(
            "  - {{model_name: g, litellm_params: {{model: openai/gpt-4o, api_key: k, {params}}}, model_info: {{id: d{place}}}}}\n"
        )
    };
    let entries: String = (0..DEPLOYMENTS).map(entry).collect();
    let document = Document(format!("model_list:\n{entries}router_settings: {{{router}}}\n"));
    let config = load("config.yaml", &document, Mode::Boot).unwrap_or_else(|refusal| unreachable!("{refusal}")).config;
    let meter: Arc<dyn Meter> = Arc::new(Memory::default());
    let group = group(&config, &meter);
    for (place, seat) in group.seats.iter().enumerate() {
        let claim = Claim { tokens: (place as u64 * 37) % 1000, ..Claim::unlimited(seat.handle, NOW) };
        let Some(Ok(taken)) = meter.take(claim).now_or_never() else { unreachable!("there are no limits") };
        let rests = place % 100 < resting.0;
        let ending = if rests { Ending::Failed(Some(breaker())) } else { Ending::Served };
        let seconds = 0.1 + ((place * 53) % 1000) as f64 / 1000.0;
        let retention = Duration::from_secs(3600);
        let sample = Some(Sample { seconds, first_seconds: Some(seconds), kept: 10, retention, percentile: None });
        meter.settle(Settlement { taken, now: NOW, tokens: None, cost_picousd: None, ending, sample });
    }
    (Balancer::new(&config, meter, Clock::manual(NOW)), group)
}

fn group(config: &Config, meter: &Arc<dyn Meter>) -> Arc<Group> {
    let mut catalog = Catalog::new(Arc::clone(meter));
    for entry in &config.models {
        catalog.add(Deployment::new(config, entry, &|_| None).unwrap_or_else(|error| unreachable!("{error}")));
    }
    let Ok(Some(Found::Group(group))) = catalog.resolve("g", None) else { unreachable!("it has deployments") };
    group
}

fn breaker() -> Breaker {
    let cooldown = Duration::from_secs(3600);
    Breaker { at_once: true, share: None, all_of: None, in_a_row: None, allowed: None, cooldown }
}

fn measure(criterion: &mut Criterion, name: &str, (balancer, group): &(Balancer, Arc<Group>), wish: &Wish) {
    let query = Query { now: NOW, tokens: 100, wish, ..Query::default() };
    let (mut random, mut trace) = (Random::new(7), Trace::default());
    criterion.bench_function(name, |bencher| {
        bencher.iter(|| {
            let chosen = balancer.choose(group, black_box(&query), (&mut random, &mut trace));
            assert!(chosen.is_ok(), "{name}: {chosen:?}");
            chosen
        });
    });
}

fn strategies(criterion: &mut Criterion) {
    let plain = |place: usize| format!("weight: {}", 1 + place % 7);
    let limited = |_: usize| "rpm: 100000, tpm: 100000000".to_owned();
    for strategy in STRATEGIES {
        let router = format!("routing_strategy: {strategy}");
        let wish = Wish::default();
        measure(criterion, &format!("{strategy}, calm"), &set_up(plain, &router, Resting(0)), &wish);
        measure(criterion, &format!("{strategy}, 1 % at rest"), &set_up(plain, &router, Resting(1)), &wish);
        measure(criterion, &format!("{strategy}, with limits"), &set_up(limited, &router, Resting(0)), &wish);
    }
}

fn filters(criterion: &mut Criterion) {
    let tagged = |place: usize| format!("tags: [eu, \"zone-{place}\", {}]", ["free", "paid", "default"][place % 3]);
    let ordered = |place: usize| format!("order: {}", 1 + place % 3);
    let both = |place: usize| format!("{}, {}, rpm: 100000, tpm: 100000000", tagged(place), ordered(place));
    let filtering = "enable_tag_filtering: true";
    let wish = Wish { tags: vec!["paid".to_owned()], ..Wish::default() };
    measure(criterion, "shuffle, tags", &set_up(tagged, filtering, Resting(0)), &wish);
    measure(criterion, "shuffle, orders", &set_up(ordered, "", Resting(0)), &wish);
    let router = format!("{filtering}, routing_strategy: usage-based-routing-v2");
    measure(criterion, "usage-based, tags, orders, limits, 1 % at rest", &set_up(both, &router, Resting(1)), &wish);
}

fn settings() -> Criterion {
    Criterion::default().warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_millis(800))
}

criterion_group! { name = benches; config = settings(); targets = strategies, filters }
criterion_main!(benches);
