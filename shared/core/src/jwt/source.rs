//! Where public keys come from: the issuer's document, kept for a stated time.
//!
//! One fetch for all who wait. A token that names an unknown key has the document fetched again, since issuers change
//! keys at any time, but not at every such token, since anybody can write one. While the issuer does not answer, the
//! last keys it gave are good for a stated time more. Knows no token.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::{Shared, WeakShared};
use http::Request;
use serde_json::Value;

use super::keys::KeySet;
use crate::clock::{Clock, Moment};
use crate::consult::{self, Bounds, ConsultError};
use crate::upstream::{BoxFuture, Upstream};

const BOUNDS: Bounds = Bounds { timeout: Duration::from_secs(10), bytes_max: 1024 * 1024 };
/// An issuer that did not answer is left alone for this long, as with LiteLLM.
const BACKOFF: Duration = Duration::from_secs(30);
/// Unknown keys have the document fetched again no more often.
const REFETCH: Duration = Duration::from_secs(30);
const DISCOVERY: &str = ".well-known/openid-configuration";

#[derive(Clone, Copy, Debug)]
pub struct Lifetimes {
    /// `public_key_ttl`.
    pub fresh: Duration,
    /// `public_key_stale_ttl`: how much longer keys are good while the issuer does not answer.
    pub stale: Duration,
}

/// Why there are no keys.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    #[error(transparent)]
    Silent(#[from] ConsultError),
    #[error("{host} answered {status}")]
    Status { host: String, status: u16 },
    #[error("{host} answered with something else than {expected}")]
    Unreadable { host: String, expected: &'static str },
    #[error("`{0}` is no address to get keys from")]
    NoAddress(String),
}

type Outcome = Result<Arc<KeySet>, SourceError>;
type Fetching = Shared<BoxFuture<'static, Outcome>>;

pub struct KeySource {
    upstream: Arc<dyn Upstream>,
    clock: Clock,
    lifetimes: Lifetimes,
    /// By the addresses of the configuration, so no more than it has.
    slots: Mutex<HashMap<String, Slot>>,
}

#[derive(Default)]
struct Slot {
    kept: Option<(Arc<KeySet>, Moment)>,
    failed: Option<(SourceError, Moment)>,
    asked: Option<Moment>,
    pending: Option<WeakShared<BoxFuture<'static, Outcome>>>,
}

impl KeySource {
    pub fn new(upstream: Arc<dyn Upstream>, clock: Clock, lifetimes: Lifetimes) -> Self {
        Self { upstream, clock, lifetimes, slots: Mutex::default() }
    }

    /// The keys at this address, of which one is hoped to have this name.
    ///
    /// # Errors
    /// When none are to be had, and none that were kept are young enough.
    pub async fn keys(&self, url: &str, kid: Option<&str>) -> Outcome {
        let fetching = match self.find(url, kid) {
            Ok(outcome) => return outcome,
            Err(fetching) => fetching,
        };
        let outcome = fetching.await;
        self.keep(url, outcome)
    }

    /// What can be said at once, else what is to be waited for.
    fn find(&self, url: &str, kid: Option<&str>) -> Result<Outcome, Fetching> {
        let now = self.clock.now();
        let mut slots = self.slots();
        let slot = slots.entry(url.to_owned()).or_default();
        let has_just_asked = slot.asked.is_some_and(|asked| now.since(asked) < REFETCH);
        if let Some((keys, fetched)) = &slot.kept {
            let is_fresh = now.since(*fetched) < self.lifetimes.fresh;
            if is_fresh && (has_just_asked || !keys.find(kid).is_empty()) {
                return Ok(Ok(Arc::clone(keys)));
            }
        }
        if let Some((error, at)) = &slot.failed
            && now.since(*at) < BACKOFF
        {
            let error = error.clone();
            return Ok(self.kept(slot, now).ok_or(error));
        }
        let fetch = || fetch(Arc::clone(&self.upstream), url.to_owned()).boxed().shared();
        let fetching = slot.pending.as_ref().and_then(WeakShared::upgrade).unwrap_or_else(fetch);
        slot.pending = fetching.downgrade();
        slot.asked = Some(now);
        Err(fetching)
    }

    fn keep(&self, url: &str, outcome: Outcome) -> Outcome {
        let now = self.clock.now();
        let mut slots = self.slots();
        let slot = slots.entry(url.to_owned()).or_default();
        slot.pending = None;
        match outcome {
            Ok(keys) => {
                slot.kept = Some((Arc::clone(&keys), now));
                slot.failed = None;
                Ok(keys)
            }
            Err(error) => {
                tracing::warn!(%url, "no keys to verify tokens with: {error}");
                slot.failed = Some((error.clone(), now));
                self.kept(slot, now).ok_or(error)
            }
        }
    }

    /// The last keys, as long as they are good.
    fn kept(&self, slot: &Slot, now: Moment) -> Option<Arc<KeySet>> {
        let (keys, fetched) = slot.kept.as_ref()?;
        (now.since(*fetched) < self.lifetimes.fresh + self.lifetimes.stale).then(|| Arc::clone(keys))
    }

    fn slots(&self) -> MutexGuard<'_, HashMap<String, Slot>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn fetch(upstream: Arc<dyn Upstream>, url: String) -> Outcome {
    let url = if url.contains(DISCOVERY) { advertised(&upstream, &url).await? } else { url };
    let document = get(&upstream, &url).await?;
    let unreadable = || SourceError::Unreadable { host: host(&url), expected: "a set of keys" };
    KeySet::parse(&document).map(Arc::new).ok_or_else(unreadable)
}

/// Where a discovery document (OpenID Connect Discovery 1.0, 3) says that the keys are.
async fn advertised(upstream: &Arc<dyn Upstream>, url: &str) -> Result<String, SourceError> {
    let document: Option<Value> = serde_json::from_slice(&get(upstream, url).await?).ok();
    let address = document.as_ref().and_then(|document| document.get("jwks_uri")).and_then(Value::as_str);
    let unreadable = || SourceError::Unreadable { host: host(url), expected: "a document with a `jwks_uri`" };
    let address = address.ok_or_else(unreadable)?;
    // What was fetched in safety must not lead out of it.
    let is_downgraded = url.starts_with("https:") && !address.starts_with("https:");
    if is_downgraded { Err(SourceError::NoAddress(address.to_owned())) } else { Ok(address.to_owned()) }
}

async fn get(upstream: &Arc<dyn Upstream>, url: &str) -> Result<Bytes, SourceError> {
    let uri = consult::address(url).ok_or_else(|| SourceError::NoAddress(url.to_owned()))?;
    let request = Request::get(uri).header(http::header::ACCEPT, "application/json").body(Vec::new());
    let request = request.map_err(|_| SourceError::NoAddress(url.to_owned()))?;
    let answer = consult::ask(Arc::clone(upstream), request, BOUNDS).await?;
    match answer.status().as_u16() {
        200 => Ok(answer.into_body()),
        status => Err(SourceError::Status { host: host(url), status }),
    }
}

fn host(url: &str) -> String {
    consult::address(url).map(|uri| consult::host(&uri)).unwrap_or_default()
}

#[cfg(test)]
mod tests;
