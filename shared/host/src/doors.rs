//! What lets callers in beside keys, and what opens stored secrets: built of a configuration, over the connection pool.
//!
//! Decides nothing: `core` does.

use std::sync::Arc;

use tollgate_core::Secret;
use tollgate_core::clock::Clock;
use tollgate_core::config::Config;
use tollgate_core::custom_auth::CustomAuth;
use tollgate_core::jwt::JwtAuthenticator;
use tollgate_core::seal::Sealer;
use tollgate_core::upstream::Upstream;

use crate::build::config_variable;

/// What stored values and ids of responses are sealed with: `LITELLM_SALT_KEY`, so that changing the master key leaves
/// them valid, else the master key.
pub fn salt(config: &Config) -> Option<Secret> {
    let salt = config_variable(config, "LITELLM_SALT_KEY").filter(|salt| !salt.is_empty()).map(Secret::new);
    let master_key = config.general_settings.master_key.clone();
    salt.or_else(|| master_key.filter(|key| !key.expose().trim().is_empty()))
}

/// Seals and opens stored secrets; none where there is no key to do it with.
pub fn sealer(config: &Config) -> Option<Sealer> {
    Some(Sealer::new(&salt(config)?, config.general_settings.encryption_algorithm))
}

/// Verifies tokens, where `enable_jwt_auth` is set.
pub fn jwt(config: &Config, upstream: Arc<dyn Upstream>, clock: Clock) -> Option<JwtAuthenticator> {
    let settings = config.general_settings.jwt.clone();
    settings.is_enabled.then(|| JwtAuthenticator::new(settings, upstream, clock))
}

/// Asks who calls, where `custom_auth` is an address.
pub fn custom_auth(config: &Config, upstream: Arc<dyn Upstream>, clock: Clock) -> Option<CustomAuth> {
    Some(CustomAuth::new(config.general_settings.custom_auth.clone()?, upstream, clock))
}

#[cfg(test)]
mod tests;
