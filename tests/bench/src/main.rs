//! Chooses which part of the benchmark this process plays. Knows no measurement and no target number.

mod connection;
mod listen;
mod load;
mod machine;
mod measure;
mod process;
mod provider;
mod proxy;
mod report;
mod run;
mod statistics;
mod stream_body;
mod target;

use clap::Parser;
use std::process::ExitCode;

/// Anything that stops the benchmark: told to the person at the terminal, never handled.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Benchmark of the gateway beside a bare hyper proxy.
#[derive(Parser)]
#[command(name = "tollgate-bench")]
enum Command {
    /// The bare pass-through proxy, the measure of all others.
    Proxy(proxy::ProxyOptions),
    /// A provider that answers chat completions, whole or streamed, at almost no cost.
    Provider(provider::ProviderOptions),
    /// A load client that prints its findings as one line of JSON.
    Load(load::LoadOptions),
    /// Runs everything in turn and compares the results with the targets.
    Run(run::RunOptions),
}

fn main() -> ExitCode {
    let outcome = match Command::parse() {
        Command::Proxy(options) => on_one_thread(proxy::serve(options)).map(|()| ExitCode::SUCCESS),
        Command::Provider(options) => on_one_thread(provider::serve(options)).map(|()| ExitCode::SUCCESS),
        Command::Load(options) => on_one_thread(load::print_load(options)).map(|()| ExitCode::SUCCESS),
        Command::Run(options) => run::run(&options),
    };
    outcome.unwrap_or_else(|failure| {
        eprintln!("tollgate-bench: {failure}");
        ExitCode::FAILURE
    })
}

/// Every part runs on one core, so more threads would only add their switching to what is measured.
fn on_one_thread(part: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(part)
}
