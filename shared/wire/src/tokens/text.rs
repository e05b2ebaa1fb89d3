//! Counting a text of any length in bounded time, in LiteLLM's pieces.
//!
//! Knows no vocabulary by name and no requests.

use super::vocabulary::Vocabulary;

/// LiteLLM counts in pieces of so many characters; the same pieces give the same sum.
const PIECE_CHARACTERS: usize = 1_024;
/// From here on samples stand for the whole.
const EXACT_CHARACTERS_MAX: usize = 4_000_000;
const SAMPLES: usize = 16;

/// Counts texts for one model.
#[derive(Clone, Copy, Debug)]
pub struct Counter {
    vocabulary: Vocabulary,
}

impl Counter {
    pub fn new(model: &str) -> Self {
        Self { vocabulary: Vocabulary::of(model) }
    }

    pub fn text(&self, text: &str) -> u64 {
        // Bytes are an upper bound of characters, and need no walk.
        if text.len() <= EXACT_CHARACTERS_MAX {
            return self.exactly(text);
        }
        let characters = text.chars().count();
        if characters <= EXACT_CHARACTERS_MAX { self.exactly(text) } else { self.sampled(text, characters) }
    }

    fn exactly(&self, text: &str) -> u64 {
        let mut tokens = 0;
        let mut rest = text;
        while !rest.is_empty() {
            let (piece, behind) = rest.split_at(end_of(rest, PIECE_CHARACTERS));
            tokens += self.vocabulary.count(piece);
            rest = behind;
        }
        tokens
    }

    fn sampled(&self, text: &str, characters: usize) -> u64 {
        let length = EXACT_CHARACTERS_MAX / SAMPLES;
        let last_start = characters - length;
        let (mut tokens, mut rest, mut walked) = (0, text, 0);
        for sample in 0..SAMPLES {
            let start = last_start * sample / (SAMPLES - 1);
            rest = &rest[end_of(rest, start - walked)..];
            walked = start;
            tokens += self.exactly(&rest[..end_of(rest, length)]);
        }
        let whole = tokens as f64 * characters as f64 / (length * SAMPLES) as f64;
        whole.round_ties_even() as u64
    }
}

/// Where in bytes the first so many characters end.
fn end_of(text: &str, characters: usize) -> usize {
    if text.len() <= characters {
        return text.len();
    }
    text.char_indices().nth(characters).map_or(text.len(), |(place, _)| place)
}
