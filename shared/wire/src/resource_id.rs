//! Ids of files and batches that carry the model they belong to.
//!
//! What a provider calls `file-abc` is handed out as `file-<base64 of "litellm:file-abc;model,NAME">`, so that a later
//! call finds the same account again without a database. The format is LiteLLM's, whose ids stay valid here. Knows no
//! deployment.

mod video;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

pub use video::Video;

/// What an id is of; it decides the prefix where the provider's own id has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    File,
    Batch,
}

/// An id that was taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Routed {
    /// The provider's own id.
    pub id: String,
    /// The model, or the id of a deployment, that the id was handed out for.
    pub model: String,
}

/// The id to hand out for the provider's `id`, which was made under `model`.
pub fn encode(id: &str, model: &str, kind: Kind) -> String {
    let prefix = match kind {
        _ if id.starts_with("batch_") => "batch_",
        _ if id.starts_with("file-") => "file-",
        Kind::Batch => "batch_",
        Kind::File => "file-",
    };
    format!("{prefix}{}", URL_SAFE_NO_PAD.encode(format!("litellm:{id};model,{model}")))
}

/// Takes an id apart; `None` where it is one of a provider's own.
pub fn decode(id: &str) -> Option<Routed> {
    let coded = id.strip_prefix("file-").or_else(|| id.strip_prefix("batch_")).unwrap_or(id);
    let text = decode_text(coded)?;
    let (id, rest) = text.strip_prefix("litellm:")?.split_once(";model,")?;
    let model = rest.split(';').next().unwrap_or_default().trim();
    let (id, model) = (id.to_owned(), model.to_owned());
    (!id.is_empty() && !model.is_empty()).then_some(Routed { id, model })
}

/// Whether this is an id of LiteLLM's managed files, which only its database can resolve.
pub fn is_managed(id: &str) -> bool {
    decode_text(id).is_some_and(|text| text.starts_with("litellm_proxy"))
}

fn decode_text(coded: &str) -> Option<String> {
    String::from_utf8(URL_SAFE_NO_PAD.decode(coded.trim_end_matches('=')).ok()?).ok()
}

#[cfg(test)]
mod tests;
