//! The rules for Anthropic: phrases, then the status. Source: `_map_anthropic_exception` of LiteLLM.

use super::FailureClass::{self, *};
use super::mapped::Mapped;
use super::origin::Origin;
use super::said::Said;
use super::{by_status, phrases};

pub(super) fn map(origin: &Origin, said: &Said) -> Mapped {
    let words = said.words.as_str();
    if let Some(class) = by_phrase(words) {
        return Mapped::new(class, class.status(), format!("AnthropicError - {words}"));
    }
    let handle = |class: FailureClass| {
        let text = format!("AnthropicException - {words}. Handle with `litellm.{}`.", class.name());
        Mapped::new(class, class.status(), text)
    };
    let (class, label) = match said.status {
        Some(400 | 413) => (BadRequest, ""),
        Some(401) => (Authentication, ""),
        Some(403) => (PermissionDenied, ""),
        Some(404) => (NotFound, ""),
        Some(408) => (Timeout, ""),
        Some(429) => (RateLimit, ""),
        Some(500 | 529) => return handle(InternalServer),
        Some(502) => (BadGateway, " BadGatewayError"),
        Some(503) => return handle(ServiceUnavailable),
        Some(504) => return Mapped::new(Timeout, 504, format!("AnthropicException Timeout - {words}")),
        _ => return by_status::map(origin, said),
    };
    Mapped::new(class, class.status(), format!("AnthropicException{label} - {words}"))
}

fn by_phrase(words: &str) -> Option<FailureClass> {
    if phrases::has_any(words, &["prompt is too long", "prompt: length"]) || phrases::is_context_window(words) {
        return Some(ContextWindow);
    }
    if phrases::has_any(words, &["overloaded_error", "Overloaded"]) {
        return Some(InternalServer);
    }
    if words.contains("Invalid API Key") {
        return Some(Authentication);
    }
    if words.contains("content filtering policy") {
        return Some(ContentPolicy);
    }
    words.contains("Client error '400 Bad Request'").then_some(BadRequest)
}
