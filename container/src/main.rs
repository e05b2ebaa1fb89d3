//! `tollgate`: the server and its command line.

mod check;
mod command_line;
mod explain;
mod migrate;
mod ping;
mod realtime;
mod rotate_salt;
mod run;
mod serve;

use std::process::ExitCode;

use command_line::Command;

/// Small allocations are a sixth of a call's CPU time with the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let command = match command_line::parse(std::env::args_os()) {
        Ok(command) => command,
        Err(stop) => return stop.print(),
    };
    let outcome = match command {
        Command::Serve(options) => run::run(&options),
        Command::Check(options) => check::check(&options),
        Command::Explain(options) => explain::explain(&options),
        Command::Migrate(options) => migrate::migrate(&options),
        Command::RotateSalt(options) => rotate_salt::rotate_salt(&options),
        Command::Health(address) => ping::health(&address),
        Command::Test(address, model) => ping::test(&address, model.as_deref()),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("{error}");
        ExitCode::from(error.code())
    })
}
