//! `POST /v1/access_group`, `PUT` and `DELETE /v1/access_group/{access_group_id}`.

use serde_json::{Value, json};

use super::link::{KEYS, TEAMS, assign, check_teams};
use super::{GROUPS, existing, logged, not_admin, refusal, shown};
use crate::directory::{Change, Columns, Fault, Filter, Row};
use crate::manage::audit::Action;
use crate::manage::{Answer, Fields, Outcome, Request, failed, input, records};
use crate::upstream::BoxFuture;
use crate::{App, Error};

const LISTS: [&str; 5] =
    ["access_model_names", "access_mcp_server_ids", "access_agent_ids", "assigned_team_ids", "assigned_key_ids"];

/// The columns that were sent; lists that were sent as null are empty.
fn read(fields: &Fields<'_>) -> Row {
    let mut columns = input::columns(fields, GROUPS, &["access_group_name", "description"]);
    if columns.get("access_group_name").is_some_and(Value::is_null) {
        columns.shift_remove("access_group_name");
    }
    for (name, value) in input::columns(fields, GROUPS, &LISTS) {
        columns.insert(name, if value.is_null() { json!([]) } else { value });
    }
    columns
}

async fn write(app: &App, changes: Vec<Change>, name: &str) -> Result<(), Error> {
    app.governance.write(changes).await.map_err(|fault| match fault {
        Fault::Taken { .. } => refusal(409, format!("Access group '{name}' already exists")),
        fault => failed(&fault),
    })
}

/// `POST /v1/access_group`.
pub fn create(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let fields = request.fields()?;
        let name = fields.required("access_group_name").to_owned();
        let mut columns = read(&fields);
        fields.check()?;
        if !request.caller.is_admin() {
            return Err(not_admin());
        }
        check_teams(app, &columns.texts("assigned_team_ids")).await?;
        let actor = request.caller.user_id().map_or(Value::Null, Value::from);
        columns.insert("access_group_name".to_owned(), name.as_str().into());
        columns.insert("created_by".to_owned(), actor.clone());
        columns.insert("updated_by".to_owned(), actor);
        let group = records::complete(app, GROUPS, columns)?;
        let mut changes = vec![Change::Insert(GROUPS, group.clone())];
        changes.extend(links(app, &group).await?);
        changes.push(logged(app, &request, Action::Created, (None, Some(&group))));
        write(app, changes, &name).await?;
        Ok(Answer { status: 201, body: shown(app, &group).await? })
    })
}

/// The changes by which teams and keys list the group as it lists them.
async fn links(app: &App, group: &Row) -> Result<Vec<Change>, Error> {
    let id = group.text("access_group_id").unwrap_or_default();
    let mut changes = assign(app, TEAMS, &group.texts("assigned_team_ids"), id).await?;
    changes.extend(assign(app, KEYS, &group.texts("assigned_key_ids"), id).await?);
    Ok(changes)
}

/// `PUT /v1/access_group/{access_group_id}`: what is not sent stays.
pub fn update(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let id = request.place("access_group_id").to_owned();
        let fields = request.fields()?;
        let mut columns = read(&fields);
        fields.check()?;
        if !request.caller.is_admin() {
            return Err(not_admin());
        }
        let before = existing(app, &id).await?;
        check_teams(app, &columns.texts("assigned_team_ids")).await?;
        columns.insert("updated_by".to_owned(), request.caller.user_id().map_or(Value::Null, Value::from));
        columns.insert("updated_at".to_owned(), records::now(app).into());
        let mut after = before.clone();
        after.extend(columns.clone());
        let mut changes = vec![Change::Update(GROUPS, is(&id), columns.clone())];
        if columns.contains_key("assigned_team_ids") {
            changes.extend(assign(app, TEAMS, &after.texts("assigned_team_ids"), &id).await?);
        }
        if columns.contains_key("assigned_key_ids") {
            changes.extend(assign(app, KEYS, &after.texts("assigned_key_ids"), &id).await?);
        }
        changes.push(logged(app, &request, Action::Updated, (Some(&before), Some(&after))));
        write(app, changes, after.text("access_group_name").unwrap_or_default()).await?;
        Ok(Answer::ok(shown(app, &existing(app, &id).await?).await?))
    })
}

/// `DELETE /v1/access_group/{access_group_id}`: nobody lists it from then on.
pub fn delete(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        if !request.caller.is_admin() {
            return Err(not_admin());
        }
        let id = request.place("access_group_id").to_owned();
        let group = existing(app, &id).await?;
        let mut changes = assign(app, TEAMS, &[], &id).await?;
        changes.extend(assign(app, KEYS, &[], &id).await?);
        changes.push(Change::Delete(GROUPS, is(&id)));
        changes.push(logged(app, &request, Action::Deleted, (Some(&group), None)));
        write(app, changes, "").await?;
        Ok(Answer { status: 204, body: Value::Null })
    })
}

fn is(id: &str) -> Vec<Filter> {
    vec![Filter::Is("access_group_id", id.into())]
}
