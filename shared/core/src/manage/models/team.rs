//! Models of a team: their public name is in the team's list for as long as a model has it.

use serde_json::Value;

use super::{MODELS, team_of};
use crate::directory::{Change, Columns, Filter, Query, Row, schema};
use crate::manage::records;
use crate::{App, Error};

/// The name by which a team's model is stored: nobody asks for it.
pub fn internal_name(team_id: &str) -> String {
    format!("model_name_{team_id}_{}", crate::new_id())
}

pub fn is_internal(team_id: &str, name: &str) -> bool {
    name.starts_with(&format!("model_name_{team_id}_"))
}

/// Puts the name into the team's list. A team without a list may use everything, and still may.
pub fn add_name(app: &App, team: &Row, name: &str) -> Vec<Change> {
    let mut models = team.texts("models");
    if models.iter().any(|model| model == name) {
        return Vec::new();
    }
    if models.is_empty() {
        models.push("all-proxy-models".to_owned());
    }
    models.push(name.to_owned());
    set_models(app, team, models)
}

/// Takes the name out of the team's list, unless another model of the team has it.
///
/// # Errors
/// Where the directory cannot be reached.
pub async fn remove_name(app: &App, team: &Row, model: &Row) -> Result<Vec<Change>, Error> {
    let name_of =
        |row: &Row| row.object("model_info").and_then(|info| info.text("team_public_model_name").map(str::to_owned));
    let Some(name) = name_of(model) else { return Ok(Vec::new()) };
    let (id, team_id) = (model.text("model_id"), team.text("team_id"));
    let rows = records::all(app, &Query::of(MODELS)).await?;
    let is_another =
        |row: &&Row| row.text("model_id") != id && team_of(row) == team_id && name_of(row).as_deref() == Some(&name);
    let mut models = team.texts("models");
    if rows.iter().any(|row| is_another(&row)) || !models.contains(&name) {
        return Ok(Vec::new());
    }
    models.retain(|model| *model != name);
    Ok(set_models(app, team, models))
}

fn set_models(app: &App, team: &Row, models: Vec<String>) -> Vec<Change> {
    let id = team.get("team_id").cloned().unwrap_or(Value::Null);
    let updated = team.get("updated_at").cloned().unwrap_or(Value::Null);
    let mut columns = records::row([("models", models.into())]);
    let touched = team.moment("updated_at").map(|last| last + std::time::Duration::from_millis(1));
    let now = touched.map_or(app.governance.clock.now(), |last| last.max(app.governance.clock.now()));
    columns.insert("updated_at".to_owned(), crate::directory::moment_text(now).into());
    let filters = vec![Filter::Is("team_id", id), Filter::Is("updated_at", updated)];
    vec![Change::Expect(&schema::TEAMS, filters.clone(), 1), Change::Update(&schema::TEAMS, filters, columns)]
}
