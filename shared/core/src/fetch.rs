//! Port: fetching what a client's request names by address, and the rule of how much one request may fetch.
//!
//! The address is a client's word: adapters must not let it lead into the operator's own network.

use futures_util::{StreamExt, stream};
use tollgate_wire::failure::{Failure, FailureClass};
use tollgate_wire::json::Object;
use tollgate_wire::media::{self, Fetched};
use tollgate_wire::prepare::Rules;

use crate::upstream::BoxFuture;
use crate::{App, Error};

/// Fetches of one request that run side by side; LiteLLM has 20, which would be that many files in memory.
const SIDE_BY_SIDE: usize = 4;

/// Fetches one address of the web for a client.
pub trait Fetch: Send + Sync {
    /// At most `bytes_max` bytes, within the adapter's own deadline, redirects included.
    ///
    /// # Errors
    /// When the address may not be fetched, or nothing usable is there.
    fn fetch<'a>(&'a self, url: &'a str, bytes_max: usize) -> BoxFuture<'a, Result<Fetched, FetchError>>;
}

/// Why nothing was fetched; the texts name no address inside the operator's network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    #[error(
        "Unable to fetch image from URL. The proxy could not resolve this host or its URL policy rejected it; \
         an admin can check the proxy log and `user_url_allowed_hosts` in litellm_settings"
    )]
    Forbidden,
    #[error("Unable to fetch image from URL. Status code: {0}")]
    Status(u16),
    #[error("Image size exceeds maximum allowed size ({limit_mb}MB): see general_settings.max_media_download_size_mb")]
    TooLong { limit_mb: usize },
    #[error("Image URL download is disabled (general_settings.max_media_download_size_mb is 0)")]
    Disabled,
    #[error("Unable to determine image content type from the server's headers, the URL, or the image bytes")]
    Untyped,
    #[error("Unable to fetch image from URL: {0}")]
    Broken(String),
}

/// Fetches everything in `body` that the provider cannot fetch itself, and puts it in.
///
/// # Errors
/// The first that failed; all of them together may not exceed the limit of one.
pub(crate) async fn inline_media(app: &App, rules: &Rules, body: &mut Object<'_>) -> Result<(), Error> {
    let urls = media::wanted(rules, body);
    if urls.is_empty() {
        return Ok(());
    }
    let bytes_max = app.limits.media_bytes_max;
    let limit_mb = bytes_max / (1024 * 1024);
    let refuse = |url: &str, reason: FetchError| {
        Error::from(Failure::new(FailureClass::BadRequest, &format!("Error: {reason}. url={url}")))
    };
    if bytes_max == 0 {
        return Err(refuse(&urls[0], FetchError::Disabled));
    }
    let fetches: Vec<_> = urls.iter().map(|url| app.fetch.fetch(url, bytes_max)).collect();
    let mut fetches = stream::iter(fetches).buffered(SIDE_BY_SIDE);
    let (mut fetched, mut bytes) = (Vec::with_capacity(urls.len()), 0);
    for url in &urls {
        let Some(outcome) = fetches.next().await else { break };
        let found = outcome.map_err(|reason| refuse(url, reason))?;
        bytes += found.bytes.len();
        if bytes > bytes_max {
            return Err(refuse(url, FetchError::TooLong { limit_mb }));
        }
        fetched.push(found);
    }
    media::inline(rules, body, &fetched);
    Ok(())
}
