//! Files and batches at Anthropic: what is asked there for each action, and the answer as OpenAI's.
//!
//! Knows paths and headers; what an answer means is `wire::resource`'s business.

use bytes::Bytes;
use http::header::HeaderName;
use http::{HeaderValue, Method, Request};
use tollgate_wire::failure::{Failure, FailureClass};
use tollgate_wire::resource::anthropic as wire;

use super::ask::{self, Asked};
use super::foreign::Site;
use super::form::Upload;
use super::{Action, Answered, Family, ResourceCall};
use crate::Error;
use crate::deployment::Deployment;
use crate::upstream::RequestBody;

/// Anthropic's bound for a page.
const LIMIT_MAX: u32 = 1000;

/// Asks, and answers in OpenAI's form.
pub(super) async fn serve(asked: &mut Asked<'_>, call: &ResourceCall, site: &Site<'_>, ids: &[String]) -> Answered {
    let mut request = request(site.account, call.action, ids)?;
    if matches!(call.action, Action::ListFiles | Action::ListBatches) {
        page(call, &mut request)?;
    }
    if call.action == Action::FileContent {
        return asked.stream(site.account, request).await;
    }
    let bytes = read(call.action, asked.whole(site.account, request).await?)?;
    Ok(site.reply(call, bytes))
}

/// Uploads a file.
pub(super) async fn upload(
    asked: &mut Asked<'_>,
    call: &ResourceCall,
    site: &Site<'_>,
    upload: &Upload<'_>,
) -> Answered {
    let mut request = request(site.account, call.action, &[])?;
    upload.write(&mut request)?;
    let bytes = read(call.action, asked.whole(site.account, request).await?)?;
    Ok(site.reply(call, bytes))
}

/// The request of an action, without content.
///
/// # Errors
/// Where Anthropic has no such action.
fn request(account: &Deployment, action: Action, ids: &[String]) -> Result<Request<RequestBody>, Error> {
    let id = ids.first().map(|id| ask::encoded(id)).unwrap_or_default();
    let (method, path) = match action {
        Action::CreateFile => (Method::POST, "/v1/files".to_owned()),
        Action::ListFiles => (Method::GET, "/v1/files".to_owned()),
        Action::RetrieveFile => (Method::GET, format!("/v1/files/{id}")),
        Action::FileContent => (Method::GET, wire::content_path(&id)),
        Action::DeleteFile => (Method::DELETE, format!("/v1/files/{id}")),
        Action::ListBatches => (Method::GET, "/v1/messages/batches".to_owned()),
        Action::RetrieveBatch => (Method::GET, format!("/v1/messages/batches/{id}")),
        Action::CancelBatch => (Method::POST, format!("/v1/messages/batches/{id}/cancel")),
        _ => return Err(not_offered(action)),
    };
    let mut request = ask::bare(account, method, &path)?;
    let beta = if action.row().family == Family::Batches { wire::BATCHES_BETA } else { wire::FILES_BETA };
    let headers = request.headers_mut();
    headers.insert(HeaderName::from_static("anthropic-version"), HeaderValue::from_static(wire::VERSION));
    headers.insert(HeaderName::from_static("anthropic-beta"), HeaderValue::from_static(beta));
    Ok(request)
}

fn not_offered(action: Action) -> Error {
    let call_type = action.row().call_type;
    let message = format!(
        "LiteLLM doesn't support anthropic for '{call_type}': send a batch's requests to /anthropic/v1/messages/batches"
    );
    Error::Invalid { param: None, message }
}

/// OpenAI's `after` and `limit` as Anthropic's; `purpose` as it is.
fn page(call: &ResourceCall, request: &mut Request<RequestBody>) -> Result<(), Error> {
    let mut pairs = Vec::new();
    for (name, value) in &call.query {
        match name.as_str() {
            "after" => pairs.push(format!("after_id={}", ask::encoded(&own_id(value)))),
            "limit" => pairs.extend(value.parse::<u32>().map(|limit| format!("limit={}", limit.min(LIMIT_MAX)))),
            "purpose" if call.action == Action::ListFiles => pairs.push(format!("purpose={}", ask::encoded(value))),
            _ => {}
        }
    }
    if !pairs.is_empty() {
        let text = format!("{}?{}", request.uri(), pairs.join("&"));
        let refuse = |_| Error::Invalid { param: None, message: "the query cannot be passed on".to_owned() };
        *request.uri_mut() = text.parse().map_err(refuse)?;
    }
    Ok(())
}

/// The provider's own id of one that may name a model.
fn own_id(id: &str) -> String {
    tollgate_wire::resource_id::decode(id).map_or_else(|| id.to_owned(), |routed| routed.id)
}

/// Anthropic's answer in OpenAI's form.
///
/// # Errors
/// Where it is none.
fn read(action: Action, bytes: Bytes) -> Result<Bytes, Error> {
    let read = match action {
        Action::ListFiles => wire::files,
        Action::DeleteFile => wire::deleted_file,
        Action::ListBatches => wire::batches,
        Action::RetrieveBatch | Action::CancelBatch => wire::batch,
        _ => wire::file,
    };
    let now_s = i64::try_from(crate::now_s()).unwrap_or_default();
    let unreadable = || Failure::new(FailureClass::Other, "AnthropicException - the answer is no JSON object");
    Ok(read(&bytes, now_s).ok_or_else(unreadable)?.into())
}
