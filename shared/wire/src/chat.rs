//! The format in the middle: OpenAI's chat, with the fields that LiteLLM adds to it.
//!
//! Requests are read as [`Message`]s that borrow the client's text; answers are built as a [`Completion`] or,
//! streamed, as [`Chunk`]s. Every translated provider and every client format meets here. Knows no provider.

mod chunk;
mod completion;
mod message;

pub use chunk::{Chunk, ChunkChoice, Delta, FunctionDelta, ToolCallDelta};
pub use completion::{Choice, Completion, FunctionCall, Reply, ToolCall, Usage};
pub use message::{Called, Content, Function, Message, Part, Text};

#[cfg(test)]
mod tests;
