//! Answers of the operator's service, kept for a short time by what was asked.
//!
//! Kept is only who was let in: a caller that was turned away may be let in at once when the service knows it. The
//! question is kept as its digest, so no key is.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::HeaderMap;
use http::header::CACHE_CONTROL;

use super::Verdict;
use crate::clock::Moment;

type Digest = [u8; 32];

pub struct Cache {
    ttl: Duration,
    entries_max: usize,
    entries: Mutex<HashMap<Digest, (Verdict, Moment)>>,
}

impl Cache {
    pub fn new(ttl: Duration, entries_max: usize) -> Self {
        Self { ttl, entries_max, entries: Mutex::default() }
    }

    pub fn find(&self, digest: &Digest, now: Moment) -> Option<Verdict> {
        let entries = self.entries();
        let (verdict, until) = entries.get(digest)?;
        (now < *until).then(|| verdict.clone())
    }

    /// Keeps a verdict for as long as both the settings and the service allow.
    pub fn keep(&self, digest: Digest, verdict: &Verdict, allowed: Option<Duration>, now: Moment) {
        let ttl = allowed.map_or(self.ttl, |allowed| allowed.min(self.ttl));
        if ttl.is_zero() {
            return;
        }
        let mut entries = self.entries();
        if self.entries_max <= entries.len() && !entries.contains_key(&digest) {
            entries.retain(|_, (_, until)| now < *until);
        }
        // What finds no room is asked again, which costs time and nothing else.
        if entries.len() < self.entries_max || entries.contains_key(&digest) {
            entries.insert(digest, (verdict.clone(), now + ttl));
        }
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<Digest, (Verdict, Moment)>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long the service lets its answer be kept (RFC 9111, 5.2.2); `None` where it does not say.
pub fn allowed(headers: &HeaderMap) -> Option<Duration> {
    let lines = headers.get_all(CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok());
    let directives = lines.flat_map(|line| line.split(',')).map(|directive| directive.trim().to_ascii_lowercase());
    directives
        .filter_map(|directive| match directive.split_once('=') {
            Some(("max-age", seconds)) => seconds.trim_matches('"').parse().ok().map(Duration::from_secs),
            None if matches!(directive.as_str(), "no-store" | "no-cache") => Some(Duration::ZERO),
            _ => None,
        })
        .min()
}
