//! Names of tools and ids of calls within Bedrock's alphabet. Knows no message.

use std::borrow::Cow;

use sha2::{Digest, Sha256};

use super::media::hex;
use crate::dialect::Notes;

/// Bedrock's longest id of a call, in characters.
const ID_MAX: usize = 64;

/// A tool's name within `[a-zA-Z][a-zA-Z0-9_-]*`; what had to be changed is noted, to be changed back.
pub(super) fn tool(name: &str, notes: &mut Notes) -> String {
    let needs_letter = name.chars().next().is_some_and(|first| !first.is_alphabetic());
    let start = if needs_letter { "a" } else { "" };
    let allowed = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '-');
    let sent: String =
        start.chars().chain(name.chars()).map(|letter| if allowed(letter) { letter } else { '_' }).collect();
    if sent != name && !notes.tool_names.iter().any(|(other, _)| *other == sent) {
        notes.tool_names.push((sent.clone(), name.to_owned()));
    }
    sent
}

/// An id within `[a-zA-Z0-9_.:-]+` and 64 characters; one that had to be changed ends with a hash of the original.
pub(super) fn call<'a>(id: Cow<'a, str>) -> Cow<'a, str> {
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '.' | ':' | '-');
    if !id.is_empty() && id.len() <= ID_MAX && id.chars().all(allowed) {
        return id;
    }
    let changed: String = id.chars().map(|letter| if allowed(letter) { letter } else { '_' }).collect();
    let changed = if changed.is_empty() { "tool_use_id".to_owned() } else { changed };
    let hash = hex(&Sha256::digest(id.as_bytes())[..4]);
    format!("{}_{hash}", &changed[..changed.len().min(ID_MAX - hash.len() - 1)]).into()
}
