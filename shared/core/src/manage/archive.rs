//! What is deleted is kept in an archive: keys and teams.

use serde_json::Value;

use super::{Request, records};
use crate::App;
use crate::directory::{Change, Columns, Filter, Row, Table, schema};

/// The changes that move these keys into the archive: rows of the keys' table.
pub fn keys(app: &App, request: &Request, keys: &[Row]) -> Vec<Change> {
    let mut changes = Vec::with_capacity(keys.len() * 2);
    for key in keys {
        changes.push(Change::Insert(&schema::DELETED_KEYS, buried(app, request, &schema::DELETED_KEYS, key)));
        let token = key.text("token").unwrap_or_default();
        changes.push(Change::Delete(&schema::KEYS, vec![Filter::Is("token", token.into())]));
    }
    changes
}

/// The row of the archive for a row that is deleted.
pub fn buried(app: &App, request: &Request, archive: &'static Table, row: &Row) -> Row {
    let is_kept = |name: &str| name != "id" && archive.column(name).is_some();
    let kept = row.iter().filter(|(name, _)| is_kept(name)).map(|(name, value)| (name.clone(), value.clone()));
    let mut buried: Row = kept.collect();
    buried.insert("deleted_at".to_owned(), records::now(app).into());
    buried.insert("deleted_by".to_owned(), request.caller.user_id().map_or(Value::Null, Value::from));
    buried.insert("deleted_by_api_key".to_owned(), request.caller.key_hash().into());
    buried.insert("litellm_changed_by".to_owned(), request.changed_by.clone().map_or(Value::Null, Value::from));
    buried
}
