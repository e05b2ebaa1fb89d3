//! The benchmark itself: every scenario, both targets in turn, medians. Knows no wire format.
//!
//! Runs alternate between the targets, so that what else the machine does falls on both alike.

use crate::measure::{Load, Sample, measure};
use crate::process::{LOAD_CORE, Process, free_port};
use crate::report::{Report, Scenario};
use crate::statistics::median;
use crate::target::{Kind, Place, Target};
use crate::{Failure, machine};
use clap::Args;
use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

#[derive(Args)]
pub struct RunOptions {
    /// The gateway's binary.
    #[arg(long, default_value = "target/release/tollgate")]
    tollgate: PathBuf,
    /// A short run that shows the order of magnitude.
    #[arg(long)]
    quick: bool,
    /// The bare proxy in the gateway's place: every ratio should be close to 1.
    #[arg(long)]
    against_itself: bool,
    /// Requests a second over the 1,000 connections; 0 saturates the target, where p99 says only how fast it is.
    #[arg(long, default_value_t = 2_000)]
    rate: u32,
}

/// How often and how long; `divisor` shortens the loads.
#[derive(Clone, Copy)]
struct Extent {
    runs: usize,
    starts: usize,
    divisor: u64,
}

const FULL: Extent = Extent { runs: 5, starts: 10, divisor: 1 };
const QUICK: Extent = Extent { runs: 3, starts: 5, divisor: 3 };

/// Runs everything, prints the table; fails if a target number is missed.
pub fn run(options: &RunOptions) -> Result<ExitCode, Failure> {
    let gateway = (!options.against_itself).then(|| options.tollgate.clone());
    machine::check(gateway.as_deref())?;
    let folder = tempfile::tempdir()?;
    let place = Place { bench: std::env::current_exe()?, gateway, folder: folder.path().to_owned() };
    let extent = if options.quick { QUICK } else { FULL };

    eprintln!("start to first answer ...");
    let starts = start_times(&place, extent)?;
    eprintln!("64 connections, whole answers ...");
    let whole = scenario(&place, extent, &[], &whole_load(extent))?;
    eprintln!("64 paced streams ...");
    let stream = scenario(&place, extent, &["--chunk-interval-ms", "20"], &stream_load(extent))?;
    eprintln!("1,000 connections, a provider that takes 50 ms ...");
    let many = scenario(&place, extent, &["--delay-ms", "50"], &many_load(extent, options.rate))?;

    eprintln!("64 connections, whole answers, governed ...");
    let kinds = [Kind::Gateway, Kind::OnSqlite, Kind::InMemory];
    let governed = side_by_side(&place, extent, kinds, &[], &whole_load(extent))?;

    let report = Report { starts_ms: starts, whole, stream, many, governed };
    print!("{report}");
    Ok(if report.passes() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn whole_load(extent: Extent) -> Load {
    Load { shape: "whole", connections: 64, duration_ms: 4_500 / extent.divisor, rate: 0, spread_ms: 0 }
}

/// A stream of 100 chunks takes 2 s; the spread keeps the chunks of different streams apart.
fn stream_load(extent: Extent) -> Load {
    Load { shape: "stream", connections: 64, duration_ms: 6_000 / extent.divisor, rate: 0, spread_ms: 1_000 }
}

fn many_load(extent: Extent, rate: u32) -> Load {
    Load { shape: "whole", connections: 1_000, duration_ms: 6_000 / extent.divisor, rate, spread_ms: 500 }
}

/// Median milliseconds from start to first answer, bare and gateway.
fn start_times(place: &Place, extent: Extent) -> Result<[f64; 2], Failure> {
    let (_provider, provider_port) = start_provider(place, &[])?;
    let mut samples_ms = [Vec::new(), Vec::new()];
    for _ in 0..extent.starts {
        for (kind, samples) in Kind::BOTH.into_iter().zip(&mut samples_ms) {
            samples.push(Target::start(place, kind, provider_port)?.start.as_secs_f64() * 1e3);
        }
    }
    Ok(samples_ms.map(|samples| median(&samples)))
}

/// Both targets under the same load by turns, after one run each that does not count.
fn scenario(place: &Place, extent: Extent, provider: &[&str], load: &Load) -> Result<[Scenario; 2], Failure> {
    side_by_side(place, extent, Kind::BOTH, provider, load)
}

fn side_by_side<const N: usize>(
    place: &Place,
    extent: Extent,
    kinds: [Kind; N],
    provider: &[&str],
    load: &Load,
) -> Result<[Scenario; N], Failure> {
    let (_provider, provider_port) = start_provider(place, provider)?;
    let mut targets = Vec::with_capacity(N);
    for kind in kinds {
        targets.push(Target::start(place, kind, provider_port)?);
    }
    // Long enough for what a start leaves behind to settle.
    std::thread::sleep(Duration::from_millis(500));
    let mut idle_bytes = Vec::with_capacity(N);
    let warm_up = Load { duration_ms: load.duration_ms / 4, ..load.clone() };
    let mut samples: [Vec<Sample>; N] = std::array::from_fn(|_| Vec::new());
    for target in &targets {
        idle_bytes.push(target.process.resident_bytes()?);
    }
    for target in &targets {
        measure(place, target, &warm_up)?;
    }
    for _ in 0..extent.runs {
        for (target, samples) in targets.iter().zip(&mut samples) {
            samples.push(measure(place, target, load)?);
        }
    }
    Ok(std::array::from_fn(|place| Scenario::new(&samples[place], idle_bytes[place])))
}

/// A provider on the load's core, ready to answer.
fn start_provider(place: &Place, options: &[&str]) -> Result<(Process, u16), Failure> {
    let port = free_port()?;
    let port_text = port.to_string();
    let mut arguments = vec!["provider", "--port", &port_text];
    arguments.extend(options);
    let arguments: Vec<&OsStr> = arguments.into_iter().map(OsStr::new).collect();
    let process = Process::start(LOAD_CORE, &place.bench, &arguments, &place.folder.join("provider.log"))?;
    for _ in 0..2_000 {
        if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return Ok((process, port));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Err("the provider does not listen: see whether loopback is up".into())
}
