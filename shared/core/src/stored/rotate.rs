//! Rotation of the salt: everything that is sealed is sealed again, with another key.
//!
//! One pass over the rows, each written on its own; what opens with the new key is left alone, so that a pass that was
//! interrupted is simply run again. Knows no command line.

use serde_json::{Map, Value};

use crate::directory::{Change, Columns, Directory, Fault, Filter, Query, Row, Table, schema};
use crate::seal::{OpenError, Sealer, variables};

/// What a pass has done. `Display` is for a person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rotated {
    /// Values that were sealed again.
    pub values: usize,
    /// Values that the new key opened already.
    pub done: usize,
    /// Values that neither key opens, by name: they stay as they are.
    pub stuck: Vec<String>,
}

/// Why a pass ended early; what it has written stays, and the next pass goes on from there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Interrupted {
    #[error("{0}: run it again, and it goes on from there")]
    Directory(#[from] Fault),
    #[error("{0} cannot be sealed: {1}")]
    Unsealed(String, crate::seal::SealError),
}

/// A table with sealed values, its column of them, and the column by which two writers see each other.
struct Sealed {
    table: &'static Table,
    column: &'static str,
    name: &'static str,
    version: &'static str,
    form: Form,
}

/// Where sealed values stand in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// Every text is one.
    Object,
    /// Those that are marked, at any depth: variables of callbacks.
    Marked,
}

const SEALED: &[Sealed] = &[
    sealed(&schema::CREDENTIALS, "credential_values", ("credential_name", "updated_at"), Form::Object),
    sealed(&schema::MODELS, "litellm_params", ("model_id", "updated_at"), Form::Object),
    sealed(&schema::CONFIG, "param_value", ("param_name", "reload_revision"), Form::Object),
    sealed(&schema::TEAMS, "metadata", ("team_id", "updated_at"), Form::Marked),
    sealed(&schema::KEYS, "metadata", ("token", "updated_at"), Form::Marked),
    sealed(&schema::DELETED_TEAMS, "metadata", ("team_id", "deleted_at"), Form::Marked),
    sealed(&schema::DELETED_KEYS, "metadata", ("token", "deleted_at"), Form::Marked),
];

const fn sealed(
    table: &'static Table,
    column: &'static str,
    (name, version): (&'static str, &'static str),
    form: Form,
) -> Sealed {
    Sealed { table, column, name, version, form }
}
/// How often a row is tried again that somebody else has changed in between.
const ATTEMPTS_MAX: usize = 4;

/// The two keys.
pub struct Keys<'a> {
    pub old: &'a Sealer,
    pub new: &'a Sealer,
}

/// Seals again what is sealed.
///
/// # Errors
/// Where the directory cannot be reached, or a row cannot be written.
pub async fn rotate(directory: &dyn Directory, keys: &Keys<'_>) -> Result<Rotated, Interrupted> {
    let mut rotated = Rotated::default();
    for sealed in SEALED {
        let mut query = Query::of(sealed.table);
        if *sealed.table == schema::CONFIG {
            query = query.is("param_name", super::VARIABLES);
        }
        let key = sealed.table.key.first().copied().unwrap_or_default();
        query = query.only(&[key, sealed.name, sealed.version, sealed.column]);
        for row in directory.find(&query).await? {
            one(directory, keys, (sealed, row), &mut rotated).await?;
        }
    }
    Ok(rotated)
}

async fn one(
    directory: &dyn Directory,
    keys: &Keys<'_>,
    (sealed, mut row): (&Sealed, Row),
    rotated: &mut Rotated,
) -> Result<(), Interrupted> {
    let key = sealed.table.key.first().copied().unwrap_or_default();
    for attempt in 1..=ATTEMPTS_MAX {
        let mut found = Rotated::default();
        let values = again(keys, (sealed, &row), &mut found)?;
        let mut written = Ok(());
        if found.values > 0 {
            let is = Filter::Is(key, row.get(key).cloned().unwrap_or_default());
            let same = match row.get(sealed.version).filter(|version| !version.is_null()) {
                Some(version) => Filter::Is(sealed.version, version.clone()),
                None => Filter::Null(sealed.version),
            };
            let columns: Row = [(sealed.column.to_owned(), Value::Object(values))].into_iter().collect();
            let changes = vec![
                Change::Expect(sealed.table, vec![is.clone(), same], 1),
                Change::Update(sealed.table, vec![is], columns),
            ];
            written = directory.write(changes).await;
        }
        match written {
            Ok(()) => {
                rotated.values += found.values;
                rotated.done += found.done;
                rotated.stuck.extend(found.stuck);
                return Ok(());
            }
            Err(Fault::Changed(_)) if attempt < ATTEMPTS_MAX => {
                let id = row.text(key).unwrap_or_default().to_owned();
                match directory.get(&[(sealed.table, vec![id])]).await?.pop().flatten() {
                    Some(read) => row = read,
                    None => return Ok(()),
                }
            }
            Err(fault) => return Err(fault.into()),
        }
    }
    Ok(())
}

/// The values of a row, sealed with the new key.
fn again(
    keys: &Keys<'_>,
    (sealed, row): (&Sealed, &Row),
    found: &mut Rotated,
) -> Result<Map<String, Value>, Interrupted> {
    let mut values = Value::Object(row.object(sealed.column).cloned().unwrap_or_default());
    let owner = row.text(sealed.name).unwrap_or_default().to_owned();
    let texts = match (sealed.form, &mut values) {
        (Form::Object, Value::Object(values)) => {
            values.iter_mut().map(|(name, value)| (name.as_str(), value)).collect()
        }
        (_, values) => variables::variables(values),
    };
    for (name, value) in texts {
        let Some(text) = value.as_str() else { continue };
        let text = match sealed.form {
            Form::Object => Some(text),
            Form::Marked => variables::marked(text),
        };
        let Some(text) = text else { continue };
        if keys.new.open(text).is_ok() {
            found.done += 1;
            continue;
        }
        let place = || format!("{} {owner}: {name}", sealed.table.name);
        match keys.old.open(text) {
            Ok(secret) => {
                let resealed = keys.new.seal(secret.expose()).map_err(|error| Interrupted::Unsealed(place(), error))?;
                let is_marked = sealed.form == Form::Marked;
                *value = if is_marked { variables::mark(&resealed) } else { resealed }.into();
                found.values += 1;
            }
            // Never sealed: it was written by hand.
            Err(OpenError::NotSealed) => {}
            Err(_) => found.stuck.push(place()),
        }
    }
    Ok(members(values))
}

fn members(values: Value) -> Map<String, Value> {
    match values {
        Value::Object(values) => values,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests;
