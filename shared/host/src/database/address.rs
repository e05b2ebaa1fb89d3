//! Where a database is: an address as LiteLLM takes it in `DATABASE_URL`, with Prisma's parameters, or a file of SQLite.
//!
//! Connects to nothing. Shows no password.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::sqlite::SqliteConnectOptions;
use tracing::warn;

/// LiteLLM's `database_connection_pool_limit` where nothing is set.
const CONNECTIONS_MAX: u32 = 10;
/// What Prisma's addresses may say that has no meaning here: how its own engine goes about its work.
const UNHEEDED: &[&str] = &[
    "connect_timeout",
    "pool_timeout",
    "socket_timeout",
    "max_connection_lifetime",
    "statement_cache_size",
    "channel_binding",
];

/// A database.
#[derive(Clone)]
pub enum Address {
    /// A file.
    Sqlite(PathBuf),
    Postgres(Box<PostgresAddress>),
}

/// A PostgreSQL database, and how it is to be reached.
#[derive(Clone)]
pub struct PostgresAddress {
    pub options: PgConnectOptions,
    pub schema: Option<String>,
    /// `pgbouncer=true`: nothing may be prepared for later.
    pub is_pooled: bool,
    pub connections_max: u32,
    /// How long a connection may do nothing before it is closed.
    pub idle_max: Option<Duration>,
}

/// An address that names no database that can be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct AddressError(pub String);

impl fmt::Display for Address {
    /// Without user and password.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(formatter, "the database file {}", path.display()),
            Self::Postgres(address) => {
                let (options, database) = (&address.options, address.options.get_database().unwrap_or("postgres"));
                write!(formatter, "the database {database} at {}:{}", options.get_host(), options.get_port())
            }
        }
    }
}

impl Address {
    /// Reads an address.
    ///
    /// # Errors
    /// When it is of another database, or no address. The text repeats nothing of it but the scheme.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let Some((scheme, rest)) = text.trim().split_once(':') else { return Err(unusable("")) };
        match scheme {
            "sqlite" => {
                let path = rest.strip_prefix("//").unwrap_or(rest).split('?').next().unwrap_or_default();
                if path.is_empty() || path.starts_with(':') {
                    return Err(AddressError("sqlite: name a file, as in sqlite:tollgate.db".to_owned()));
                }
                Ok(Self::Sqlite(PathBuf::from(path)))
            }
            "postgres" | "postgresql" => postgres(text.trim()).map(|address| Self::Postgres(Box::new(address))),
            _ => Err(unusable(scheme)),
        }
    }
}

fn unusable(scheme: &str) -> AddressError {
    let given = if scheme.is_empty() || scheme.len() > 20 { String::new() } else { format!(", not {scheme}:") };
    AddressError(format!("the database's address begins with postgresql:// or sqlite:{given}"))
}

fn postgres(text: &str) -> Result<PostgresAddress, AddressError> {
    let (base, query) = text.split_once('?').unwrap_or((text, ""));
    let options = base.parse::<PgConnectOptions>().map_err(|_| {
        let text = "the database's address cannot be read: write postgresql://USER:PASSWORD@HOST:PORT/NAME, and encode what is no letter or digit in the password (@ as %40)";
        AddressError(text.to_owned())
    })?;
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let pairs: Vec<(String, String)> = pairs.map(|(name, value)| (decoded(name), decoded(value))).collect();
    PostgresAddress::new(options, &pairs)
}

impl PostgresAddress {
    /// With the parameters of an address.
    ///
    /// # Errors
    /// When a parameter that matters cannot be read.
    pub fn new(options: PgConnectOptions, pairs: &[(String, String)]) -> Result<Self, AddressError> {
        let options = options.application_name("tollgate");
        let mut address =
            Self { options, schema: None, is_pooled: false, connections_max: CONNECTIONS_MAX, idle_max: None };
        let value = |wanted: &str| pairs.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
        for (name, text) in pairs {
            match name.as_str() {
                "schema" => address.schema = Some(text.clone()).filter(|schema| !schema.is_empty()),
                "pgbouncer" => address.is_pooled = text == "true",
                "connection_limit" => address.connections_max = number(name, text)?.max(1),
                "max_idle_connection_lifetime" => {
                    address.idle_max =
                        Some(Duration::from_secs(number(name, text)?.into())).filter(|idle| !idle.is_zero());
                }
                "host" => address.options = address.options.host(text),
                "application_name" => address.options = address.options.application_name(text),
                "options" => address.options = with_options(address.options, text),
                "sslmode" | "sslaccept" | "sslcert" | "sslkey" | "sslrootcert" => {}
                name if UNHEEDED.contains(&name) => {}
                name => warn!("the database's address has the parameter {name}, which means nothing here"),
            }
        }
        address.options = with_tls(address.options, &value)?;
        if address.is_pooled {
            // A pooler refuses settings of a connection that it does not know.
            address.options = address.options.statement_cache_capacity(0).extra_float_digits(None);
        }
        Ok(address)
    }
}

/// libpq's words for `sslmode`, and Prisma's `sslaccept`. Prisma's `sslcert` is the authority that libpq calls
/// `sslrootcert`; with an `sslkey` beside it, it is libpq's: the client's own.
fn with_tls<'a>(
    options: PgConnectOptions,
    value: &impl Fn(&str) -> Option<&'a str>,
) -> Result<PgConnectOptions, AddressError> {
    let root = value("sslrootcert").or_else(|| value("sslcert").filter(|_| value("sslkey").is_none()));
    let is_strict = value("sslaccept") == Some("strict");
    let mode = match value("sslmode").unwrap_or(if root.is_some() { "verify-full" } else { "prefer" }) {
        "disable" => PgSslMode::Disable,
        "prefer" | "require" if is_strict => PgSslMode::VerifyFull,
        "allow" => PgSslMode::Allow,
        "prefer" => PgSslMode::Prefer,
        // As with libpq: who names an authority wants it asked.
        "require" if root.is_some() => PgSslMode::VerifyCa,
        "require" => PgSslMode::Require,
        "verify-ca" => PgSslMode::VerifyCa,
        "verify-full" => PgSslMode::VerifyFull,
        other => {
            return Err(AddressError(format!(
                "the database's address says sslmode={other}: write disable, prefer, require, verify-ca or verify-full"
            )));
        }
    };
    let mut options = options.ssl_mode(mode);
    if let Some(root) = root {
        options = options.ssl_root_cert(readable("sslrootcert", root)?);
    }
    if let (Some(certificate), Some(key)) = (value("sslcert"), value("sslkey")) {
        options = options.ssl_client_cert(readable("sslcert", certificate)?).ssl_client_key(readable("sslkey", key)?);
    }
    Ok(options)
}

fn readable<'a>(name: &str, path: &'a str) -> Result<&'a Path, AddressError> {
    let path = Path::new(path);
    if path.is_file() {
        Ok(path)
    } else {
        Err(AddressError(format!("the database's address says {name}={}: there is no such file", path.display())))
    }
}

/// `-c name=value` as libpq's `options` parameter has it.
fn with_options(options: PgConnectOptions, text: &str) -> PgConnectOptions {
    let words = text.replace("-c ", "-c").replace("--", "-c");
    let settings = words.split_whitespace().filter_map(|word| word.strip_prefix("-c")?.split_once('='));
    options.options(settings)
}

fn number(name: &str, text: &str) -> Result<u32, AddressError> {
    text.parse().map_err(|_| AddressError(format!("the database's address says {name}={text}: write a whole number")))
}

/// Percent-decoded, a `+` as it stands.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let code = code.and_then(|digits| u8::from_str_radix(digits, 16).ok()).filter(|_| *first == b'%');
        bytes.push(code.unwrap_or(*first));
        rest = if code.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A file to read and write, made where it is missing, in a folder that is made where it is missing.
///
/// # Errors
/// Where the folder cannot be made.
pub fn sqlite_options(path: &Path, busy_max: Duration) -> Result<SqliteConnectOptions, AddressError> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|error| {
            AddressError(format!(
                "the folder {} for the database cannot be made: {error}: give another path",
                folder.display()
            ))
        })?;
    }
    Ok(SqliteConnectOptions::new().filename(path).create_if_missing(true).busy_timeout(busy_max))
}

#[cfg(test)]
mod tests;
