//! Bedrock's batch jobs and the objects in S3 that they read and write, as OpenAI's batches and files.
//!
//! Which objects a client may name is decided here too. Knows no credential and no region.

use serde_json::{Map, Value, json};

use super::{Batch, Counts, File, list, seconds_of};

/// What the names of objects begin with that are made here: inputs of batches, other uploads, outputs.
pub const BATCH_PREFIX: &str = "litellm-bedrock-files-";
pub const UPLOAD_PREFIX: &str = "litellm-bedrock-files/";
pub const OUTPUT_PREFIX: &str = "litellm-batch-outputs/";
const SCHEME: &str = "s3://";

/// A bucket as it is configured: `name`, or `name/prefix`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    pub name: String,
    /// Empty, or without slashes at its ends.
    pub prefix: String,
}

impl Bucket {
    pub fn new(configured: &str) -> Self {
        let (name, prefix) = configured.trim().split_once('/').unwrap_or((configured.trim(), ""));
        Self { name: name.to_owned(), prefix: prefix.trim_matches('/').to_owned() }
    }

    /// The key of an object below the bucket's prefix.
    pub fn key(&self, name: &str) -> String {
        if self.prefix.is_empty() { name.to_owned() } else { format!("{}/{name}", self.prefix) }
    }

    fn relative<'a>(&self, key: &'a str) -> Option<&'a str> {
        if self.prefix.is_empty() {
            return Some(key);
        }
        key.strip_prefix(&self.prefix)?.strip_prefix('/')
    }

    /// Whether an object is one of those that are made here.
    fn holds(&self, key: &str) -> bool {
        let ours = [BATCH_PREFIX, UPLOAD_PREFIX, OUTPUT_PREFIX];
        self.relative(key).is_some_and(|relative| ours.iter().any(|start| relative.starts_with(start)))
    }
}

/// An object in S3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub bucket: String,
    pub key: String,
    /// What its file is for.
    pub purpose: &'static str,
}

impl Place {
    /// Reads `s3://bucket/key`, which must lie in one of the configured buckets and be of the gateway's making.
    ///
    /// # Errors
    /// LiteLLM's sentence.
    pub fn of(id: &str, buckets: &[Bucket]) -> Result<Self, &'static str> {
        let path = id.strip_prefix(SCHEME).ok_or("file_id must be a managed LiteLLM S3 file id")?;
        let (name, key) = path.split_once('/').ok_or("file_id must include a cloud storage object name")?;
        let mut own = buckets.iter().filter(|bucket| bucket.name == name).peekable();
        own.peek().ok_or("file_id bucket does not match the configured storage bucket")?;
        let leads_out = key.split('/').any(|segment| matches!(segment, "." | ".."));
        if leads_out || key.contains("//") || key.chars().any(char::is_control) || key.contains('%') {
            return Err("Cloud storage object name contains an invalid path segment");
        }
        let bucket =
            own.find(|bucket| bucket.holds(key)).ok_or("file_id must reference a LiteLLM-managed storage object")?;
        let is_output = bucket.relative(key).is_some_and(|relative| relative.starts_with(OUTPUT_PREFIX));
        let purpose = if is_output { "batch_output" } else { "batch" };
        Ok(Self { bucket: name.to_owned(), key: key.to_owned(), purpose })
    }

    /// The id of its file.
    pub fn id(&self) -> String {
        format!("{SCHEME}{}/{}", self.bucket, self.key)
    }

    /// The object as a file of this size.
    pub fn file(&self, bytes: u64, created_s: i64) -> File {
        let name = self.key.rsplit('/').next().unwrap_or_default();
        File { bytes, created_at: created_s, ..File::uploaded(&self.id(), name, self.purpose) }
    }
}

/// A name's characters as they may stand in an object's name.
pub fn safe(name: &str) -> String {
    let bare = name.rsplit(['/', '\\']).next().unwrap_or_default().trim();
    let mut out = String::new();
    for letter in bare.chars() {
        let plain = letter.is_ascii_alphanumeric() || "._-".contains(letter);
        if plain {
            out.push(letter);
        } else if !out.ends_with('_') {
            out.push('_');
        }
    }
    let out = out.trim_matches(['.', '_']);
    out.get(..out.len().min(255)).unwrap_or_default().to_owned()
}

/// A page of S3's list (`ListObjectsV2`), without objects that others have put there.
pub fn listed(xml: &str, bucket: &Bucket, purpose: Option<&str>) -> Vec<u8> {
    let files: Vec<File> = xml.split("<Contents>").skip(1).filter_map(|item| listed_file(item, bucket)).collect();
    let files: Vec<File> =
        files.into_iter().filter(|file| purpose.is_none_or(|wanted| file.purpose == wanted)).collect();
    list(&files, element(xml, "IsTruncated").as_deref() == Some("true"))
}

fn listed_file(item: &str, bucket: &Bucket) -> Option<File> {
    let id = format!("{SCHEME}{}/{}", bucket.name, element(item, "Key")?);
    let place = Place::of(&id, std::slice::from_ref(bucket)).ok()?;
    let bytes = element(item, "Size")?.parse().unwrap_or_default();
    Some(place.file(bytes, element(item, "LastModified").and_then(|text| seconds_of(&text)).unwrap_or_default()))
}

/// The text of the first element of this name.
fn element(xml: &str, name: &str) -> Option<String> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once(&format!("</{name}>"))?;
    let plain = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")];
    Some(plain.iter().fold(text.to_owned(), |text, (coded, letter)| text.replace(coded, letter)))
}

/// What a job is made of. Texts are never empty.
#[derive(Clone, Copy, Debug)]
pub struct Job<'a> {
    pub model: &'a str,
    pub name: &'a str,
    pub role_arn: &'a str,
    pub input: &'a str,
    pub output_bucket: &'a Bucket,
    pub bucket_owner: Option<&'a str>,
    pub encryption_key: Option<&'a str>,
    /// AWS's list of keys and values, as configured.
    pub tags: Option<&'a Value>,
    pub completion_window: &'a str,
}

impl Job<'_> {
    /// The body of `CreateModelInvocationJob`.
    pub fn body(&self) -> Vec<u8> {
        let mut input = json!({ "s3Uri": self.input });
        let output = self.output_bucket.key(&format!("{OUTPUT_PREFIX}{}/", self.name));
        let mut output = json!({ "s3Uri": format!("{SCHEME}{}/{output}", self.output_bucket.name) });
        if let Some(owner) = self.bucket_owner {
            input["s3BucketOwner"] = owner.into();
            output["s3BucketOwner"] = owner.into();
        }
        if let Some(key) = self.encryption_key {
            output["s3EncryptionKeyId"] = key.into();
        }
        let mut body = json!({
            "modelId": self.model,
            "jobName": self.name,
            "inputDataConfig": { "s3InputDataConfig": input },
            "outputDataConfig": { "s3OutputDataConfig": output },
            "roleArn": self.role_arn,
        });
        if let Some(tags) = self.tags {
            body["tags"] = tags.clone();
        }
        if self.completion_window == "24h" {
            body["timeoutDurationInHours"] = 24.into();
        }
        body.to_string().into_bytes()
    }
}

/// A job that was just made; `request` is what the client asked for. `None` where the answer names no job.
pub fn created(body: &[u8], request: &Value, now_s: i64) -> Option<Vec<u8>> {
    let answer: Value = serde_json::from_slice(body).ok()?;
    let arn = answer["jobArn"].as_str()?;
    let asked = |name: &str, default: &str| request[name].as_str().unwrap_or(default).to_owned();
    let metadata = request["metadata"].as_object().cloned().unwrap_or_default();
    let batch = Batch {
        created_at: now_s,
        endpoint: asked("endpoint", "/v1/chat/completions"),
        input_file_id: asked("input_file_id", ""),
        completion_window: asked("completion_window", "24h"),
        metadata: metadata.into_iter().filter(|(_, value)| !value.is_null()).map(as_text).collect(),
        ..Batch::new(arn, "validating")
    };
    Some(batch.to_vec())
}

fn as_text((name, value): (String, Value)) -> (String, Value) {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    (name, text.into())
}

/// OpenAI's word for a job's state.
fn status(said: &str) -> &'static str {
    match said {
        "Submitted" | "Validating" => "validating",
        "Stopping" => "cancelling",
        "Stopped" => "cancelled",
        "Completed" | "PartiallyCompleted" => "completed",
        "Failed" => "failed",
        "Expired" => "expired",
        _ => "in_progress",
    }
}

/// Whether a job in this state needs no stopping any more.
pub fn has_ended(batch: &[u8]) -> bool {
    let batch: Value = serde_json::from_slice(batch).unwrap_or_default();
    matches!(batch["status"].as_str(), Some("cancelling" | "cancelled" | "completed" | "failed" | "expired"))
}

/// The answer of `GetModelInvocationJob`; `None` where it is no JSON object.
pub fn job(body: &[u8], id: &str) -> Option<Vec<u8>> {
    let answer: Map<String, Value> = serde_json::from_slice(body).ok()?;
    let text = |name: &str| answer.get(name).and_then(Value::as_str).unwrap_or_default();
    let uri = |outer: &str, inner: &str| {
        answer.get(outer).and_then(|config| config[inner]["s3Uri"].as_str()).unwrap_or_default()
    };
    let input = uri("inputDataConfig", "s3InputDataConfig");
    let prefix = uri("outputDataConfig", "s3OutputDataConfig");
    let arn = Some(text("jobArn")).filter(|arn| !arn.is_empty()).unwrap_or(id);
    let output = output_uri(prefix, input, arn);
    let status = status(text("status"));
    let ended = seconds_of(text("endTime"));
    let when = |wanted: &str| ended.filter(|_| status == wanted);
    let batch = Batch {
        created_at: seconds_of(text("submitTime")).unwrap_or_default(),
        in_progress_at: seconds_of(text("lastModifiedTime")),
        completed_at: when("completed"),
        failed_at: when("failed"),
        cancelled_at: when("cancelled"),
        expired_at: when("expired"),
        input_file_id: input.to_owned(),
        output_file_id: output.clone().filter(|_| status == "completed"),
        request_counts: counts(&answer),
        metadata: [
            ("model_arn", text("modelId")),
            ("job_arn", arn),
            ("job_name", text("jobName")),
            ("failure_message", text("message")),
            ("input_s3_uri", input),
            ("output_s3_uri", prefix),
            ("output_file_uri", output.as_deref().unwrap_or_default()),
        ]
        .map(|(name, value)| (name.to_owned(), value.into()))
        .into_iter()
        .collect(),
        ..Batch::new(arn, status)
    };
    Some(batch.to_vec())
}

/// Bedrock writes to `<prefix>/<job>/<name of the input>.out`.
fn output_uri(prefix: &str, input: &str, arn: &str) -> Option<String> {
    let (_, id) = arn.split_once(":model-invocation-job/")?;
    let name = input.rsplit('/').next().filter(|name| !name.is_empty())?;
    let known = !prefix.is_empty() && !id.is_empty();
    known.then(|| format!("{}/{id}/{name}.out", prefix.trim_end_matches('/')))
}

fn counts(answer: &Map<String, Value>) -> Option<Counts> {
    let count = |name: &str| answer.get(name).and_then(Value::as_u64);
    Some(Counts {
        total: count("totalRecordCount")?,
        completed: count("successRecordCount")?,
        failed: count("errorRecordCount").unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests;
