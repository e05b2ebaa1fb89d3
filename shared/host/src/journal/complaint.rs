//! The same complaint about every call, said at most once a second, with how often it was meant.

use std::time::{Duration, Instant};

use tracing::error;

const PAUSE: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
pub struct Complaint {
    last: Option<Instant>,
    unsaid: u64,
}

impl Complaint {
    pub fn make(&mut self, text: &str) {
        self.unsaid += 1;
        if self.last.is_some_and(|last| last.elapsed() < PAUSE) {
            return;
        }
        error!(count = self.unsaid, "{text}; {} records since this was said last", self.unsaid);
        (self.last, self.unsaid) = (Some(Instant::now()), 0);
    }
}
