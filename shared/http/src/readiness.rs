//! Readiness: whether this instance can serve whoever asks, as load balancers are told.
//!
//! LiteLLM's words: `connected`, `disconnected` and 503, `Not connected` and 200 where no database was named.

use std::sync::atomic::Ordering;
use std::time::Duration;

use http::{Response, StatusCode};
use serde_json::json;
use tollgate_core::App;
use tollgate_core::directory::Standing;

use crate::endpoints::shutting_down;
use crate::headers::LITELLM_VERSION;
use crate::{GatewayBody, json as json_answer};

/// How long the database may take to answer, as with LiteLLM.
const ANSWER_MAX: Duration = Duration::from_secs(4);

/// `GET /health/readiness`: without a key and without details.
pub async fn readiness(app: &App) -> Response<GatewayBody> {
    if app.draining.load(Ordering::Relaxed) {
        return shutting_down();
    }
    let (status, database) = database(app).await;
    json_answer(status, json!({ "status": "healthy", "db": database }).to_string().into_bytes())
}

/// `GET /health/readiness/details`.
pub async fn details(app: &App) -> Response<GatewayBody> {
    if app.draining.load(Ordering::Relaxed) {
        return shutting_down();
    }
    let (status, database) = database(app).await;
    let value = json!({
        "status": "healthy",
        "db": database,
        "cache": null,
        "litellm_version": LITELLM_VERSION,
        "tollgate_version": env!("CARGO_PKG_VERSION"),
        "success_callbacks": [],
        "deployments": app.catalog.get().deployments().count(),
    });
    json_answer(status, value.to_string().into_bytes())
}

/// How the database is. Where it is away and calls go on all the same, as long as that lasts, the instance stays in
/// rotation.
async fn database(app: &App) -> (StatusCode, &'static str) {
    let governance = &app.governance;
    let asked = tokio::time::timeout(ANSWER_MAX, governance.directory.ping()).await;
    match asked.unwrap_or(Standing::Unavailable) {
        Standing::Absent => (StatusCode::OK, "Not connected"),
        // Nobody has named one.
        Standing::Connected if governance.is_embedded => (StatusCode::OK, "Not connected"),
        Standing::Connected => (StatusCode::OK, "connected"),
        Standing::Unavailable if governance.settings.allows_unknown_state => (StatusCode::OK, "disconnected"),
        Standing::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "disconnected"),
    }
}
