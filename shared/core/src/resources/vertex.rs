//! Files and batches at Vertex AI: objects in Cloud Storage, and jobs that read and write them.
//!
//! Knows hosts, paths and headers; what an object or a job is called is `wire::resource`'s business.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Request};
use tollgate_wire::dialect::Stamp;
use tollgate_wire::failure::{Failure, FailureClass};
use tollgate_wire::json::Object;
use tollgate_wire::resource::bedrock::{Bucket, safe};
use tollgate_wire::resource::{deleted, vertex as wire};

use super::ask::{Asked, encoded};
use super::foreign::Site;
use super::form::Upload;
use super::{Action, Answered, ResourceCall};
use crate::Error;
use crate::call::ReplyBody;
use crate::deployment::{Deployment, address};
use crate::upstream::RequestBody;

const STORAGE: &str = "https://storage.googleapis.com";

/// Anything but an upload.
pub(super) async fn serve(
    asked: &mut Asked<'_>,
    call: &ResourceCall,
    site: &Site<'_>,
    (ids, body): (&[String], &Object<'_>),
) -> Answered {
    let id = ids.first().map_or("", String::as_str);
    let account = site.account;
    let bytes = match call.action {
        Action::RetrieveFile => {
            let answer = asked.whole(account, object(account, Method::GET, id, "")?).await?;
            readable(wire::file(&answer, "processed"))?
        }
        Action::FileContent => {
            let content = asked.whole(account, object(account, Method::GET, id, "?alt=media")?).await?;
            let stamp = Stamp::new(crate::new_id(), crate::now_s());
            let content = wire::output(&account.rules.settings, &content, stamp);
            return Ok((HeaderValue::from_static("application/octet-stream"), ReplyBody::Whole(content.into())));
        }
        Action::DeleteFile => {
            asked.whole(account, object(account, Method::DELETE, id, "")?).await?;
            deleted(id).into()
        }
        Action::CreateBatch => create(asked, account, body).await?,
        Action::ListBatches => {
            let answer = asked.whole(account, jobs(account, Method::GET, &page(call))?).await?;
            readable(wire::jobs(&answer))?
        }
        Action::RetrieveBatch => job(asked, account, id).await?,
        Action::CancelBatch => {
            asked.whole(account, jobs(account, Method::POST, &format!("/{}:cancel", encoded(id)))?).await?;
            job(asked, account, id).await?
        }
        action => return Err(invalid(format!("LiteLLM doesn't support vertex_ai for '{}'", action.row().call_type))),
    };
    Ok(site.reply(call, bytes))
}

/// Puts a file into the account's bucket; the input of a batch as Vertex AI's rows.
pub(super) async fn upload(
    asked: &mut Asked<'_>,
    call: &ResourceCall,
    site: &Site<'_>,
    upload: &Upload<'_>,
) -> Answered {
    let account = site.account;
    let bucket = bucket(account)?;
    let (name, content) = if upload.purpose == "batch" {
        let name = format!("{}{}/{}", wire::PREFIX, wire::model_path(&account.model), crate::new_id());
        (name, rows(account, &upload.content())?)
    } else {
        let own = Some(safe(upload.filename())).filter(|name| !name.is_empty());
        let unique = crate::new_id().replace('-', "");
        (format!("{}uploads/{unique}-{}", wire::PREFIX, own.as_deref().unwrap_or("file")), upload.content())
    };
    let name = encoded(&bucket.key(&name));
    let url = format!("{STORAGE}/upload/storage/v1/b/{}/o?uploadType=media&name={name}", encoded(&bucket.name));
    let mut request = request(account, Method::POST, &url)?;
    request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    *request.body_mut() = RequestBody::Whole(content.into());
    let answer = asked.whole(account, request).await?;
    Ok(site.reply(call, readable(wire::file(&answer, "uploaded"))?))
}

/// Every line as a row.
fn rows(account: &Deployment, content: &Bytes) -> Result<Bytes, Error> {
    let mut out = Vec::with_capacity(content.len() + content.len() / 4);
    let content = content.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(content);
    for (place, line) in content.split(|byte| *byte == b'\n').enumerate() {
        if line.trim_ascii().is_empty() {
            continue;
        }
        let row = wire::row(&account.rules.settings, line)
            .map_err(|reason| invalid(format!("batch input file line {}: {reason}", place + 1)))?;
        out.extend_from_slice(&row);
        out.push(b'\n');
    }
    Ok(out.into())
}

async fn create(asked: &mut Asked<'_>, account: &Deployment, body: &Object<'_>) -> Result<Bytes, Error> {
    let input = body.string("input_file_id").map(std::borrow::Cow::into_owned).unwrap_or_default();
    key(account, &input)?;
    let job = wire::job_body(&account.rules.settings, &input, &crate::new_id()).ok_or_else(|| {
        invalid(format!("`{input}` tells no model: upload the file with purpose `batch` and a model of Vertex AI"))
    })?;
    let mut request = jobs(account, Method::POST, "")?;
    request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    *request.body_mut() = job.into();
    let answer = asked.whole(account, request).await?;
    readable(wire::job(&answer))
}

async fn job(asked: &mut Asked<'_>, account: &Deployment, id: &str) -> Result<Bytes, Error> {
    let answer = asked.whole(account, jobs(account, Method::GET, &format!("/{}", encoded(id)))?).await?;
    readable(wire::job(&answer))
}

fn page(call: &ResourceCall) -> String {
    let mut pairs = Vec::new();
    for (name, value) in &call.query {
        match name.as_str() {
            "limit" => pairs.extend(value.parse::<u32>().map(|limit| format!("pageSize={limit}"))),
            "after" => pairs.push(format!("pageToken={}", encoded(value))),
            _ => {}
        }
    }
    if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) }
}

/// A request to the jobs of the deployment's project and location.
fn jobs(account: &Deployment, method: Method, ending: &str) -> Result<Request<RequestBody>, Error> {
    let url = wire::jobs_url(&account.rules.settings).map_err(|error| invalid(error.to_string()))?;
    request(account, method, &format!("{url}{ending}"))
}

fn object(account: &Deployment, method: Method, id: &str, query: &str) -> Result<Request<RequestBody>, Error> {
    let key = key(account, id)?;
    let bucket = encoded(&bucket(account)?.name);
    request(account, method, &format!("{STORAGE}/storage/v1/b/{bucket}/o/{}{query}", encoded(key)))
}

fn request(account: &Deployment, method: Method, url: &str) -> Result<Request<RequestBody>, Error> {
    let mut request = Request::new(RequestBody::from(Vec::new()));
    *request.method_mut() = method;
    *request.uri_mut() = address(url).map_err(|error| invalid(error.to_string()))?;
    request.headers_mut().clone_from(&account.headers);
    request.headers_mut().remove(CONTENT_TYPE);
    Ok(request)
}

/// The object that a file's id names.
fn key<'a>(account: &Deployment, id: &'a str) -> Result<&'a str, Error> {
    let bucket = bucket(account)?;
    wire::object(id, &bucket.name, &bucket.prefix).map_err(|reason| invalid(reason.to_owned()))
}

fn bucket(account: &Deployment) -> Result<Bucket, Error> {
    let message = "GCS bucket_name is required: set 'gcs_bucket_name' in litellm_params or GCS_BUCKET_NAME env var";
    account.storage.bucket.as_deref().map(Bucket::new).ok_or_else(|| invalid(message.to_owned()))
}

fn readable(read: Option<Vec<u8>>) -> Result<Bytes, Error> {
    let unreadable = || Failure::new(FailureClass::Other, "VertexAIException - the answer is no JSON object");
    Ok(read.ok_or_else(unreadable)?.into())
}

fn invalid(message: String) -> Error {
    Error::Invalid { param: None, message }
}
