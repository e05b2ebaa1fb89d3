//! What every adapter of a port must do: one suite a port, run over each of its adapters.

mod meter;

pub use meter::{Shared, meter};
