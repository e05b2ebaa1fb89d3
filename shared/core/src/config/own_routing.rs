//! Tollgate's own keys of `router_settings`, and what they are where nothing is set.
//!
//! Reads what the tables have checked already.

use super::RouterSettings;
use super::params::Fields;

pub(super) const CONSECUTIVE_FAILS: u64 = 3;
pub(super) const CONSECUTIVE_COOLDOWN_SECONDS: f64 = 30.0;
pub(super) const HEDGE_EXTRA_PERCENT_MAX: f64 = 5.0;
pub(super) const QUEUED_REQUESTS_MAX: u64 = 100;
pub(super) const QUEUE_TIMEOUT_SECONDS: f64 = 10.0;
pub(super) const UPLOAD_RETRY_SIZE_MAX_MB: f64 = 16.0;
pub(super) const RETRY_WAIT_MAX_SECONDS: f64 = 60.0;
pub(super) const MIRRORED_REQUESTS_MAX: u64 = 32;

impl RouterSettings {
    pub(super) fn read_own(&mut self, router: &Fields<'_>) {
        let consecutive_fails = router.count("consecutive_fails");
        self.consecutive_fails_given = consecutive_fails.is_some();
        self.consecutive_fails = consecutive_fails.unwrap_or(CONSECUTIVE_FAILS);
        let number = |name, otherwise| router.number(name).unwrap_or(otherwise);
        self.consecutive_cooldown_time = number("consecutive_cooldown_time", CONSECUTIVE_COOLDOWN_SECONDS);
        self.hedge_after_ms = router.count("hedge_after_ms");
        self.hedge_max_extra_percent = number("hedge_max_extra_percent", HEDGE_EXTRA_PERCENT_MAX);
        self.max_queued_requests = router.count("max_queued_requests").unwrap_or(QUEUED_REQUESTS_MAX);
        self.queue_timeout = number("queue_timeout", QUEUE_TIMEOUT_SECONDS);
        self.first_chunk_timeout = router.number("first_chunk_timeout");
        self.chunk_timeout = router.number("chunk_timeout");
        self.upload_retry_max_size_mb = number("upload_retry_max_size_mb", UPLOAD_RETRY_SIZE_MAX_MB);
        self.max_retry_wait = number("max_retry_wait", RETRY_WAIT_MAX_SECONDS);
        self.mirrored_requests_max = router.count("mirrored_requests_max").unwrap_or(MIRRORED_REQUESTS_MAX);
    }
}
