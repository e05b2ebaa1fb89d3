//! `POST /project/new`, `POST /project/update` and `DELETE /project/delete`.

use serde_json::Value;

use super::{PROJECTS, existing, logged, refusal, shown};
use crate::directory::{Change, Columns, Fault, Filter, Query, Row, schema};
use crate::manage::audit::Action;
use crate::manage::{Answer, Fields, Outcome, Request, failed, input, money, permission, records, teams};
use crate::upstream::BoxFuture;
use crate::{App, Error};

/// What a team's own admin is allowed to manage projects by, in `team_admin_editable_team_fields`.
const PERMISSION: &str = "projects";
const FOLDED: [&str; 5] = ["tags", "guardrails", "policies", "model_itpm_limit", "model_otpm_limit"];
const COLUMNS: &[&str] =
    &["project_alias", "description", "team_id", "models", "model_rpm_limit", "model_tpm_limit", "blocked"];

/// What a request sets of a project.
struct Sent {
    columns: Row,
    budget_id: Option<String>,
    budget: Row,
    metadata: Option<Row>,
    permission: Option<Row>,
}

impl Sent {
    fn read(fields: &Fields<'_>) -> Self {
        let mut metadata = fields.map("metadata").cloned();
        for name in FOLDED {
            if let Some(value) = fields.any(name) {
                metadata.get_or_insert_default().insert(name.to_owned(), value.clone());
            }
        }
        let mut columns = input::columns(fields, PROJECTS, COLUMNS);
        columns
            .retain(|name, value| !value.is_null() || PROJECTS.column(name).is_some_and(|column| column.is_optional));
        Self {
            columns,
            budget_id: fields.text("budget_id").map(str::to_owned),
            budget: money::columns(fields),
            metadata,
            permission: fields.map("object_permission").cloned(),
        }
    }

    /// # Errors
    /// 400 for amounts and durations that no budget can have.
    fn check(&self, app: &App) -> Result<(), Error> {
        let refuse = |sentence: String| refusal(400, &sentence);
        money::check(&self.budget, &["max_budget", "soft_budget"]).map_err(refuse)?;
        records::check_duration(app, self.budget.text("budget_duration")).map_err(refuse)
    }
}

/// The team, if the caller may manage its projects: its admins where the operator lets them, and those above.
async fn team_of(app: &App, request: &Request, id: &str) -> Result<Row, Error> {
    let absent = || refusal(404, &format!("Team not found, passed team_id={id}"));
    let team = records::one(app, &schema::TEAMS, id).await?.ok_or_else(absent)?;
    let is_allowed = app.governance.settings.team_admin_fields.iter().any(|field| field == PERMISSION);
    match teams::standing(app, &request.caller, &team).await? {
        Some(teams::Standing::ProxyAdmin | teams::Standing::OrganizationAdmin) => Ok(team),
        Some(teams::Standing::TeamAdmin) if is_allowed => Ok(team),
        _ => Err(refusal(403, &format!("Only proxy admins and permitted team admins manage projects of team_id={id}"))),
    }
}

/// A project has no model, and no more money, than its team.
fn check_team(columns: &Row, budget: &Row, team: &Row) -> Result<(), Error> {
    let allowed = team.texts("models");
    let is_open = allowed.is_empty() || allowed.iter().any(|model| model == "all-proxy-models");
    if let Some(model) = columns.texts("models").iter().find(|model| !is_open && !allowed.contains(model)) {
        let listed = records::python_list(&allowed);
        return Err(refusal(
            400,
            &format!("Model '{model}' not in team's allowed models. Team allowed models={listed}"),
        ));
    }
    if let (Some(wanted), Some(own)) = (budget.number("max_budget"), team.number("max_budget"))
        && wanted > own
    {
        return Err(refusal(400, &format!("Project max_budget ({wanted:?}) exceeds team's max_budget ({own:?})")));
    }
    Ok(())
}

/// `POST /project/new`.
pub fn create(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let fields = request.fields()?;
        let team_id = fields.required("team_id").to_owned();
        let id = fields.text("project_id").filter(|id| !id.is_empty()).map_or_else(crate::new_id, str::to_owned);
        let sent = Sent::read(&fields);
        fields.check()?;
        sent.check(app)?;
        let team = team_of(app, &request, &team_id).await?;
        check_team(&sent.columns, &sent.budget, &team)?;
        let Sent { mut columns, budget_id, mut budget, metadata, permission } = sent;
        let mut changes = Vec::new();
        match budget_id {
            Some(id) => {
                money::check_link(app, Some(&id), "LiteLLM_ProjectTable").await?;
                columns.insert("budget_id".to_owned(), id.into());
            }
            None => {
                money::schedule(app, &mut budget);
                let (budget, change) = money::create(app, &request, budget)?;
                columns.insert("budget_id".to_owned(), budget.get("budget_id").cloned().unwrap_or(Value::Null));
                changes.push(change);
            }
        }
        if let Some((id, change)) = permission::store(app, permission.as_ref(), None)? {
            columns.insert("object_permission_id".to_owned(), id.into());
            changes.push(change);
        }
        columns.insert("project_id".to_owned(), id.as_str().into());
        columns.insert("metadata".to_owned(), Value::Object(metadata.unwrap_or_default()));
        columns.insert("created_by".to_owned(), records::actor(&request).into());
        columns.insert("updated_by".to_owned(), records::actor(&request).into());
        let project = records::complete(app, PROJECTS, columns)?;
        changes.push(Change::Insert(PROJECTS, project.clone()));
        changes.push(logged(app, &request, Action::Created, (None, Some(&project))));
        app.governance.write(changes).await.map_err(|fault| match fault {
            Fault::Taken { .. } => refusal(400, &format!("Project id = {id} already exists")),
            fault => failed(&fault),
        })?;
        Ok(Answer::ok(shown(app, &project).await?))
    })
}

/// `POST /project/update`: metadata is added to, what is not sent stays.
pub fn update(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let fields = request.fields()?;
        let id = fields.required("project_id").to_owned();
        let sent = Sent::read(&fields);
        fields.check()?;
        sent.check(app)?;
        let before = existing(app, &id).await?;
        let own = before.text("team_id").unwrap_or_default().to_owned();
        let mut team = team_of(app, &request, &own).await?;
        if let Some(other) = sent.columns.text("team_id").filter(|other| *other != own) {
            team = team_of(app, &request, other).await?;
        }
        check_team(&sent.columns, &sent.budget, &team)?;
        let Sent { mut columns, budget_id, mut budget, metadata, permission } = sent;
        let mut changes = Vec::new();
        if let Some(metadata) = metadata {
            let mut merged = records::map_of(before.get("metadata"));
            merged.extend(metadata);
            columns.insert("metadata".to_owned(), Value::Object(merged));
        }
        if let Some(id) = &budget_id {
            money::check_link(app, Some(id), "LiteLLM_ProjectTable").await?;
            columns.insert("budget_id".to_owned(), id.as_str().into());
        }
        if !budget.is_empty() {
            money::schedule(app, &mut budget);
            match budget_id.as_deref().or_else(|| before.text("budget_id")) {
                Some(id) => changes.push(money::update(app, &request, id, budget)),
                None => {
                    let (budget, change) = money::create(app, &request, budget)?;
                    columns.insert("budget_id".to_owned(), budget.get("budget_id").cloned().unwrap_or(Value::Null));
                    changes.push(change);
                }
            }
        }
        if let Some((id, change)) = permission::store(app, permission.as_ref(), before.text("object_permission_id"))? {
            columns.insert("object_permission_id".to_owned(), id.into());
            changes.push(change);
        }
        columns.insert("updated_at".to_owned(), records::now(app).into());
        columns.insert("updated_by".to_owned(), records::actor(&request).into());
        let mut after = before.clone();
        after.extend(columns.clone());
        changes.push(Change::Update(PROJECTS, vec![Filter::Is("project_id", id.as_str().into())], columns));
        changes.push(logged(app, &request, Action::Updated, (Some(&before), Some(&after))));
        records::write(app, changes).await?;
        Ok(Answer::ok(shown(app, &existing(app, &id).await?).await?))
    })
}

/// `DELETE /project/delete`: all of them, or none; a project that keys belong to stays.
pub fn delete(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let fields = request.fields()?;
        let ids = input::required_texts(&fields, "project_ids");
        fields.check()?;
        if !request.caller.is_admin() {
            return Err(refusal(403, "Only proxy admins can delete projects"));
        }
        let (mut changes, mut deleted) = (Vec::new(), Vec::new());
        for id in &ids {
            let project = existing(app, id).await?;
            let own = vec![Filter::Is("project_id", id.as_str().into())];
            let mut keys = Query::of(&schema::KEYS);
            keys.filters.clone_from(&own);
            if records::count(app, &keys).await? > 0 {
                let sentence = format!("project {id} has keys: delete them, or move them, before the project");
                return Err(refusal(400, &sentence));
            }
            deleted.push(shown(app, &project).await?);
            changes.push(Change::Expect(&schema::KEYS, own.clone(), 0));
            changes.push(Change::Delete(PROJECTS, own));
            changes.push(logged(app, &request, Action::Deleted, (Some(&project), None)));
        }
        records::write(app, changes).await?;
        Ok(Answer::ok(deleted.into()))
    })
}
