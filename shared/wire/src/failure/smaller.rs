//! The rules of providers that have few of their own: SageMaker, Replicate, Hugging Face, NLP Cloud, Cloudflare, Ollama.
//!
//! Source: the functions `_map_…_exception` of LiteLLM that bear their names. What they leave out the status decides.

use super::FailureClass::*;
use super::mapped::Mapped;
use super::origin::Origin;
use super::phrases::has_any;
use super::said::Said;
use super::{FailureClass, by_status};

pub(super) fn sagemaker(origin: &Origin, said: &Said) -> Mapped {
    const CONTEXT: [&str; 2] =
        ["`inputs` tokens + `max_new_tokens` must be <=", "instance type with more CPU capacity or memory"];
    let words = said.words.as_str();
    if words.contains("Unable to locate credentials") {
        return kept(BadRequest, said, format!("litellm.BadRequestError: SagemakerException - {words}"));
    }
    if words.contains("Input validation error: `best_of` must be > 0 and <= 2") {
        let text = "SagemakerException - the value of 'n' must be > 0 and <= 2 for sagemaker endpoints";
        return kept(BadRequest, said, text.to_owned());
    }
    let class = match said.status {
        _ if has_any(words, &CONTEXT) => ContextWindow,
        Some(500 | 503) => ServiceUnavailable,
        Some(401) => Authentication,
        Some(400 | 422 | 424) => BadRequest,
        Some(404) => NotFound,
        Some(408 | 504) => Timeout,
        Some(429) => RateLimit,
        _ => return by_status::map(origin, said),
    };
    kept(class, said, format!("SagemakerException - {words}"))
}

pub(super) fn replicate(said: &Said) -> Mapped {
    let words = said.words.as_str();
    let class = match said.status {
        _ if words.contains("Incorrect authentication token") => Authentication,
        _ if words.contains("input is too long") => ContextWindow,
        _ if words.contains("Request was throttled") => RateLimit,
        Some(400 | 413) => BadRequest,
        Some(401) => Authentication,
        Some(408) => Timeout,
        Some(422) => UnprocessableEntity,
        Some(429) => RateLimit,
        Some(500) => ServiceUnavailable,
        _ => return Mapped::new(Other, 500, format!("ReplicateException - {words}")),
    };
    kept(class, said, format!("ReplicateException - {words}"))
}

pub(super) fn hugging_face(origin: &Origin, said: &Said) -> Mapped {
    let words = said.words.as_str();
    let bare = [
        ("length limit exceeded", ContextWindow),
        ("A valid user token is required", BadRequest),
        ("Rate limit reached", RateLimit),
    ];
    if let Some((_, class)) = bare.into_iter().find(|(sentence, _)| words.contains(sentence)) {
        return kept(class, said, words.to_owned());
    }
    let class = match said.status {
        None => return by_status::map(origin, said),
        Some(400) => BadRequest,
        Some(401) => Authentication,
        Some(408) => Timeout,
        Some(429) => RateLimit,
        Some(503) => ServiceUnavailable,
        Some(_) => Other,
    };
    kept(class, said, format!("HuggingfaceException - {words}"))
}

pub(super) fn nlp_cloud(origin: &Origin, said: &Said) -> Mapped {
    let words = said.words.as_str();
    let text = format!("NLPCloudException - {words}");
    if words.contains("detail") {
        let class = if words.contains("Input text length should not exceed") {
            ContextWindow
        } else if words.contains("value is not a valid") {
            BadRequest
        } else {
            return Mapped::new(Other, 500, text);
        };
        return kept(class, said, text);
    }
    let class = match said.status {
        None => return by_status::map(origin, said),
        Some(400 | 406 | 413 | 422) => BadRequest,
        Some(401 | 403) => Authentication,
        Some(522 | 524) => return Mapped::new(Timeout, 408, text),
        Some(402 | 429) => RateLimit,
        Some(504 | 520) => ServiceUnavailable,
        Some(_) => Other,
    };
    kept(class, said, text)
}

pub(super) fn cloudflare(origin: &Origin, said: &Said) -> Mapped {
    let class = if said.words.contains("Authentication error") {
        Authentication
    } else if said.words.contains("must have required property") {
        BadRequest
    } else {
        return by_status::map(origin, said);
    };
    kept(class, said, format!("Cloudflare Exception - {}", said.words))
}

pub(super) fn ollama(origin: &Origin, said: &Said) -> Mapped {
    let words = said.words.as_str();
    let (class, label) = if words.contains("no such file or directory") {
        (BadRequest, "Invalid Model/Model not loaded - ")
    } else if words.contains("Failed to establish a new connection") {
        (ServiceUnavailable, "")
    } else if words.contains("Invalid response object from API") {
        (BadRequest, "")
    } else if words.contains("Read timed out") {
        (Timeout, "")
    } else {
        return by_status::map(origin, said);
    };
    kept(class, said, format!("OllamaException: {label}{words}"))
}

/// Some classes have a status of their own, the others keep the provider's.
fn kept(class: FailureClass, said: &Said, text: String) -> Mapped {
    let own = matches!(class, RateLimit | ServiceUnavailable | InternalServer);
    let status = match said.status {
        Some(504) if class == Timeout => 504,
        Some(status) if !own && class != Timeout => status,
        _ => class.status(),
    };
    Mapped::new(class, status, text)
}
