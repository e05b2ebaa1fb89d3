//! Reasoning that OpenAI sealed, carried in the fields that Anthropic's clients send back unread.
//!
//! Only the provider that sealed it can read it, so it goes back to that one and to no other. The mark is LiteLLM's,
//! so that a conversation may move between both gateways. Knows no message.

const MARK: &str = "litellm_encrypted_reasoning:";

/// The signature that carries sealed reasoning.
pub fn seal(encrypted_content: &str) -> String {
    format!("{MARK}{encrypted_content}")
}

/// What was sealed; `None` for a signature of Anthropic's own.
pub fn unseal(signature: &str) -> Option<&str> {
    signature.strip_prefix(MARK).filter(|content| !content.is_empty())
}

/// Whether the signature carries another provider's reasoning.
pub fn is_sealed(signature: &str) -> bool {
    unseal(signature).is_some()
}
