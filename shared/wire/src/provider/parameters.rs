//! The OpenAI parameters of a chat call, and sets of them. Knows no provider and no value.

/// Every chat parameter that LiteLLM checks against a provider's list, in the order in which its
/// refusals name them.
pub static NAMES: [&str; 37] = [
    "functions",
    "function_call",
    "temperature",
    "top_p",
    "n",
    "stream",
    "stream_options",
    "stop",
    "max_tokens",
    "max_completion_tokens",
    "modalities",
    "prediction",
    "audio",
    "presence_penalty",
    "frequency_penalty",
    "logit_bias",
    "user",
    "response_format",
    "seed",
    "tools",
    "tool_choice",
    "logprobs",
    "top_logprobs",
    "parallel_tool_calls",
    "reasoning_effort",
    "verbosity",
    "thinking",
    "web_search_options",
    "safety_identifier",
    "store",
    "prompt_cache_key",
    "include_server_side_tool_invocations",
    "service_tier",
    "prompt_cache_retention",
    "context_management",
    "max_retries",
    "extra_headers",
];

/// A set of the names above.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parameters(u64);

impl Parameters {
    /// The empty set.
    pub const NONE: Self = Self(0);

    /// The set of these names; a name that is no chat parameter is left out.
    pub const fn of(names: &[&str]) -> Self {
        let mut bits = 0;
        let mut place = 0;
        while place < names.len() {
            bits |= bit(names[place]);
            place += 1;
        }
        Self(bits)
    }

    /// The set with these names added.
    pub const fn with(self, names: &[&str]) -> Self {
        Self(self.0 | Self::of(names).0)
    }

    /// The set with these names taken out.
    pub const fn without(self, names: &[&str]) -> Self {
        Self(self.0 & !Self::of(names).0)
    }

    /// Whether the name is in the set.
    pub const fn contains(self, name: &str) -> bool {
        self.0 & bit(name) != 0
    }

    /// Both sets together.
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Names in the order of [`NAMES`].
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        NAMES.iter().copied().filter(move |name| self.contains(name))
    }
}

/// Whether LiteLLM counts the name among the OpenAI chat parameters.
pub const fn is_parameter(name: &str) -> bool {
    bit(name) != 0
}

const fn bit(name: &str) -> u64 {
    let mut place = 0;
    while place < NAMES.len() {
        if equal(NAMES[place].as_bytes(), name.as_bytes()) {
            return 1 << place;
        }
        place += 1;
    }
    0
}

/// Equality that a constant may use: the standard one is not const yet.
const fn equal(left: &[u8], right: &[u8]) -> bool {
    if left.len() != right.len() {
        return false;
    }
    let mut place = 0;
    while place < left.len() {
        if left[place] != right[place] {
            return false;
        }
        place += 1;
    }
    true
}
