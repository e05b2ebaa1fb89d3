//! What a key or a user may reach besides models: a row of its own, which theirs links to.

use serde_json::Value;

use crate::directory::{Change, Columns, Filter, Row, schema};
use crate::new_id;

/// The row that the request asks for, and its link in the new row.
pub fn make(sent: &Row, row: &mut Row) -> Option<Change> {
    let permission = sent.object("object_permission")?;
    let mut permission = permission.clone();
    let id = new_id();
    row.insert("object_permission_id".to_owned(), id.as_str().into());
    permission.insert("object_permission_id".to_owned(), id.into());
    Some(Change::Insert(&schema::OBJECT_PERMISSIONS, permission))
}

/// The same for a row that is there: what was sent is added to what its permission says already. One that is sent as
/// null or empty is taken away.
pub fn change(sent: &Row, before: &Row, row: &mut Row) -> Option<Change> {
    let sent_permission = sent.get("object_permission")?;
    let given = sent_permission.as_object().filter(|given| !given.is_empty());
    match (given, before.text("object_permission_id")) {
        (None, _) => {
            row.insert("object_permission_id".to_owned(), Value::Null);
            None
        }
        (Some(_), None) => make(sent, row),
        (Some(given), Some(id)) => {
            let filters = vec![Filter::Is("object_permission_id", id.into())];
            Some(Change::Update(&schema::OBJECT_PERMISSIONS, filters, given.clone()))
        }
    }
}
