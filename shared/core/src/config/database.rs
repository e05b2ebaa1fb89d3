//! What `general_settings` says of the database.
//!
//! Reads what the tables have checked already; holds the defaults. Connects to nothing.

use super::load::Surroundings;
use super::params::Fields;
use crate::Secret;

const DATABASE_POOL_TIMEOUT_SECONDS: f64 = 60.0;
const DATABASE_TIMEOUT_SECONDS: f64 = 10.0;

/// Which database, and how patient calls are with it.
#[derive(Clone, Debug)]
pub struct DatabaseSettings {
    /// Where the records are kept: an address of PostgreSQL or of an SQLite file.
    pub url: Option<Secret>,
    /// Connections to the database; what its address says, else 10, where nothing is set.
    pub connection_pool_limit: Option<u64>,
    /// How long a call may wait for a connection: `database_connection_timeout`, else
    /// `database_connection_pool_timeout`, else 60; never longer than `database_timeout_seconds`.
    pub connection_pool_timeout_seconds: f64,
    /// Tollgate's own: how long a call to the database may take; 10 where nothing is set.
    pub timeout_seconds: f64,
    /// `--iam_token_db_auth` of the command line: as the variable `IAM_TOKEN_DB_AUTH`.
    pub iam_token_db_auth: bool,
    /// `--azure_postgresql_auth` of the command line: as the variable `AZURE_POSTGRESQL_AUTH`.
    pub azure_postgresql_auth: bool,
    /// Whether a pooler stands before the database that keeps no prepared statements.
    pub disable_prepared_statements: bool,
    /// Whether tables are left as they are at start: `disable_prisma_schema_update`, else the variable
    /// `DISABLE_SCHEMA_UPDATE`.
    pub disable_schema_update: bool,
}

impl DatabaseSettings {
    pub(super) fn read(fields: &Fields<'_>, surroundings: &Surroundings<'_>) -> Self {
        let is_set =
            |name: &str| surroundings.variable(name).is_some_and(|text| text.trim().eq_ignore_ascii_case("true"));
        Self {
            url: fields.text("database_url").map(Secret::new),
            connection_pool_limit: fields.count("database_connection_pool_limit"),
            connection_pool_timeout_seconds: fields
                .number("database_connection_timeout")
                .or_else(|| fields.number("database_connection_pool_timeout"))
                .unwrap_or(DATABASE_POOL_TIMEOUT_SECONDS),
            timeout_seconds: fields.number("database_timeout_seconds").unwrap_or(DATABASE_TIMEOUT_SECONDS),
            iam_token_db_auth: false,
            azure_postgresql_auth: false,
            disable_prepared_statements: fields.flag("database_disable_prepared_statements"),
            disable_schema_update: fields.flag("disable_prisma_schema_update") || is_set("DISABLE_SCHEMA_UPDATE"),
        }
    }
}
