//! Secrets of logging callbacks in requests and answers.
//!
//! They are sealed before any handler sees them, wherever they stand: what is written, answered and logged is sealed
//! then. What an older LiteLLM has stored unsealed is sealed on its way out, so that a form that sends it back mends it.

use serde_json::Value;

use crate::seal::variables;
use crate::{App, Error, denial::Denial};

/// Seals every secret of callbacks in a request.
///
/// # Errors
/// Where there is no key to seal with, or a secret is too long.
pub fn seal(app: &App, body: &mut Value) -> Result<(), Error> {
    for secret in variables::plain(body) {
        let sealed = app.stored.sealer()?.seal_variable(secret.as_str().unwrap_or_default());
        *secret = sealed.map_err(|error| Denial::management_error(400, &error.to_string()))?.into();
    }
    Ok(())
}

/// Seals in an answer what was stored unsealed; without a key it is not shown at all.
pub fn cover(app: &App, body: &mut Value) {
    for secret in variables::plain(body) {
        let sealed = app.stored.sealer().ok().and_then(|sealer| sealer.seal_variable(secret.as_str()?).ok());
        *secret = sealed.unwrap_or_else(|| variables::REDACTED.to_owned()).into();
    }
}
