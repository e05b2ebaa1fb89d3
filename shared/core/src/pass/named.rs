//! Which model a request names that is passed on, where its caller may not use every model.
//!
//! Bodies are held for such callers alone: the model has to be known before anything is sent.

use http::header;
use tollgate_wire::json::Object;
use tollgate_wire::multipart;
use tollgate_wire::tap::is_json;

use super::provider::Way;
use super::{PassCall, Route, bedrock, group, send, target};
use crate::govern::access;
use crate::{App, Error};

/// The model; `None` where none is named, or the caller may use all there are.
pub(super) async fn model(app: &App, call: &mut PassCall<'_>) -> Result<Option<String>, Error> {
    let profile = call.visitor.as_ref().and_then(|visitor| visitor.caller.profile());
    let Some(profile) = profile else { return Ok(None) };
    let customer = call.visitor.as_ref().is_some_and(|visitor| visitor.customer.is_some());
    if !customer && !access::looks_at_models(profile) {
        return Ok(None);
    }
    if let Some(name) = in_path(app, call)? {
        return Ok(Some(name));
    }
    in_body(app, call).await
}

fn in_path(app: &App, call: &PassCall<'_>) -> Result<Option<String>, Error> {
    let catalog = app.catalog.get();
    let decoded = |text: &str| String::from_utf8_lossy(&target::decode(text.as_bytes())).into_owned();
    let segments: Vec<&str> = call.rest.split('/').filter(|segment| !segment.is_empty()).collect();
    let way = match call.route {
        Route::Provider(name) => app.passes.provider(name)?.provider.way,
        Route::Operator(_) => Way::Plain,
    };
    let known = match way {
        Way::Azure => segments.iter().map(|segment| decoded(segment)).find(|name| catalog.holds(name)),
        Way::PathGroup => {
            let fronts = (1..=segments.len()).rev().map(|count| decoded(&segments[..count].join("/")));
            fronts.into_iter().find(|name| catalog.holds(name))
        }
        Way::Bedrock => bedrock::name_in(&call.rest),
        _ => None,
    };
    Ok(known.or_else(|| send::model_in_path(&format!("/{}", call.rest))))
}

async fn in_body(app: &App, call: &mut PassCall<'_>) -> Result<Option<String>, Error> {
    let kind = call.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let boundary = multipart::boundary(kind).ok();
    let essence = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if boundary.is_none() && !is_json(&essence) {
        return Ok(None);
    }
    let bytes = group::collect(app, call).await?;
    let name = match boundary {
        Some(boundary) => in_form(&boundary, &bytes)?,
        None => Object::parse(&bytes).ok().and_then(|object| Some(object.string("model")?.into_owned())),
    };
    call.length_bytes = Some(bytes.len() as u64);
    call.body = bytes.to_vec().into();
    Ok(name)
}

fn in_form(boundary: &str, bytes: &[u8]) -> Result<Option<String>, Error> {
    let parts = multipart::parts(boundary, bytes).map_err(|error| Error::BadBody(error.to_string()))?;
    let content = parts.iter().find(|part| part.name == "model").and_then(|part| bytes.get(part.content.clone()));
    Ok(content.map(|name| String::from_utf8_lossy(name).into_owned()))
}
