//! The command line: LiteLLM's flags, accepted as LiteLLM accepts them, and the subcommands `check`, `explain`,
//! `migrate` and `rotate-salt`.
//!
//! Decides what was asked for. Reads no file.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{ArgAction, Args, CommandFactory, FromArgMatches, Parser, Subcommand};

const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " (API of LiteLLM 1.106.2)");
/// LiteLLM's default port.
const PORT: u16 = 4000;

/// What the user asked for.
#[derive(Debug)]
pub enum Command {
    Serve(Box<ServeOptions>),
    Check(CheckOptions),
    Explain(ExplainOptions),
    Migrate(MigrateOptions),
    RotateSalt(RotateSaltOptions),
    /// `--health`: ask a running gateway.
    Health(String),
    /// `--test`: send a chat to a running gateway, for this model.
    Test(String, Option<String>),
}

/// The end of a command line that starts nothing: help, version, or a mistake.
pub struct Stop(clap::Error);

impl Stop {
    pub fn print(self) -> ExitCode {
        // Printing fails only where nobody can read it.
        self.0.print().ok();
        ExitCode::from(u8::try_from(self.0.exit_code()).unwrap_or(2))
    }
}

#[derive(Debug, Parser)]
#[command(name = "tollgate", version = VERSION, disable_version_flag = true, about = "An LLM gateway with the API of the LiteLLM proxy")]
#[command(args_conflicts_with_subcommands = true, args_override_self = true)]
struct CommandLine {
    #[command(subcommand)]
    subcommand: Option<Sub>,
    /// Print the version
    #[arg(short, long, action = ArgAction::Version)]
    version: Option<bool>,
    #[command(flatten)]
    serve: ServeOptions,
}

#[derive(Debug, Subcommand)]
enum Sub {
    /// Validate a configuration file offline
    Check(CheckOptions),
    /// Tell which deployment would take a request, and why
    Explain(ExplainOptions),
    /// Make the tables and columns that the database lacks
    Migrate(MigrateOptions),
    /// Seal everything that is stored again, with LITELLM_SALT_KEY_NEW in place of LITELLM_SALT_KEY
    RotateSalt(RotateSaltOptions),
}

#[derive(Clone, Debug, Args)]
#[command(rename_all = "snake_case")]
pub struct CheckOptions {
    /// The configuration file
    pub config: String,
    /// Fail on warnings too
    #[arg(long)]
    pub strict: bool,
    /// Print the findings as JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Clone, Debug, Args)]
#[command(rename_all = "snake_case")]
pub struct ExplainOptions {
    /// Configuration file (also the variable CONFIG_FILE_PATH)
    #[arg(short, long, env = "CONFIG_FILE_PATH")]
    pub config: String,
    /// The model to ask for; else that of the request
    #[arg(short, long)]
    pub model: Option<String>,
    /// The caller's key, checked as the server would
    #[arg(long)]
    pub key: Option<String>,
    /// A file with the body of the request, or - for standard input; else a small chat
    #[arg(long)]
    pub request: Option<String>,
    /// A tag of the request; may be repeated
    #[arg(long)]
    pub tag: Vec<String>,
    /// What chance depends on
    #[arg(long)]
    pub seed: Option<u64>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Clone, Debug, Args)]
pub struct MigrateOptions {
    /// Configuration file (also the variable CONFIG_FILE_PATH)
    #[arg(short, long, env = "CONFIG_FILE_PATH")]
    pub config: String,
    /// Print what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,
}

#[derive(Clone, Debug, Args)]
pub struct RotateSaltOptions {
    /// Configuration file (also the variable CONFIG_FILE_PATH)
    #[arg(short, long, env = "CONFIG_FILE_PATH")]
    pub config: String,
}

/// Options of the server.
#[derive(Clone, Debug, Args)]
#[command(rename_all = "snake_case")]
pub struct ServeOptions {
    /// Configuration file (also the variable CONFIG_FILE_PATH)
    #[arg(short, long, env = "CONFIG_FILE_PATH")]
    pub config: Option<String>,
    /// Address to listen on
    #[arg(long, env = "HOST", default_value = "0.0.0.0")]
    pub host: String,
    /// Port to listen on
    #[arg(long, env = "PORT", default_value_t = PORT)]
    pub port: u16,
    /// Refuse to start on an unknown or misspelt key in the configuration
    #[arg(long)]
    pub strict: bool,
    /// Threads that serve requests; every core by default
    #[arg(long, env = "NUM_WORKERS", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub num_workers: Option<u16>,
    /// Serve this model without a configuration file
    #[arg(short, long)]
    pub model: Option<String>,
    /// Another name for the model of --model
    #[arg(long)]
    pub alias: Option<String>,
    /// Address of the provider of --model
    #[arg(long)]
    pub api_base: Option<String>,
    /// Version of Azure's interface for --model
    #[arg(long)]
    pub api_version: Option<String>,
    /// Default temperature of --model
    #[arg(long)]
    pub temperature: Option<f64>,
    /// Default output limit of --model
    #[arg(long)]
    pub max_tokens: Option<u64>,
    /// Drop parameters that a provider refuses
    #[arg(long)]
    pub drop_params: bool,
    /// Seconds to wait for a provider
    #[arg(long)]
    pub request_timeout: Option<f64>,
    /// Log more
    #[arg(long)]
    pub debug: bool,
    /// Log everything
    #[arg(long)]
    pub detailed_debug: bool,
    /// Ask a running gateway for the health of its deployments
    #[arg(long)]
    pub health: bool,
    /// Send a test chat to a running gateway
    #[arg(long, num_args = 0..=1, default_missing_value = "")]
    pub test: Option<String>,
    /// Seconds an idle client connection is kept
    #[arg(long, env = "KEEPALIVE_TIMEOUT")]
    pub keepalive_timeout: Option<u64>,
    /// Requests in flight; more are answered 503
    #[arg(long, env = "LIMIT_CONCURRENCY")]
    pub limit_concurrency: Option<usize>,
    /// US dollars for everything together, where the configuration sets no max_budget
    #[arg(long)]
    pub max_budget: Option<f64>,
    /// Log in to PostgreSQL with tokens of AWS IAM
    #[arg(long)]
    pub iam_token_db_auth: bool,
    /// Refused: tokens of Microsoft Entra are not used for databases
    #[arg(long, hide = true)]
    pub azure_postgresql_auth: bool,
    #[command(flatten)]
    pub accepted: Accepted,
}

/// LiteLLM's flags that change nothing here, accepted so that its command lines start.
#[derive(Clone, Debug, Args)]
#[command(rename_all = "snake_case")]
pub struct Accepted {
    /// Accepted for LiteLLM: there is no telemetry
    #[arg(long, num_args = 0..=1, default_missing_value = "true", hide = true)]
    telemetry: Option<String>,
    #[arg(long, hide = true)]
    add_key: Option<String>,
    #[arg(long, hide = true)]
    headers: Option<String>,
    #[arg(long, hide = true)]
    save: bool,
    #[arg(long, hide = true)]
    setup: bool,
    #[arg(long, hide = true)]
    reload: bool,
    #[arg(long, hide = true)]
    use_queue: bool,
    #[arg(long, hide = true)]
    test_async: bool,
    #[arg(long, hide = true)]
    num_requests: Option<u64>,
    #[arg(long, hide = true)]
    granian_threads: Option<u64>,
    #[arg(long, hide = true)]
    add_function_to_prompt: bool,
    #[arg(long, hide = true)]
    use_legacy_migration_resolver: bool,
    #[arg(long, hide = true)]
    local: bool,
    #[arg(long, hide = true)]
    run_gunicorn: bool,
    #[arg(long, hide = true)]
    run_hypercorn: bool,
    #[arg(long, hide = true)]
    run_granian: bool,
    #[arg(long, hide = true)]
    use_prisma_db_push: bool,
    #[arg(long, hide = true)]
    use_v2_migration_resolver: bool,
    #[arg(long, hide = true)]
    timeout_worker_healthcheck: Option<u64>,
    #[arg(long, hide = true)]
    max_requests_before_restart: Option<u64>,
    #[arg(long, hide = true)]
    max_requests_before_restart_jitter: Option<u64>,
    #[arg(long, hide = true)]
    log_config: Option<String>,
    #[arg(long, hide = true)]
    loop_type: Option<String>,
    /// Refused: TLS ends before the gateway
    #[arg(long, hide = true, env = "SSL_KEYFILE_PATH")]
    pub ssl_keyfile_path: Option<String>,
    #[arg(long, hide = true, env = "SSL_CERTFILE_PATH")]
    pub ssl_certfile_path: Option<String>,
    #[arg(long, hide = true)]
    ciphers: Option<String>,
    #[arg(long, hide = true)]
    prometheus_metrics_port: Option<u16>,
    #[arg(long, hide = true, action = ArgAction::SetTrue)]
    skip_server_startup: bool,
    #[arg(long, hide = true)]
    pub validate_config: bool,
}

impl Accepted {
    /// The flags given that LiteLLM acts on and this program does not yet, with what that means.
    pub fn unheeded(&self) -> Vec<&'static str> {
        let mut flags = Vec::new();
        let mut note = |given: bool, text: &'static str| {
            if given {
                flags.push(text);
            }
        };
        note(
            self.add_key.is_some() || self.headers.is_some(),
            "--add_key, --headers: not used yet; write them into a configuration file",
        );
        note(self.save || self.setup, "--save, --setup: configuration is never written");
        note(self.reload, "--reload: the configuration is not watched yet");
        note(self.use_queue || self.test_async, "--use_queue, --test_async: there is no queue");
        note(self.add_function_to_prompt, "--add_function_to_prompt: functions are never written into prompts");
        note(self.prometheus_metrics_port.is_some(), "--prometheus_metrics_port: there are no metrics yet");
        note(
            self.log_config.is_some(),
            "--log_config: Python logging files are not read; use LITELLM_LOG and JSON_LOGS",
        );
        flags
    }
}

/// Reads the command line.
///
/// # Errors
/// The text to print and the code to end with: help, the version, or what is wrong.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Command, Stop> {
    let matches = CommandLine::command().try_get_matches_from(arguments).map_err(Stop)?;
    let line = CommandLine::from_arg_matches(&matches).map_err(Stop)?;
    match line.subcommand {
        Some(Sub::Check(options)) => return Ok(Command::Check(options)),
        Some(Sub::Explain(options)) => return Ok(Command::Explain(options)),
        Some(Sub::Migrate(options)) => return Ok(Command::Migrate(options)),
        Some(Sub::RotateSalt(options)) => return Ok(Command::RotateSalt(options)),
        None => {}
    }
    let serve = line.serve;
    if serve.accepted.validate_config {
        let config = serve.config.unwrap_or_default();
        return Ok(Command::Check(CheckOptions { config, strict: serve.strict, json: false }));
    }
    let address = format!("http://{}:{}", reachable(&serve.host), serve.port);
    if serve.health {
        return Ok(Command::Health(address));
    }
    match serve.test.clone() {
        Some(given) if given.is_empty() => Ok(Command::Test(address, serve.model)),
        Some(given) => Ok(Command::Test(given, serve.model)),
        None => Ok(Command::Serve(Box::new(serve))),
    }
}

/// The address by which a client on this machine reaches a server bound to `host`.
pub fn reachable(host: &str) -> &str {
    match host {
        "0.0.0.0" | "::" | "[::]" => "127.0.0.1",
        host => host,
    }
}

#[cfg(test)]
mod tests;
