//! A real PostgreSQL for tests: a server of its own for each test binary, a database of its own for each test.
//!
//! The server keeps nothing on disk for longer than the test, and ends with it.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

const USER: &str = "tollgate";
/// Only a machine that does nothing else needs as long.
const START_MAX: Duration = Duration::from_secs(60);

/// Runs the server until the process that wants it is gone, then removes what it left.
const GUARD: &str = r#"log=$1 folder=$2 parent=$3; shift 3; "$@" >"$log" 2>&1 </dev/null &
while kill -0 "$parent" 2>/dev/null; do sleep 0.2; done
kill -INT "$(head -1 "$folder/data/postmaster.pid")"; wait; rm -rf "$folder""#;

/// An authority, and a certificate of its for 127.0.0.1.
const CERTIFY: &str = r#"umask 077
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority -out authority.crt -keyout authority.key
openssl req -newkey rsa:2048 -nodes -subj /CN=127.0.0.1 -out server.csr -keyout server.key
echo subjectAltName=IP:127.0.0.1 >extensions
openssl x509 -req -in server.csr -CA authority.crt -CAkey authority.key -CAcreateserial -days 2 -extfile extensions -out server.crt"#;

/// A running server.
pub struct Server {
    programs: PathBuf,
    folder: PathBuf,
    port: u16,
}

/// The server of this test binary, started at the first call.
///
/// # Panics
/// When PostgreSQL is not installed or does not start: a test that needs it fails, and is not skipped.
pub fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| Server::start("tollgate-postgres", |_| Vec::new()))
}

/// A server that takes connections under TLS only, and the authority that its certificate is of.
///
/// # Panics
/// As [`server`], and where there is no `openssl`, which Debian's PostgreSQL brings.
pub fn tls_server() -> (&'static Server, PathBuf) {
    static SERVER: OnceLock<Server> = OnceLock::new();
    let server = SERVER.get_or_init(|| Server::start("tollgate-postgres-tls", Server::demand_tls));
    (server, server.folder.join("data/authority.crt"))
}

impl Server {
    /// An address of a new database in which there is nothing.
    pub fn empty_database(&self) -> String {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}", COUNT.fetch_add(1, Ordering::Relaxed));
        self.psql("postgres", &format!("CREATE DATABASE {name}"));
        self.address(&name)
    }

    /// An address of a new database with LiteLLM's tables, as its own migrations make them.
    pub fn litellm_database(&self) -> String {
        static TEMPLATE: OnceLock<()> = OnceLock::new();
        TEMPLATE.get_or_init(|| {
            self.psql("postgres", "CREATE DATABASE litellm");
            let script = self.folder.join("litellm.sql");
            fs::write(&script, migrations()).unwrap_or_else(|error| unreachable!("{}: {error}", script.display()));
            self.run("psql", &["-q", "-v", "ON_ERROR_STOP=1", "-d", "litellm", "-f", &script.to_string_lossy()]);
        });
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("litellm_{}", COUNT.fetch_add(1, Ordering::Relaxed));
        self.psql("postgres", &format!("CREATE DATABASE {name} TEMPLATE litellm"));
        self.address(&name)
    }

    /// Runs SQL, and returns what psql prints of its rows: columns apart by `|`.
    pub fn psql(&self, database: &str, sql: &str) -> String {
        let output = self.run("psql", &["-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", database, "-c", sql]);
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Runs a file of SQL.
    pub fn load(&self, database: &str, script: &Path) {
        self.run("psql", &["-q", "-v", "ON_ERROR_STOP=1", "-d", database, "-f", &script.to_string_lossy()]);
    }

    /// The tables that a pattern of `pg_dump` names, and their rows, as SQL: the same text for the same content.
    pub fn dump(&self, database: &str, tables: &str) -> String {
        let output = self.run("pg_dump", &["--inserts", "--no-owner", "-t", tables, database]);
        let text = String::from_utf8_lossy(&output.stdout);
        // A word of chance that newer versions write around a dump.
        let lines = text.lines().filter(|line| !line.starts_with("\\restrict") && !line.starts_with("\\unrestrict"));
        lines.map(|line| format!("{line}\n")).collect()
    }

    /// The name in an address of this server's.
    pub fn name_in(address: &str) -> &str {
        address.rsplit('/').next().unwrap_or(address)
    }

    /// Ends every connection to a database, as a server does that goes down.
    pub fn disconnect(&self, database: &str) {
        let sql = format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}' AND pid <> pg_backend_pid()"
        );
        self.psql("postgres", &sql);
    }

    fn address(&self, database: &str) -> String {
        format!("postgresql://{USER}@127.0.0.1:{}/{database}", self.port)
    }

    /// `options`: what the server is started with beside what all are, once its folder is there.
    fn start(name: &str, options: fn(&Self) -> Vec<String>) -> Self {
        let programs = programs();
        let folder = std::env::temp_dir().join(format!("{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap_or_else(|error| unreachable!("{}: {error}", folder.display()));
        let server = Self { programs, folder, port: free_port() };
        if is_root() {
            succeed(Command::new("chown").arg("postgres").arg(&server.folder));
        }
        let data = server.folder.join("data");
        let data = data.to_string_lossy();
        succeed(server.as_postgres("initdb").args([
            "-D",
            &data,
            "-A",
            "trust",
            "-U",
            USER,
            "--no-sync",
            "-E",
            "UTF8",
            "--locale",
            "C.UTF-8",
        ]));
        let options = options(&server);
        server.spawn(&data, options);
        server
    }

    /// A certificate of its own for 127.0.0.1, and no way in without it.
    fn demand_tls(&self) -> Vec<String> {
        let data = self.folder.join("data");
        succeed(Command::new("sh").args(["-ec", CERTIFY]).current_dir(&data));
        let rules = data.join("pg_hba.conf");
        fs::write(&rules, "hostssl all all 127.0.0.1/32 trust\n")
            .unwrap_or_else(|error| unreachable!("{}: {error}", rules.display()));
        if is_root() {
            succeed(
                Command::new("chown")
                    .arg("postgres")
                    .args(["server.crt", "server.key", "pg_hba.conf"])
                    .current_dir(&data),
            );
        }
        vec!["ssl=on".to_owned()]
    }

    /// A shell stands beside the server and stops it when this process is gone, however it ends.
    fn spawn(&self, data: &str, mut options: Vec<String>) {
        options.extend([
            format!("port={}", self.port),
            "listen_addresses=127.0.0.1".to_owned(),
            format!("unix_socket_directories={}", self.folder.display()),
            "fsync=off".to_owned(),
            "full_page_writes=off".to_owned(),
            "max_connections=200".to_owned(),
        ]);
        let mut server = self.as_postgres("postgres");
        server.args(["-D", data]);
        for option in &options {
            server.args(["-c", option]);
        }
        let log = self.folder.join("log");
        let mut guard = Command::new("setsid");
        guard
            .args(["--fork", "sh", "-c", GUARD, "guard"])
            .arg(&log)
            .arg(&self.folder)
            .arg(std::process::id().to_string());
        guard.arg(server.get_program()).args(server.get_args());
        succeed(guard.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()));
        let began = Instant::now();
        while !self.is_ready() {
            let text = fs::read_to_string(&log).unwrap_or_default();
            assert!(began.elapsed() < START_MAX, "PostgreSQL does not start: {text}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn is_ready(&self) -> bool {
        let mut command = self.command("psql");
        command.args(["-d", "postgres", "-c", "SELECT 1"]).output().is_ok_and(|output| output.status.success())
    }

    fn run(&self, program: &str, arguments: &[&str]) -> Output {
        succeed(self.command(program).args(arguments))
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        command.env("PGHOST", "127.0.0.1").env("PGPORT", self.port.to_string()).env("PGUSER", USER);
        command.env("PGOPTIONS", "-c client_min_messages=warning").stdin(Stdio::null());
        command
    }

    /// PostgreSQL refuses to run as root.
    fn as_postgres(&self, program: &str) -> Command {
        let program = self.programs.join(program);
        if !is_root() {
            return Command::new(program);
        }
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--"]).arg(program);
        command
    }
}

/// The newest version that is installed as Debian does it, else what the path names.
fn programs() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<PathBuf> = versions.map(|entry| entry.path().join("bin")).collect();
    versions.sort();
    versions.reverse();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders = versions.into_iter().chain(std::env::split_paths(&path));
    match folders.find(|folder| folder.join("initdb").is_file() && folder.join("psql").is_file()) {
        Some(folder) => folder,
        None => unreachable!(
            "PostgreSQL is not installed: run tests/install, which does it, or install the Debian package postgresql"
        ),
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap_or_else(|error| unreachable!("no port: {error}"));
    listener.local_addr().map_or(0, |address| address.port())
}

fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output();
    output.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

fn succeed(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| unreachable!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

/// LiteLLM's migrations, in their order, as one script of psql.
fn migrations() -> String {
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let libraries = fs::read_dir(checkout.join(".cache/venv/lib")).into_iter().flatten().flatten();
    let mut folders = libraries.map(|library| library.path().join("site-packages/litellm_proxy_extras/migrations"));
    let Some(folder) = folders.find(|folder| folder.is_dir()) else {
        unreachable!("LiteLLM's migrations are missing: run tests/install, which fetches them")
    };
    let mut scripts: Vec<PathBuf> =
        fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.path().join("migration.sql")).collect();
    scripts.retain(|script| script.is_file());
    scripts.sort();
    assert!(scripts.len() > 200, "{} holds {} migrations only", folder.display(), scripts.len());
    scripts.iter().map(|script| format!("\\i '{}'\n", script.display())).collect()
}
