//! Passwords that are made by AWS's rules and are good for a quarter of an hour: `IAM_TOKEN_DB_AUTH`.

use std::sync::Arc;
use std::time::Duration;

use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;
use tokio::sync::Mutex;
use tokio::time::Instant;
use tollgate_core::directory::Fault;

use crate::sign::Credentials;

/// Tokens are valid for 15 minutes, when a connection is made; those made before stay.
const RENEWED_AFTER: Duration = Duration::from_mins(10);

/// Who may ask for tokens, and for which user of which server.
#[derive(Clone)]
pub struct TokenSource {
    pub credentials: Arc<Credentials>,
    pub region: String,
}

/// A token, and when it was made.
pub struct Token {
    source: TokenSource,
    options: PgConnectOptions,
    made: Mutex<Option<Instant>>,
}

impl Token {
    pub fn new(source: TokenSource, options: PgConnectOptions) -> Self {
        Self { source, options, made: Mutex::new(None) }
    }

    /// Gives the pool a new token where the last is about to end.
    pub async fn renew(&self, pool: &PgPool) -> Result<(), Fault> {
        let mut made = self.made.lock().await;
        if made.is_some_and(|made| made.elapsed() < RENEWED_AFTER) {
            return Ok(());
        }
        let (host, port) = (self.options.get_host(), self.options.get_port());
        let token =
            self.source.credentials.database_token(host, port, self.options.get_username(), &self.source.region);
        let token = token.await.map_err(|error| {
            Fault::Unavailable(format!(
                "no IAM token for the database: {error}: give AWS credentials, or unset IAM_TOKEN_DB_AUTH"
            ))
        })?;
        pool.set_connect_options(self.options.clone().password(token.expose()));
        *made = Some(Instant::now());
        Ok(())
    }
}
