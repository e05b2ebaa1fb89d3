//! Governance: what a caller may spend, and when it may spend again. Knows no database and no HTTP.

pub mod period;
pub mod reset;
