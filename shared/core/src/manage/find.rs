//! Reading and writing, by the names under which handlers of keys and users know them.

pub use super::records::{all, count, keyed, one, write};
