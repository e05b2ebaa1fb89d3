//! `/cache/*`. Answers are not cached yet, so each route says what LiteLLM says where no cache is configured.

use crate::App;
use crate::denial::Denial;
use crate::manage::{Outcome, Request};
use crate::upstream::BoxFuture;

const PING: &str = "{\"message\": \"Cache not initialized. litellm.cache is None\", \"litellm_cache_params\": \"{}\", \
                    \"health_check_cache_params\": \"{}\"}";
const ABSENT: &str = "503: Cache not initialized. litellm.cache is None";

/// `GET /cache/ping`.
pub fn ping(_: &App, _: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async { Err(Denial::new(503, "cache_ping_error", PING).about("cache_ping").into()) })
}

/// `POST /cache/delete`.
pub fn delete(_: &App, _: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async { Err(Denial::detail(500, format!("Cache Delete Failed({ABSENT})").into()).into()) })
}

/// `POST /cache/flushall` and `GET /cache/redis/info`.
pub fn unhealthy(_: &App, _: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async { Err(Denial::detail(503, format!("Service Unhealthy ({ABSENT})").into()).into()) })
}
