//! The port behind which responses made of chats are kept, and what is kept of each.
//!
//! Knows no place to keep them.

use std::sync::Arc;

use bytes::Bytes;

use crate::upstream::BoxFuture;

/// A response that can be gone on from.
#[derive(Debug)]
pub struct Kept {
    /// The whole response, as its client got it: JSON.
    pub response: Bytes,
    /// What the operator of the conversation said, which goes on where a later turn says nothing else.
    pub instructions: Option<String>,
    /// Items of all earlier turns, input and output by turns; each text is a list without its brackets. Conversations
    /// that share a beginning share these texts.
    pub before: Vec<Arc<str>>,
    /// Items of this turn's input, and of its output: lists without their brackets.
    pub input: Arc<str>,
    pub output: Arc<str>,
}

impl Kept {
    /// Bytes that this response keeps in memory.
    ///
    /// Texts of earlier turns count here too, although they are shared: they live as long as the last response that
    /// holds them, and may be all that is left of a response that has gone.
    pub fn bytes(&self) -> usize {
        let instructions = self.instructions.as_ref().map_or(0, String::len);
        let before: usize = self.before.iter().map(|text| text.len() + size_of::<Arc<str>>()).sum();
        self.response.len() + self.input.len() + self.output.len() + instructions + before
    }
}

/// Where responses are kept, by their ids before they were sealed.
///
/// A store may forget at any time, and says so by `None`. It must bound what it keeps by number, bytes and age.
/// What cannot be kept is logged there: the response itself has been given already.
pub trait Conversations: Send + Sync {
    fn get<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Option<Arc<Kept>>>;
    fn put(&self, id: String, kept: Kept) -> BoxFuture<'static, ()>;
    /// Whether it was there.
    fn delete<'a>(&'a self, id: &'a str) -> BoxFuture<'a, bool>;
}
