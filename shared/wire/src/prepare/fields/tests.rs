use super::*;

#[test]
fn names_are_sorted() {
    assert!(NAMES.is_sorted());
}

#[test]
fn what_is_for_the_gateway_stays_here() {
    for name in
        ["metadata", "tags", "num_retries", "litellm_session_id", "guardrails", "mock_response", "timeout", "_x"]
    {
        assert!(is_gateway_only(name), "{name}");
    }
}

#[test]
fn what_is_for_the_provider_passes() {
    for name in ["model", "messages", "temperature", "user", "top_k", "input", "prompt", "query", "documents", "voice"]
    {
        assert!(!is_gateway_only(name), "{name}");
    }
}
