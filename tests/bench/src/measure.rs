//! One measurement: a load on a running target, and what it cost. Knows no target number.

use crate::Failure;
use crate::process::{LOAD_CORE, Process, pinned};
use crate::target::{MODEL, Place, Target};
use serde_json::Value;
use std::process::{Child, Stdio};
use std::time::Duration;

/// The arguments of the load client that differ between scenarios.
#[derive(Clone)]
pub struct Load {
    pub shape: &'static str,
    pub connections: u32,
    pub duration_ms: u64,
    pub rate: u32,
    pub spread_ms: u64,
}

/// What one run cost and how it went.
#[derive(Clone, Debug)]
pub struct Sample {
    pub requests: f64,
    pub chunks: f64,
    pub cpu_us: f64,
    pub p50_ms: f64,
    pub p99_ms: f64,
    pub elapsed_ms: f64,
    pub resident_max_bytes: u64,
}

impl Sample {
    pub fn cpu_us_per_request(&self) -> f64 {
        self.cpu_us / self.requests
    }

    pub fn cpu_us_per_chunk(&self) -> f64 {
        self.cpu_us / self.chunks
    }
}

/// Runs `load` against `target`. Errors if any request failed: a cost per request would mean nothing.
pub fn measure(place: &Place, target: &Target, load: &Load) -> Result<Sample, Failure> {
    let cpu_before_ns = target.process.cpu_ns()?;
    let client = start_client(place, target, load)?;
    let (findings, resident_max_bytes) = watch(client, &target.process)?;
    let cpu_us = (target.process.cpu_ns()? - cpu_before_ns) as f64 / 1e3;
    let number = |name: &str| findings[name].as_f64().unwrap_or(0.0);
    if number("errors") > 0.0 || number("requests") < 1.0 {
        return Err(format!("the load on port {} failed: {findings}", target.port).into());
    }
    Ok(Sample {
        requests: number("requests"),
        chunks: number("chunks"),
        cpu_us,
        p50_ms: number("p50_ms"),
        p99_ms: number("p99_ms"),
        elapsed_ms: number("elapsed_ms"),
        resident_max_bytes,
    })
}

fn start_client(place: &Place, target: &Target, load: &Load) -> Result<Child, Failure> {
    let client = pinned(LOAD_CORE, &place.bench)
        .args([
            "load",
            "--port",
            &target.port.to_string(),
            "--key",
            target.key,
            "--model",
            MODEL,
            "--shape",
            load.shape,
        ])
        .args(["--connections", &load.connections.to_string()])
        .args(["--duration-ms", &load.duration_ms.to_string()])
        .args(["--rate", &load.rate.to_string(), "--spread-ms", &load.spread_ms.to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()?;
    Ok(client)
}

/// Waits for the client, looking at the target's memory meanwhile.
fn watch(mut client: Child, target: &Process) -> Result<(Value, u64), Failure> {
    let mut resident_max_bytes = 0;
    while client.try_wait()?.is_none() {
        resident_max_bytes = resident_max_bytes.max(target.resident_bytes()?);
        std::thread::sleep(Duration::from_millis(50));
    }
    let output = client.wait_with_output()?;
    if !output.status.success() {
        return Err(format!("the load client ended with {}", output.status).into());
    }
    Ok((serde_json::from_slice(&output.stdout)?, resident_max_bytes))
}
