//! Calls about files, batches, vector stores and the like: from a request to the core's words, and back.
//!
//! Knows headers, paths and queries; what they mean is the core's business.

use std::time::Instant;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Response, header};
use tollgate_core::call::{ReplyBody, Visitor};
use tollgate_core::resources::{Action, Input, ResourceBody, ResourceCall};
use tollgate_core::{App, Error};
use tollgate_wire::multipart;
use tracing::info;

use crate::endpoints::{call_id, timeouts};
use crate::headers::{Outcome, describe};
use crate::routes::{self, Route};
use crate::{GatewayBody, decode, failure, read};

/// Parameters that one query may have.
const PARAMETERS_MAX: usize = 100;

/// What is known of a call before its body is read.
pub struct Arrival<'a> {
    pub head: &'a Parts,
    pub visitor: Option<Visitor>,
    pub route: &'static Route,
    pub started: Instant,
}

/// Serves one call about a resource.
pub async fn serve<B>(app: &App, action: Action, arrival: Arrival<'_>, body: B) -> Response<GatewayBody>
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: std::fmt::Display,
{
    let Arrival { head, visitor, route, started } = arrival;
    let id = call_id(&head.headers);
    let body = match read_body(app, action, &head.headers, body).await {
        Ok(body) => body,
        Err(error) => {
            info!(call_id = %id, call_type = action.row().call_type, status = error.status(), "refused: {error}");
            return failure(&error);
        }
    };
    let mut call = ResourceCall {
        id: id.clone(),
        visitor,
        action,
        ids: Vec::new(),
        path_provider: None,
        header_provider: text(&head.headers, "custom-llm-provider"),
        header_model: text(&head.headers, "x-litellm-model"),
        query: parameters(head.uri.query()),
        timeouts: timeouts(&head.headers),
        body,
        started,
    };
    for (name, value) in routes::places(route.path, head.uri.path()).unwrap_or_default() {
        match name {
            "provider" => call.path_provider = Some(decode(value)),
            _ => call.ids.push(decode(value)),
        }
    }
    match app.serve_resource(call).await {
        Ok(reply) => {
            let streamed = matches!(reply.body, ReplyBody::Relayed(_));
            let mut answer = Response::new(GatewayBody::from(reply.body));
            answer.headers_mut().insert(header::CONTENT_TYPE, reply.content_type);
            let length = reply.served_by.headers.get(header::CONTENT_LENGTH).filter(|_| streamed);
            if let Some(length) = length {
                // The content is passed on as it is, so a client can tell whether all of it came.
                answer.headers_mut().insert(header::CONTENT_LENGTH, length.clone());
            }
            describe(answer.headers_mut(), &id, started, &reply.served_by, Outcome::Served);
            answer
        }
        Err(failed) => {
            let mut answer = failure(&failed.error);
            describe(answer.headers_mut(), &id, started, &failed.served_by, Outcome::Failed);
            answer
        }
    }
}

async fn read_body<B>(app: &App, action: Action, headers: &HeaderMap, body: B) -> Result<ResourceBody, Error>
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: std::fmt::Display,
{
    let boundary = match action.row().input {
        Input::Nothing => return Ok(ResourceBody::Nothing),
        Input::Json => return Ok(ResourceBody::Json(read::whole(&app.limits, headers, body).await?)),
        Input::JsonOrForm if !is_form(headers) => {
            return Ok(ResourceBody::Json(read::whole(&app.limits, headers, body).await?));
        }
        Input::Form | Input::JsonOrForm => boundary(headers)?,
    };
    Ok(ResourceBody::Form { boundary, bytes: read::whole(&app.limits, headers, body).await? })
}

/// The boundary of a form; what is none lacks all its fields, as LiteLLM's framework sees it.
fn boundary(headers: &HeaderMap) -> Result<String, Error> {
    let content_type = text(headers, "content-type").unwrap_or_default();
    if !is_form(headers) {
        return Err(Error::MissingFormFields(vec!["purpose", "file"]));
    }
    multipart::boundary(&content_type).map_err(|error| Error::BadBody(format!("Invalid form payload: 400: {error}")))
}

fn is_form(headers: &HeaderMap) -> bool {
    let content_type = text(headers, "content-type").unwrap_or_default();
    content_type.trim_start().to_ascii_lowercase().starts_with("multipart/form-data")
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    let text = headers.get(name)?.to_str().ok()?;
    (!text.is_empty()).then(|| text.to_owned())
}

fn parameters(query: Option<&str>) -> Vec<(String, String)> {
    let pairs = query.unwrap_or_default().split('&').take(PARAMETERS_MAX);
    let pairs = pairs.filter_map(|pair| pair.split_once('=')).filter(|(_, value)| !value.is_empty());
    pairs.map(|(name, value)| (decode(name), decode(&value.replace('+', " ")))).collect()
}
