//! The rules for Gemini, on Google AI Studio and on Vertex AI. Source: `_map_vertex_exception` of LiteLLM.

use serde_json::Value;

use super::FailureClass::{self, *};
use super::mapped::Mapped;
use super::origin::Origin;
use super::said::Said;
use super::{by_status, phrases};

const QUOTA: [&str; 5] = [
    "429 Quota exceeded",
    "Quota exceeded for",
    "Resource exhausted",
    "IndexError: list index out of range",
    "429 Unable to submit request because the service is temporarily out of capacity.",
];

/// How the exception is written: LiteLLM names provider and class in several ways.
#[derive(Clone, Copy)]
enum Style {
    /// `GeminiException - …`
    Plain,
    /// `GeminiException BadRequestError - …`
    Labelled,
    /// `litellm.BadRequestError: geminiException - …`
    Nested,
    /// `litellm.RateLimitError: GeminiException - …`
    NestedCapital,
    /// `ContextWindowExceededError: GeminiException - …`
    Before,
}

pub(super) fn map(origin: &Origin, said: &Said) -> Mapped {
    let words = said.words.as_str();
    let by_phrase = by_phrase(said).map(|(class, style, status)| (class, style, status.unwrap_or(class.status())));
    let Some((class, style, status)) = by_phrase.or_else(|| by_number(said.status)) else {
        return by_status::map(origin, said);
    };
    let (provider, exception, name) = (origin.provider, origin.exception(), class.name());
    let text = match style {
        Style::Plain => format!("{exception} - {words}"),
        Style::Labelled => format!("{exception} {name} - {words}"),
        Style::Nested => format!("litellm.{name}: {provider}Exception - {words}"),
        Style::NestedCapital => format!("litellm.{name}: {exception} - {words}"),
        Style::Before => format!("{name}: {exception} - {words}"),
    };
    Mapped::new(class, status, text)
}

fn by_phrase(said: &Said) -> Option<(FailureClass, Style, Option<u16>)> {
    let words = said.words.as_str();
    let has = |sentences: &[&str]| phrases::has_any(words, sentences);
    Some(if has(&["Vertex AI API has not been used in project", "Unable to find your project"]) {
        (BadRequest, Style::Nested, None)
    } else if has(&["400 Request payload size exceeds"]) {
        (ContextWindow, Style::Plain, None)
    } else if phrases::is_context_window(words) {
        (ContextWindow, Style::Before, None)
    } else if has(&["None Unknown Error.", "Content has no parts."]) {
        (InternalServer, Style::Nested, None)
    } else if has(&["API key not valid."]) {
        (Authentication, Style::Plain, None)
    } else if has(&["403"]) {
        (BadRequest, Style::Labelled, Some(403))
    } else if has(&["The response was blocked.", "Output blocked by content filtering policy"]) {
        (ContentPolicy, Style::Labelled, None)
    } else if has(&QUOTA) || hides_rate_limit(said) {
        (RateLimit, Style::Nested, None)
    } else if has(&["500 Internal Server Error", "The model is overloaded."]) {
        (InternalServer, Style::Nested, None)
    } else {
        return None;
    })
}

/// A gateway before Google wraps a 429 into a status of its own.
fn hides_rate_limit(said: &Said) -> bool {
    let code = || serde_json::from_str::<Value>(&said.words).ok()?.pointer("/error/code")?.as_u64();
    said.status.is_some_and(|status| (500..600).contains(&status)) && code() == Some(429)
}

fn by_number(status: Option<u16>) -> Option<(FailureClass, Style, u16)> {
    let status = status?;
    Some(match status {
        400 => (BadRequest, Style::Labelled, status),
        401 => (Authentication, Style::Plain, status),
        403 => (PermissionDenied, Style::Plain, status),
        404 => (NotFound, Style::Plain, status),
        408 => (Timeout, Style::Plain, status),
        429 => (RateLimit, Style::NestedCapital, status),
        500 => (InternalServer, Style::Labelled, status),
        502 => (Connection, Style::Plain, 500),
        503 => (ServiceUnavailable, Style::Plain, status),
        _ => return None,
    })
}
