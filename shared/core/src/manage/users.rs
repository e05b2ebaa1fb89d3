//! Users: making, showing, changing and removing them.
//!
//! A user's password is never shown, and none is set here.

mod answer;
mod create;
mod delete;
mod info;
mod search;
mod shape;
mod update;

pub use create::create;
pub use delete::delete;
pub use info::{brief, info, list, roles};
pub use search::search;
pub use update::{bulk_update, update};
