//! Core: every decision of the gateway, and the ports it acts through.
//!
//! Knows no cloud, no database, no HTTP server and no environment.

pub mod config;
mod secret;

pub use secret::Secret;
