//! What every adapter of a port must do: one suite a port, run over each of its adapters.

mod directory;
mod ledger;
mod meter;
mod quota;

pub use directory::directory;
pub use ledger::{Books, ledger};
pub use meter::{Shared, meter};
pub use quota::{SharedQuota, quota};
