//! Model groups on pass-through routes: a request that names one goes to a deployment of it.
//!
//! Which parts of a request can name a group follows LiteLLM's routes for Azure, vLLM and NVIDIA NIM.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, header};
use http_body_util::{BodyExt, Limited};
use tollgate_wire::json::{Object, raw};
use tollgate_wire::tap::is_json;

use super::target::{self, Base};
use super::{Outgoing, PassCall};
use crate::deployment::Deployment;
use crate::upstream::RequestBody;
use crate::{App, Error};

/// What Azure's paths end in whose body names the model.
const AZURE_ENDS: [&str; 6] =
    ["responses", "chat/completions", "completions", "embeddings", "images/generations", "audio/speech"];
const AZURE_DEPLOYMENTS: &str = "openai/deployments/";

/// A deployment, and the body for it.
type Routed = Option<(Arc<Deployment>, Vec<u8>)>;

/// A deployment of the group that a segment of the path names, which then names the deployment's own model; else of
/// the group in the body.
pub(super) async fn in_path_or_body(app: &App, call: &mut PassCall<'_>) -> Result<Option<Arc<Deployment>>, Error> {
    let segments: Vec<&str> = call.rest.split('/').collect();
    let catalog = app.catalog.get();
    let named = |segment: &str| catalog.holds(&name_of(segment));
    if let Some(place) = segments.iter().position(|segment| named(segment)).filter(|_| segments.len() > 1) {
        let deployment = select((app, call), &name_of(segments[place]))?;
        let model = target::encode(&deployment.model);
        let mut segments = segments;
        segments[place] = &model;
        call.rest = segments.join("/");
        return Ok(Some(deployment));
    }
    let path = call.rest.trim_matches('/');
    let names_in_body = AZURE_ENDS.iter().any(|end| path == *end || path.ends_with(&format!("/{end}")));
    if !names_in_body || path.contains(AZURE_DEPLOYMENTS) {
        return Ok(None);
    }
    in_body(app, call).await
}

/// A deployment of the group that a body of JSON names, which then names the deployment's own model.
pub(super) async fn in_body(app: &App, call: &mut PassCall<'_>) -> Result<Option<Arc<Deployment>>, Error> {
    let kind = call.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if !is_json(&kind) || app.catalog.get().groups().next().is_none() {
        return Ok(None);
    }
    let bytes = collect(app, call).await?;
    let found = with_model((app, call), &bytes)?;
    let (deployment, bytes) = match found {
        Some((deployment, body)) => (Some(deployment), body),
        None => (None, bytes.to_vec()),
    };
    call.length_bytes = Some(bytes.len() as u64);
    call.body = bytes.into();
    Ok(deployment)
}

fn with_model((app, call): (&App, &PassCall<'_>), bytes: &[u8]) -> Result<Routed, Error> {
    let Ok(mut object) = Object::parse(bytes) else { return Ok(None) };
    let catalog = app.catalog.get();
    let name = object.string("model").filter(|name| catalog.holds(name)).map(|name| name.into_owned());
    let Some(name) = name else { return Ok(None) };
    let deployment = select((app, call), &name)?;
    object.set("model", raw(&deployment.model));
    Ok(Some((deployment, object.to_vec())))
}

/// The whole body, within the limits of size and time.
pub(super) async fn collect(app: &App, call: &mut PassCall<'_>) -> Result<Bytes, Error> {
    let body = std::mem::replace(&mut call.body, RequestBody::from(Vec::new()));
    let limited = Limited::new(body, app.limits.request_bytes_max).collect();
    match tokio::time::timeout(app.limits.request_timeout, limited).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => {
            Err(Error::BodyTooLarge { limit_mb: app.limits.request_bytes_max as f64 / (1024.0 * 1024.0) })
        }
        Ok(Err(error)) => Err(Error::BadBody(format!("the request's body broke off: {error}"))),
        Err(_) => {
            let limit_s = app.limits.request_timeout.as_secs();
            Err(Error::BadBody(format!("the request's body did not arrive within {limit_s} s")))
        }
    }
}

/// A deployment of the group that the path begins with, which is then taken out: the longest such name counts.
pub(super) fn at_front(app: &App, call: &mut PassCall<'_>) -> Result<Arc<Deployment>, Error> {
    let segments: Vec<&str> = call.rest.split('/').filter(|segment| !segment.is_empty()).collect();
    for count in (1..=segments.len()).rev() {
        let name = name_of(&segments[..count].join("/"));
        let Some(deployment) = app.catalog.get().holds(&name).then(|| select((app, call), &name)).transpose()? else {
            continue;
        };
        if deployment.provider != "nvidia_nim" {
            continue;
        }
        let behind = segments[count..].join("/");
        call.rest = behind;
        return Ok(deployment);
    }
    Err(Error::NoGroup(
        "no NVIDIA NIM model group in the path: call /nvidia_nim/{model_group}/… with a group of `model_list`"
            .to_owned(),
    ))
}

/// The request to a deployment.
pub(super) fn outgoing(
    deployment: &Arc<Deployment>,
    call: &PassCall<'_>,
    mut headers: HeaderMap,
    timeout: Duration,
) -> Result<Outgoing, Error> {
    let base = Base::parse(&deployment.api_base)
        .map_err(|reason| Error::NoGroup(format!("the api_base of `{}` {reason}", deployment.group)))?;
    add_headers(&mut headers, deployment);
    let settings = &deployment.rules.settings;
    let query = match &settings.api_version {
        Some(version) if !target::has(call.query.as_deref(), "api-version") => {
            Some(target::with(call.query.as_deref(), "api-version", version))
        }
        _ => call.query.clone(),
    };
    let uri = without_repeated_version(&base, &call.rest).below(&call.rest, query.as_deref())?;
    let (scheme, deployment) = (deployment.scheme.clone(), Some(Arc::clone(deployment)));
    Ok(Outgoing { uri, headers, timeout, cost: None, scheme, deployment })
}

/// Puts in what shows the deployment's key, and nothing that describes the body.
pub(super) fn add_headers(headers: &mut HeaderMap, deployment: &Deployment) {
    super::headers::drop_credentials(headers);
    for (name, value) in &deployment.headers {
        if !matches!(*name, header::CONTENT_TYPE | header::ACCEPT | header::USER_AGENT) {
            headers.insert(name.clone(), value.clone());
        }
    }
}

/// The base without a version at its end that the path begins with, too.
fn without_repeated_version(base: &Base, rest: &str) -> Base {
    let first = rest.trim_start_matches('/').split('/').next().unwrap_or_default();
    let is_version = first.strip_prefix('v').is_some_and(|digits| digits.parse::<u8>().is_ok());
    match base.path().strip_suffix(&format!("/{first}")).filter(|_| is_version) {
        Some(path) => base.with_path(path),
        None => base.clone(),
    }
}

fn select((app, call): (&App, &PassCall<'_>), name: &str) -> Result<Arc<Deployment>, Error> {
    let missing = || Error::NoGroup(format!("no deployment of `{name}` can be asked"));
    app.pick_for(name, call.visitor.as_ref())?.ok_or_else(missing)
}

fn name_of(segment: &str) -> String {
    String::from_utf8_lossy(&target::decode(segment.as_bytes())).into_owned()
}
