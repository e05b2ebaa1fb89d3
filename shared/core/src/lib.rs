//! Core: every decision of the gateway, and the ports it acts through.
//!
//! Knows no cloud, no database, no HTTP server and no environment.

pub mod address;
mod admission;
mod app;
mod authenticate;
pub mod balance;
mod bill;
mod body;
pub mod breaker;
pub mod call;
pub mod catalog;
pub mod clock;
pub mod config;
pub mod consult;
mod controls;
mod count;
pub mod custom_auth;
pub mod denial;
pub mod deployment;
pub mod directory;
mod dispatch;
mod error;
mod exchange;
pub mod explain;
mod fault;
pub mod fetch;
pub mod govern;
pub mod health;
pub mod journey;
pub mod jwt;
pub mod ledger;
pub mod live;
pub mod manage;
pub mod meter;
pub mod pass;
pub mod price;
pub mod probe;
pub mod quota;
pub mod random;
pub mod realtime;
mod record;
pub mod relay;
pub mod resilience;
pub mod resources;
pub mod responses;
pub mod seal;
pub mod search;
mod secret;
pub mod select;
pub mod sign;
pub mod stored;
mod upload;
pub mod upstream;

pub use app::{App, Limits};
pub use authenticate::{Door, Gatekeeper};
pub use catalog::{Catalog, Wildcard};
pub use dispatch::Failed;
pub use error::{Error, FieldFault};
pub use secret::Secret;

/// A new random id, as calls and mocked answers carry.
pub fn new_id() -> String {
    uuid::Uuid::new_v4().to_string()
}

/// An id that no other call has. Later ones are greater: calls that follow each other stand together in an index.
pub fn new_call_id() -> String {
    uuid::Uuid::now_v7().to_string()
}

/// Seconds since 1970.
pub(crate) fn now_s() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
