//! Files and batches at Bedrock: objects in S3, and jobs that read and write them.
//!
//! Knows hosts, paths and headers; what an object or a job is called is `wire::resource`'s business.

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, LAST_MODIFIED};
use http::{HeaderName, HeaderValue, Method, Request, StatusCode};
use tollgate_wire::dialect::{aws_host, bedrock_batch_line};
use tollgate_wire::failure::{Failure, FailureClass};
use tollgate_wire::json::Object;
use tollgate_wire::resource::bedrock::{self as wire, Bucket, Job, Place};
use tollgate_wire::resource::{deleted, seconds_of_http_date};

use super::ask::{Asked, encoded};
use super::foreign::Site;
use super::form::Upload;
use super::{Action, Answered, ResourceCall};
use crate::Error;
use crate::deployment::{Deployment, address};
use crate::upstream::RequestBody;

const ENCRYPTION: HeaderName = HeaderName::from_static("x-amz-server-side-encryption");
const ENCRYPTION_KEY: HeaderName = HeaderName::from_static("x-amz-server-side-encryption-aws-kms-key-id");

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
        Action::ListFiles => list(asked, call, account).await?,
        Action::RetrieveFile => head(asked, account, id).await?,
        Action::FileContent => {
            let request = object_request(asked, account, Method::GET, &place(account, id)?)?;
            return asked.stream(account, request).await;
        }
        Action::DeleteFile => {
            let request = object_request(asked, account, Method::DELETE, &place(account, id)?)?;
            asked.whole(account, request).await?;
            deleted(id).into()
        }
        Action::CreateBatch if site.model.is_none() => {
            let message = "Could not determine Bedrock model ID. Please pass `model` in your request body.";
            return Err(invalid(message.to_owned()));
        }
        Action::CreateBatch => create(asked, account, body).await?,
        Action::RetrieveBatch => job(asked, account, id).await?,
        Action::CancelBatch => stop(asked, account, id).await?,
        action => return Err(invalid(format!("LiteLLM doesn't support bedrock for '{}'", action.row().call_type))),
    };
    Ok(site.reply(call, bytes))
}

/// Puts a file into the account's bucket; the input of a batch in Bedrock's own form.
pub(super) async fn upload(
    asked: &mut Asked<'_>,
    call: &ResourceCall,
    site: &Site<'_>,
    upload: &Upload<'_>,
) -> Answered {
    let account = site.account;
    let bucket = bucket(account)?;
    let (name, content) = if upload.purpose == "batch" {
        let model = wire::safe(&account.model.replace(':', "-"));
        let name = format!("{}{model}-{}.jsonl", wire::BATCH_PREFIX, crate::new_id());
        (name, translated(account, &upload.content())?)
    } else {
        let unique = crate::new_id().replace('-', "");
        let own = Some(wire::safe(upload.filename())).filter(|name| !name.is_empty());
        (format!("{}{unique}-{}", wire::UPLOAD_PREFIX, own.as_deref().unwrap_or("file")), upload.content())
    };
    let place = Place { bucket: bucket.name.clone(), key: bucket.key(&name), purpose: "batch" };
    let length = content.len() as u64;
    let mut request = object_request(asked, account, Method::PUT, &place)?;
    *request.body_mut() = RequestBody::Whole(content.into());
    request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Some(key) = &account.storage.encryption_key {
        let key = HeaderValue::try_from(key).map_err(|_| invalid("s3_encryption_key_id cannot be sent".to_owned()))?;
        request.headers_mut().insert(ENCRYPTION, HeaderValue::from_static("aws:kms"));
        request.headers_mut().insert(ENCRYPTION_KEY, key);
    }
    asked.whole(account, request).await?;
    Ok(site.reply(call, place.file(length, now_s()).to_vec().into()))
}

/// Every line in Bedrock's form.
fn translated(account: &Deployment, content: &Bytes) -> Result<Bytes, Error> {
    let mut out = Vec::with_capacity(content.len() + content.len() / 8);
    let content = content.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(content);
    for (place, line) in content.split(|byte| *byte == b'\n').enumerate() {
        if line.trim_ascii().is_empty() {
            continue;
        }
        let written = bedrock_batch_line(&account.rules.settings, line)
            .map_err(|reason| invalid(format!("batch input file line {}: {reason}", place + 1)))?;
        if !out.is_empty() {
            out.push(b'\n');
        }
        out.extend_from_slice(&written);
    }
    Ok(out.into())
}

async fn list(asked: &mut Asked<'_>, call: &ResourceCall, account: &Deployment) -> Result<Bytes, Error> {
    let parameter = |name: &str| call.query.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str());
    let purpose = parameter("purpose");
    let outputs = account.storage.output_bucket.as_deref().filter(|_| purpose == Some("batch_output"));
    let bucket = outputs.map_or_else(|| bucket(account), |name| Ok(Bucket::new(name)))?;
    let mut query = format!("list-type=2&prefix={}", encoded(&bucket.key("litellm-b")));
    if let Some(limit) = parameter("limit").and_then(|limit| limit.parse::<u32>().ok()) {
        query.push_str(&format!("&max-keys={}", limit.min(1000)));
    }
    if let Some(after) = parameter("after") {
        let routed = tollgate_wire::resource_id::decode(after);
        let place = place(account, routed.as_ref().map_or(after, |routed| &routed.id))?;
        query.push_str(&format!("&start-after={}", encoded(&place.key)));
    }
    asked.scheme.clone_from(&account.storage.scheme);
    let url = format!("{}/{}?{query}", account.storage.endpoint, encoded(&bucket.name));
    let answer = asked.whole(account, request(Method::GET, &url)?).await?;
    Ok(wire::listed(&String::from_utf8_lossy(&answer), &bucket, purpose).into())
}

/// What is known of an object without its content.
async fn head(asked: &mut Asked<'_>, account: &Deployment, id: &str) -> Result<Bytes, Error> {
    let place = place(account, id)?;
    let request = object_request(asked, account, Method::HEAD, &place)?;
    asked.whole(account, request).await?;
    let header = |name| asked.served_by.headers.get(name).and_then(|value| value.to_str().ok());
    let bytes = header(CONTENT_LENGTH).and_then(|text| text.parse().ok()).unwrap_or_default();
    let created_s = header(LAST_MODIFIED).and_then(seconds_of_http_date).unwrap_or_default();
    let mut file = place.file(bytes, created_s);
    file.status = "processed";
    Ok(file.to_vec().into())
}

async fn create(asked: &mut Asked<'_>, account: &Deployment, body: &Object<'_>) -> Result<Bytes, Error> {
    let storage = &account.storage;
    let text = |name: &str| body.string(name).map(std::borrow::Cow::into_owned).unwrap_or_default();
    let (input, completion_window) = (text("input_file_id"), text("completion_window"));
    place(account, &input)?;
    let role_arn = storage.role_arn.as_deref().ok_or_else(|| {
        let message = "AWS IAM role ARN is required for Bedrock batch jobs. Set 'aws_batch_role_arn' in litellm_params or AWS_BATCH_ROLE_ARN env var";
        invalid(message.to_owned())
    })?;
    let input_bucket = bucket(account)?;
    let output_bucket = storage.output_bucket.as_deref().map_or(input_bucket, Bucket::new);
    let unique: String = crate::new_id().chars().take(8).collect();
    let job = Job {
        model: model(account),
        name: &format!("litellm-batch-{unique}"),
        role_arn,
        input: &input,
        output_bucket: &output_bucket,
        bucket_owner: storage.bucket_owner.as_deref(),
        encryption_key: storage.encryption_key.as_deref(),
        tags: storage.tags.as_ref(),
        completion_window: &completion_window,
    };
    let mut request = control(account, Method::POST, "", None)?;
    *request.body_mut() = job.body().into();
    request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let answer = asked.whole(account, request).await?;
    let wanted = serde_json::from_slice(&body.to_vec()).unwrap_or_default();
    Ok(wire::created(&answer, &wanted, now_s()).ok_or_else(unreadable)?.into())
}

async fn job(asked: &mut Asked<'_>, account: &Deployment, id: &str) -> Result<Bytes, Error> {
    let request = control(account, Method::GET, "", Some(id))?;
    let answer = asked.whole(account, request).await?;
    Ok(wire::job(&answer, id).ok_or_else(unreadable)?.into())
}

/// Stops a job. One that has ended cannot be stopped, and is shown as it is.
async fn stop(asked: &mut Asked<'_>, account: &Deployment, id: &str) -> Result<Bytes, Error> {
    let request = control(account, Method::POST, "/stop", Some(id))?;
    let refused = match asked.whole(account, request).await {
        Ok(_) => return job(asked, account, id).await,
        Err(error) => error,
    };
    let conflict = [StatusCode::BAD_REQUEST, StatusCode::CONFLICT].map(|status| status.as_u16());
    if !conflict.contains(&refused.status()) {
        return Err(refused);
    }
    let batch = job(asked, account, id).await?;
    if wire::has_ended(&batch) { Ok(batch) } else { Err(refused) }
}

/// A request to the region's own interface, which knows jobs.
fn control(
    account: &Deployment,
    method: Method,
    ending: &str,
    id: Option<&str>,
) -> Result<Request<RequestBody>, Error> {
    let region = account.rules.settings.cloud.aws_region.as_str();
    if let Some(id) = id {
        let mut parts = id.split(':');
        let is_job = parts.next() == Some("arn") && id.contains(":model-invocation-job/");
        if !is_job || parts.nth(2) != Some(region) {
            return Err(invalid(format!("Invalid batch_id format. Expected ARN of a job in {region}, got: {id}")));
        }
    }
    let path = id.map(|id| format!("/{}", encoded(id))).unwrap_or_default();
    let url = format!("{}/model-invocation-job{path}{ending}", aws_host("bedrock", region));
    let mut request = request(method, &url)?;
    request.headers_mut().extend(account.headers.clone());
    Ok(request)
}

fn object_request(
    asked: &mut Asked<'_>,
    account: &Deployment,
    method: Method,
    place: &Place,
) -> Result<Request<RequestBody>, Error> {
    asked.scheme.clone_from(&account.storage.scheme);
    let key: Vec<String> = place.key.split('/').map(encoded).collect();
    request(method, &format!("{}/{}/{}", account.storage.endpoint, encoded(&place.bucket), key.join("/")))
}

fn request(method: Method, url: &str) -> Result<Request<RequestBody>, Error> {
    let mut request = Request::new(RequestBody::from(Vec::new()));
    *request.method_mut() = method;
    *request.uri_mut() = address(url).map_err(|error| invalid(error.to_string()))?;
    Ok(request)
}

/// The bucket for uploads.
fn bucket(account: &Deployment) -> Result<Bucket, Error> {
    let message = "S3 bucket_name is required. Set 's3_bucket_name' in litellm_params or AWS_S3_BUCKET_NAME env var";
    account.storage.bucket.as_deref().map(Bucket::new).ok_or_else(|| invalid(message.to_owned()))
}

/// The object that a file's id names.
fn place(account: &Deployment, id: &str) -> Result<Place, Error> {
    bucket(account)?;
    let buckets: Vec<Bucket> = account.storage.buckets().map(Bucket::new).collect();
    Place::of(id, &buckets).map_err(|reason| invalid(reason.to_owned()))
}

/// The model as jobs name it: without the interface that calls go by.
fn model(account: &Deployment) -> &str {
    let model = account.model.as_str();
    ["invoke/", "converse/"].iter().find_map(|prefix| model.strip_prefix(prefix)).unwrap_or(model)
}

fn now_s() -> i64 {
    i64::try_from(crate::now_s()).unwrap_or_default()
}

fn invalid(message: String) -> Error {
    Error::Invalid { param: None, message }
}

fn unreadable() -> Error {
    Failure::new(FailureClass::Other, "BedrockException - the answer names no job").into()
}
