//! From the fields of a request to columns: of a new key, and of one that is changed.
//!
//! Decides nothing about rights; knows where LiteLLM keeps each field.

use serde_json::{Map, Value};

use super::money;
use super::shape::{COLUMNS, IN_METADATA};
use crate::clock::Moment;
use crate::directory::{Columns, Row, moment_text};
use crate::govern::period::Calendar;
use crate::govern::shown;
use crate::{Error, new_id};

/// A new key's text: `sk-` and 16 random bytes, as LiteLLM's.
pub fn new_text() -> String {
    use base64::Engine as _;
    use sha2::{Digest, Sha256};
    // Of a random UUID 122 bits are random: the digest of two has 128.
    let digest = Sha256::digest(format!("{}{}", new_id(), new_id()).as_bytes());
    let engine = base64::engine::general_purpose::URL_SAFE_NO_PAD;
    format!("sk-{}", engine.encode(digest.get(..16).unwrap_or_default()))
}

/// The columns of a new key.
///
/// # Errors
/// 500 for a duration that is none, as LiteLLM answers.
pub fn new_row(text: &str, sent: &Row, calendar: &Calendar, now: Moment) -> Result<Row, Error> {
    let given: Row = sent.iter().filter(|(_, value)| !value.is_null()).map(owned).collect();
    let mut row = columns(&given, calendar, now)?;
    if let Some(metadata) = metadata(&given, None) {
        row.insert("metadata".to_owned(), metadata);
    }
    if let Some(routes) = given.text("key_type").and_then(routes_of) {
        row.insert("allowed_routes".to_owned(), vec![routes.to_owned()].into());
    }
    row.insert("token".to_owned(), crate::govern::hash_of(text).into());
    row.insert("key_name".to_owned(), shown(text).into());
    rotate(&mut row, now)?;
    Ok(row)
}

fn owned((name, value): (&String, &Value)) -> (String, Value) {
    (name.clone(), value.clone())
}

/// What a type of key may call.
fn routes_of(key_type: &str) -> Option<&'static str> {
    match key_type {
        "llm_api" => Some("llm_api_routes"),
        "management" => Some("management_routes"),
        "read_only" => Some("info_routes"),
        _ => None,
    }
}

/// The columns that an update changes. What was sent as null is taken away.
///
/// # Errors
/// 500 for a duration that is none, as LiteLLM answers.
pub fn changes(sent: &Row, key: &Row, calendar: &Calendar, now: Moment) -> Result<Row, Error> {
    let mut row = columns(sent, calendar, now)?;
    let before = key.object("metadata");
    if let Some(metadata) = metadata(sent, before) {
        row.insert("metadata".to_owned(), metadata);
    }
    if sent.flag("auto_rotate") == Some(true) {
        rotate(&mut row, now)?;
    }
    Ok(row)
}

fn columns(sent: &Row, calendar: &Calendar, now: Moment) -> Result<Row, Error> {
    let mut row = Map::new();
    for (name, value) in sent.iter().filter(|(name, _)| COLUMNS.contains(&name.as_str())) {
        row.insert(name.clone(), if value.is_null() { emptied(name) } else { value.clone() });
    }
    if let Some(duration) = sent.get("duration") {
        let expires = match duration.as_str() {
            None | Some("-1") => Value::Null,
            Some(duration) => money::end_of(duration, now)?,
        };
        row.insert("expires".to_owned(), expires);
    }
    if let Some(duration) = sent.get("budget_duration") {
        row.extend(resets(duration, calendar, now));
    }
    if let Some(windows) = sent.get("budget_limits") {
        row.insert("budget_limits".to_owned(), money::windows(windows, calendar, now));
    }
    Ok(row)
}

/// A budget's duration, and when it is reset for the first time.
pub fn resets(duration: &Value, calendar: &Calendar, now: Moment) -> Row {
    let at = duration.as_str().map(|duration| moment_text(calendar.next(duration, now)));
    [("budget_duration".to_owned(), duration.clone()), ("budget_reset_at".to_owned(), at.into())].into_iter().collect()
}

/// What a column holds that is taken away: nothing, where it can hold that.
fn emptied(name: &str) -> Value {
    let column = crate::directory::schema::KEYS.column(name);
    match column.filter(|column| !column.is_optional).map(|column| column.kind) {
        None => Value::Null,
        Some(crate::directory::Kind::Texts) => Value::Array(Vec::new()),
        Some(crate::directory::Kind::Float) => 0.0.into(),
        Some(_) => Value::Object(Map::new()),
    }
}

/// The metadata with the fields that are kept in it; nothing where none of this was sent.
fn metadata(sent: &Row, before: Option<&Row>) -> Option<Value> {
    let folded: Vec<&&str> = IN_METADATA.iter().filter(|name| sent.get(**name).is_some_and(|v| !v.is_null())).collect();
    if folded.is_empty() && !sent.contains_key("metadata") {
        return None;
    }
    let mut metadata = match sent.get("metadata") {
        None => before.cloned().unwrap_or_default(),
        Some(sent) => sent.as_object().cloned().unwrap_or_default(),
    };
    for name in folded {
        if let Some(value) = sent.get(*name) {
            metadata.insert((*name).to_owned(), value.clone());
        }
    }
    // A service account stays one.
    if let Some(id) = before.and_then(|before| before.get("service_account_id")).filter(|id| !id.is_null()) {
        metadata.insert("service_account_id".to_owned(), id.clone());
    }
    Some(Value::Object(metadata))
}

/// When the key is to be replaced, where it is to be.
fn rotate(row: &mut Row, now: Moment) -> Result<(), Error> {
    let Some(interval) = row.text("rotation_interval").filter(|_| row.flag("auto_rotate") == Some(true)) else {
        row.shift_remove("auto_rotate");
        row.shift_remove("rotation_interval");
        return Ok(());
    };
    let at = money::end_of(interval, now)?;
    row.insert("key_rotation_at".to_owned(), at);
    Ok(())
}
