//! The kinds of failure a client can be told of. Knows no provider and no wording.

/// LiteLLM's exception classes; clients and dashboards read their names in messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FailureClass {
    Authentication,
    BadRequest,
    BadGateway,
    Connection,
    ContentPolicy,
    ContextWindow,
    InternalServer,
    NotFound,
    Other,
    PaymentRequired,
    PermissionDenied,
    RateLimit,
    ServiceUnavailable,
    Timeout,
    UnprocessableEntity,
    UnsupportedParameters,
}

impl FailureClass {
    /// LiteLLM's class name, without the leading `litellm.`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Authentication => "AuthenticationError",
            Self::BadRequest => "BadRequestError",
            Self::BadGateway => "BadGatewayError",
            Self::Connection => "APIConnectionError",
            Self::ContentPolicy => "ContentPolicyViolationError",
            Self::ContextWindow => "ContextWindowExceededError",
            Self::InternalServer => "InternalServerError",
            Self::NotFound => "NotFoundError",
            Self::Other => "APIError",
            Self::PaymentRequired => "PaymentRequiredError",
            Self::PermissionDenied => "PermissionDeniedError",
            Self::RateLimit => "RateLimitError",
            Self::ServiceUnavailable => "ServiceUnavailableError",
            Self::Timeout => "Timeout",
            Self::UnprocessableEntity => "UnprocessableEntityError",
            Self::UnsupportedParameters => "UnsupportedParamsError",
        }
    }

    /// What LiteLLM puts before a message of this class; some are classes of a class and say so.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Authentication => "litellm.AuthenticationError: ",
            Self::BadRequest => "litellm.BadRequestError: ",
            Self::BadGateway => "litellm.BadGatewayError: ",
            Self::Connection => "litellm.APIConnectionError: ",
            Self::ContentPolicy => "litellm.BadRequestError: litellm.ContentPolicyViolationError: ",
            Self::ContextWindow => "litellm.ContextWindowExceededError: litellm.BadRequestError: ",
            Self::InternalServer => "litellm.InternalServerError: ",
            Self::NotFound => "litellm.NotFoundError: ",
            Self::Other => "litellm.APIError: ",
            Self::PaymentRequired => "litellm.PaymentRequiredError: ",
            Self::PermissionDenied => "litellm.PermissionDeniedError: ",
            Self::RateLimit => "litellm.RateLimitError: ",
            Self::ServiceUnavailable => "litellm.ServiceUnavailableError: ",
            Self::Timeout => "litellm.Timeout: ",
            Self::UnprocessableEntity => "litellm.UnprocessableEntityError: ",
            Self::UnsupportedParameters => "litellm.UnsupportedParamsError: ",
        }
    }

    /// The HTTP status of the class where the provider gave none.
    pub const fn status(self) -> u16 {
        match self {
            Self::Authentication => 401,
            Self::BadRequest | Self::ContentPolicy | Self::ContextWindow | Self::UnsupportedParameters => 400,
            Self::BadGateway => 502,
            Self::Connection | Self::InternalServer | Self::Other => 500,
            Self::NotFound => 404,
            Self::PaymentRequired => 402,
            Self::PermissionDenied => 403,
            Self::RateLimit => 429,
            Self::ServiceUnavailable => 503,
            Self::Timeout => 408,
            Self::UnprocessableEntity => 422,
        }
    }

    /// The `error.type` that the class itself brings.
    pub const fn kind(self) -> Option<&'static str> {
        match self {
            Self::RateLimit => Some("throttling_error"),
            Self::InternalServer => Some("internal_server_error"),
            _ => None,
        }
    }

    /// The class whose name stands first in `words` as `litellm.<Class>Error`.
    pub(super) fn first_named(words: &str) -> Option<Self> {
        let after_marks = words.match_indices("litellm.").map(|(place, mark)| &words[place + mark.len()..]);
        let name = after_marks.map(first_word).find(|name| name.ends_with("Error"))?;
        Self::ALL.into_iter().find(|class| class.name() == name)
    }

    const ALL: [Self; 16] = [
        Self::Authentication,
        Self::BadRequest,
        Self::BadGateway,
        Self::Connection,
        Self::ContentPolicy,
        Self::ContextWindow,
        Self::InternalServer,
        Self::NotFound,
        Self::Other,
        Self::PaymentRequired,
        Self::PermissionDenied,
        Self::RateLimit,
        Self::ServiceUnavailable,
        Self::Timeout,
        Self::UnprocessableEntity,
        Self::UnsupportedParameters,
    ];
}

fn first_word(text: &str) -> &str {
    text.split(|one: char| !one.is_alphanumeric() && one != '_').next().unwrap_or_default()
}
