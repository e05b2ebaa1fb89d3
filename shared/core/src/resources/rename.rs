//! The ids in an answer about a model's file or batch, as the client may know them.

use bytes::Bytes;
use serde_json::Value;
use tollgate_wire::resource_id::{self, Kind};

use super::{Action, Family, ResourceCall};

/// The answer with every id of a file or batch naming `model`; what is no JSON stays as it is.
pub(super) fn answer(call: &ResourceCall, model: &str, bytes: Bytes) -> Bytes {
    let kind = match call.action.row().family {
        Family::Files => Kind::File,
        Family::Batches => Kind::Batch,
        Family::FineTuning | Family::VectorStores | Family::Videos | Family::Responses => return bytes,
    };
    let Ok(mut value) = serde_json::from_slice::<Value>(&bytes) else { return bytes };
    if matches!(call.action, Action::ListFiles | Action::ListBatches) {
        let items = value.get_mut("data").and_then(Value::as_array_mut);
        items.into_iter().flatten().for_each(|item| rename_all(item, model, kind));
        for name in ["first_id", "last_id"] {
            rename(&mut value, name, model, kind);
        }
    } else {
        rename_all(&mut value, model, kind);
    }
    value.to_string().into()
}

fn rename_all(item: &mut Value, model: &str, kind: Kind) {
    rename(item, "id", model, kind);
    for name in ["input_file_id", "output_file_id", "error_file_id"] {
        rename(item, name, model, Kind::File);
    }
}

fn rename(item: &mut Value, name: &str, model: &str, kind: Kind) {
    let Some(id) = item.get_mut(name) else { return };
    if let Some(text) = id.as_str().filter(|text| !text.is_empty()) {
        *id = resource_id::encode(text, model, kind).into();
    }
}
