//! Keeps credentials until shortly before they expire, and fetches them once however many calls wait.
//!
//! Knows no kind of credential. Nothing runs in the background: whoever waits drives the fetch, and one that nobody
//! waits for any more is dropped.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use futures_util::FutureExt;
use futures_util::future::{Shared, WeakShared};
use tollgate_core::sign::SignError;
use tollgate_core::upstream::BoxFuture;

/// Credentials are renewed this long before they expire; short-lived ones after half of their life.
const MARGIN: Duration = Duration::from_secs(60);
/// Credentials that name no expiry are looked up again after this long, as with LiteLLM.
const UNDATED: Duration = Duration::from_secs(600);
/// A failure is told to whoever asks within this time, so that a broken issuer is not asked for every call.
const FAILURE: Duration = Duration::from_secs(1);
/// Far more sources than a configuration has; what is expired goes first.
const SLOTS_MAX: usize = 1024;

/// A credential and the moment it stops being valid.
#[derive(Clone)]
pub struct Timed<V> {
    pub value: V,
    pub expires: Option<SystemTime>,
}

pub type Fetch<V> = BoxFuture<'static, Result<Timed<V>, SignError>>;

/// Credentials by their source.
pub struct Cache<K, V> {
    slots: Mutex<HashMap<K, Slot<V>>>,
}

struct Slot<V> {
    kept: Option<Kept<V>>,
    failed: Option<(SignError, SystemTime)>,
    pending: Option<WeakShared<Fetch<V>>>,
}

struct Kept<V> {
    value: V,
    renewed: SystemTime,
    expires: SystemTime,
}

enum Found<V> {
    Value(V),
    Failure(SignError),
    Pending(Shared<Fetch<V>>),
}

impl<K, V> Default for Cache<K, V> {
    fn default() -> Self {
        Self { slots: Mutex::default() }
    }
}

impl<V> Default for Slot<V> {
    fn default() -> Self {
        Self { kept: None, failed: None, pending: None }
    }
}

impl<K: Clone + Eq + Hash, V: Clone> Cache<K, V> {
    /// The credentials of a source: kept ones, else fetched ones. `now` tells the time.
    ///
    /// # Errors
    /// When they cannot be fetched, and those that were kept are no longer valid.
    pub async fn get(
        &self,
        source: &K,
        now: impl Fn() -> SystemTime,
        fetch: impl FnOnce() -> Fetch<V>,
    ) -> Result<V, SignError> {
        let pending = match self.find(source, now(), fetch) {
            Found::Value(value) => return Ok(value),
            Found::Failure(error) => return Err(error),
            Found::Pending(pending) => pending,
        };
        let outcome = pending.await;
        self.keep(source, now(), outcome)
    }

    fn find(&self, source: &K, now: SystemTime, fetch: impl FnOnce() -> Fetch<V>) -> Found<V> {
        let mut slots = self.slots();
        if slots.len() >= SLOTS_MAX && !slots.contains_key(source) {
            slots.retain(|_, slot| slot.is_valid(now));
        }
        let slot = slots.entry(source.clone()).or_default();
        let has_just_failed = slot.failed.as_ref().filter(|(_, until)| now < *until);
        match (&slot.kept, has_just_failed) {
            (Some(kept), _) if now < kept.renewed => return Found::Value(kept.value.clone()),
            (Some(kept), Some(_)) if now < kept.expires => return Found::Value(kept.value.clone()),
            (_, Some((error, _))) => return Found::Failure(error.clone()),
            _ => {}
        }
        let pending = slot.pending.as_ref().and_then(WeakShared::upgrade).unwrap_or_else(|| fetch().shared());
        slot.pending = pending.downgrade();
        Found::Pending(pending)
    }

    fn keep(&self, source: &K, now: SystemTime, outcome: Result<Timed<V>, SignError>) -> Result<V, SignError> {
        let mut slots = self.slots();
        let slot = slots.entry(source.clone()).or_default();
        slot.pending = None;
        match outcome {
            Ok(Timed { value, expires }) => {
                let lasts = expires.map_or(UNDATED + MARGIN, |expires| expires.duration_since(now).unwrap_or_default());
                let renewed = now + lasts.saturating_sub(MARGIN.min(lasts / 2));
                slot.kept = Some(Kept { value: value.clone(), renewed, expires: now + lasts });
                slot.failed = None;
                Ok(value)
            }
            Err(error) => {
                slot.failed = Some((error.clone(), now + FAILURE));
                match &slot.kept {
                    Some(kept) if now < kept.expires => Ok(kept.value.clone()),
                    _ => Err(error),
                }
            }
        }
    }

    fn slots(&self) -> MutexGuard<'_, HashMap<K, Slot<V>>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<V> Slot<V> {
    fn is_valid(&self, now: SystemTime) -> bool {
        self.kept.as_ref().is_some_and(|kept| now < kept.expires)
    }
}

#[cfg(test)]
mod tests;
