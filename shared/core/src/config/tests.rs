//! What a configuration means, claim by claim.

mod cases;
mod damaged;
mod doors;
pub(crate) mod fake;
mod ids;
mod includes;
mod keys;
mod models;
mod references;
mod routing;
mod scalars;
mod settings;
mod spend;
