//! What a team, a customer or an organization may reach beside models: its row of `LiteLLM_ObjectPermissionTable`.

use serde_json::Value;

use super::records;
use crate::directory::{Change, Filter, Kind, Row, schema};
use crate::{App, Error};

const PERMISSIONS: &crate::directory::Table = &schema::OBJECT_PERMISSIONS;

/// What `object_permission` of a request asks for: the id of the row, and the change that writes it. Nothing where it
/// is not sent, or empty.
///
/// # Errors
/// Where a value does not fit.
pub fn store(app: &App, sent: Option<&Row>, existing: Option<&str>) -> Result<Option<(String, Change)>, Error> {
    let Some(sent) = sent.filter(|sent| !sent.is_empty()) else { return Ok(None) };
    let mut columns = Row::new();
    for (name, value) in sent {
        if let Some(column) = PERMISSIONS.column(name) {
            let value =
                if value.is_null() && column.kind == Kind::Texts { Value::Array(Vec::new()) } else { value.clone() };
            columns.insert(name.clone(), value);
        }
    }
    columns.shift_remove("object_permission_id");
    match existing {
        Some(id) => {
            let filter = Filter::Is("object_permission_id", id.into());
            Ok(Some((id.to_owned(), Change::Update(PERMISSIONS, vec![filter], columns))))
        }
        None => {
            let id = crate::new_id();
            columns.insert("object_permission_id".to_owned(), id.clone().into());
            let row = records::complete(app, PERMISSIONS, columns)?;
            Ok(Some((id, Change::Insert(PERMISSIONS, row))))
        }
    }
}

/// The permission as it is shown; null where there is none.
///
/// # Errors
/// Where the database cannot be reached.
pub async fn shown(app: &App, id: Option<&str>) -> Result<Value, Error> {
    let row = records::linked(app, PERMISSIONS, id).await?;
    Ok(row.map_or(Value::Null, |row| Value::Object(records::shown(PERMISSIONS, &row))))
}
