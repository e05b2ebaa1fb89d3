//! Tags: `/tag/*`. What requests are marked with, and the budgets of such marks.

mod change;
mod read;

pub use change::{create, delete, update};
pub use read::{info, list};

use serde_json::{Value, json};

use super::records;
use crate::Error;
use crate::denial::Denial;
use crate::directory::{Columns, Row, Table, schema};

const TAGS: &Table = &schema::TAGS;

/// A tag as LiteLLM writes it.
fn shown(tag: &Row) -> Row {
    let time = |name: &str| tag.text(name).map_or(Value::Null, |text| records::time_with_offset(text).into());
    let shown = json!({
        "name": tag.get("tag_name"),
        "description": tag.get("description"),
        "models": tag.texts("models"),
        "model_info": tag.get("model_info").filter(|info| !info.is_null()).cloned().unwrap_or_else(|| json!({})),
        "created_at": time("created_at"),
        "updated_at": time("updated_at"),
        "created_by": tag.get("created_by"),
    });
    records::map_of(Some(&shown))
}

/// LiteLLM's answer to whatever goes wrong here: the status stands in the sentence.
fn refusal(sentence: &str) -> Error {
    Denial::detail(500, sentence.into()).into()
}
