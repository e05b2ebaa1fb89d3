//! The rules for OpenRouter: the status alone. Source: `_map_openrouter_exception` of LiteLLM.

use super::FailureClass::*;
use super::mapped::Mapped;
use super::origin::Origin;
use super::said::Said;

pub(super) fn map(origin: &Origin, said: &Said) -> Mapped {
    let status = said.status.unwrap_or(500);
    let (class, label) = match said.status {
        None => (Connection, "APIConnectionError: "),
        Some(400) => (BadRequest, ""),
        Some(401) => (Authentication, "AuthenticationError: "),
        Some(404) => (NotFound, "NotFoundError: "),
        Some(408 | 504) => (Timeout, "Timeout Error: "),
        Some(422) => (BadRequest, "BadRequestError: "),
        Some(429) => (RateLimit, "RateLimitError: "),
        Some(503) => (ServiceUnavailable, "ServiceUnavailableError: "),
        Some(_) => (Other, "APIError: "),
    };
    Mapped::new(class, status, format!("{label}{} - {}", origin.exception(), said.words))
}
