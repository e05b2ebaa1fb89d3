//! Port: tells a provider who is calling, where no fixed key does.
//!
//! Adapters fetch and keep short-lived credentials, and know how a request is signed. They know no model and no format.

mod scheme;

use bytes::Bytes;

pub use scheme::{AssumedRole, AwsKeys, AwsSource, EntraSource, Scheme, Sts};

use crate::upstream::BoxFuture;

/// Adds to a request what shows the provider who is calling.
pub trait Signer: Send + Sync {
    /// Called once for every request of a deployment with a [`Scheme`], right before it is sent and within the
    /// call's deadline. The address and all headers are final: a signature may cover them.
    ///
    /// `body` is what will be sent; empty for an upload that is passed on while it arrives.
    ///
    /// # Errors
    /// When there are no credentials, or nobody issues a token for them. The texts hold no secret.
    fn sign<'a>(
        &'a self,
        scheme: &'a Scheme,
        head: &'a mut http::request::Parts,
        body: &'a Bytes,
    ) -> BoxFuture<'a, Result<(), SignError>>;
}

/// Why a request could not be signed: what happened, and what to do. Shown to clients.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// There are no credentials, or whoever issues tokens refuses them.
    #[error("{0}")]
    Refused(String),
    /// Whoever issues tokens does not answer, or answers with a failure of its own.
    #[error("{0}")]
    Unreachable(String),
}
