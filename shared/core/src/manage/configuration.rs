//! Settings that are stored beside the configuration file: `/config/*`.
//!
//! What the file says of a key stands: it is not changed here. Deployments, aliases, prices and variables follow at once;
//! what a process reads when it starts follows then, and the answer says which that is.

mod addresses;
mod callbacks;
mod field;
mod fields;
mod prices;
mod update;

pub use addresses::{add as add_address, list as addresses, remove as remove_address};
pub use callbacks::{callbacks, names as callback_names};
pub use field::{delete as delete_field, info as field_info, list, update as update_field};
pub use prices::{discounts, margins, reload as reload_prices, set_discounts, set_margins};
pub use update::{update, yaml};

use serde_json::{Map, Value, json};

use super::{Request, audit, records};
use crate::denial::Denial;
use crate::directory::{Change, Columns, Filter, Row, Table, schema};
use crate::{App, Error};

const CONFIG: &Table = &schema::CONFIG;
/// How often a change is tried again that somebody else has come before.
const ATTEMPTS_MAX: usize = 8;
/// Words in names of what is not shown.
const SECRET: &[&str] =
    &["key", "secret", "token", "password", "credential", "database_url", "database_args", "webhook"];

/// What is stored of a section.
async fn stored(app: &App, section: &str) -> Result<Option<Row>, Error> {
    records::one(app, CONFIG, section).await
}

fn values(row: Option<&Row>) -> Map<String, Value> {
    row.and_then(|row| row.object("param_value")).cloned().unwrap_or_default()
}

/// The changes that put `after` in the place of what the row held.
fn replaced(
    app: &App,
    request: &Request,
    section: &str,
    (before, after): (Option<&Row>, Map<String, Value>),
) -> Vec<Change> {
    let row = records::row([("param_name", section.into()), ("param_value", Value::Object(after.clone()))]);
    let told = |values: &Map<String, Value>| records::row([("param_value", redacted(section, values))]);
    let action = if before.is_some() { audit::Action::Updated } else { audit::Action::Created };
    let (was, is) = (before.map(|row| told(&values(Some(row)))), told(&after));
    let log = audit::entry(request, app.governance.clock.now(), action, (CONFIG, section), (was.as_ref(), Some(&is)));
    let write = match before {
        Some(_) => Change::Update(CONFIG, vec![Filter::Is("param_name", section.into())], row),
        None => Change::Insert(CONFIG, row),
    };
    vec![write, log]
}

/// Computes what a section becomes, and writes it; thinks it over where somebody else has come first.
async fn change(
    app: &App,
    request: &Request,
    section: &str,
    compute: &(dyn Fn(Map<String, Value>) -> Result<Map<String, Value>, Error> + Sync),
) -> Result<Row, Error> {
    for _ in 0..ATTEMPTS_MAX {
        let before = stored(app, section).await?;
        let after = compute(values(before.as_ref()))?;
        let revision = before.as_ref().and_then(|row| row.whole("reload_revision"));
        let mut changes = replaced(app, request, section, (before.as_ref(), after));
        if let Some(revision) = revision {
            let is = Filter::Is("param_name", section.into());
            let same = vec![is.clone(), Filter::Is("reload_revision", revision.into())];
            // Counted by every write, so that writers see each other; LiteLLM counts it in other rows alone.
            changes.insert(0, Change::Expect(CONFIG, same.clone(), 1));
            changes.push(Change::Add(CONFIG, same, vec![("reload_revision", 1.0)]));
        }
        match app.governance.write(changes).await {
            Ok(()) => {
                put_in_force(app).await;
                return Ok(stored(app, section).await?.unwrap_or_default());
            }
            Err(crate::directory::Fault::Changed(_) | crate::directory::Fault::Taken { .. }) => {}
            Err(fault) => return Err(super::failed(&fault)),
        }
    }
    Err(Denial::detail_error(409, "the settings are being changed by somebody else: try again").into())
}

async fn put_in_force(app: &App) {
    if let Err(fault) = app.stored.reload(app).await {
        tracing::warn!("what was stored is in force a little later: {fault}");
    }
}

/// The keys that the file says, of those that are to be changed.
fn owned<'a>(app: &App, section: &str, keys: impl Iterator<Item = &'a String>) -> Vec<String> {
    let says = |key: &&String| app.stored.file().is_some_and(|file| file.sections.value(section, key).is_some());
    let mut owned: Vec<String> = keys.filter(says).cloned().collect();
    owned.sort_unstable();
    owned
}

/// What LiteLLM says of keys that the file has.
fn owned_detail(section: &str, keys: &[String]) -> Map<String, Value> {
    let named: Vec<String> = keys.iter().map(|key| crate::denial::python_text(key)).collect();
    let error = match keys {
        [_] => format!("{section} key {} is set in the config file and cannot be changed here.", named.join(", ")),
        _ => format!("{section} keys {} are set in the config file and cannot be changed here.", named.join(", ")),
    };
    let detail = json!({
        "error": error,
        "keys": keys,
        "section": section,
        "stored_database_values_ignored": [],
        "resolution": "edit the configuration file to change it, or remove it from the file to let the database own it",
    });
    detail.as_object().cloned().unwrap_or_default()
}

/// Values without what may be a secret.
fn redacted(section: &str, values: &Map<String, Value>) -> Value {
    let hides_all = section == crate::stored::VARIABLES;
    let shown = |(name, value): (&String, &Value)| {
        let is_hidden = hides_all || is_secret(name);
        (name.clone(), if is_hidden { "REDACTED".into() } else { within(value) })
    };
    Value::Object(values.iter().map(shown).collect())
}

fn within(value: &Value) -> Value {
    match value {
        Value::Object(members) => redacted("", members),
        Value::Array(items) => items.iter().map(within).collect(),
        other => other.clone(),
    }
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRET.iter().any(|word| name.contains(word)) && !name.starts_with("max_") && !name.contains("_keys")
}
