//! JWT and OIDC: whose token is this, and what does it say of its bearer?
//!
//! Verifies a token against the public keys of its issuer, then reads from its claims who calls, by the paths of
//! `general_settings.litellm_jwtauth`. The rules are LiteLLM's (`proxy/auth/handle_jwt.py`). Knows no database: whether
//! the user and the team that a token names exist, and what they may do, others decide.

mod check;
mod identity;
mod keys;
mod path;
mod source;
mod token;
mod verify;

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::clock::Clock;
use crate::config::{JwtIssuer, JwtSettings};
use crate::upstream::Upstream;
use check::Expected;
use keys::KeySet;
use source::{KeySource, Lifetimes};
use token::Token;

pub use identity::{Identity, Role, VirtualKeyClaim};
pub use path::ClaimPath;

const DISCOVERY: &str = "/.well-known/openid-configuration";

/// Decides whose a token is.
pub struct JwtAuthenticator {
    settings: JwtSettings,
    source: KeySource,
    clock: Clock,
}

/// What a token says that its issuer vouches for. `Debug` shows the names of the claims alone.
#[derive(Clone, PartialEq)]
pub struct Claims {
    map: Map<String, Value>,
    /// The place in `issuers` of who issued it; none where it was held against the global settings.
    issuer: Option<usize>,
}

/// Why a token does not let its bearer in; the texts are what LiteLLM's clients see behind `Authentication Error, `,
/// but for [`Expired`](Self::Expired) and [`Unavailable`](Self::Unavailable), which stand alone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwtError {
    #[error("Token Expired")]
    Expired,
    /// It cannot be read at all.
    #[error("{0}")]
    Unreadable(String),
    /// It does not pass the checks.
    #[error("Validation fails: {0}")]
    Invalid(String),
    #[error("No matching public key found. kid={}", kid.as_deref().unwrap_or("None"))]
    NoKey { kid: Option<String> },
    #[error("Missing JWT Public Key URL from environment.")]
    NoSource,
    /// Nobody can be asked for keys, and none that were kept are young enough.
    #[error(
        "Service Unavailable, the identity provider's JWKS endpoint is temporarily unreachable, so the JWT signature \
         could not be verified. Please retry shortly. Error: {0}"
    )]
    Unavailable(String),
    /// The token is good, and its bearer may not do this.
    #[error("{0}")]
    Forbidden(String),
}

impl JwtError {
    pub const fn status(&self) -> u16 {
        match self {
            Self::Forbidden(_) => 403,
            Self::Unavailable(_) => 503,
            _ => 401,
        }
    }

    /// LiteLLM's `type` of the error.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Expired => "expired_key",
            Self::Unavailable(_) => "auth_provider_unavailable",
            _ => "auth_error",
        }
    }
}

impl Claims {
    pub const fn expose(&self) -> &Map<String, Value> {
        &self.map
    }
}

impl std::fmt::Debug for Claims {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_set().entries(self.map.keys()).finish()
    }
}

impl std::fmt::Debug for JwtAuthenticator {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "authenticator by {:?}", self.settings)
    }
}

/// Whether what a caller shows is to be taken for a token: it has three parts, as with LiteLLM.
pub fn is_jwt(presented: &str) -> bool {
    presented.bytes().filter(|byte| *byte == b'.').count() == 2
}

impl JwtAuthenticator {
    /// `upstream` carries the exchanges with issuers.
    pub fn new(settings: JwtSettings, upstream: Arc<dyn Upstream>, clock: Clock) -> Self {
        let seconds = |seconds: f64| Duration::try_from_secs_f64(seconds).unwrap_or_default();
        let lifetimes = Lifetimes {
            fresh: seconds(settings.public_key_ttl_seconds),
            stale: seconds(settings.public_key_stale_ttl_seconds),
        };
        Self { source: KeySource::new(upstream, clock.clone(), lifetimes), settings, clock }
    }

    pub const fn settings(&self) -> &JwtSettings {
        &self.settings
    }

    /// Verifies the token's signature, its time, its audience and its issuer.
    ///
    /// # Errors
    /// Whatever keeps the bearer out, see [`JwtError`].
    pub async fn authenticate(&self, presented: &str) -> Result<Claims, JwtError> {
        let token = Token::parse(presented)?;
        let named = token.claims.get("iss").and_then(Value::as_str);
        // The issuer's name only chooses whose keys are asked; what they have not signed is refused below.
        let issuer = named.and_then(|name| self.settings.issuers.iter().position(|issuer| issuer.issuer == name));
        let (expected, urls) = match issuer.and_then(|place| self.settings.issuers.get(place)) {
            Some(issuer) => (Expected::of(issuer), vec![address(issuer)]),
            None => (Expected::global(&self.settings), self.settings.public_key_urls.clone()),
        };
        let (now, kid) = (self.clock.now(), token.kid.as_deref());
        let keys = self.keys(&urls, kid).await?;
        verify::signature(&token, &keys.find(kid))?;
        check::claims(&token.claims, &expected, now.seconds(), self.settings.leeway_seconds)?;
        let mut map = token.claims;
        // LiteLLM keeps its own notes in the claims, and drops what a token has in their place.
        map.retain(|name, _| !name.starts_with("_litellm_"));
        Ok(Claims { map, issuer })
    }

    /// What the claims say of the bearer.
    pub fn identity(&self, claims: &Claims) -> Result<Identity, JwtError> {
        identity::read(&self.settings, claims)
    }

    /// The keys of the first address that has one of this name.
    async fn keys(&self, urls: &[String], kid: Option<&str>) -> Result<Arc<KeySet>, JwtError> {
        if urls.is_empty() {
            return Err(JwtError::NoSource);
        }
        let mut unreachable = None;
        for url in urls {
            match self.source.keys(url, kid).await {
                Ok(keys) if !keys.find(kid).is_empty() => return Ok(keys),
                Ok(_) => {}
                Err(error) => unreachable = Some(error),
            }
        }
        // A key that one address does not have may well be at the one that does not answer.
        let none = JwtError::NoKey { kid: kid.map(str::to_owned) };
        Err(unreachable.map_or(none, |error| JwtError::Unavailable(error.to_string())))
    }
}

/// Where an issuer's keys are: where nothing is said, its discovery document tells.
fn address(issuer: &JwtIssuer) -> String {
    issuer.jwks_url.clone().unwrap_or_else(|| format!("{}{DISCOVERY}", issuer.issuer.trim_end_matches('/')))
}

#[cfg(test)]
mod tests;
