//! The rules where no provider's own apply: the status alone. Source: `_map_exception_by_status` of LiteLLM.

use super::FailureClass::{self, *};
use super::mapped::Mapped;
use super::origin::Origin;
use super::said::Said;

pub(super) fn map(origin: &Origin, said: &Said) -> Mapped {
    let class = said.status.map_or(Connection, class_of);
    let status = said.status.unwrap_or(500);
    Mapped::new(class, status, format!("{} - {}", origin.exception(), said.words))
}

/// Cohere's own phrases, then the status. Source: `_map_cohere_exception`.
pub(super) fn cohere(origin: &Origin, said: &Said) -> Mapped {
    let words = said.words.as_str();
    let by_number = match said.status {
        Some(400 | 498) => Some(BadRequest),
        Some(408) => Some(Timeout),
        Some(500) => Some(InternalServer),
        _ => None,
    };
    let class = if words.contains("invalid api token") || words.contains("No API key provided.") {
        Authentication
    } else if words.contains("invalid type: parameter") {
        BadRequest
    } else if words.contains("too many tokens") {
        ContextWindow
    } else if words.to_lowercase().contains("internal server error") {
        return Mapped::new(InternalServer, 500, format!("CohereException - {words}"));
    } else if let Some(class) = by_number {
        class
    } else {
        // LiteLLM sends every chat by the newer of its two translations, and says so.
        return map(&Origin { provider: if origin.is_chat() { "cohere_chat" } else { "cohere" }, ..*origin }, said);
    };
    Mapped::new(class, said.status.unwrap_or(class.status()), format!("CohereException - {words}"))
}

pub(super) const fn class_of(status: u16) -> FailureClass {
    match status {
        401 => Authentication,
        402 => PaymentRequired,
        403 => PermissionDenied,
        404 => NotFound,
        408 | 504 => Timeout,
        429 => RateLimit,
        500 => InternalServer,
        502 => BadGateway,
        503 => ServiceUnavailable,
        400..=499 => BadRequest,
        501..=599 => Other,
        _ => Connection,
    }
}
