//! Chance that can be repeated: a test says its seed when it fails.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// A source of numbers for many threads at once.
#[derive(Debug)]
pub struct Random {
    pub seed: u64,
    state: AtomicU64,
}

impl Random {
    /// From the variable `TOLLGATE_SEED`, else from the clock.
    pub fn new() -> Self {
        let given = std::env::var("TOLLGATE_SEED").ok().and_then(|text| text.parse().ok());
        let clock = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos() as u64;
        let seed = given.unwrap_or_else(clock);
        Self { seed, state: AtomicU64::new(seed) }
    }

    /// A number from `from` on, below `to`: splitmix64.
    pub fn within(&self, from: u64, to: u64) -> u64 {
        let mut word = self.state.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        from + (word ^ (word >> 31)) % (to - from)
    }
}
