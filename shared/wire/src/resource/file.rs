//! OpenAI's file object, with every field that LiteLLM writes, and what is said of several and of deleted ones.

use serde::Serialize;
use serde_json::{Value, json};

/// A file without its content.
#[derive(Clone, Debug, Serialize)]
pub struct File {
    pub id: String,
    pub bytes: u64,
    /// Seconds since 1970.
    pub created_at: i64,
    pub filename: String,
    pub object: &'static str,
    pub purpose: String,
    pub status: &'static str,
    pub expires_at: Option<i64>,
    pub status_details: Option<String>,
}

impl File {
    /// A file that has arrived.
    pub fn uploaded(id: &str, filename: &str, purpose: &str) -> Self {
        Self {
            id: id.to_owned(),
            bytes: 0,
            created_at: 0,
            filename: filename.to_owned(),
            object: "file",
            purpose: purpose.to_owned(),
            status: "uploaded",
            expires_at: None,
            status_details: None,
        }
    }

    /// The object as JSON text.
    pub fn to_vec(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }
}

/// What is said of a file that is gone.
pub fn deleted(id: &str) -> Vec<u8> {
    json!({ "id": id, "deleted": true, "object": "file" }).to_string().into_bytes()
}

/// A page of a list. LiteLLM answers with the bare array for files, which OpenAI's own client cannot read.
pub fn list(items: &[impl Serialize], has_more: bool) -> Vec<u8> {
    let data: Vec<Value> = items.iter().filter_map(|item| serde_json::to_value(item).ok()).collect();
    let id = |item: Option<&Value>| item.map_or(Value::Null, |item| item["id"].clone());
    let (first, last) = (id(data.first()), id(data.last()));
    json!({ "object": "list", "data": data, "first_id": first, "last_id": last, "has_more": has_more })
        .to_string()
        .into_bytes()
}
