//! Anthropic's files and message batches, as OpenAI's objects.
//!
//! Anthropic makes no batch of a file: its batches hold their requests themselves, so none is created here.

use serde_json::Value;

use super::{Batch, Counts, File, deleted, list, seconds_of};

/// Goes with every call: `anthropic-version`.
pub const VERSION: &str = "2023-06-01";
/// `anthropic-beta` of calls about files.
pub const FILES_BETA: &str = "files-api-2025-04-14";
/// `anthropic-beta` of calls about batches.
pub const BATCHES_BETA: &str = "message-batches-2024-09-24";
/// What the id of a batch, whose results are read as a file, begins with.
const BATCH_PREFIX: &str = "msgbatch_";

/// Where the content of a file is, below the base; `coded` is its id, percent-encoded.
pub fn content_path(coded: &str) -> String {
    if coded.starts_with(BATCH_PREFIX) {
        format!("/v1/messages/batches/{coded}/results")
    } else {
        format!("/v1/files/{coded}/content")
    }
}

/// The answer about one file; `None` where it is no JSON object.
pub fn file(body: &[u8], now_s: i64) -> Option<Vec<u8>> {
    Some(read_file(&object(body)?, now_s).to_vec())
}

/// The answer with a page of files.
pub fn files(body: &[u8], now_s: i64) -> Option<Vec<u8>> {
    let answer = object(body)?;
    let files: Vec<File> = items(&answer).map(|item| read_file(item, now_s)).collect();
    Some(list(&files, answer["has_more"] == true))
}

/// The answer about a file that was deleted.
pub fn deleted_file(body: &[u8], _now_s: i64) -> Option<Vec<u8>> {
    Some(deleted(text(&object(body)?, "id")))
}

/// The answer about one batch.
pub fn batch(body: &[u8], now_s: i64) -> Option<Vec<u8>> {
    Some(read_batch(&object(body)?, now_s).to_vec())
}

/// The answer with a page of batches.
pub fn batches(body: &[u8], now_s: i64) -> Option<Vec<u8>> {
    let answer = object(body)?;
    let batches: Vec<Batch> = items(&answer).map(|item| read_batch(item, now_s)).collect();
    Some(list(&batches, answer["has_more"] == true))
}

fn object(body: &[u8]) -> Option<Value> {
    serde_json::from_slice(body).ok().filter(Value::is_object)
}

fn items(answer: &Value) -> impl Iterator<Item = &Value> {
    answer["data"].as_array().into_iter().flatten()
}

fn text<'a>(item: &'a Value, name: &str) -> &'a str {
    item[name].as_str().unwrap_or_default()
}

fn read_file(item: &Value, now_s: i64) -> File {
    let purpose = item["purpose"].as_str().unwrap_or("messages");
    let bytes = item["size_bytes"].as_u64().or_else(|| item["bytes"].as_u64());
    File {
        bytes: bytes.unwrap_or_default(),
        created_at: seconds_of(text(item, "created_at")).unwrap_or(now_s),
        ..File::uploaded(text(item, "id"), text(item, "filename"), purpose)
    }
}

fn read_batch(item: &Value, now_s: i64) -> Batch {
    let said = text(item, "processing_status");
    let status = match said {
        "canceling" => "cancelling",
        "ended" => "completed",
        _ => "in_progress",
    };
    let at = |name: &str| seconds_of(text(item, name));
    let count = |name: &str| item["request_counts"][name].as_u64().unwrap_or_default();
    let created = at("created_at");
    let id = text(item, "id");
    Batch {
        created_at: created.unwrap_or(now_s),
        endpoint: "/v1/messages".to_owned(),
        // LiteLLM's word for a batch that was made of no file.
        input_file_id: "None".to_owned(),
        output_file_id: Some(id.to_owned()),
        in_progress_at: created.filter(|_| matches!(said, "in_progress" | "")),
        completed_at: at("ended_at").filter(|_| said == "ended"),
        cancelling_at: at("cancel_initiated_at").filter(|_| said == "canceling"),
        cancelled_at: at("ended_at").filter(|_| said == "canceling"),
        expired_at: at("archived_at"),
        expires_at: at("expires_at"),
        request_counts: Some(Counts {
            completed: count("succeeded"),
            failed: count("errored"),
            total: ["processing", "succeeded", "errored", "canceled", "expired"].map(count).iter().sum(),
        }),
        ..Batch::new(id, status)
    }
}

#[cfg(test)]
mod tests;
