//! `general_settings.custom_auth` as an address: a service of the operator's that says who calls.
//!
//! LiteLLM has a Python function there. Reads what the tables have checked already; holds the defaults.

use std::fmt;
use std::time::Duration;

use http::HeaderName;

use super::node::Node;
use super::params::Fields;
use crate::Secret;
use crate::consult;

const TIMEOUT_SECONDS: f64 = 5.0;
const CACHE_SECONDS: f64 = 60.0;
const CACHE_ENTRIES_MAX: u64 = 10_000;
const ANSWER_MAX_KB: u64 = 64;

/// How callers are made known by a service of the operator's.
#[derive(Clone)]
pub struct CustomAuthSettings {
    /// Where it is asked; the path and the query may hold secrets.
    pub url: Secret,
    /// `custom_auth_secret`: shown to the service as a bearer token, so that it knows who asks.
    pub secret: Option<Secret>,
    /// `custom_auth_credential`: what it is told of the caller's key.
    pub credential: CustomAuthCredential,
    /// `custom_auth_headers`: those of the request that it is told, as they are.
    pub headers: Vec<HeaderName>,
    /// `custom_auth_timeout_seconds`: 5 where nothing is set.
    pub timeout: Duration,
    /// `custom_auth_cache_seconds`: how long an answer holds for the same question; 60 where nothing is set, 0 never.
    pub cache_ttl: Duration,
    /// `custom_auth_cache_max_entries`: 10000 where nothing is set.
    pub cache_entries_max: usize,
    /// `custom_auth_max_response_size_kb`: 64 where nothing is set.
    pub answer_bytes_max: usize,
    /// LiteLLM's `custom_auth_run_common_checks`: whether who is let in is still held against budgets and models.
    pub runs_common_checks: bool,
}

/// What the service is told of a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CustomAuthCredential {
    /// The key itself, as LiteLLM's function is.
    #[default]
    Key,
    /// Its SHA-256 alone: enough to find it in a list.
    Hash,
}

impl CustomAuthSettings {
    /// `None` where there is nothing, or the path of Python code.
    pub(super) fn read(general: &Fields<'_>) -> Option<Self> {
        let url = general.text("custom_auth").filter(|text| is_address(text))?;
        let seconds = |name: &str, otherwise: f64| {
            let seconds = general.number(name).unwrap_or(otherwise);
            Duration::try_from_secs_f64(seconds).unwrap_or_default()
        };
        let count = |name: &str, otherwise: u64| {
            usize::try_from(general.count(name).unwrap_or(otherwise)).unwrap_or(usize::MAX)
        };
        let headers = general.get("custom_auth_headers").map(Node::texts).unwrap_or_default();
        Some(Self {
            url: Secret::new(url),
            secret: general.text("custom_auth_secret").filter(|text| !text.is_empty()).map(Secret::new),
            credential: match general.text("custom_auth_credential").as_deref() {
                Some("hash") => CustomAuthCredential::Hash,
                _ => CustomAuthCredential::Key,
            },
            headers: headers.iter().filter_map(|name| HeaderName::from_bytes(name.as_bytes()).ok()).collect(),
            timeout: seconds("custom_auth_timeout_seconds", TIMEOUT_SECONDS),
            cache_ttl: seconds("custom_auth_cache_seconds", CACHE_SECONDS),
            cache_entries_max: count("custom_auth_cache_max_entries", CACHE_ENTRIES_MAX),
            answer_bytes_max: count("custom_auth_max_response_size_kb", ANSWER_MAX_KB).saturating_mul(1024),
            runs_common_checks: general.flag("custom_auth_run_common_checks"),
        })
    }
}

/// Whether the text is meant for an address, and not for Python code.
pub(super) fn is_address(text: &str) -> bool {
    text.contains("://")
}

impl fmt::Debug for CustomAuthSettings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = consult::address(self.url.expose()).map(|uri| consult::host(&uri)).unwrap_or_default();
        let mut debug = formatter.debug_struct("CustomAuthSettings");
        debug.field("host", &host).field("credential", &self.credential).field("headers", &self.headers);
        debug.field("timeout", &self.timeout).field("cache_ttl", &self.cache_ttl).finish_non_exhaustive()
    }
}
