//! Port: the durable account of what every call has cost.
//!
//! A [`Spend`] is one call, as it is journalled before its last byte leaves and written to the directory later, once.
//! Knows no price and no limit.

mod backlog;
mod buffered;
mod direct;
mod drain;
mod endpoints;
mod keep;
mod log_row;
mod metadata;
mod plain;
mod posting;
mod retention;
#[cfg(test)]
mod tests;
mod unkept;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use backlog::{Backlog, Batch, Bounds};
pub use buffered::Buffered;
pub use direct::Direct;
pub use drain::{Drain, Pace};
pub use log_row::{COLUMNS, Cell, Log, usd};
pub use plain::Plain;
pub use posting::{Day, Days, Posting, Rules, Totals};
pub use retention::{Cron, Retention, Schedule};
pub use unkept::Unkept;

use crate::clock::Moment;
use crate::directory::Fault;
use crate::quota::Window;
use crate::upstream::BoxFuture;

/// One call: what becomes a row of `LiteLLM_SpendLogs`, and is added to the totals of everyone it was made for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Spend {
    /// The call's own id, which no other call has, whatever clients send.
    pub id: String,
    /// What clients know the call by: the answer's id where there is one, else the call's.
    pub request_id: String,
    /// LiteLLM's `litellm_call_id`, which a client may have chosen.
    pub call_id: String,
    pub call_type: String,
    /// The route, like `/v1/chat/completions`.
    pub endpoint: String,
    pub payer: Payer,
    pub model: String,
    pub model_id: String,
    pub model_group: String,
    pub provider: String,
    pub api_base: String,
    pub started: Moment,
    pub ended: Moment,
    /// When the answer began to arrive.
    #[serde(skip_serializing_if = "is_default")]
    pub first: Option<Moment>,
    #[serde(skip_serializing_if = "is_default")]
    pub tokens: Tokens,
    #[serde(skip_serializing_if = "is_default")]
    pub cost_picousd: u64,
    /// LiteLLM's `cost_breakdown`, where there is one.
    #[serde(skip_serializing_if = "is_default")]
    pub cost_breakdown: Option<Value>,
    pub outcome: Outcome,
    /// The error of a failed call, as LiteLLM's `error_information`; holds no prompt.
    #[serde(skip_serializing_if = "is_default")]
    pub error: Option<Value>,
    #[serde(skip_serializing_if = "is_default")]
    pub retries: u64,
    #[serde(skip_serializing_if = "is_default")]
    pub fallbacks: u64,
    #[serde(skip_serializing_if = "is_default")]
    pub session_id: Option<String>,
    #[serde(skip_serializing_if = "is_default")]
    pub requester_ip: Option<String>,
    #[serde(skip_serializing_if = "is_default")]
    pub user_agent: Option<String>,
    /// Members of the log's metadata beyond the fields here, by LiteLLM's names: the client's `spend_logs_metadata`,
    /// `model_map_information`, `max_retries`, …; others are left out.
    #[serde(skip_serializing_if = "is_default")]
    pub metadata: Option<Value>,
    /// What `store_prompts_in_spend_logs` keeps: the request's body, or its messages.
    #[serde(skip_serializing_if = "is_default")]
    pub messages: Option<Value>,
    #[serde(skip_serializing_if = "is_default")]
    pub response: Option<Value>,
    #[serde(skip_serializing_if = "is_default")]
    pub cache_hit: bool,
    #[serde(skip_serializing_if = "is_default")]
    pub cache_key: Option<String>,
}

/// Everyone whose totals a call is added to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct Payer {
    /// The hash of the key; `litellm_proxy_master_key` for the master key.
    pub key: String,
    #[serde(skip_serializing_if = "is_default")]
    pub key_alias: Option<String>,
    #[serde(skip_serializing_if = "is_default")]
    pub user_id: Option<String>,
    #[serde(skip_serializing_if = "is_default")]
    pub user_email: Option<String>,
    #[serde(skip_serializing_if = "is_default")]
    pub team_id: Option<String>,
    #[serde(skip_serializing_if = "is_default")]
    pub team_alias: Option<String>,
    #[serde(skip_serializing_if = "is_default")]
    pub organization_id: Option<String>,
    #[serde(skip_serializing_if = "is_default")]
    pub project_id: Option<String>,
    #[serde(skip_serializing_if = "is_default")]
    pub agent_id: Option<String>,
    /// LiteLLM's `end_user`.
    #[serde(skip_serializing_if = "is_default")]
    pub customer_id: Option<String>,
    #[serde(skip_serializing_if = "is_default")]
    pub tags: Vec<String>,
    /// Names of access groups with a budget that the model belongs to.
    #[serde(skip_serializing_if = "is_default")]
    pub access_groups: Vec<String>,
    /// Budget windows that the call is paid from.
    #[serde(skip_serializing_if = "is_default")]
    pub windows: Vec<Window>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tokens {
    #[serde(skip_serializing_if = "is_default")]
    pub prompt: u64,
    #[serde(skip_serializing_if = "is_default")]
    pub completion: u64,
    #[serde(skip_serializing_if = "is_default")]
    pub total: u64,
    #[serde(skip_serializing_if = "is_default")]
    pub cache_read: u64,
    #[serde(skip_serializing_if = "is_default")]
    pub cache_write: u64,
    #[serde(skip_serializing_if = "is_default")]
    pub reasoning: u64,
}

/// How a call ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    #[default]
    Served,
    Failed,
    /// The client left before the end: what was delivered is charged.
    Left,
    /// Nobody knows: the process ended before the call did. What it could have cost at most is charged.
    Lapsed,
}

/// What is as usual is left out where it is journalled: reading it back gives the same.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// A record at its place in a journal.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Rises from entry to entry of one journal, and is never used twice.
    pub position: u64,
    pub spend: Spend,
}

/// The directory's side: records become rows, totals and daily aggregates.
pub trait Ledger: Send + Sync {
    /// Writes these entries of one journal in one transaction. What of them has been written before (their position is
    /// not above the last one written of this journal) is left out, so that repeating a commit whose answer was lost
    /// changes nothing.
    fn commit<'a>(&'a self, journal: &'a str, entries: &'a [Entry]) -> BoxFuture<'a, Result<(), Fault>>;
}

/// Why nothing can be journalled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JournalFault {
    /// `general_settings.spend_journal_size_max_mb` is used up: the database has been away for too long.
    #[error("the spend journal is full: {0}")]
    Full(String),
    #[error("the spend journal cannot be written: {0}")]
    Broken(String),
}

/// The process's side: what is durable at once.
pub trait Journal: Send + Sync {
    /// Notes a call that is about to be made, at the most that it can cost; resolves when it would be found again
    /// after the process is killed.
    fn begin<'a>(&'a self, spend: &'a Spend) -> BoxFuture<'a, Result<(), JournalFault>>;

    /// Notes how the call ended, at once; what it returns resolves when that is durable, and need not be awaited.
    fn end(&self, spend: Spend) -> BoxFuture<'static, Result<(), JournalFault>>;
}
