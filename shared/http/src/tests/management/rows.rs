//! What a recording does to the database behind the gateway's back, and what it finds there, for a directory in memory.
//!
//! Reads the few forms of SQL that recordings have.

use serde_json::{Value, json};
use tollgate_core::directory::{Change, Columns, Directory, Filter, Query, Row, Table, moment_of, moment_text, schema};
use tollgate_testkit::scenes::{Names, text};

use super::Stage;

const TABLES: &[&Table] = &[
    &schema::KEYS,
    &schema::DELETED_KEYS,
    &schema::DEPRECATED_KEYS,
    &schema::USERS,
    &schema::TEAMS,
    &schema::TEAM_MEMBERSHIPS,
    &schema::BUDGETS,
    &schema::OBJECT_PERMISSIONS,
];

/// Plays a step that is no request.
pub async fn step(stage: &Stage, step: &Value, names: &mut Names) -> Result<(), String> {
    if let Some(sql) = step["sql"].as_str() {
        return change(stage, sql).await;
    }
    match step["query"].as_str() {
        Some(query) => compare(stage, query, &step["found"], names).await,
        None => Ok(()),
    }
}

fn table(sql: &str) -> &'static Table {
    let name = sql.split('"').nth(1).unwrap_or_default();
    TABLES.iter().copied().find(|table| table.name == name).unwrap_or_else(|| panic!("no table {name} in {sql}"))
}

/// `UPDATE "T" SET a = 'x' WHERE b = 'y'`.
async fn change(stage: &Stage, sql: &str) -> Result<(), String> {
    let table = table(sql);
    let (set, filter) = sql.split_once(" SET ").and_then(|(_, rest)| rest.split_once(" WHERE ")).expect("an update");
    let (name, value) = set.split_once(" = ").expect("one column");
    let column = table.column(name).expect("a column");
    let value = value.trim_matches('\'');
    let value = moment_of(&value.replace(' ', "T")).map_or_else(|| value.to_owned(), moment_text);
    let set: Row = [(column.name.to_owned(), value.into())].into_iter().collect();
    let changes = vec![Change::Update(table, vec![equal(table, filter)], set)];
    stage.gateway.app.governance.write(changes).await.map_err(|fault| fault.to_string())
}

fn equal(table: &Table, filter: &str) -> Filter {
    if let Some(name) = filter.strip_suffix(" IS NOT NULL") {
        return Filter::Given(table.column(name).expect("a column").name);
    }
    let (name, value) = filter.split_once(" = ").expect("one filter");
    let column = table.column(name.trim()).expect("a column");
    Filter::Is(column.name, value.trim().trim_matches('\'').into())
}

/// `SELECT … FROM "T" WHERE true | a = 'x' ORDER BY …`. Rows are compared whatever their order, which depends on hashes.
async fn compare(stage: &Stage, query: &str, found: &Value, names: &mut Names) -> Result<(), String> {
    let table = table(query);
    let filter = query.split_once(" WHERE ").and_then(|(_, rest)| rest.split_once(" ORDER ")).expect("a filter").0;
    let mut asked = Query::of(table);
    if filter != "true" {
        asked = asked.with(equal(table, &names.fill(filter)));
    }
    let mut rows = stage.directory.find(&asked).await.map_err(|fault| fault.to_string())?;
    let wanted = found.as_array().cloned().unwrap_or_default();
    if wanted.len() != rows.len() {
        return Err(format!("{} rows, not {}: {}", rows.len(), wanted.len(), json!(rows)));
    }
    for wanted in &wanted {
        let columns: Vec<&String> = wanted.as_object().expect("a row").keys().collect();
        let mut closest = String::new();
        let place = rows.iter().position(|row| {
            let mut trial = names.clone();
            match trial.compare(wanted, &shown(table, row, &columns)) {
                Ok(()) => {
                    *names = trial;
                    true
                }
                Err(difference) => {
                    closest.push_str(&difference);
                    closest.push_str("; ");
                    false
                }
            }
        });
        match place {
            Some(place) => drop(rows.remove(place)),
            None => return Err(closest),
        }
    }
    Ok(())
}

/// A row's columns as the database writes them: times without a zone.
fn shown(table: &Table, row: &Row, columns: &[&String]) -> Value {
    let value = |name: &str| match row.get(name) {
        Some(Value::String(time)) if table.column(name).is_some_and(is_time) => {
            time.trim_end_matches('Z').trim_end_matches(".000").into()
        }
        other => other.cloned().unwrap_or(Value::Null),
    };
    Value::Object(columns.iter().map(|name| ((*name).clone(), value(name))).collect())
}

fn is_time(column: &tollgate_core::directory::Column) -> bool {
    column.kind == tollgate_core::directory::Kind::Time
}

/// What scenes of keys and users need of routes that are not served yet: teams, as LiteLLM makes them.
pub async fn stand_in(stage: &Stage, step: &Value) -> Result<(), String> {
    if text(step, "path") != "/team/new" {
        return Ok(());
    }
    let mut team = step["answer"].as_object().cloned().unwrap_or_default();
    team.retain(|name, value| schema::TEAMS.column(name).is_some() && !value.is_null() && !name.ends_with("_at"));
    let id = team.text("team_id").unwrap_or_default().to_owned();
    let members = team.get("members_with_roles").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut changes = vec![Change::Insert(&schema::TEAMS, team)];
    for member in &members {
        let user_id = text(member, "user_id");
        let place: Row = [("user_id", user_id), ("team_id", id.as_str())]
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.into()))
            .collect();
        changes.push(Change::Insert(&schema::TEAM_MEMBERSHIPS, place));
        let known = stage.directory.get(&[(&schema::USERS, vec![user_id.to_owned()])]).await;
        let known = known.map_err(|fault| fault.to_string())?.pop().flatten();
        let mut teams = known.as_ref().map(|user| user.texts("teams")).unwrap_or_default();
        teams.push(id.clone());
        let mut user: Row = known.unwrap_or_default();
        user.insert("user_id".to_owned(), user_id.into());
        user.entry("user_role").or_insert_with(|| "internal_user".into());
        user.insert("teams".to_owned(), teams.into());
        changes.push(Change::Put(&schema::USERS, user));
    }
    stage.gateway.app.governance.write(changes).await.map_err(|fault| fault.to_string())
}
