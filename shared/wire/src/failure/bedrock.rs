//! The rules for Amazon Bedrock: phrases, then the status. Source: `_map_bedrock_exception` of LiteLLM.

use super::FailureClass::{self, *};
use super::mapped::Mapped;
use super::origin::Origin;
use super::said::Said;
use super::{by_status, phrases};

const CONTEXT: [&str; 6] = [
    "too many tokens",
    "expected maxLength:",
    "Input is too long",
    "prompt is too long",
    "prompt: length: 1..",
    "Too many input tokens",
];
const TWO_BLOCKS: &str = "Conversation blocks and tool result blocks cannot be provided in the same turn.";
const TWO_BLOCKS_HINT: &str = "\n. Enable 'litellm.modify_params=True' (for PROXY do: `litellm_settings::modify_params: \
                               True`) to insert a dummy assistant message and fix this error.";
const FIRST_TURN: &str = "A conversation must start with a user message.";
const FIRST_TURN_HINT: &str = "\n. Pass in default user message via `completion(..,user_continue_message=)` or enable \
                               `litellm.modify_params=True`.\nFor Proxy: do via `litellm_settings::modify_params: True` \
                               or user_continue_message under `litellm_params`";

pub(super) fn map(origin: &Origin, said: &Said) -> Mapped {
    if let Some(text) = mantle_context(origin, &said.words) {
        return Mapped::new(ContextWindow, said.status.unwrap_or(400), text);
    }
    if let Some((class, label, hint)) = by_phrase(said) {
        return Mapped::new(class, status(class, said), format!("BedrockException{label} - {}{hint}", said.words));
    }
    let class = match said.status {
        Some(400 | 422) => BadRequest,
        Some(401) => Authentication,
        Some(404) => NotFound,
        Some(408 | 504) => Timeout,
        Some(429) => RateLimit,
        Some(500 | 503) => ServiceUnavailable,
        _ => return by_status::map(origin, said),
    };
    let status = if said.status == Some(504) { 504 } else { status(class, said) };
    Mapped::new(class, status, format!("BedrockException - {}", said.words))
}

/// Some classes have a status of their own, the others keep the provider's.
fn status(class: FailureClass, said: &Said) -> u16 {
    match class {
        RateLimit | Timeout | ServiceUnavailable | InternalServer => class.status(),
        _ => said.status.unwrap_or(class.status()),
    }
}

fn by_phrase(said: &Said) -> Option<(FailureClass, &'static str, &'static str)> {
    const STRANGERS: [&str; 2] =
        ["Unable to locate credentials", "The security token included in the request is invalid"];
    let words = said.words.as_str();
    Some(if phrases::has_any(words, &CONTEXT) {
        (ContextWindow, ": Context Window Error", "")
    } else if words.contains(TWO_BLOCKS) {
        (BadRequest, "", TWO_BLOCKS_HINT)
    } else if words.contains("Malformed input request") {
        (BadRequest, "", "")
    } else if words.contains(FIRST_TURN) {
        (BadRequest, "", FIRST_TURN_HINT)
    } else if phrases::has_any(words, &STRANGERS) {
        (Authentication, " Invalid Authentication", "")
    } else if words.contains("AccessDeniedException") {
        (PermissionDenied, " PermissionDeniedError", "")
    } else if phrases::has_any(words, &["throttlingException", "ThrottlingException"]) {
        (RateLimit, ": Rate Limit Error", "")
    } else if phrases::has_any(words, &["Connect timeout on endpoint URL", "timed out"]) {
        (Timeout, ": Timeout Error", "")
    } else if words.contains("Could not process image") && matches!(said.status, None | Some(500)) {
        (InternalServer, "", "")
    } else {
        return None;
    })
}

/// Bedrock's OpenAI-compatible endpoint counts tokens in a sentence of its own; LiteLLM says it in Anthropic's.
fn mantle_context(origin: &Origin, words: &str) -> Option<String> {
    let typed = phrases::has_any(words, &["invalid_request_error", "validation_error"]);
    if origin.provider != "bedrock_mantle" || !typed {
        return None;
    }
    let (sent, rest) = words.split_once("prompt tokens (")?.1.split_once(") exceed model maximum (")?;
    let most = rest.split_once(')')?.0;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|one| one.is_ascii_digit());
    (is_number(sent) && is_number(most)).then(|| format!("prompt is too long: {sent} tokens > {most} maximum"))
}
