//! The load client: many kept connections, closed loop or a fixed rate. Knows no target process and no CPU time.
//!
//! With `--rate` every connection asks at its own fixed beat and latency counts from the beat, not from the moment
//! the request left, so a stall shows in every request that it held up.

use crate::Failure;
use crate::connection::{Call, Connection, Shape};
use crate::statistics::percentile;
use clap::Args;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

#[derive(Args)]
pub struct LoadOptions {
    /// Port of the target on 127.0.0.1.
    #[arg(long)]
    port: u16,
    #[arg(long)]
    key: String,
    #[arg(long, default_value = "bench-model")]
    model: String,
    #[arg(long, value_enum, default_value = "whole")]
    shape: Shape,
    #[arg(long, default_value_t = 64)]
    connections: u32,
    /// How long new requests are started; those in flight then are finished and counted.
    #[arg(long, default_value_t = 3_000)]
    duration_ms: u64,
    /// Requests a second over all connections; 0 asks again as soon as an answer is there.
    #[arg(long, default_value_t = 0)]
    rate: u32,
    /// The first requests of the connections are spread over this time.
    #[arg(long, default_value_t = 0)]
    spread_ms: u64,
}

/// What one connection, or all of them, saw.
#[derive(Default)]
pub struct Findings {
    pub chunks: u64,
    pub latencies_ms: Vec<f64>,
    pub errors: u64,
    pub first_error: Option<String>,
}

impl Findings {
    fn add(&mut self, other: Self) {
        self.chunks += other.chunks;
        self.latencies_ms.extend(other.latencies_ms);
        self.errors += other.errors;
        self.first_error = self.first_error.take().or(other.first_error);
    }

    fn count(&mut self, outcome: Result<u64, Failure>, latency: Duration) {
        match outcome {
            Ok(chunks) => {
                self.chunks += chunks;
                self.latencies_ms.push(latency.as_secs_f64() * 1e3);
            }
            Err(failure) => {
                self.errors += 1;
                self.first_error.get_or_insert_with(|| failure.to_string());
            }
        }
    }

    /// One line: requests, chunks, errors, latencies in milliseconds.
    pub fn into_json(mut self, elapsed: Duration) -> serde_json::Value {
        self.latencies_ms.sort_by(f64::total_cmp);
        serde_json::json!({
            "requests": self.latencies_ms.len(),
            "chunks": self.chunks,
            "errors": self.errors,
            "first_error": self.first_error,
            "elapsed_ms": elapsed.as_secs_f64() * 1e3,
            "p50_ms": percentile(&self.latencies_ms, 50.0),
            "p99_ms": percentile(&self.latencies_ms, 99.0),
        })
    }
}

/// Runs the load and prints its findings.
pub async fn print_load(options: LoadOptions) -> Result<(), Failure> {
    let started = Instant::now();
    let call = Call::new(options.port, &options.key, &options.model, options.shape);
    let end = started + Duration::from_millis(options.duration_ms);
    let mut connections = JoinSet::new();
    for number in 0..options.connections {
        connections.spawn(ask_until(end, Connection::new(call.clone()), Beat::new(&options, number)));
    }
    let mut findings = Findings::default();
    while let Some(found) = connections.join_next().await {
        findings.add(found?);
    }
    println!("{}", findings.into_json(started.elapsed()));
    Ok(())
}

/// When one connection asks: first after `offset`, then every `period`, or without pause if there is none.
struct Beat {
    offset: Duration,
    period: Option<Duration>,
}

impl Beat {
    fn new(options: &LoadOptions, number: u32) -> Self {
        let period = (options.rate > 0)
            .then(|| Duration::from_secs_f64(f64::from(options.connections) / f64::from(options.rate)));
        let spread = period.unwrap_or(Duration::from_millis(options.spread_ms));
        Self { offset: spread.mul_f64(f64::from(number) / f64::from(options.connections)), period }
    }
}

async fn ask_until(end: Instant, mut connection: Connection, beat: Beat) -> Findings {
    let mut findings = Findings::default();
    // Opened before the beat begins: latency is that of a kept connection.
    let _ = connection.open().await;
    let mut clock = interval_at(Instant::now() + beat.offset, beat.period.unwrap_or(Duration::from_secs(3_600)));
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut due = clock.tick().await;
    while due < end {
        let outcome = connection.ask().await;
        findings.count(outcome, due.elapsed());
        due = if beat.period.is_some() { clock.tick().await } else { Instant::now() };
    }
    findings
}

#[cfg(test)]
mod tests;
