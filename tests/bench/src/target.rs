//! The two targets: the bare proxy and the gateway, started alike. Knows no load and no number.

use crate::Failure;
use crate::connection::{Call, Connection, Shape};
use crate::process::{Process, TARGET_CORE, free_port};
use std::ffi::OsString;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The gateway's master key, made for this benchmark alone.
pub const KEY: &str = "sk-bench-5f3c9a7e21d84b06";
/// A virtual key with everything that is governed: a team with a budget, limits of requests and tokens.
const GOVERNED_KEY: &str = "sk-bench-governed-77d1c0aa";
/// The model that clients ask for.
pub const MODEL: &str = "bench-model";

/// How long a target may take to answer at all.
const START_LIMIT: Duration = Duration::from_secs(20);
/// Between two tries to connect: short beside the milliseconds that a start takes.
const RETRY_PAUSE: Duration = Duration::from_micros(300);

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Bare,
    /// The gateway, with the master key and without a database.
    Gateway,
    /// The gateway on SQLite, with a governed key.
    OnSqlite,
    /// The same in memory.
    InMemory,
}

impl Kind {
    pub const BOTH: [Self; 2] = [Self::Bare, Self::Gateway];

    /// `general_settings.database_url`.
    const fn database(self) -> &'static str {
        match self {
            Self::OnSqlite => "sqlite:FOLDER/bench.db",
            Self::InMemory => "memory",
            _ => "none",
        }
    }
}

/// Where the binaries and the working files are.
pub struct Place {
    pub bench: PathBuf,
    /// The gateway's binary; without it the bare proxy stands in, and every ratio should be 1.
    pub gateway: Option<PathBuf>,
    pub folder: PathBuf,
}

/// A running target that has answered.
pub struct Target {
    pub process: Process,
    pub port: u16,
    pub key: &'static str,
    /// From just before the process was made to the end of its first answer.
    pub start: Duration,
}

impl Target {
    /// Starts a target in front of the provider on `provider_port` and waits for its first completion.
    pub fn start(place: &Place, kind: Kind, provider_port: u16) -> Result<Self, Failure> {
        let port = free_port()?;
        let log = place.folder.join(format!("{kind:?}.log"));
        let (program, arguments) = command(place, kind, port, provider_port)?;
        let arguments: Vec<&std::ffi::OsStr> = arguments.iter().map(OsString::as_os_str).collect();
        let started = Instant::now();
        let process = Process::start(TARGET_CORE, program, &arguments, &log)?;
        if let Err(failure) = crate::on_one_thread(first_answer(port)) {
            let said = fs::read_to_string(&log).unwrap_or_default();
            return Err(format!("{} does not answer: {failure}\n{said}", program.display()).into());
        }
        let start = started.elapsed();
        let is_governed = matches!(kind, Kind::OnSqlite | Kind::InMemory) && place.gateway.is_some();
        if is_governed {
            govern(port)?;
        }
        let key = if is_governed { GOVERNED_KEY } else { KEY };
        Ok(Self { process, port, key, start })
    }
}

fn command(place: &Place, kind: Kind, port: u16, provider_port: u16) -> Result<(&Path, Vec<OsString>), Failure> {
    match (kind, &place.gateway) {
        (Kind::Gateway | Kind::OnSqlite | Kind::InMemory, Some(gateway)) => {
            let config = place.folder.join(format!("{kind:?}.yaml"));
            let database = kind.database().replace("FOLDER", &place.folder.display().to_string());
            fs::write(&config, config_yaml(provider_port, &database))?;
            let arguments = vec![
                "--config".into(),
                config.into(),
                "--port".into(),
                port.to_string().into(),
                "--host".into(),
                "127.0.0.1".into(),
            ];
            Ok((gateway, arguments))
        }
        _ => {
            let arguments = ["proxy", "--port", &port.to_string(), "--provider-port", &provider_port.to_string()];
            Ok((&place.bench, arguments.iter().map(OsString::from).collect()))
        }
    }
}

fn config_yaml(provider_port: u16, database: &str) -> String {
    format!(
        "model_list:
  - model_name: {MODEL}
    litellm_params:
      model: openai/gpt-4o-mini
      api_base: http://127.0.0.1:{provider_port}/v1
      api_key: sk-provider
general_settings:
  master_key: {KEY}
  database_url: '{database}'
"
    )
}

/// Asks until there is an answer; every try is a new connection.
async fn first_answer(port: u16) -> Result<(), Failure> {
    let end = Instant::now() + START_LIMIT;
    loop {
        let call = Call::new(port, KEY, MODEL, Shape::Whole);
        match Connection::new(call).ask().await {
            Ok(_) => return Ok(()),
            Err(failure) if Instant::now() > end => return Err(failure),
            // A thread's sleep: the runtime's timer rounds up to whole milliseconds.
            Err(_) => std::thread::sleep(RETRY_PAUSE),
        }
    }
}

/// Makes the governed key, and a team for it.
fn govern(port: u16) -> Result<(), Failure> {
    post(port, "/team/new", r#"{"team_id": "bench", "max_budget": 1000000, "budget_duration": "30d"}"#)?;
    let key = format!(
        r#"{{"key": "{GOVERNED_KEY}", "team_id": "bench", "max_budget": 1000000, "rpm_limit": 1000000000, "tpm_limit": 1000000000000}}"#
    );
    post(port, "/key/generate", &key)
}

fn post(port: u16, path: &str, body: &str) -> Result<(), Failure> {
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", port))?;
    let length = body.len();
    write!(
        stream,
        "POST {path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {KEY}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    if answer.starts_with("HTTP/1.1 200") { Ok(()) } else { Err(format!("{path} failed: {answer}").into()) }
}
