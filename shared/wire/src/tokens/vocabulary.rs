//! Which vocabulary a model reads in, and the counting of one piece of text in it.
//!
//! Each vocabulary is unpacked when it is first needed (50 ms, 12 to 20 MB), so that a gateway that never counts
//! pays nothing. Knows no requests.

/// One of OpenAI's vocabularies, by tiktoken's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vocabulary {
    Cl100kBase,
    O200kBase,
}

/// Names of tiktoken's table that read in `o200k_base`; `gpt-oss-…` has the same pieces, and more special tokens.
const O200K_NAMES: [&str; 4] = ["o1", "o3", "o4-mini", "gpt-4.1"];
const O200K_BEGINNINGS: [&str; 7] = ["o1-", "o3-", "o4-mini-", "gpt-5", "gpt-4.5-", "gpt-4.1-", "gpt-oss-"];

impl Vocabulary {
    /// The vocabulary of a model, as tiktoken's table says; unknown models get `cl100k_base`, as in LiteLLM.
    pub fn of(model: &str) -> Self {
        // LiteLLM looks `azure/gpt-4o` up as it stands and misses; the provider's prefix says nothing of the tokens.
        let name = model.rsplit('/').next().unwrap_or(model);
        let name = name.strip_prefix("ft:").unwrap_or(name);
        let newer = name.contains("gpt-4o")
            || O200K_NAMES.contains(&name)
            || O200K_BEGINNINGS.iter().any(|beginning| name.starts_with(beginning));
        if newer { Self::O200kBase } else { Self::Cl100kBase }
    }

    /// Tokens of the text; what looks like a special token is counted as ordinary text.
    pub fn count(self, text: &str) -> u64 {
        let name = match self {
            Self::Cl100kBase => "cl100k_base",
            Self::O200kBase => "o200k_base",
        };
        tiktoken::get_encoding(name).map_or(0, |encoding| encoding.count(text) as u64)
    }
}
