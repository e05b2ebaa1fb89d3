//! Fakes for tests: a provider that answers by script, and a gateway around it; and what adapters of a port must do.
//!
//! Fakes are for faults and clocks only; everything else is tested on the real thing.

pub mod contract;
mod no_fetch;
pub mod postgres;
pub mod scenes;
mod scripted;
mod stamp;

pub use no_fetch::NoFetch;
pub use scripted::{Recorded, Script, Scripted, Step};
pub use stamp::Stamp;
