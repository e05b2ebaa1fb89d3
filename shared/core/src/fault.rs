//! What a broken exchange means to the client: the port's error as the failure that LiteLLM would show.

use std::time::Duration;

use http::Uri;
use serde_json::Value;
use tollgate_wire::Operation;
use tollgate_wire::failure::{Break, Explanation, Failure, FailureClass, Fault, Origin, Outcome};
use tollgate_wire::json::Object;
use tollgate_wire::prepare::Refusal;
use tollgate_wire::stream;
use tracing::warn;

use crate::Error;
use crate::config::{FallbackTarget, Fallbacks};
use crate::resilience::fallback::Lists;
use crate::sign::{Scheme, SignError};
use crate::upstream::UpstreamError;

/// No answer's head has come.
pub fn no_answer(origin: &Origin<'_>, uri: &Uri, error: &UpstreamError) -> Failure {
    let address = authority(uri);
    // Clients are told little of a connection; the operator has to know why it failed.
    warn!(provider = origin.provider, %address, "no answer from {address}: {error}");
    let address = address.as_str();
    let fault = match error {
        UpstreamError::Refused => Fault::Refused { address },
        UpstreamError::Unresolved => Fault::Unresolved { address },
        UpstreamError::Insecure(reason) | UpstreamError::Unreachable(reason) => Fault::Insecure { address, reason },
        UpstreamError::Reset => Fault::Reset,
        UpstreamError::NotHttp => Fault::NotHttp,
        UpstreamError::Closed | UpstreamError::Other(_) => Fault::Closed,
    };
    Failure::from_fault(origin, &fault)
}

/// The provider could not be shown who is calling.
///
/// Where credentials are refused, LiteLLM says so for some providers, and for others that the connection failed.
pub fn unsigned(origin: &Origin<'_>, scheme: &Scheme, error: &SignError) -> Failure {
    warn!(provider = origin.provider, credentials = scheme.name(), "no credentials for {}: {error}", origin.provider);
    let class = match error {
        SignError::Refused(_) => FailureClass::Authentication,
        SignError::Unreachable(_) => FailureClass::Connection,
    };
    match (origin.provider, error) {
        ("bedrock", SignError::Refused(text)) => {
            Failure::new(class, &format!("BedrockException Invalid Authentication - {text}"))
        }
        _ => Failure::new(class, &error.to_string()),
    }
}

/// The answer was not there in time.
pub fn timed_out(origin: &Origin<'_>, limit: Duration, taken: Duration) -> Failure {
    Failure::from_fault(origin, &Fault::TimedOut { limit_s: limit.as_secs_f64(), taken_s: taken.as_secs_f64() })
}

/// An answer, whole or not, that broke off or grew too long.
pub fn cut(origin: &Origin<'_>, error: &UpstreamError) -> Failure {
    match error {
        UpstreamError::Reset => Failure::from_fault(origin, &Fault::Reset),
        UpstreamError::Other(text) => Failure::new(FailureClass::Connection, text),
        _ => Failure::from_fault(origin, &Fault::Closed),
    }
}

/// A stream whose connection broke.
pub fn broken_stream(origin: &Origin<'_>, error: &UpstreamError) -> Failure {
    let broken = if *error == UpstreamError::Reset { Break::Reset } else { Break::Cut };
    Failure::in_stream(origin, &broken)
}

/// A stream that says what it should not.
pub fn faulty_stream(origin: &Origin<'_>, fault: &stream::Fault) -> Failure {
    match fault {
        stream::Fault::Provider(text) => Failure::in_stream(origin, &Break::Error(text)),
        stream::Fault::Garbage(text) => Failure::in_stream(origin, &Break::Garbage(text)),
        stream::Fault::TooLong => Failure::in_stream(origin, &Break::Garbage("an event without end")),
        stream::Fault::Unfinished(sentence) => {
            Failure { message: (*sentence).to_owned(), ..Failure::new(FailureClass::InternalServer, "") }
        }
    }
}

/// What the provider cannot do is refused before it is sent, and reads like the provider's own failure.
pub fn refused(refusal: &Refusal) -> Failure {
    let class = match refusal {
        Refusal::UnsupportedParameters { .. } => FailureClass::UnsupportedParameters,
        Refusal::BadRequest { .. } | Refusal::Untranslated { .. } | Refusal::NotOffered { .. } => {
            FailureClass::BadRequest
        }
    };
    Failure::new(class, &refusal.to_string())
}

/// What was tried after a group had failed.
pub enum Tried {
    /// Nothing: no list is set, or the one for this kind of failure has nothing for the group.
    Nothing,
    /// Lists are set, but none for the group.
    NoGroup,
    /// These, of which the last one failed so.
    AlsoFailed { targets: Vec<String>, detail: String },
}

/// What LiteLLM's router says of a failure, beside the provider's words.
pub struct Told<'a> {
    /// The group that the client asked for.
    pub model_group: &'a str,
    pub lists: &'a Lists<'a>,
    pub tried: Tried,
}

/// Adds what LiteLLM's router says after the provider's words.
pub fn explained(error: Error, operation: Operation, told: &Told<'_>) -> Error {
    let failure = match error {
        Error::Provider(failure) if operation != Operation::Moderation => *failure,
        error => return error,
    };
    let lists = told.lists;
    let text = |list: Option<&Fallbacks>| list.map(|list| python_list(Some(list)));
    let (fallbacks, context, policy) = (text(lists.fallbacks), text(lists.context_window), text(lists.content_policy));
    let configured: Vec<&str> =
        lists.fallbacks.map(|list| list.0.iter().map(|(group, _)| group.as_str()).collect()).unwrap_or_default();
    let targets: Vec<&str> = match &told.tried {
        Tried::AlsoFailed { targets, .. } => targets.iter().map(String::as_str).collect(),
        Tried::Nothing | Tried::NoGroup => Vec::new(),
    };
    let outcome = match &told.tried {
        Tried::Nothing => Outcome::NotAttempted,
        Tried::NoGroup => Outcome::NoGroup { lookup: &[told.model_group], configured: &configured },
        Tried::AlsoFailed { detail, .. } => Outcome::AlsoFailed { targets: &targets, detail },
    };
    let failure = failure.explained(&Explanation {
        model_group: told.model_group,
        fallbacks: fallbacks.as_deref(),
        context_window_fallbacks: context.as_deref(),
        content_policy_fallbacks: policy.as_deref(),
        outcome,
    });
    failure.into()
}

/// An error's sentence, as it stands in that of another.
pub fn shown(error: &Error) -> String {
    match error {
        Error::Provider(failure) => failure.client_message(),
        error => error.to_string(),
    }
}

/// A list of fallbacks as Python prints it; `None` where there is none.
pub fn python_list(list: Option<&Fallbacks>) -> String {
    let Some(list) = list else { return "None".to_owned() };
    let entry = |(group, targets): &(String, Vec<FallbackTarget>)| {
        let targets: Vec<String> = targets
            .iter()
            .map(|target| match &target.model {
                Some(model) if target.params.is_empty() => format!("'{model}'"),
                // What else a target says may be long, and nobody's business.
                model => format!("{{'model': '{}'}}", model.as_deref().unwrap_or("None")),
            })
            .collect();
        format!("{{'{group}': [{}]}}", targets.join(", "))
    };
    let entries: Vec<String> = list.0.iter().map(entry).collect();
    format!("[{}]", entries.join(", "))
}

/// Whether an answer of status 200 holds an error instead; LiteLLM takes an empty one for none.
///
/// A quote inside a JSON string is escaped, so only a body with a field of that name is parsed.
pub fn is_error(body: &[u8]) -> bool {
    if memchr::memmem::find(body, b"\"error\"").is_none() {
        return false;
    }
    let error = Object::parse(body).ok().and_then(|object| serde_json::from_str(object.given("error")?).ok());
    match error {
        None | Some(Value::Null) => false,
        Some(Value::String(text)) => !text.is_empty(),
        Some(Value::Object(fields)) => {
            let says_nothing = |message: &Value| matches!(message, Value::Null) || message == "";
            let has_message = fields.get("message").is_some_and(|message| !says_nothing(message));
            has_message || fields.get("code").is_some_and(|code| !code.is_null())
        }
        Some(_) => true,
    }
}

/// `host:port`, as the sentences of connection failures name it.
fn authority(uri: &Uri) -> String {
    let port = uri.port_u16().unwrap_or(if uri.scheme_str() == Some("http") { 80 } else { 443 });
    format!("{}:{port}", uri.host().unwrap_or_default())
}
