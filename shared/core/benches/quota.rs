//! What it costs to take from five accounts and to put right what was taken: a key's, a team's and a user's budget, the
//! key's requests and its tokens.
//!
//! Target: less than 2 microseconds for both together.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use futures_util::FutureExt;
use tollgate_core::clock::Moment;
use tollgate_core::directory::schema::KEYS;
use tollgate_core::quota::{
    Draw, Edge, Enforcement, Home, Measure, Memory, Money, NamedTable, Quota, Request, TokenKind, Used, accounts,
};

const NOW: Moment = Moment(28_000_000 * 60_000_000);
const MINUTE: Duration = Duration::from_secs(60);

/// Keys that others use beside.
const KEYS_KNOWN: usize = 2_000;

fn budget(account: String) -> Draw {
    let home = Arc::new(Home::Row { table: NamedTable(&KEYS), key: vec![account.clone()] });
    let money = Money { limit_picousd: Some(u64::MAX / 2), edge: Edge::Reached, home, seed_picousd: 0 };
    Draw { account: account.into(), measure: Measure::Money(money) }
}

fn draws(number: usize) -> Vec<Draw> {
    let hash = format!("{number:064x}");
    let window = |name: &str, measure| Draw { account: format!("rate:key:{hash}:{name}").into(), measure };
    let kind = TokenKind::Total;
    vec![
        budget(accounts::key(&hash)),
        budget(accounts::team(&(number % 16).to_string())),
        budget(accounts::user(&(number % 256).to_string())),
        window("requests", Measure::Requests { limit: u64::MAX, window: MINUTE }),
        window("tokens", Measure::Tokens { limit: u64::MAX, window: MINUTE, kind }),
    ]
}

fn request(draws: Vec<Draw>) -> Request {
    Request {
        id: "call".into(),
        now: NOW,
        expires: NOW + MINUTE,
        draws,
        cost_picousd: 1000,
        input_tokens: 100,
        output_tokens: 200,
        enforcement: Enforcement::Shrink,
        record: None,
    }
}

fn reserve_and_settle(criterion: &mut Criterion) {
    let quota = Memory::default();
    let known: Vec<Vec<Draw>> = (0..KEYS_KNOWN).map(draws).collect();
    let call = |request: Request| {
        let Some(Ok(reservation)) = quota.reserve(request).now_or_never() else { unreachable!("there is no limit") };
        quota.settle(reservation, Used { cost_picousd: 10, input_tokens: 90, output_tokens: 20 });
    };
    known.iter().for_each(|draws| call(request(draws.clone())));
    let mut next = 0;
    let mut any = || {
        next = (next + 7919) % KEYS_KNOWN;
        request(known[next].clone())
    };
    criterion.bench_function("reserve and settle, 5 draws", |bencher| {
        bencher.iter_batched(&mut any, |request| call(black_box(request)), BatchSize::SmallInput);
    });
}

fn settings() -> Criterion {
    Criterion::default().warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_millis(800))
}

criterion_group! { name = benches; config = settings(); targets = reserve_and_settle }
criterion_main!(benches);
