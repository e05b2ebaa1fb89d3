//! Which deployment is chosen, claim by claim: on a clock that stands still, through the meter of one process.

mod filters;
pub(crate) mod fixture;
mod pins;
mod properties;
mod rests;
mod rush;
mod strategies;
