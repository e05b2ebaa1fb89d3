//! The audit log: who changed what, from what and to what.
//!
//! An entry is a change like any other: it is written in the transaction of what it tells of, so that there is none
//! without the other. Holds no secret.

use serde_json::{Map, Value};

use super::Request;
use crate::clock::Moment;
use crate::directory::{Change, Row, Table, moment_text, schema};
use crate::govern::Caller;
use crate::seal::variables;

/// What was done to a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Created,
    Updated,
    Deleted,
    Blocked,
    Unblocked,
    Rotated,
}

impl Action {
    /// LiteLLM's name of it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Deleted => "deleted",
            Self::Blocked => "blocked",
            Self::Unblocked => "unblocked",
            Self::Rotated => "rotated",
        }
    }
}

/// Columns whose values are never written down.
const HIDDEN: &[&str] = &["password", "credential_values", "litellm_params", "key", "api_key", "value"];

/// The entry of one change.
pub fn entry(
    request: &Request,
    now: Moment,
    action: Action,
    (table, id): (&'static Table, &str),
    (before, after): (Option<&Row>, Option<&Row>),
) -> Change {
    let mut row = Map::new();
    row.insert("updated_at".to_owned(), moment_text(now).into());
    row.insert("changed_by".to_owned(), request.author().into());
    row.insert("changed_by_api_key".to_owned(), key_of(&request.caller).into());
    row.insert("action".to_owned(), action.name().into());
    row.insert("table_name".to_owned(), table.name.into());
    row.insert("object_id".to_owned(), id.into());
    row.insert("before_value".to_owned(), before.map_or(Value::Null, shown));
    row.insert("updated_values".to_owned(), after.map_or(Value::Null, shown));
    Change::Insert(&schema::AUDIT_LOGS, row)
}

fn key_of(caller: &Caller) -> String {
    caller.key_hash().to_owned()
}

fn shown(row: &Row) -> Value {
    let mut shown = row.clone();
    for name in HIDDEN {
        if let Some(value) = shown.get_mut(*name) {
            *value = "REDACTED".into();
        }
    }
    let mut shown = Value::Object(shown);
    variables::redact(&mut shown);
    shown
}
