//! What a team calls its models: its row of `LiteLLM_ModelTable`.

use serde_json::Value;

use crate::directory::{Change, Columns, Filter, Query, Row, Table, schema};
use crate::manage::{Request, records};
use crate::{App, Error};

const ALIASES: &Table = &schema::MODEL_ALIASES;

/// The id of the row with these names, and the change that completes it.
///
/// The database gives a new row its number and does not say which: it is found by a mark, which the change replaces.
///
/// # Errors
/// Where the database cannot be reached.
pub async fn store(app: &App, request: &Request, id: Option<i64>, aliases: &Row) -> Result<(i64, Change), Error> {
    let actor = records::actor(request);
    if let Some(id) = id {
        let columns = records::row([
            ("aliases", Value::Object(aliases.clone())),
            ("updated_at", records::now(app).into()),
            ("updated_by", actor.into()),
        ]);
        return Ok((id, Change::Update(ALIASES, vec![Filter::Is("id", id.into())], columns)));
    }
    let mark = crate::new_id();
    let row = records::row([
        ("aliases", Value::Object(aliases.clone())),
        ("created_by", mark.clone().into()),
        ("updated_by", actor.clone().into()),
    ]);
    records::write(app, vec![Change::Insert(ALIASES, row)]).await?;
    let found = records::all(app, &Query::of(ALIASES).is("created_by", mark.as_str())).await?;
    let id = found.first().and_then(|row| row.whole("id")).unwrap_or_default();
    let columns = records::row([("created_by", actor.into())]);
    Ok((id, Change::Update(ALIASES, vec![Filter::Is("id", id.into())], columns)))
}

/// The row of the team's names, if it has any.
///
/// # Errors
/// Where the database cannot be reached.
pub async fn of(app: &App, team: &Row) -> Result<Option<Row>, Error> {
    let id = team.whole("model_id").map(|id| id.to_string());
    records::linked(app, ALIASES, id.as_deref()).await
}

/// Every row that these teams are linked to.
///
/// # Errors
/// Where the database cannot be reached.
pub async fn of_all(app: &App, teams: &[Row]) -> Result<Vec<Row>, Error> {
    let wanted: Vec<(&'static Table, Vec<String>)> =
        teams.iter().filter_map(|team| team.whole("model_id")).map(|id| (ALIASES, vec![id.to_string()])).collect();
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let found = app.governance.directory.get(&wanted).await.map_err(|fault| crate::manage::failed(&fault))?;
    Ok(found.into_iter().flatten().collect())
}
