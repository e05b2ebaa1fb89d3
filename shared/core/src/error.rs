//! Every way a call can fail, named by its remedy.
//!
//! One enum for the whole gateway, so that one renderer can turn it into what LiteLLM's clients parse.
//! Knows no HTTP body: `http` renders it.

use tollgate_wire::Operation;
use tollgate_wire::failure::Failure;

use crate::denial::Denial;
use crate::select::{Refusal, RefusalKind, whole_seconds};

/// Why a request is refused or has failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No header holds a key.
    #[error("No api key passed in.")]
    MissingKey,
    /// The `Authorization` header has no known scheme.
    #[error("Malformed API Key passed in. Ensure Key has `Bearer ` prefix.")]
    MalformedKey,
    /// Not the master key; without a database no other key can be known.
    #[error("No connected db.")]
    UnknownKey,
    /// A body field that would point the gateway elsewhere.
    #[error("{0} is not allowed in request body.")]
    ForbiddenField(&'static str),
    /// The body is not what its content type says.
    #[error("{0}")]
    BadBody(String),
    #[error("{}", missing(*operation, name))]
    MissingField { operation: Operation, name: &'static str },
    /// A field of a type that no provider could take.
    #[error("'{name}' must be {expected}.")]
    WrongType { name: &'static str, expected: &'static str },
    #[error(
        "{}: Invalid model name passed in model={model}. Call `/v1/models` to view available models for your key.",
        route_name(*operation)
    )]
    UnknownModel { operation: Operation, model: String },
    #[error("The model `{0}` does not exist or is not accessible")]
    ModelNotListed(String),
    #[error("Model id = {0} not found on litellm proxy")]
    DeploymentNotListed(String),
    /// Switches for tests, which the operator has not allowed.
    #[error(
        "Mock testing request params are disabled on this proxy: {}. An admin can enable them by setting \
         `general_settings.dangerously_allow_mock_testing_request_params: true` in config.yaml. This setting cannot be \
         changed from the Admin UI or the API.",
        .0.join(", ")
    )]
    MockTestingDisabled(Vec<&'static str>),
    #[error("Field required")]
    MissingFile,
    /// A form without these fields; worded by the renderer as LiteLLM's framework does.
    #[error("Field required: {}", .0.join(", "))]
    MissingFormFields(Vec<&'static str>),
    /// A request that no provider would take, in LiteLLM's words.
    #[error("{message}")]
    Invalid { param: Option<&'static str>, message: String },
    /// A field that LiteLLM's framework refuses before its handlers run; `item` counts within a list.
    #[error("{place}.{name}: {fault}")]
    InvalidField { fault: FieldFault, place: &'static str, name: &'static str, item: Option<usize> },
    /// A response that nobody knows, or knows any more.
    #[error("Response with id '{0}' not found.")]
    NoResponse(String),
    /// A response to go on from that nobody knows, or knows any more: OpenAI's words.
    #[error("Previous response with id '{0}' not found.")]
    PreviousResponse(String),
    #[error("prompt or messages or contents must be provided")]
    NothingToCount,
    #[error("Could not map model={0}")]
    UnmappedModel(String),
    #[error("Request size is too large. Max size is {limit_mb:.3} MB (general_settings.max_request_size_mb)")]
    BodyTooLarge { limit_mb: f64 },
    #[error("provider `{provider}` does not offer {}: use a deployment of another provider", route_name(*operation))]
    NotOffered { provider: &'static str, operation: Operation },
    /// A deployment whose provider wants a key that nobody has given.
    #[error(
        "litellm.AuthenticationError: no api_key for provider `{provider}`: set litellm_params.api_key, or {variables}"
    )]
    NoProviderKey { provider: &'static str, variables: String },
    /// A wildcard entry leads to a model that no provider can be told for.
    #[error("litellm.BadRequestError: model={model}: {reason}")]
    NoProvider { model: String, reason: String },
    #[error(
        "the request's head is longer than general_settings.max_header_size_kb ({limit_kb}): send fewer or shorter headers"
    )]
    HeaderTooLarge { limit_kb: usize },
    /// `LIMIT_CONCURRENCY` requests are in flight already.
    #[error("too many requests in flight: try again in {retry_after_s} s")]
    Overloaded { retry_after_s: u64 },
    #[error("Not Found")]
    NoSuchRoute,
    /// A route of WebSockets, asked without one or where there are none.
    #[error("this route is a WebSocket: connect with one, to the gateway's server; its Lambda function has none")]
    NeedsSocket,
    #[error("Method Not Allowed")]
    WrongMethod,
    /// No deployment of the model takes the call now.
    #[error("{}", .0.message)]
    NoDeployment(Box<Refusal>),
    /// An upload that was too long to be kept, and has been sent once.
    #[error("the upload cannot be sent again: it is longer than router_settings.upload_retry_max_size_mb")]
    UploadSpent,
    /// A provider failed, or was going to be asked for something it cannot do.
    #[error("{}", .0.message)]
    Provider(Box<Failure>),
    /// A passed-on path that a server could read as a way up.
    #[error("the path leads out of the provider's address: send it without `.`, `..`, `\\` and control characters")]
    PathEscapes,
    /// A provider's own API is served nowhere, for nothing says where the provider is.
    #[error("Required '{variables}' in environment to make pass-through calls to {provider}")]
    PassThroughUnset { provider: &'static str, variables: String },
    /// A pass-through route that leads to deployments only, and a request that names none.
    #[error("{0}")]
    NoGroup(String),
    #[error("bedrock-agent-runtime pass-through is disabled on this proxy.")]
    AgentsDisabled,
    /// A passed-on request that got no answer.
    #[error("no answer from {0}")]
    PassThroughBroken(String),
    #[error("no answer from {address} within {limit_s} s (general_settings.pass_through_request_timeout)")]
    PassThroughTimedOut { address: String, limit_s: f64 },
    /// By key, role, budget or limit, or of what a management call asks for.
    #[error("{}", .0.message)]
    Denied(Box<Denial>),
    /// The process is going away.
    #[error("shutting down: send the request again, another instance will take it")]
    ShuttingDown,
}

/// What is wrong with a field, in the words of LiteLLM's framework.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FieldFault {
    #[error("Field required")]
    Missing,
    #[error("Input should be a valid string")]
    NoString,
    #[error("Input should be a valid list")]
    NoList,
    #[error("Input should be a valid dictionary")]
    NoObject,
}

impl FieldFault {
    /// The framework's name of it.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::NoString => "string_type",
            Self::NoList => "list_type",
            Self::NoObject => "dict_type",
        }
    }
}

impl Error {
    /// The HTTP status of the answer.
    pub fn status(&self) -> u16 {
        match self {
            Self::MissingKey | Self::MalformedKey | Self::ForbiddenField(_) | Self::NoProviderKey { .. } => 401,
            Self::ModelNotListed(_) | Self::NoSuchRoute | Self::NoResponse(_) => 404,
            Self::AgentsDisabled => 403,
            Self::WrongMethod => 405,
            Self::BodyTooLarge { .. } => 413,
            Self::MissingFile | Self::MissingFormFields(_) | Self::InvalidField { .. } => 422,
            Self::NeedsSocket => 426,
            Self::HeaderTooLarge { .. } => 431,
            Self::PassThroughUnset { .. } | Self::PassThroughBroken(_) | Self::PassThroughTimedOut { .. } => 500,
            Self::ShuttingDown | Self::Overloaded { .. } => 503,
            Self::Provider(failure) => failure.status,
            Self::Denied(denial) => denial.status,
            Self::NoDeployment(refusal) if refusal.kind == RefusalKind::Tags => 401,
            Self::NoDeployment(_) => 429,
            Self::UploadSpent => 500,
            Self::UnknownKey
            | Self::MockTestingDisabled(_)
            | Self::PreviousResponse(_)
            | Self::NothingToCount
            | Self::UnmappedModel(_)
            | Self::BadBody(_)
            | Self::Invalid { .. }
            | Self::MissingField { .. }
            | Self::WrongType { .. }
            | Self::UnknownModel { .. }
            | Self::NotOffered { .. }
            | Self::NoProvider { .. }
            | Self::PathEscapes
            | Self::NoGroup(_)
            | Self::DeploymentNotListed(_) => 400,
        }
    }

    /// Seconds after which it is worth trying again, where that is known.
    pub fn retry_after_s(&self) -> Option<u64> {
        match self {
            Self::NoDeployment(refusal) => refusal.retry_after.map(whole_seconds),
            Self::Overloaded { retry_after_s } => Some(*retry_after_s),
            _ => None,
        }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        Self::Provider(Box::new(failure))
    }
}

impl From<Denial> for Error {
    fn from(denial: Denial) -> Self {
        Self::Denied(Box::new(denial))
    }
}

/// LiteLLM's sentence; the counter of Messages has one of its own.
fn missing(operation: Operation, name: &str) -> String {
    match operation {
        Operation::CountMessageTokens => format!("{name} parameter is required"),
        _ => format!("{}: Missing required parameter: '{name}'.", route_name(operation)),
    }
}

/// The name of the route in LiteLLM's sentences.
const fn route_name(operation: Operation) -> &'static str {
    match operation {
        Operation::ChatCompletion => "/chat/completions",
        Operation::TextCompletion => "/completions",
        Operation::Embedding => "/embeddings",
        Operation::Moderation => "/moderations",
        Operation::ImageGeneration => "/image/generations",
        Operation::Speech => "/audio/speech",
        Operation::Transcription => "/audio/transcriptions",
        Operation::ImageEdit => "/images/edits",
        Operation::Rerank => "/rerank",
        Operation::Ocr => "/ocr",
        Operation::Messages => "anthropic_messages",
        Operation::CountMessageTokens => "/v1/messages/count_tokens",
        Operation::Responses => "/responses",
        Operation::GenerateContent => "agenerate_content",
        Operation::CountContentTokens => ":countTokens",
    }
}
