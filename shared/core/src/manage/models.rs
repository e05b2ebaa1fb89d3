//! Stored models: `/model/*`. Made, changed and removed while calls go on.
//!
//! A model belongs to everybody, and admins manage it, or to a team, and its admins do. Secrets are sealed before they
//! are written, and shown nowhere.

mod block;
mod create;
mod delete;
mod rights;
mod team;
mod update;

pub use block::{block, unblock};
pub use create::create;
pub use delete::delete;
pub use update::{patch, update};

use serde_json::{Map, Value};

use super::{Request, audit, failed, records};
use crate::denial::Denial;
use crate::directory::{Change, Columns, Filter, Row, Table, schema};
use crate::seal::SecretObject;
use crate::{App, Error};

const MODELS: &Table = &schema::MODELS;

/// What LiteLLM's own client of the table writes into every model.
const SWITCHES: &[&str] = &[
    "use_xai_oauth",
    "use_litellm_proxy",
    "use_in_pass_through",
    "allow_client_keepalive_override",
    "merge_reasoning_content_in_choices",
];

/// A refusal in the words of LiteLLM's model routes: the message is how Python writes a map.
fn refused(status: u16, error: &str) -> Error {
    let quoted = crate::denial::python_text(error);
    Denial::auth(status, format!("{{'error': {quoted}}}")).into()
}

/// What LiteLLM answers where storing is not asked for.
fn check_is_on(app: &App) -> Result<(), Error> {
    if app.stored.is_on() {
        return Ok(());
    }
    Err(refused(500, "Set `'STORE_MODEL_IN_DB='True'` in your env to enable this feature."))
}

/// The values as they are to be stored.
fn sealed(app: &App, values: Map<String, Value>) -> Result<Map<String, Value>, Error> {
    let sealed = app.stored.sealer()?.seal_object(&SecretObject::new(values));
    sealed.map_err(|error| refused(400, &error.to_string()))
}

/// The row as clients see it: values stay sealed, as LiteLLM shows them.
fn shown(row: &Row) -> Value {
    Value::Object(records::shown(MODELS, row))
}

fn is_of(id: &str) -> Filter {
    Filter::Is("model_id", id.into())
}

fn team_of(row: &Row) -> Option<&str> {
    row.object("model_info")?.get("team_id")?.as_str()
}

fn logged(app: &App, request: &Request, action: audit::Action, change: (Option<&Row>, Option<&Row>)) -> Change {
    let id = change.0.or(change.1).and_then(|row| row.text("model_id")).unwrap_or_default().to_owned();
    audit::entry(request, app.governance.clock.now(), action, (MODELS, &id), change)
}

/// What was written is in force before it is answered, here; other instances hear of it.
async fn put_in_force(app: &App) {
    if let Err(fault) = app.stored.reload(app).await {
        tracing::warn!("what was stored is in force a little later: {fault}");
    }
}

/// The nulls that LiteLLM leaves out of what it stores.
fn given(map: &Map<String, Value>) -> Map<String, Value> {
    map.iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| (name.clone(), value.clone())).collect()
}

async fn write(app: &App, changes: Vec<Change>) -> Result<(), Error> {
    app.governance.write(changes).await.map_err(|fault| failed(&fault))?;
    put_in_force(app).await;
    Ok(())
}
