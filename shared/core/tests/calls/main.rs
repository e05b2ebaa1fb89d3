//! Whole calls through the core: a configuration, a provider that follows a script, and what the client gets.
//!
//! One program for all of them, so that the gateway around them is compiled once. Knows no HTTP server.

#[cfg(test)]
mod charges;
#[cfg(test)]
mod directory;
#[cfg(test)]
mod explain;
#[cfg(test)]
mod failover;
#[cfg(test)]
mod failures;
#[cfg(test)]
mod gateway;
#[cfg(test)]
mod governed;
#[cfg(test)]
mod hedging;
#[cfg(test)]
mod ledger;
#[cfg(test)]
mod log;
#[cfg(test)]
mod meter;
#[cfg(test)]
mod mirror;
#[cfg(test)]
mod mocks;
#[cfg(test)]
mod pace;
#[cfg(test)]
mod paid;
#[cfg(test)]
mod pass;
#[cfg(test)]
mod pass_charges;
#[cfg(test)]
mod pass_models;
#[cfg(test)]
mod probe;
#[cfg(test)]
mod queue;
#[cfg(test)]
mod quota;
#[cfg(test)]
mod relay;
#[cfg(test)]
mod resources;
#[cfg(test)]
mod resources_elsewhere;
#[cfg(test)]
mod search;
#[cfg(test)]
mod secrets;
#[cfg(test)]
mod select;
#[cfg(test)]
mod several;
#[cfg(test)]
mod shared_meter;
#[cfg(test)]
mod sign;
#[cfg(test)]
mod stand_ins;
#[cfg(test)]
mod timeouts;
#[cfg(test)]
mod upload;
#[cfg(test)]
mod videos;
#[cfg(test)]
mod whole;
