//! Policies by the kind of a failure: how often to try again, and how much of it a deployment may show.
//!
//! Reads what the tables have checked already. Which failure is of which kind is decided elsewhere.

use super::node::Node;
use super::params::Fields;

/// `retry_policy`: retries by kind of failure; a kind that is not named has the number of `default`, else `num_retries`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RetryPolicy {
    pub bad_request: Option<u64>,
    pub authentication: Option<u64>,
    pub timeout: Option<u64>,
    pub rate_limit: Option<u64>,
    pub content_policy: Option<u64>,
    pub internal_server: Option<u64>,
    pub service_unavailable: Option<u64>,
    pub not_found: Option<u64>,
    pub default: Option<u64>,
}

impl RetryPolicy {
    pub(super) fn read(node: &Node) -> Self {
        let fields = Fields::of(Some(node));
        Self {
            bad_request: fields.count("BadRequestErrorRetries"),
            authentication: fields.count("AuthenticationErrorRetries"),
            timeout: fields.count("TimeoutErrorRetries"),
            rate_limit: fields.count("RateLimitErrorRetries"),
            content_policy: fields.count("ContentPolicyViolationErrorRetries"),
            internal_server: fields.count("InternalServerErrorRetries"),
            service_unavailable: fields.count("ServiceUnavailableErrorRetries"),
            not_found: fields.count("NotFoundErrorRetries"),
            default: fields.count("DefaultRetries"),
        }
    }

    /// `model_group_retry_policy`: a policy for each model group.
    pub(super) fn by_group(node: Option<&Node>) -> Vec<(String, Self)> {
        let entries = node.map(Node::entries).unwrap_or_default().iter();
        let given = entries.filter(|entry| !entry.value.is_null());
        given.filter_map(|entry| Some((entry.name()?.to_owned(), Self::read(&entry.value)))).collect()
    }
}

/// `allowed_fails_policy`: failures a minute that a deployment may have before it rests, by kind of failure.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowedFails {
    pub bad_request: Option<u64>,
    pub authentication: Option<u64>,
    pub timeout: Option<u64>,
    pub rate_limit: Option<u64>,
    pub content_policy: Option<u64>,
    pub internal_server: Option<u64>,
    pub service_unavailable: Option<u64>,
    pub bad_gateway: Option<u64>,
    pub not_found: Option<u64>,
}

impl AllowedFails {
    pub(super) fn read(node: &Node) -> Self {
        let fields = Fields::of(Some(node));
        Self {
            bad_request: fields.count("BadRequestErrorAllowedFails"),
            authentication: fields.count("AuthenticationErrorAllowedFails"),
            timeout: fields.count("TimeoutErrorAllowedFails"),
            rate_limit: fields.count("RateLimitErrorAllowedFails"),
            content_policy: fields.count("ContentPolicyViolationErrorAllowedFails"),
            internal_server: fields.count("InternalServerErrorAllowedFails"),
            service_unavailable: fields.count("ServiceUnavailableErrorAllowedFails"),
            bad_gateway: fields.count("BadGatewayErrorAllowedFails"),
            not_found: fields.count("NotFoundErrorAllowedFails"),
        }
    }
}
