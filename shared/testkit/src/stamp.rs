//! A signer that stamps requests: the port [`Signer`] without credentials.

use bytes::Bytes;
use http::HeaderValue;
use tollgate_core::sign::{Scheme, SignError, Signer};
use tollgate_core::upstream::BoxFuture;

/// Adds `authorization: stamped <scheme> <bytes of the body>`, or fails as told.
#[derive(Default)]
pub struct Stamp {
    pub failure: Option<SignError>,
}

impl Signer for Stamp {
    fn sign<'a>(
        &'a self,
        scheme: &'a Scheme,
        head: &'a mut http::request::Parts,
        body: &'a Bytes,
    ) -> BoxFuture<'a, Result<(), SignError>> {
        Box::pin(async move {
            let text = format!("stamped {} {}", scheme.name(), body.len());
            let value = HeaderValue::try_from(text).map_err(|error| SignError::Refused(error.to_string()))?;
            head.headers.insert(http::header::AUTHORIZATION, value);
            self.failure.clone().map_or(Ok(()), Err)
        })
    }
}
