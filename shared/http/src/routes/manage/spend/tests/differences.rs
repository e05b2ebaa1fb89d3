//! Where we answer otherwise than LiteLLM did, and why.

/// Why the answer of this step is not LiteLLM's.
pub fn difference(step: usize) -> Option<&'static str> {
    DIFFERENCES.iter().find(|(number, _)| *number == step).map(|(_, reason)| *reason)
}

const DIFFERENCES: &[(usize, &str)] = &[
    (64, "the error's type is a text, as every other error's is; LiteLLM's is null"),
    (67, "the same"),
    (
        68,
        "a deployment's own prices stand for all of them: tokens from a cache cost what others do, not the map's rate",
    ),
];
