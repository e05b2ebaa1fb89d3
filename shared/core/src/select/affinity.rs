//! Affinity: the deployment that served a key, a session or a prompt before serves it again.
//!
//! LiteLLM's `deployment_affinity_check.py` and `prompt_caching_deployment_check.py`, with the same keys. Works out what
//! to look up and what to remember; the meter does both.

use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::clock::Moment;
use crate::config::RouterSettings;
use crate::meter::Meter;

const PREFIX: &str = "deployment_affinity:v1";
/// LiteLLM's `PROMPT_CACHE_PIN_TTL_SECONDS`: as long as a provider keeps a prompt.
const PROMPT_RETENTION: Duration = Duration::from_secs(300);
/// LiteLLM's least number of tokens that a provider keeps: `DEFAULT_MINIMUM_PROMPT_CACHE_TOKEN_COUNT`.
pub const PROMPT_TOKENS_MIN: u64 = 1024;
/// A session's name may be at most this long; a longer one is no session.
const SESSION_BYTES_MAX: usize = 512;

/// A deployment that is asked for by its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    pub id: String,
}

/// Which kinds of affinity there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kinds {
    pub by_key: bool,
    pub by_session: bool,
}

/// What the configuration says of affinity.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Affinity {
    kinds: Kinds,
    groups: Vec<(String, Kinds)>,
    /// `prompt_caching`.
    pub by_prompt: bool,
    retention: Duration,
}

impl Affinity {
    pub fn new(router: &RouterSettings) -> Self {
        let kinds = |checks: &[String]| Kinds {
            by_key: checks.iter().any(|check| check == "deployment_affinity"),
            by_session: checks.iter().any(|check| check == "session_affinity"),
        };
        let checks = &router.optional_pre_call_checks;
        let groups = &router.model_group_affinity_config;
        Self {
            kinds: kinds(checks),
            groups: groups.iter().map(|(group, checks)| (group.clone(), kinds(checks))).collect(),
            by_prompt: checks.iter().any(|check| check == "prompt_caching"),
            retention: Duration::try_from_secs_f64(router.deployment_affinity_ttl_seconds).unwrap_or(Duration::MAX),
        }
    }

    /// Whether any call is pinned by who made it.
    pub fn looks_at_keys(&self) -> bool {
        let looks = |kinds: &Kinds| kinds.by_key || kinds.by_session;
        looks(&self.kinds) || self.groups.iter().any(|(_, kinds)| looks(kinds))
    }

    fn kinds(&self, group: &str) -> Kinds {
        let own = self.groups.iter().find(|(name, _)| name == group).map(|(_, kinds)| *kinds);
        own.unwrap_or(self.kinds)
    }

    /// What a call of this group is pinned by. `prompts` are its keys by prompt, the longest beginning first.
    pub fn pinning(&self, group: &str, caller: &Caller<'_>, prompts: Vec<String>) -> Pinning {
        let kinds = self.kinds(group);
        let session = caller.session.filter(|session| kinds.by_session && session.len() <= SESSION_BYTES_MAX);
        let hash = caller.key_hash.unwrap_or("unscoped");
        let session = session.map(|session| format!("{PREFIX}:session:{group}:{hash}:{session}"));
        let key = caller.key_hash.filter(|_| kinds.by_key).map(|hash| format!("{PREFIX}:{group}:{hash}"));
        Pinning { callers: session.into_iter().chain(key).collect(), prompts, retention: self.retention }
    }
}

/// Who calls, as affinity sees it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Caller<'a> {
    /// SHA-256 of the caller's key, in hexadecimal.
    pub key_hash: Option<&'a str>,
    pub session: Option<&'a str>,
}

/// The hash of a key by which affinity knows its caller: LiteLLM's hash of virtual keys.
pub fn key_hash(key: &str) -> String {
    Sha256::digest(key.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What one call is pinned by in one group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pinning {
    /// By session, then by key.
    callers: Vec<String>,
    prompts: Vec<String>,
    retention: Duration,
}

impl Pinning {
    pub const fn is_empty(&self) -> bool {
        self.callers.is_empty() && self.prompts.is_empty()
    }

    /// The deployments that are remembered, the most particular first, and the callers that none is remembered for.
    pub async fn recall(&self, meter: &dyn Meter, now: Moment) -> Recalled {
        let mut recalled = Recalled::default();
        for key in &self.callers {
            match meter.recall(key, now).await {
                Some(id) => recalled.pins.push(Pin { id }),
                None => recalled.unknown.push(key.clone()),
            }
        }
        for key in &self.prompts {
            if let Some(id) = meter.recall(key, now).await {
                recalled.pins.push(Pin { id });
                break;
            }
        }
        recalled
    }

    /// A deployment is asked now: callers that none was remembered for come back to this one. Who is remembered
    /// elsewhere stays so, as with LiteLLM: a deployment that rests a while gets its callers back.
    pub fn remember_callers(&self, meter: &dyn Meter, unknown: &[String], id: &str, now: Moment) {
        for key in unknown {
            meter.remember(key.clone(), id, now + self.retention);
        }
    }

    /// A deployment has served the prompt: its provider keeps the beginning for a while.
    pub fn remember_prompt(&self, meter: &dyn Meter, id: &str, now: Moment) {
        if let Some(key) = self.prompts.first() {
            meter.remember(key.clone(), id, now + PROMPT_RETENTION);
        }
    }
}

/// What was remembered of a call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recalled {
    pub pins: Vec<Pin>,
    /// Keys of callers under which nothing was.
    pub unknown: Vec<String>,
}
