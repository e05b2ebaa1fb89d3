//! Starting, watching and ending the binaries under test. Knows not what they do.

use super::PATIENCE;
use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The folder of the repository.
pub fn checkout() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests have a folder above").to_owned()
}

/// A binary of the same build as these tests, which lie in `deps` beside it, or of the folder that
/// `TOLLGATE_BINARIES` names: another build, or another program with the same command line.
pub fn binary(name: &str) -> PathBuf {
    let path = binaries().join(name);
    assert!(path.is_file(), "{} is not built: run `make test`, or `cargo build` first", path.display());
    path
}

fn binaries() -> PathBuf {
    if let Some(folder) = std::env::var_os("TOLLGATE_BINARIES") {
        return folder.into();
    }
    let tests = std::env::current_exe().expect("the path of the tests");
    tests.parent().and_then(Path::parent).expect("a folder of binaries").to_owned()
}

/// A port that nothing listens on, below those that the kernel hands out to clients by itself. Found by asking: a
/// listener that is tried and closed would live on for a moment in whatever program is being started just then.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 20_000 + (std::process::id() % 1_000) as u16 * 10;
    for _ in 0..2_000 {
        let port = first + NEXT.fetch_add(1, Ordering::Relaxed);
        if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            return port;
        }
    }
    panic!("no free port above {first}");
}

/// A running program with its own folder and log; ended when dropped.
pub struct Process {
    child: Child,
    folder: TempDir,
}

impl Process {
    /// Runs `command` with nothing in its environment but `PATH` and `environment`.
    pub fn start(mut command: Command, folder: TempDir, environment: &[(&str, &str)]) -> Self {
        let log = File::create(folder.path().join("log")).expect("a log file");
        let child = command
            // What it keeps lies in its own folder, too.
            .current_dir(folder.path())
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stderr(log.try_clone().expect("a second handle of the log"))
            .stdout(log)
            .spawn()
            .unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"));
        Self { child, folder }
    }

    /// Everything it has printed so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// Its exit status if it has ended.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("the state of a child")
    }

    /// Sends SIGTERM.
    pub fn terminate(&self) {
        let sent = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().expect("`kill` runs");
        assert!(sent.success(), "SIGTERM could not be sent");
    }

    /// Kills it, as the kernel does that runs out of memory: it can do nothing about it.
    pub fn kill(&mut self) {
        self.child.kill().expect("SIGKILL can be sent");
        self.child.wait().expect("the end of a child");
    }

    /// Waits for its end and tells how long that took.
    pub fn wait_for_end(&mut self) -> (ExitStatus, Duration) {
        let started = Instant::now();
        while started.elapsed() < PATIENCE {
            if let Some(status) = self.ended() {
                return (status, started.elapsed());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        panic!("still running {PATIENCE:?} after it should have ended:\n{}", self.log());
    }

    /// Resident memory.
    pub fn resident_bytes(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("its status in /proc");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("VmRSS in its status");
        line.trim().trim_end_matches(" kB").parse::<u64>().expect("VmRSS in kB") * 1_024
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("--- log of the process\n{}", self.log());
        }
    }
}
