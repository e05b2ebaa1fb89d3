//! Sentences by which providers tell what is wrong; LiteLLM looks for these and for no others. Data and search only.

/// What a sentence means, whatever the status.
pub(super) fn is_rate_limit(words: &str, status: Option<u16>) -> bool {
    let lower = words.to_lowercase();
    // A lone 429 is an ordinary token id: it counts only where the status does not say otherwise.
    let numbered = status.is_none_or(|status| status == 429) && has_number(words, "429");
    numbered || has_rate_limit(&lower) || lower.contains("service tier capacity exceeded")
}

/// Whether the prompt is longer than the model reads.
pub(super) fn is_context_window(words: &str) -> bool {
    const SENTENCES: [&str; 9] = [
        "exceed context limit",
        "this model's maximum context length is",
        "string too long. expected a string with maximum length",
        "model's maximum context limit",
        "is longer than the model's context length",
        "input tokens exceed the configured limit",
        "`inputs` tokens + `max_new_tokens` must be",
        "exceeds the available context size",
        "exceeds the maximum number of tokens allowed",
    ];
    let lower = words.to_lowercase();
    let long_parameter = lower.contains("string_above_max_length")
        || (lower.contains("invalid 'user'") && lower.contains("string too long"));
    if long_parameter {
        return false;
    }
    has_any(&lower, &SENTENCES)
        || (lower.contains("current length is") && lower.contains("while limit is"))
        || (lower.contains("maximum input length is") && lower.contains("tokens"))
}

/// Whether Azure's content filter refused.
pub(super) fn is_azure_policy(words: &str) -> bool {
    const SENTENCES: [&str; 7] = [
        "content_policy_violation",
        "responsibleaipolicyviolation",
        "the response was filtered due to the prompt triggering azure openai's content management",
        "your task failed as a result of our safety system",
        "the model produced invalid content",
        "content_filter_policy",
        "your request was rejected as a result of our safety system",
    ];
    has_any(&words.to_lowercase(), &SENTENCES)
}

/// Whether an OpenAI-compatible provider refused for its usage policy.
pub(super) fn is_policy(words: &str) -> bool {
    (words.contains("invalid_request_error") && words.contains("content_policy_violation"))
        || (words.contains("Invalid prompt") && words.contains("violating our usage policy"))
        || words.to_lowercase().contains("request was rejected as a result of the safety system")
}

/// Whether the provider itself ran out of time.
pub(super) fn is_timeout(words: &str) -> bool {
    const SENTENCES: [&str; 4] =
        ["Request Timeout Error", "Request timed out", "Timed out generating response", "The read operation timed out"];
    has_any(words, &SENTENCES)
}

pub(super) fn has_any(words: &str, sentences: &[&str]) -> bool {
    sentences.iter().any(|sentence| words.contains(sentence))
}

/// `rate limit`, with any run of spaces, hyphens and underscores between.
fn has_rate_limit(lower: &str) -> bool {
    lower.match_indices("rate").any(|(place, rate)| {
        let rest = &lower[place + rate.len()..];
        rest.trim_start_matches(|one: char| one.is_whitespace() || one == '_' || one == '-').starts_with("limit")
    })
}

fn has_number(words: &str, number: &str) -> bool {
    let part_of_word = |one: char| one.is_alphanumeric() || one == '_';
    words.match_indices(number).any(|(place, found)| {
        let before = words[..place].chars().next_back();
        let after = words[place + found.len()..].chars().next();
        !before.is_some_and(part_of_word) && !after.is_some_and(part_of_word)
    })
}
