//! The port [`Fetch`] in a world without a web.

use tollgate_core::fetch::{Fetch, FetchError};
use tollgate_core::upstream::BoxFuture;
use tollgate_wire::media::Fetched;

/// Fetches nothing.
#[derive(Clone, Copy, Debug)]
pub struct NoFetch;

impl Fetch for NoFetch {
    fn fetch<'a>(&'a self, _url: &'a str, _bytes_max: usize) -> BoxFuture<'a, Result<Fetched, FetchError>> {
        Box::pin(async { Err(FetchError::Forbidden) })
    }
}
