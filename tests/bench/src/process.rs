//! A part of the benchmark as a process of its own, pinned to a core, and what the kernel says of it.
//!
//! Knows no part's purpose. CPU time is read from `schedstat`, which counts nanoseconds, summed over the threads;
//! a thread that ended is no longer counted, which none of the parts has. `/proc/PID/stat` counts ticks of 10 ms,
//! too coarse for a streamed chunk, and serves only where the kernel has no `schedstat`.

use crate::Failure;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Core of the target; everything else shares [`LOAD_CORE`].
pub const TARGET_CORE: u8 = 0;
pub const LOAD_CORE: u8 = 1;

/// A running process, ended when dropped.
pub struct Process {
    child: Child,
}

impl Process {
    /// Starts `program` on `core`, its output going to `log`; the environment holds nothing but `PATH`.
    pub fn start(core: u8, program: &Path, arguments: &[&OsStr], log: &Path) -> Result<Self, Failure> {
        let output = File::create(log)?;
        // `taskset` becomes the program, so the child's id is the program's.
        let child = pinned(core, program)
            .args(arguments)
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            .stdin(Stdio::null())
            .stderr(output.try_clone()?)
            .stdout(output)
            .spawn()?;
        Ok(Self { child })
    }

    /// CPU time that all threads have used, in nanoseconds.
    pub fn cpu_ns(&self) -> Result<u64, Failure> {
        let tasks = format!("/proc/{}/task", self.child.id());
        let mut total_ns = 0;
        for task in fs::read_dir(tasks)? {
            let Ok(text) = fs::read_to_string(task?.path().join("schedstat")) else {
                return self.cpu_ns_of_ticks();
            };
            total_ns += text.split_whitespace().next().unwrap_or("0").parse::<u64>()?;
        }
        Ok(total_ns)
    }

    fn cpu_ns_of_ticks(&self) -> Result<u64, Failure> {
        const TICK_NS: u64 = 10_000_000;
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        Ok(ticks(&stat).ok_or("cannot read the CPU time of the target from /proc")? * TICK_NS)
    }

    /// Resident memory in bytes.
    pub fn resident_bytes(&self) -> Result<u64, Failure> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        Ok(resident_kib(&status).ok_or("cannot read the memory of the target from /proc")? * 1_024)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself; either way it is gone after `wait`.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `program` under `taskset`.
pub fn pinned(core: u8, program: &Path) -> Command {
    let mut command = Command::new("taskset");
    command.arg("-c").arg(core.to_string()).arg(program);
    command
}

/// A port of 127.0.0.1 that nothing listened on a moment ago.
pub fn free_port() -> Result<u16, Failure> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// User and system time, fields 14 and 15 of /proc/PID/stat; the command name before them may hold spaces.
fn ticks(stat: &str) -> Option<u64> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    Some(fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?)
}

fn resident_kib(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests;
