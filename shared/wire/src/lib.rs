//! Wire: the formats that clients and providers speak, and the translation between them.
//!
//! Pure and synchronous; also what a call costs. Knows no keys, no budgets, no clock, no socket.

pub mod answer;
pub mod audio;
pub mod batch_file;
pub mod bridge;
pub mod chat;
pub mod client;
pub mod cost;
pub mod dialect;
pub mod failure;
mod format;
mod generated;
pub mod json;
pub mod media;
pub mod mock;
pub mod models;
pub mod money;
pub mod multipart;
mod needle;
pub mod ocr;
mod operation;
mod pending;
pub mod prepare;
pub mod price_map;
pub mod prices;
pub mod provider;
pub mod python;
pub mod realtime;
mod rerank;
pub mod resource;
pub mod resource_id;
pub mod search;
pub mod sse;
pub mod stream;
pub mod tap;
pub mod tokens;
pub mod usage;

pub use format::Format;
pub use operation::Operation;
pub use usage::{Source, Usage};
