//! Resilience: what comes after a failed attempt.
//!
//! [`retry`] says whether the group is asked again and when, [`fallback`] which group is asked instead, [`cooldown`]
//! whether the deployment is taken out. Pure; `journey` acts.

pub mod cooldown;
pub mod fallback;
pub mod retry;

use std::time::{Duration, SystemTime};

use http::HeaderMap;
use http::header::RETRY_AFTER;
use tollgate_wire::failure::FailureClass;

use crate::Error;
use crate::config::Config;
use crate::journey::Hedging;
use crate::select::{Affinity, RefusalKind};

/// What the configuration says of everything that comes after a failure, or prevents one.
#[derive(Debug, Default)]
pub struct Resilience {
    pub retry: retry::Settings,
    pub fallback: fallback::Settings,
    pub affinity: Affinity,
    pub hedging: Hedging,
    pub streams: StreamLimits,
    /// `default_priority`: of calls that name none.
    pub priority: i64,
    /// `general_settings.dangerously_allow_mock_testing_request_params`.
    pub allows_mocks: bool,
    /// `enable_weighted_failover`: all deployments of a group are asked before another group is.
    pub asks_all: bool,
}

/// Limits of a stream's silence beside the deployment's own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StreamLimits {
    /// `router_settings.first_chunk_timeout`.
    pub first_chunk: Option<Duration>,
    /// `router_settings.chunk_timeout`.
    pub chunk: Option<Duration>,
}

impl Resilience {
    pub fn new(config: &Config) -> Self {
        let router = &config.router_settings;
        let seconds = |seconds: f64| Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
        Self {
            retry: retry::Settings::new(config),
            fallback: fallback::Settings::new(router),
            affinity: Affinity::new(router),
            hedging: Hedging::new(router),
            streams: StreamLimits {
                first_chunk: router.first_chunk_timeout.map(seconds),
                chunk: router.chunk_timeout.map(seconds),
            },
            priority: router.default_priority.unwrap_or(0),
            allows_mocks: config.general_settings.dangerously_allow_mock_testing_request_params,
            asks_all: router.enable_weighted_failover,
        }
    }
}

/// What a failure means to those that decide what comes next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fault {
    pub class: FailureClass,
    pub status: u16,
    /// What the provider's `retry-after` says, in seconds; below zero for a date that is over.
    pub retry_after_s: Option<i64>,
    /// Whether time ran out, before the answer or within a stream.
    pub is_timeout: bool,
    /// Whether a time limit that the client set itself was too short.
    pub is_clients_limit: bool,
    /// Whether the gateway itself refused: nothing changes that before the time it names.
    pub is_own: bool,
    /// Whether LiteLLM calls it an `APIConnectionError`, which it holds against nobody.
    pub is_connection: bool,
}

impl Fault {
    /// What an attempt's error means; `None` where no deployment had a part in it.
    pub fn of(error: &Error, headers: &HeaderMap) -> Option<Self> {
        let mut is_stalled = false;
        let (class, status, is_connection) = match error {
            Error::Provider(failure) => {
                is_stalled = failure.message.contains(STALLED);
                (failure.class, failure.status, failure.message.contains("APIConnectionError"))
            }
            Error::NoProviderKey { .. } => (FailureClass::Authentication, 401, false),
            Error::NotOffered { .. } | Error::NoProvider { .. } => (FailureClass::BadRequest, 400, false),
            Error::NoDeployment(refusal) if refusal.kind == RefusalKind::Tags => {
                (FailureClass::Authentication, 401, false)
            }
            Error::NoDeployment(_) => (FailureClass::RateLimit, 429, false),
            _ => return None,
        };
        let retry_after_s = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()).and_then(retry_after_s);
        let is_timeout = is_stalled || class == FailureClass::Timeout;
        Some(Self { class, status, retry_after_s, is_timeout, is_clients_limit: false, is_own: false, is_connection })
    }
}

/// What LiteLLM says where a stream was silent for too long.
const STALLED: &str = "Timeout on reading data from socket";

/// Seconds until a `retry-after`, as a number or a date (RFC 9110, 10.2.3). Fractions are what LiteLLM cannot read.
fn retry_after_s(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Ok(seconds) = text.parse() {
        return Some(seconds);
    }
    let date = httpdate::parse_http_date(text).ok()?;
    let seconds = |duration: Duration| i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
    Some(match date.duration_since(SystemTime::now()) {
        Ok(ahead) => seconds(ahead),
        Err(behind) => -seconds(behind.duration()),
    })
}

/// Whether LiteLLM tries again after this status (`litellm._should_retry`).
pub const fn is_passing(status: u16) -> bool {
    matches!(status, 408 | 409 | 429 | 500..)
}

#[cfg(test)]
mod tests;
