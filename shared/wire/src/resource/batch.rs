//! OpenAI's batch object, with every field that LiteLLM writes.

use serde::Serialize;
use serde_json::{Map, Value};

/// A batch. Times are seconds since 1970.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Batch {
    pub id: String,
    pub completion_window: String,
    pub created_at: i64,
    pub endpoint: String,
    pub input_file_id: String,
    pub object: &'static str,
    pub status: &'static str,
    pub cancelled_at: Option<i64>,
    pub cancelling_at: Option<i64>,
    pub completed_at: Option<i64>,
    pub error_file_id: Option<String>,
    pub errors: Option<Value>,
    pub expired_at: Option<i64>,
    pub expires_at: Option<i64>,
    pub failed_at: Option<i64>,
    pub finalizing_at: Option<i64>,
    pub in_progress_at: Option<i64>,
    pub metadata: Map<String, Value>,
    pub model: Option<String>,
    pub output_file_id: Option<String>,
    pub request_counts: Option<Counts>,
    pub usage: Option<Value>,
}

/// How many requests of a batch are where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    pub completed: u64,
    pub failed: u64,
    pub total: u64,
}

impl Batch {
    /// A batch of chats within a day, which is all that providers other than OpenAI offer.
    pub fn new(id: &str, status: &'static str) -> Self {
        Self {
            id: id.to_owned(),
            status,
            object: "batch",
            completion_window: "24h".to_owned(),
            endpoint: "/v1/chat/completions".to_owned(),
            ..Self::default()
        }
    }

    /// The object as JSON text.
    pub fn to_vec(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }
}
