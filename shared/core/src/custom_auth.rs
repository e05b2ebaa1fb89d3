//! Custom authentication: a service of the operator's says who calls.
//!
//! In place of LiteLLM's Python function, `general_settings.custom_auth` names an address. It is sent, by POST, what is
//! known of the caller as JSON:
//!
//! ```json
//! {"api_key": "sk-…", "api_key_hash": "9f86…", "method": "POST", "path": "/v1/chat/completions",
//!  "headers": {"x-team": "a"}, "client_ip": "203.0.113.5"}
//! ```
//!
//! It answers 200 with an object of LiteLLM's `UserAPIKeyAuth`, or with a string, a key to go on with; 401 or 403 with
//! a message turn the caller away. Whatever else it does, or does not do in time, lets nobody in. Knows no database:
//! what the answer means for budgets and models, others decide.

mod answer;
mod cache;
mod fields;

use std::net::IpAddr;
use std::sync::Arc;

use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, Request};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::Secret;
use crate::clock::Clock;
use crate::config::{CustomAuthCredential, CustomAuthSettings};
use crate::consult::{self, Bounds};
use crate::upstream::Upstream;
use cache::Cache;

/// Asks the operator's service.
pub struct CustomAuth {
    settings: CustomAuthSettings,
    upstream: Arc<dyn Upstream>,
    clock: Clock,
    cache: Cache,
}

/// What the service is told.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    /// What the caller has shown; none where it shows nothing, which the service may allow.
    pub key: Option<&'a str>,
    pub method: &'a Method,
    /// Without its query.
    pub path: &'a str,
    /// The request's own; the service is told those that the settings name.
    pub headers: &'a HeaderMap,
    pub client: Option<IpAddr>,
}

/// Who the caller is.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    Grant(Arc<Grant>),
    /// The caller counts as the holder of this key, which is looked up like any other.
    Key(Secret),
}

/// What the service says of the caller, in LiteLLM's fields, each of its type. `Debug` shows their names alone.
#[derive(Clone, PartialEq)]
pub struct Grant {
    /// What the caller's spend is booked on: the service's `token`, or the hash of its `api_key`, else the hash of what
    /// the caller has shown. Empty where that is nothing.
    pub hash: String,
    /// LiteLLM's role; none where nothing is said.
    pub user_role: Option<String>,
    /// The columns of `LiteLLM_VerificationToken`: `models`, `max_budget`, `team_id`, `expires`, …
    pub key: Map<String, Value>,
    /// All else, under LiteLLM's names: `team_max_budget`, `end_user_id`, `user_email`, …
    pub beside: Map<String, Value>,
}

/// Why nobody is let in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CustomAuthError {
    /// The service says so.
    #[error("{message}")]
    Refused { status: u16, message: String },
    /// It does not answer, or not what was agreed; the reason is for the log.
    #[error("custom authentication is not available now: try again later")]
    Unavailable,
}

impl CustomAuthError {
    /// The answer's status; LiteLLM's `type` of either is `auth_error`.
    pub const fn status(&self) -> u16 {
        match self {
            Self::Refused { status, .. } => *status,
            Self::Unavailable => 503,
        }
    }
}

impl std::fmt::Debug for Grant {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_set().entries(self.key.keys()).entries(self.beside.keys()).finish()
    }
}

impl CustomAuth {
    /// `upstream` carries the exchanges with the service.
    pub fn new(settings: CustomAuthSettings, upstream: Arc<dyn Upstream>, clock: Clock) -> Self {
        let cache = Cache::new(settings.cache_ttl, settings.cache_entries_max);
        Self { settings, upstream, clock, cache }
    }

    pub const fn settings(&self) -> &CustomAuthSettings {
        &self.settings
    }

    /// Who the caller is: as the service has said a short time ago to the same question, else as it says now.
    ///
    /// # Errors
    /// When the service turns the caller away, or nobody can tell.
    pub async fn ask(&self, question: Question<'_>) -> Result<Verdict, CustomAuthError> {
        let hash = question.key.map(hash).unwrap_or_default();
        let body = self.told(&question, &hash).to_string();
        let digest: [u8; 32] = Sha256::digest(body.as_bytes()).into();
        if let Some(verdict) = self.cache.find(&digest, self.clock.now()) {
            return Ok(verdict);
        }
        let unavailable = |reason: String| {
            tracing::warn!("custom authentication failed: {reason}");
            CustomAuthError::Unavailable
        };
        let request =
            self.request(body).ok_or_else(|| unavailable("its address or secret cannot be sent".to_owned()))?;
        let bounds = Bounds { timeout: self.settings.timeout, bytes_max: self.settings.answer_bytes_max };
        let answered = consult::ask(Arc::clone(&self.upstream), request, bounds).await;
        let answered = answered.map_err(|error| unavailable(error.to_string()))?;
        let lifetime = cache::allowed(answered.headers());
        let verdict = answer::read(answered.status().as_u16(), answered.body(), hash);
        let verdict = verdict.map_err(|failure| match failure {
            answer::Failure::Refused { status, message } => CustomAuthError::Refused { status, message },
            answer::Failure::Misfit(reason) => unavailable(reason),
        })?;
        self.cache.keep(digest, &verdict, lifetime, self.clock.now());
        Ok(verdict)
    }

    fn told(&self, question: &Question<'_>, hash: &str) -> Value {
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let named = self.settings.headers.iter().filter_map(|name| Some((name, question.headers.get(name)?)));
        let headers: Map<String, Value> = named.map(|(name, value)| (name.to_string(), text(value).into())).collect();
        let key = question.key.filter(|_| self.settings.credential == CustomAuthCredential::Key);
        json!({
            "api_key": key, "api_key_hash": question.key.map(|_| hash), "method": question.method.as_str(),
            "path": question.path, "headers": headers, "client_ip": question.client.map(|client| client.to_string()),
        })
    }

    fn request(&self, body: String) -> Option<Request<Vec<u8>>> {
        let mut request = Request::post(consult::address(self.settings.url.expose())?).body(body.into_bytes()).ok()?;
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(secret) = &self.settings.secret {
            let mut value = HeaderValue::try_from(format!("Bearer {}", secret.expose())).ok()?;
            value.set_sensitive(true);
            request.headers_mut().insert(AUTHORIZATION, value);
        }
        Some(request)
    }
}

/// What LiteLLM keeps of a key in its place.
fn hash(key: &str) -> String {
    use std::fmt::Write;
    Sha256::digest(key.as_bytes()).iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests;
