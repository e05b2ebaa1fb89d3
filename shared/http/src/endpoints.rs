//! What answers each route, from the core's own words to an HTTP answer.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use serde_json::{Value, json};
use tollgate_core::call::{Call, CallBody, Hints, Timeouts, Visitor};
use tollgate_core::{App, Door, Error, probe, select};
use tollgate_wire::Operation;
use tollgate_wire::dialect::Mode;
use tracing::info;

use crate::headers::{Outcome, describe};
use crate::{GatewayBody, failure_for, json as json_answer, read};

/// A client's own call id may be at most this long.
const CALL_ID_BYTES_MAX: usize = 256;

/// What is known of a call before its body is read.
pub struct Arrival<'a> {
    pub headers: &'a HeaderMap,
    pub visitor: Option<Visitor>,
    pub path_model: Option<String>,
    /// Whether the path asks for pieces.
    pub mode: Option<Mode>,
    pub started: Instant,
}

/// One LLM call.
pub async fn call<B>(app: &App, operation: Operation, arrival: Arrival<'_>, body: B) -> Response<GatewayBody>
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: std::fmt::Display,
{
    let id = call_id(arrival.headers);
    let started = arrival.started;
    let read = match operation {
        _ if operation.is_upload() => {
            read::upload(&app.limits, arrival.headers, read::boxed(body)).await.map(CallBody::Upload)
        }
        Operation::Ocr => read::document(&app.limits, arrival.headers, body).await.map(CallBody::Json),
        _ => read::whole(&app.limits, arrival.headers, body).await.map(CallBody::Json),
    };
    let body = match read {
        Ok(body) => body,
        Err(error) => {
            info!(call_id = %id, call_type = operation.name(), status = error.status(), "refused: {error}");
            return failure_for(&error, operation, arrival.headers);
        }
    };
    let hints = match hints(app, arrival.headers) {
        Ok(hints) => hints,
        Err(error) => return failure_for(&error, operation, arrival.headers),
    };
    let timeouts = timeouts(arrival.headers);
    let call = Call {
        id: id.clone(),
        visitor: arrival.visitor,
        operation,
        mode: arrival.mode,
        path_model: arrival.path_model,
        pinned: None,
        timeouts,
        forwarded: forwarded(arrival.headers),
        hints,
        seed: None,
        body,
        started,
    };
    match app.serve(call).await {
        Ok(reply) => {
            let streamed = !matches!(reply.body, tollgate_core::call::ReplyBody::Whole(_));
            let mut answer = Response::new(GatewayBody::from(reply.body));
            let headers = answer.headers_mut();
            headers.insert(header::CONTENT_TYPE, reply.content_type);
            if streamed {
                headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
                headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
            }
            describe(headers, &id, started, &reply.served_by, Outcome::Served);
            answer
        }
        Err(failed) => {
            let mut answer = failure_for(&failed.error, operation, arrival.headers);
            let retry_after = failed.served_by.retry_after.map(|wait| wait.as_secs_f64().ceil() as u64);
            if let Some(seconds) = failed.error.retry_after_s().or(retry_after) {
                answer.headers_mut().insert(header::RETRY_AFTER, seconds.into());
            }
            describe(answer.headers_mut(), &id, started, &failed.served_by, Outcome::Failed);
            answer
        }
    }
}

/// The client's id where it is one that can be sent back, else a new one.
pub(crate) fn call_id(headers: &HeaderMap) -> String {
    let given = headers.get("x-litellm-call-id").and_then(|value| value.to_str().ok());
    match given.filter(|text| !text.is_empty() && text.len() <= CALL_ID_BYTES_MAX) {
        Some(text) => text.to_owned(),
        None => tollgate_core::new_call_id(),
    }
}

pub(crate) fn timeouts(headers: &HeaderMap) -> Timeouts {
    let seconds = |name: &str| {
        let seconds: f64 = headers.get(name)?.to_str().ok()?.parse().ok()?;
        Duration::try_from_secs_f64(seconds).ok().filter(|duration| !duration.is_zero())
    };
    Timeouts { whole: seconds("x-litellm-timeout"), stream: seconds("x-litellm-stream-timeout") }
}

/// What the client's headers and key say about routing: LiteLLM's names.
///
/// # Errors
/// Where `x-litellm-num-retries` is no number.
pub(crate) fn hints(app: &App, headers: &HeaderMap) -> Result<Hints, Error> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).filter(|text| !text.is_empty());
    let tags = text("x-litellm-tags").into_iter().flat_map(|tags| tags.split(','));
    let looks_at_keys = app.resilience.affinity.looks_at_keys();
    let presented = if looks_at_keys { app.gatekeeper.presented(Door::Plain, headers).ok() } else { None };
    let wrong = |_| Error::WrongType { name: "x-litellm-num-retries", expected: "a number from 0 on" };
    let retries = text("x-litellm-num-retries").map(|text| text.trim().parse().map_err(wrong)).transpose()?;
    Ok(Hints {
        retries,
        tags: tags.map(str::trim).filter(|tag| !tag.is_empty()).map(str::to_owned).collect(),
        user_agent: text("user-agent").map(str::to_owned),
        session: text("x-litellm-session-id").map(str::to_owned),
        key_hash: presented.map(|key| select::key_hash(&key)),
        is_silent: false,
    })
}

/// What a provider of Claude models is told of the client's headers.
fn forwarded(headers: &HeaderMap) -> Vec<(&'static str, String)> {
    let told = ["anthropic-beta", "anthropic-version"];
    told.into_iter().filter_map(|name| Some((name, headers.get(name)?.to_str().ok()?.to_owned()))).collect()
}

/// `GET /health`: asks every deployment, or those of `?model=` or `?model_id=`.
pub async fn health(app: &App, query: Option<&str>) -> Response<GatewayBody> {
    let (model, id) = (parameter(query, "model"), parameter(query, "model_id"));
    let narrowed = model.is_some() || id.is_some();
    let catalog = app.catalog.get();
    let wanted = catalog.deployments().filter(|deployment| {
        let named = model.as_ref().is_none_or(|name| deployment.group == *name || deployment.named == *name);
        named && id.as_ref().is_none_or(|id| deployment.id == *id)
    });
    let findings = match app.health.latest() {
        // What the background found is shown as it is: nobody waits for a provider.
        Some(latest) => {
            let ids: Vec<&str> = wanted.map(|deployment| deployment.id.as_str()).collect();
            latest.iter().filter(|finding| ids.contains(&finding.deployment.id.as_str())).cloned().collect()
        }
        None => probe::all(app, wanted.cloned().collect(), probe::PROBES_MAX).await,
    };
    let (healthy, unhealthy): (Vec<_>, Vec<_>) = findings.iter().partition(|finding| finding.error.is_none());
    let list = |findings: &[&probe::Finding]| findings.iter().map(|finding| finding.describe()).collect::<Vec<_>>();
    let status = if narrowed && healthy.is_empty() { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    let value = json!({
        "healthy_endpoints": list(&healthy),
        "unhealthy_endpoints": list(&unhealthy),
        "healthy_count": healthy.len(),
        "unhealthy_count": unhealthy.len(),
    });
    json_answer(status, value.to_string().into_bytes())
}

/// `GET /health/liveliness`.
pub fn liveness(app: &App) -> Response<GatewayBody> {
    if app.draining.load(Ordering::Relaxed) { shutting_down() } else { ok(&json!("I'm alive!")) }
}

pub(crate) fn shutting_down() -> Response<GatewayBody> {
    json_answer(StatusCode::SERVICE_UNAVAILABLE, json!({ "status": "shutting_down" }).to_string().into_bytes())
}

fn ok(value: &Value) -> Response<GatewayBody> {
    json_answer(StatusCode::OK, value.to_string().into_bytes())
}

/// One parameter of a query, decoded.
pub(crate) fn parameter(query: Option<&str>, name: &str) -> Option<String> {
    query?.split('&').find_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        (key == name && !value.is_empty()).then(|| crate::decode(&value.replace('+', " ")))
    })
}
