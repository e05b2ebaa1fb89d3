//! Wire: the formats that clients and providers speak, and the translation between them.
//!
//! Pure and synchronous. Knows no keys, no money, no clock, no socket.

pub mod json;
mod operation;

pub use operation::Operation;
