//! What every black-box test stands on: the gateway's processes, a provider, HTTP by hand. Knows no claim.
//!
//! Everything blocks and everything has a limit: a test that hangs fails with the name of what it waited for.

pub mod events;
pub mod gateway;
pub mod http;
pub mod lambda;
pub mod link;
pub mod process;
pub mod provider;
pub mod random;
pub mod store;

use std::time::{Duration, Instant};

/// For what must happen but may take its time on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Asks `done` until it is true; panics with `what` after [`PATIENCE`].
pub fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !done() {
        assert!(Instant::now() < end, "waited {PATIENCE:?} in vain until {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
