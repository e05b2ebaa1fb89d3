//! The rules for OpenAI and what is compatible with it. Source: `_map_openai_exception` of LiteLLM.

use super::FailureClass::{self, *};
use super::mapped::Mapped;
use super::origin::Origin;
use super::phrases;
use super::said::Said;

/// What LiteLLM adds where encrypted reasoning went to another organization.
pub(super) const ENCRYPTED_HINT: &str =
    "This error occurs when load balancing Responses API across deployments with different API keys.
   Encrypted content is tied to the organization that created it and cannot be decrypted by other organizations.

   Solution: Enable 'encrypted_content_affinity' to route follow-up requests to the correct deployment:

   router_settings:
     enable_pre_call_checks: true
     optional_pre_call_checks:
       - encrypted_content_affinity

   Learn more: https://docs.litellm.ai/docs/response_api#encrypted-content-affinity-multi-region-load-balancing";

pub(super) fn map(origin: &Origin, said: &Said) -> Mapped {
    if let Some(nested) = nested(origin, said) {
        return nested;
    }
    let found = by_phrase(said).or_else(|| said.status.map(by_status)).unwrap_or((Connection, "APIConnectionError: "));
    let (class, label) = found;
    let message = renamed(origin, &said.message);
    let mut text = format!("{label}{} - {message}", origin.exception());
    if is_encrypted(said) && (class, label) == (BadRequest, "") {
        text.push_str("\n\n ");
        text.push_str(ENCRYPTED_HINT);
    }
    let mapped = Mapped::new(class, status(class, said.status), text);
    if matches!(class, BadRequest | ContentPolicy | RateLimit | InternalServer) {
        mapped.carrying(said)
    } else {
        mapped
    }
}

/// Some classes have a status of their own, the others keep the provider's.
fn status(class: FailureClass, given: Option<u16>) -> u16 {
    match class {
        RateLimit | InternalServer | BadGateway | ServiceUnavailable | Connection => class.status(),
        Timeout if given == Some(504) => 504,
        Timeout => 408,
        _ => given.unwrap_or_else(|| class.status()),
    }
}

fn by_phrase(said: &Said) -> Option<(FailureClass, &'static str)> {
    let words = said.words.as_str();
    let invalid = words.contains("invalid_request_error");
    if phrases::is_rate_limit(words, said.status) {
        return Some((RateLimit, "RateLimitError: "));
    }
    if phrases::is_context_window(words) {
        return Some((ContextWindow, "ContextWindowExceededError: "));
    }
    if invalid && words.contains("model_not_found") {
        return Some((NotFound, ""));
    }
    if words.contains("A timeout occurred") {
        return Some((Timeout, ""));
    }
    if phrases::is_policy(words) {
        return Some((ContentPolicy, "ContentPolicyViolationError: "));
    }
    if is_encrypted(said) || (invalid && !words.contains("Incorrect API key provided")) {
        return Some((BadRequest, ""));
    }
    late_phrase(words)
}

fn late_phrase(words: &str) -> Option<(FailureClass, &'static str)> {
    const SERVER: [&str; 2] =
        ["Web server is returning an unknown error", "The server had an error processing your request."];
    if phrases::has_any(words, &SERVER) {
        return Some((InternalServer, ""));
    }
    if words.contains("Request too large") {
        return Some((RateLimit, "RateLimitError: "));
    }
    words.contains("Mistral API raised a streaming error").then_some((Other, ""))
}

fn is_encrypted(said: &Said) -> bool {
    phrases::has_any(&said.words, &["invalid_encrypted_content", "could not be verified"])
}

const fn by_status(status: u16) -> (FailureClass, &'static str) {
    match status {
        400 | 422 => (BadRequest, ""),
        401 => (Authentication, "AuthenticationError: "),
        404 => (NotFound, "NotFoundError: "),
        408 | 504 => (Timeout, "Timeout Error: "),
        429 => (RateLimit, "RateLimitError: "),
        500 => (InternalServer, "InternalServerError: "),
        502 => (BadGateway, "BadGatewayError: "),
        503 => (ServiceUnavailable, "ServiceUnavailableError: "),
        _ => (Other, "APIError: "),
    }
}

/// LiteLLM replaces OpenAI's name in the sentence, so that nobody looks for the fault at OpenAI.
fn renamed(origin: &Origin, message: &str) -> String {
    let provider = origin.named_provider();
    message
        .replace("OPENAI", &provider.to_uppercase())
        .replace("openai.OpenAIError", &format!("{provider}.{provider}Error"))
}

/// Behind another LiteLLM or Tollgate: its class is taken over, its words are kept whole.
fn nested(origin: &Origin, said: &Said) -> Option<Mapped> {
    if origin.provider != "litellm_proxy" {
        return None;
    }
    let class = FailureClass::first_named(&said.words)?;
    let mapped = Mapped::new(class, status(class, said.status), said.words.clone());
    Some(if class == BadRequest { mapped.carrying(said) } else { mapped })
}
