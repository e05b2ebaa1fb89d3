//! Whether this machine can run the benchmark. Knows no target.

use crate::Failure;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// 1,000 connections from the client and 1,000 to the provider, with room for the rest of a process.
const FILES_MIN: u64 = 2_200;

/// Refuses with what to do about it: two cores, `taskset`, enough open files, the gateway's binary.
pub fn check(gateway: Option<&Path>) -> Result<(), Failure> {
    if std::thread::available_parallelism()?.get() < 2 {
        return Err("the benchmark needs two cores: one for the target, one for the load".into());
    }
    if taskset(&["-c", "0", "true"]).is_err() || taskset(&["-c", "1", "true"]).is_err() {
        return Err("cannot pin to cores 0 and 1 with `taskset`: install util-linux, and allow both cores".into());
    }
    let files = open_files_max(&fs::read_to_string("/proc/self/limits")?);
    if files < FILES_MIN {
        return Err(format!("only {files} open files are allowed: run `ulimit -n {FILES_MIN}` first").into());
    }
    match gateway {
        Some(path) if !path.is_file() => {
            Err(format!("{} does not exist: build it with `make bench`, or name it with --tollgate", path.display())
                .into())
        }
        _ => Ok(()),
    }
}

fn taskset(arguments: &[&str]) -> Result<(), Failure> {
    let status = Command::new("taskset").args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status()?;
    if status.success() { Ok(()) } else { Err(status.to_string().into()) }
}

/// The soft limit in the text of /proc/PID/limits; no limit if it is not a number.
fn open_files_max(limits: &str) -> u64 {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    line.and_then(|line| line.split_whitespace().next()).and_then(|soft| soft.parse().ok()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
