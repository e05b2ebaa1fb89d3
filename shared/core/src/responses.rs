//! Responses that are more than one call: their ids, and the conversations that they go on from.
//!
//! A provider that speaks Responses keeps them itself; what is made of chats is kept here. Knows no format but where
//! ids and items stand in it.

mod continued;
mod id;
mod kept;
mod memory;
mod serve;

use std::sync::Arc;

pub use id::{Opened, ResponseIds};
pub use kept::{Conversations, Kept};
pub use memory::{Bounds, Memory};

pub(crate) use continued::{Continued, Keeping};
pub(crate) use serve::serve;

/// What the gateway has for responses.
pub struct Responses {
    pub ids: ResponseIds,
    /// Where responses that were made of chats are kept.
    pub kept: Arc<dyn Conversations>,
}

impl Default for Responses {
    /// Ids in plain sight, and LiteLLM's bounds of nothing: a store of the default size.
    fn default() -> Self {
        Self { ids: ResponseIds::default(), kept: Arc::new(Memory::new(Bounds::default())) }
    }
}
