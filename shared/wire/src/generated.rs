//! What a model has generated, gathered in case that nobody else counts it.
//!
//! Looks for strings by their field's name and never parses: streams pass here chunk by chunk. Knows no tokenizer.

use std::borrow::Cow;

use crate::json;
use crate::needle::{Needle, needle};

/// Text of each kind that is kept; of what comes later only the length is known.
const KEPT_BYTES_MAX: usize = 256 * 1024;

static CONTENT: [Needle; 4] =
    [needle!("\"content\":"), needle!("\"text\":"), needle!("\"arguments\":"), needle!("\"refusal\":")];
static REASONING: [Needle; 2] = [needle!("\"reasoning_content\":"), needle!("\"reasoning\":")];

/// Content and reasoning of one answer.
#[derive(Clone, Debug, Default)]
pub struct Generated {
    pub content: Gathered,
    pub reasoning: Gathered,
}

impl Generated {
    pub const fn is_empty(&self) -> bool {
        self.content.is_empty() && self.reasoning.is_empty()
    }

    /// Adds the strings that stand in the text of `choices`, whole or of one chunk.
    pub fn push(&mut self, choices: &str) {
        self.content.push(choices, &CONTENT);
        self.reasoning.push(choices, &REASONING);
    }
}

/// Text of one kind: escaped where it was found in JSON, else as it is.
#[derive(Clone, Debug, Default)]
pub struct Gathered {
    kept: String,
    is_escaped: bool,
    bytes: u64,
}

impl Gathered {
    fn push(&mut self, choices: &str, names: &[Needle]) {
        for name in names {
            for start in name.ends_in(choices) {
                self.add(string_at(&choices[start..]));
                self.is_escaped = true;
            }
        }
    }

    /// Adds text that is not escaped.
    pub fn add(&mut self, text: &str) {
        self.bytes += text.len() as u64;
        if self.kept.len() + text.len() <= KEPT_BYTES_MAX {
            self.kept.push_str(text);
        }
    }

    pub const fn is_empty(&self) -> bool {
        self.bytes == 0
    }

    /// Bytes of all of it.
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Bytes of the part that was kept.
    pub const fn kept_bytes(&self) -> u64 {
        self.kept.len() as u64
    }

    /// The part that was kept, unescaped; `None` where it is no JSON string after all.
    pub fn text(&self) -> Option<Cow<'_, str>> {
        if !self.is_escaped || !self.kept.contains('\\') {
            return Some(Cow::Borrowed(&self.kept));
        }
        // Halves of a surrogate pair may have come in two chunks, so the whole is unescaped at once.
        json::parse_string(&format!("\"{}\"", self.kept)).map(|text| Cow::Owned(text.into_owned()))
    }
}

/// The inside of the string that begins here; empty where something else does.
fn string_at(text: &str) -> &str {
    let Some(inside) = text.trim_ascii_start().strip_prefix('"') else { return "" };
    let mut at = 0;
    while let Some(offset) = memchr::memchr2(b'"', b'\\', inside.as_bytes().get(at..).unwrap_or_default()) {
        at += offset;
        if inside.as_bytes()[at] == b'"' {
            return &inside[..at];
        }
        at += 2;
    }
    ""
}

#[cfg(test)]
mod tests;
