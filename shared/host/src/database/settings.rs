//! Which database the configuration and the environment name, as LiteLLM reads them.

use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use tollgate_core::config::GeneralSettings;
use tracing::warn;

use super::address::{Address, AddressError, PostgresAddress};
use super::token::TokenSource;
use crate::sign::Credentials;

const POSTGRES_PORT: u16 = 5432;
/// Where RDS is asked for when no region is named.
const REGION: &str = "us-east-1";

/// How to reach a database.
pub struct Settings {
    pub address: Address,
    /// Where to listen for changes, when a pooler stands before the database: `DIRECT_URL`.
    pub(super) direct: Option<PgConnectOptions>,
    /// `general_settings.database.connection_pool_limit`, above what the address says.
    pub connections_max: Option<u32>,
    /// How long to wait for a free connection.
    pub wait_max: Duration,
    /// `general_settings.database.timeout_seconds`: the deadline of each call.
    pub timeout: Duration,
    pub(super) token: Option<TokenSource>,
}

/// A variable of the configuration, else of the process.
pub type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

impl Settings {
    /// This database, with the limits that hold where nothing is set.
    pub const fn of(address: Address) -> Self {
        let wait_max = Duration::from_secs(10);
        Self { address, direct: None, connections_max: None, wait_max, timeout: Duration::from_secs(10), token: None }
    }

    /// `database_url`, else the variables `DATABASE_URL`, or `DATABASE_HOST`, `_PORT`, `_USERNAME` (`_USER`),
    /// `_PASSWORD`, `_NAME` and `_SCHEMA`; nothing where none is set. `credentials` ask AWS for tokens.
    ///
    /// # Errors
    /// When an address cannot be used, or what a token needs is missing.
    pub fn read(
        general: &GeneralSettings,
        variable: Lookup<'_>,
        credentials: &Arc<Credentials>,
    ) -> Result<Option<Self>, AddressError> {
        let variable = |name: &str| variable(name).filter(|text| !text.is_empty());
        let is_on = |name: &str| {
            variable(name)
                .is_some_and(|text| matches!(text.trim().to_ascii_lowercase().as_str(), "true" | "1" | "yes" | "on"))
        };
        if general.database.azure_postgresql_auth || is_on("AZURE_POSTGRESQL_AUTH") {
            return Err(AddressError(
                "AZURE_POSTGRESQL_AUTH: tokens of Microsoft Entra are not used for databases yet: give a password"
                    .to_owned(),
            ));
        }
        let wants_token = general.database.iam_token_db_auth || is_on("IAM_TOKEN_DB_AUTH");
        let given =
            general.database.url.as_ref().map(|url| url.expose().to_owned()).or_else(|| variable("DATABASE_URL"));
        let address = match (given, wants_token) {
            (Some(url), false) => Some(Address::parse(&url)?),
            (_, is_token) => parts(&variable, is_token)?.map(|address| Address::Postgres(Box::new(address))),
        };
        let Some(mut address) = address else { return Ok(None) };
        let refuses_preparing =
            general.database.disable_prepared_statements || is_on("DATABASE_DISABLE_PREPARED_STATEMENTS");
        if let Address::Postgres(postgres) = &mut address
            && refuses_preparing
        {
            postgres.is_pooled = true;
            postgres.options = postgres.options.clone().statement_cache_capacity(0);
        }
        let timeout = Duration::try_from_secs_f64(general.database.timeout_seconds).unwrap_or(Duration::MAX);
        let wait_max =
            Duration::try_from_secs_f64(general.database.connection_pool_timeout_seconds).unwrap_or(Duration::MAX);
        let region =
            variable("AWS_REGION_NAME").or_else(|| variable("AWS_REGION")).or_else(|| variable("AWS_DEFAULT_REGION"));
        Ok(Some(Self {
            direct: direct(&variable),
            connections_max: general
                .database
                .connection_pool_limit
                .map(|limit| u32::try_from(limit.max(1)).unwrap_or(u32::MAX)),
            wait_max: wait_max.min(timeout),
            timeout,
            token: wants_token.then(|| TokenSource {
                credentials: Arc::clone(credentials),
                region: region.unwrap_or_else(|| REGION.to_owned()),
            }),
            address,
        }))
    }
}

fn direct(variable: &impl Fn(&str) -> Option<String>) -> Option<PgConnectOptions> {
    match Address::parse(&variable("DIRECT_URL")?) {
        Ok(Address::Postgres(address)) => Some(address.options),
        _ => {
            warn!("DIRECT_URL is no address of PostgreSQL and is not used");
            None
        }
    }
}

/// The address that single variables make.
fn parts(variable: &impl Fn(&str) -> Option<String>, is_token: bool) -> Result<Option<PostgresAddress>, AddressError> {
    let user = variable("DATABASE_USER").or_else(|| variable("DATABASE_USERNAME"));
    let needed = [
        ("DATABASE_HOST", variable("DATABASE_HOST")),
        ("DATABASE_USERNAME", user),
        ("DATABASE_NAME", variable("DATABASE_NAME")),
    ];
    let missing: Vec<&str> = needed.iter().filter(|(_, value)| value.is_none()).map(|(name, _)| *name).collect();
    let [(_, Some(host)), (_, Some(user)), (_, Some(name))] = needed else {
        let text = format!("IAM_TOKEN_DB_AUTH is set, but {} is not", missing.join(", "));
        return if is_token { Err(AddressError(text)) } else { Ok(None) };
    };
    let port = match variable("DATABASE_PORT") {
        Some(text) => {
            text.parse().map_err(|_| AddressError("DATABASE_PORT is no port: write a number, as 5432".to_owned()))?
        }
        None => POSTGRES_PORT,
    };
    let mut options = PgConnectOptions::new_without_pgpass().host(&host).port(port).username(&user).database(&name);
    if let Some(password) = variable("DATABASE_PASSWORD") {
        options = options.password(&password);
    }
    let parameters =
        [("schema", "DATABASE_SCHEMA"), ("sslmode", "DATABASE_SSLMODE"), ("sslrootcert", "DATABASE_SSLROOTCERT")];
    let pairs = parameters.iter().filter_map(|(parameter, name)| Some(((*parameter).to_owned(), variable(name)?)));
    let mut pairs: Vec<(String, String)> = pairs.collect();
    // A token is shown to nobody but the database.
    if is_token && !pairs.iter().any(|(name, _)| name == "sslmode" || name == "sslrootcert") {
        pairs.push(("sslmode".to_owned(), "require".to_owned()));
    }
    PostgresAddress::new(options, &pairs).map(Some)
}

#[cfg(test)]
mod tests;
