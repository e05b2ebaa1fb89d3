//! Vertex AI's batch jobs and the objects in Cloud Storage that they read and write, as OpenAI's batches and files.
//!
//! Rows carry their `custom_id` in labels, as LiteLLM writes them. Knows no credential.

use serde_json::{Map, Value, json};

use super::{Batch, File, seconds_of};
use crate::dialect::{self, Context, Stamp, vertex};
use crate::json::{Object, raw};
use crate::prepare::{Rules, Settings, prepare};
use crate::{Operation, provider::UrlError};

/// What the names of objects begin with that are made here.
pub const PREFIX: &str = "litellm-vertex-files/";
const SCHEME: &str = "gs://";
/// Google's bound for a label.
const LABEL_BYTES_MAX: usize = 63;
const CODED: &str = "b32_";
const DIGITS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
const LABEL: &str = "litellm_custom_id";

/// Where jobs are made and asked for.
///
/// # Errors
/// When the location is none.
pub fn jobs_url(settings: &Settings) -> Result<String, UrlError> {
    vertex::batches(settings)
}

/// The model's part of an object's name, from which a job knows its model: `publishers/google/models/…`.
pub fn model_path(model: &str) -> String {
    let bare = vertex::bare(model);
    let is_endpoint = !bare.is_empty() && bare.bytes().all(|byte| byte.is_ascii_digit());
    if is_endpoint { format!("endpoints/{bare}") } else { format!("publishers/google/models/{bare}") }
}

/// An object of the gateway's making: `gs://bucket/object` in the configured bucket.
///
/// # Errors
/// LiteLLM's sentence.
pub fn object<'a>(id: &'a str, bucket: &str, prefix: &str) -> Result<&'a str, &'static str> {
    let path = id.strip_prefix(SCHEME).ok_or("file_id must be a gs:// URI")?;
    let (name, key) = path.split_once('/').ok_or("file_id must include a cloud storage object name")?;
    if name != bucket {
        return Err("file_id bucket does not match the configured storage bucket");
    }
    let leads_out = key.split('/').any(|segment| matches!(segment, "" | "." | ".."));
    if leads_out || key.contains('%') || key.chars().any(char::is_control) {
        return Err("Cloud storage object name contains an invalid path segment");
    }
    let relative =
        if prefix.is_empty() { Some(key) } else { key.strip_prefix(prefix).and_then(|key| key.strip_prefix('/')) };
    let is_ours = relative.is_some_and(|relative| relative.starts_with(PREFIX));
    if is_ours { Ok(key) } else { Err("file_id must reference a LiteLLM-managed storage object") }
}

/// One row of a job's input, made of a line of OpenAI's.
///
/// # Errors
/// What cannot be asked in a batch; the text does not say which line it is.
pub fn row(settings: &Settings, line: &[u8]) -> Result<Vec<u8>, String> {
    let mut record: Map<String, Value> = serde_json::from_slice(line).map_err(|error| error.to_string())?;
    let url = record.get("url").and_then(Value::as_str).unwrap_or_default().trim_end_matches('/');
    if url.ends_with("/embeddings") || url.ends_with("/responses") {
        return Err(format!("Vertex AI batches take no {url} here: write /v1/chat/completions"));
    }
    let id = record.remove("custom_id");
    let Some(Value::Object(mut body)) = record.remove("body") else {
        return Err("`body` must be an object".to_owned());
    };
    body.remove("model");
    body.remove("stream");
    let fields = raw(&body);
    let own = Settings { cloud: settings.cloud.clone(), ..Settings::new(settings.provider, settings.model.clone()) };
    let body = Object::parse(fields.get().as_bytes()).map_err(|error| error.to_string())?;
    let prepared = prepare(&Rules::new(own), Operation::ChatCompletion, body).map_err(|refusal| refusal.to_string())?;
    let mut request: Value = serde_json::from_slice(&prepared.body).map_err(|error| error.to_string())?;
    if let Some(id) = id {
        label(&mut request, &id.as_str().map_or_else(|| id.to_string(), str::to_owned));
    }
    Ok(json!({ "request": request }).to_string().into_bytes())
}

/// Writes an id into labels: readable, and in pieces from which it can be read again.
fn label(request: &mut Value, id: &str) {
    let plain = |letter: char| matches!(letter, 'a'..='z' | '0'..='9' | '_' | '-');
    let shown: String = id.to_lowercase().chars().map(|letter| if plain(letter) { letter } else { '_' }).collect();
    request["labels"][LABEL] = shown.chars().take(LABEL_BYTES_MAX).collect::<String>().into();
    let coded = base32(id.as_bytes());
    let mut rest = coded.as_str();
    let mut number = 0;
    loop {
        let (piece, after) = rest.split_at(rest.len().min(LABEL_BYTES_MAX - CODED.len()));
        let name = if number == 0 { format!("{LABEL}_raw") } else { format!("{LABEL}_raw_{number}") };
        request["labels"][name] = format!("{CODED}{piece}").into();
        if after.is_empty() {
            return;
        }
        (rest, number) = (after, number + 1);
    }
}

/// The id that a row's labels hold.
fn labelled(row: &Value) -> String {
    let labels = &row["request"]["labels"];
    let mut coded = String::new();
    for number in 0.. {
        let name = if number == 0 { format!("{LABEL}_raw") } else { format!("{LABEL}_raw_{number}") };
        match labels[name].as_str().and_then(|piece| piece.strip_prefix(CODED)) {
            Some(piece) => coded.push_str(piece),
            None => break,
        }
    }
    let read = unbase32(&coded).and_then(|bytes| String::from_utf8(bytes).ok()).filter(|id| !id.is_empty());
    read.or_else(|| labels[LABEL].as_str().map(str::to_owned)).unwrap_or_else(|| "unknown".to_owned())
}

/// RFC 4648, in small letters and without padding.
fn base32(bytes: &[u8]) -> String {
    let mut out = String::new();
    for group in bytes.chunks(5) {
        let bits = group.iter().fold(0_u64, |bits, byte| (bits << 8) | u64::from(*byte)) << (8 * (5 - group.len()));
        for place in 0..(group.len() * 8).div_ceil(5) {
            out.push(char::from(DIGITS[(bits >> (35 - 5 * place)) as usize & 31]));
        }
    }
    out
}

fn unbase32(text: &str) -> Option<Vec<u8>> {
    let (mut bits, mut count, mut out) = (0_u32, 0, Vec::new());
    for letter in text.bytes() {
        let digit = DIGITS.iter().position(|digit| *digit == letter)?;
        bits = ((bits << 5) | u32::try_from(digit).ok()?) & 0xfff;
        count += 5;
        if count >= 8 {
            count -= 8;
            out.push(u8::try_from((bits >> count) & 0xff).ok()?);
        }
    }
    Some(out)
}

/// A job's output as OpenAI's, row by row; what is no output of a chat stays as it is. `stamp` makes ids.
pub fn output(settings: &Settings, content: &[u8], mut stamp: Stamp) -> Vec<u8> {
    let mut out = Vec::with_capacity(content.len());
    for line in content.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()) {
        let Some(row) = output_row(settings, line, &mut stamp) else { return content.to_vec() };
        if !out.is_empty() {
            out.push(b'\n');
        }
        out.extend_from_slice(row.to_string().as_bytes());
    }
    out
}

fn output_row(settings: &Settings, line: &[u8], stamp: &mut Stamp) -> Option<Value> {
    let row: Value = serde_json::from_slice(line).ok()?;
    if !row["request"].is_object() || !(row["response"].is_object() || row["status"].is_string()) {
        return None;
    }
    let (custom_id, id) = (labelled(&row), format!("batch_req_{}", stamp.next_hex(32)));
    let failed = |code: &str, message: &str| json!({ "id": id, "custom_id": custom_id, "response": null, "error": { "code": code, "message": message } });
    if let Some(status) = row["status"].as_str().filter(|status| !status.is_empty()) {
        return Some(failed("vertex_ai_error", status));
    }
    let model = row["response"]["modelVersion"].as_str().unwrap_or(&settings.model).to_owned();
    let context = Context {
        provider: settings.provider.name,
        model: model.clone(),
        stamp: Stamp::new(stamp.next_hex(32), stamp.created_s),
        ..Context::default()
    };
    let dialect = dialect::of(settings)?;
    Some(match dialect.answer(&context, row["response"].to_string().as_bytes()) {
        Ok(completion) => {
            let mut body = serde_json::to_value(&completion).ok()?;
            body["model"] = model.split('@').next().unwrap_or_default().into();
            let response = json!({ "status_code": 200, "request_id": body["id"], "body": body });
            json!({ "id": id, "custom_id": custom_id, "response": response, "error": null })
        }
        Err(error) => failed("transformation_error", &format!("Failed to transform response: {error}")),
    })
}

/// What Cloud Storage says of an object; `None` where it is no JSON object.
pub fn file(body: &[u8], status: &'static str) -> Option<Vec<u8>> {
    let object: Map<String, Value> = serde_json::from_slice(body).ok()?;
    let text = |name: &str| object.get(name).and_then(Value::as_str).unwrap_or_default();
    // The last segment is the object's generation.
    let id = text("id").rsplit_once('/').map(|(id, _)| format!("{SCHEME}{id}")).unwrap_or_default();
    let file = File {
        bytes: text("size").parse().unwrap_or_default(),
        created_at: seconds_of(text("timeCreated")).unwrap_or_default(),
        status,
        ..File::uploaded(&id, text("name"), "batch")
    };
    Some(file.to_vec())
}

/// The body that makes a job of a file; `None` where the file's name tells no model.
pub fn job_body(settings: &Settings, input: &str, unique: &str) -> Option<Vec<u8>> {
    let tail = input.split_once(PREFIX)?.1;
    let model = match tail.split('/').collect::<Vec<_>>().as_slice() {
        ["publishers", owner, "models", model, _] => format!("publishers/{owner}/models/{model}"),
        ["endpoints", id, _] => {
            let project = settings.cloud.vertex_project.as_deref()?;
            format!("projects/{project}/locations/{}/endpoints/{id}", settings.cloud.vertex_location)
        }
        _ => return None,
    };
    let folder = input.rsplit_once('/')?.0;
    let body = json!({
        "inputConfig": { "gcsSource": { "uris": [input] }, "instancesFormat": "jsonl" },
        "outputConfig": { "predictionsFormat": "jsonl", "gcsDestination": { "outputUriPrefix": folder } },
        "model": model,
        "displayName": format!("litellm-vertex-batch-{unique}"),
    });
    Some(body.to_string().into_bytes())
}

/// A job as OpenAI's batch; `None` where the answer is no JSON object.
pub fn job(body: &[u8]) -> Option<Vec<u8>> {
    let answer: Value = serde_json::from_slice(body).ok().filter(Value::is_object)?;
    Some(read_job(&answer).to_vec())
}

/// A page of jobs.
pub fn jobs(body: &[u8]) -> Option<Vec<u8>> {
    let answer: Value = serde_json::from_slice(body).ok().filter(Value::is_object)?;
    let jobs: Vec<Batch> = answer["batchPredictionJobs"].as_array().into_iter().flatten().map(read_job).collect();
    Some(super::list(&jobs, answer["nextPageToken"].as_str().is_some_and(|token| !token.is_empty())))
}

fn read_job(answer: &Value) -> Batch {
    let status = match answer["state"].as_str().unwrap_or_default() {
        "JOB_STATE_QUEUED" | "JOB_STATE_PENDING" => "validating",
        "JOB_STATE_RUNNING" | "JOB_STATE_PAUSED" | "JOB_STATE_UPDATING" => "in_progress",
        "JOB_STATE_SUCCEEDED" | "JOB_STATE_PARTIALLY_SUCCEEDED" => "completed",
        "JOB_STATE_CANCELLING" => "cancelling",
        "JOB_STATE_CANCELLED" => "cancelled",
        "JOB_STATE_EXPIRED" => "expired",
        _ => "failed",
    };
    let id = answer["name"].as_str().and_then(|name| name.rsplit('/').next()).unwrap_or_default();
    let folder = answer["outputInfo"]["gcsOutputDirectory"].as_str().unwrap_or_default().trim_end_matches('/');
    Batch {
        created_at: answer["createTime"].as_str().and_then(seconds_of).unwrap_or_default(),
        endpoint: String::new(),
        input_file_id: answer["inputConfig"]["gcsSource"]["uris"][0].as_str().unwrap_or_default().to_owned(),
        output_file_id: (!folder.is_empty()).then(|| format!("{folder}/predictions.jsonl")),
        ..Batch::new(id, status)
    }
}

#[cfg(test)]
mod tests;
