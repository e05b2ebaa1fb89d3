//! The gateway from outside: its real binaries, real sockets, a provider that follows a script.
//!
//! One program for all of them, so that the harness is compiled once. Knows none of the gateway's crates
//! but the one that starts PostgreSQL for tests.

#[cfg(test)]
mod abandoned;
#[cfg(test)]
mod check;
#[cfg(test)]
mod explain;
#[cfg(test)]
mod governed;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod inquiries;
#[cfg(test)]
mod lambda;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod litellm_database;
#[cfg(test)]
mod malformed;
#[cfg(test)]
mod outage;
#[cfg(test)]
mod realtime;
#[cfg(test)]
mod recorded;
#[cfg(test)]
mod resilience;
#[cfg(test)]
mod sdk;
#[cfg(test)]
mod shutdown;
#[cfg(test)]
mod streaming;
