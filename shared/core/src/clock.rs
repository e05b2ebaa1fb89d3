//! The clock that limits, cooldowns and budgets are read from; tests move it by hand.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A point in time: microseconds since 1970.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct Moment(pub u64);

impl Moment {
    /// Minutes since 1970: limits per minute count in these, as LiteLLM's do.
    pub const fn minute(self) -> u64 {
        self.0 / MICROSECONDS_A_MINUTE
    }

    /// What is left of the minute.
    pub const fn until_next_minute(self) -> Duration {
        Duration::from_micros(MICROSECONDS_A_MINUTE - self.0 % MICROSECONDS_A_MINUTE)
    }

    /// The time from `earlier` to this; none where it is not earlier.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }

    /// The moment that was so long before this.
    pub fn before(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)))
    }

    /// Seconds since 1970.
    pub const fn seconds(self) -> u64 {
        self.0 / 1_000_000
    }
}

impl std::ops::Add<Duration> for Moment {
    type Output = Self;

    /// As late as can be told, where it would be later.
    fn add(self, duration: Duration) -> Self {
        let microseconds = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(microseconds))
    }
}

const MICROSECONDS_A_MINUTE: u64 = 60_000_000;

/// Where the time comes from. Clones show the same time.
#[derive(Clone, Debug, Default)]
pub enum Clock {
    #[default]
    System,
    /// Stands still until it is moved.
    Manual(Arc<AtomicU64>),
}

impl Clock {
    /// A clock that stands at this moment.
    pub fn manual(start: Moment) -> Self {
        Self::Manual(Arc::new(AtomicU64::new(start.0)))
    }

    /// The system's time when the process began, and what has passed since: it never goes back.
    pub fn now(&self) -> Moment {
        match self {
            Self::System => {
                static START: OnceLock<(Instant, u64)> = OnceLock::new();
                let (started, at) = START.get_or_init(|| {
                    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                    (Instant::now(), u64::try_from(since.as_micros()).unwrap_or_default())
                });
                Moment(*at) + started.elapsed()
            }
            Self::Manual(at) => Moment(at.load(Ordering::SeqCst)),
        }
    }

    /// Moves a manual clock on; the system's cannot be moved.
    pub fn advance(&self, by: Duration) {
        if let Self::Manual(at) = self {
            at.store((self.now() + by).0, Ordering::SeqCst);
        }
    }
}
