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
    exact_characters_max: usize,
    /// Whether messages are framed as in the one oldest model.
    pub is_oldest_chat: bool,
}

impl Counter {
    pub fn new(model: &str) -> Self {
        let is_oldest_chat = model == "gpt-3.5-turbo-0301";
        Self { vocabulary: Vocabulary::of(model), exact_characters_max: EXACT_CHARACTERS_MAX, is_oldest_chat }
    }

    /// Counts only so many characters of a text; samples stand for longer ones.
    pub const fn exact_up_to(self, exact_characters_max: usize) -> Self {
        Self { exact_characters_max, ..self }
    }

    pub fn text(&self, text: &str) -> u64 {
        // Bytes are an upper bound of characters, and need no walk.
        if text.len() <= self.exact_characters_max {
            return self.exactly(text);
        }
        let characters = text.chars().count();
        if characters <= self.exact_characters_max { self.exactly(text) } else { self.sampled(text, characters) }
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
        let length = self.exact_characters_max / SAMPLES;
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
