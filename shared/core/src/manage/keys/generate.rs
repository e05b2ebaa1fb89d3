//! New keys: for the caller, for another user, for a team, for a service.
//!
//! The key, its budget and the entry of the audit log are written together. Only the answer holds the key's text.

use serde_json::{Map, Value};

use super::team::{Deed, Team};
use super::{answer, check, draft, money, rights, shape};
use crate::denial::Denial;
use crate::directory::{Change, Columns, Fault, Row, schema};
use crate::govern::{Caller, Generation, hash_of};
use crate::manage::audit::{Action, entry};
use crate::manage::read::read;
use crate::manage::{Answer, Outcome, Request, failed};
use crate::upstream::BoxFuture;
use crate::{App, Error, new_id};

/// `POST /key/generate`.
pub fn generate<'a>(app: &'a App, request: Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        let mut sent = read(&request.fields()?, &[shape::BASE, shape::KEY, shape::NEW])?;
        let caller = &request.caller;
        money::check_budgets(&sent, &app.governance.settings.calendar, app.governance.clock.now())?;
        rights::check_new_routes(caller, &sent)?;
        if !caller.is_admin() && sent.text("user_id").is_none() {
            sent.insert("user_id".to_owned(), caller.user_id().into());
        }
        let team = team(app, caller, &sent).await?;
        check_generation(app, caller, &sent, (team.as_ref(), Deed::Generate))?;
        if let Some(project_id) = sent.text("project_id") {
            check::check_project(app, project_id, &sent).await?;
        }
        make(app, &request, sent, team).await
    })
}

/// `POST /key/service-account/generate`: a key of a team's that is no user's.
pub fn generate_service_account<'a>(app: &'a App, request: Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        let mut sent = read(&request.fields()?, &[shape::BASE, shape::KEY, shape::NEW])?;
        money::check_budgets(&sent, &app.governance.settings.calendar, app.governance.clock.now())?;
        rights::check_new_routes(&request.caller, &sent)?;
        let Some(team_id) = sent.text("team_id") else {
            let sentence =
                "team_id is required for service account keys. Please specify `team_id` in the request body.";
            return Err(Denial::detail(400, sentence.into()).into());
        };
        let Some(team) = Team::find(app, team_id).await? else {
            let sentence = "team_id does not exist in the database. Please specify a valid `team_id` in the request \
                            body.";
            return Err(Denial::detail(400, sentence.into()).into());
        };
        name_account(&mut sent);
        let account = Some(&team);
        check_generation(app, &request.caller, &sent, (account, Deed::GenerateServiceAccount))?;
        sent.shift_remove("user_id");
        make(app, &request, sent, Some(team)).await
    })
}

fn name_account(sent: &mut Row) {
    let id = sent.text("key_alias").map_or_else(new_id, str::to_owned);
    let metadata = sent.entry("metadata").or_insert(Value::Null);
    if !metadata.is_object() {
        *metadata = Value::Object(Map::new());
    }
    if let Some(metadata) = metadata.as_object_mut() {
        let slot = metadata.entry("service_account_id").or_insert(Value::Null);
        if slot.is_null() {
            *slot = id.into();
        }
    }
}

/// The team that the key is for; an admin may name one that is not there.
async fn team(app: &App, caller: &Caller, sent: &Row) -> Result<Option<Team>, Error> {
    let Some(team_id) = sent.text("team_id") else { return Ok(None) };
    let team = Team::find(app, team_id).await?;
    if team.is_none() && !caller.is_admin() {
        let sentence =
            format!("Team not found for team_id={team_id}. Non-admin users cannot create keys for non-existent teams.");
        return Err(Denial::management(400, sentence).into());
    }
    Ok(team)
}

/// Who may make keys, for themselves and for teams, and what they have to state.
fn check_generation(app: &App, caller: &Caller, sent: &Row, (team, deed): (Option<&Team>, Deed)) -> Result<(), Error> {
    let rules = &app.governance.settings.keys;
    rights::check_service_account(caller, sent.text("team_id"))?;
    if caller.is_admin() {
        return match (team, sent.text("team_id")) {
            (None, Some(team_id)) if rules.team.is_some() || rules.personal.is_some() => Err(no_team(team_id)),
            (None, None) => check_personal(rules.personal.as_ref(), caller, sent),
            _ => Ok(()),
        };
    }
    match team {
        Some(team) => check_team(rules.team.as_ref(), caller, sent, (team, deed))?,
        None => check_personal(rules.personal.as_ref(), caller, sent)?,
    }
    rights::check_access_groups(caller, sent, team)
}

fn no_team(team_id: &str) -> Error {
    Denial::management(400, format!("Unable to find team object in database. Team ID: {team_id}")).into()
}

fn check_team(
    rule: Option<&Generation>,
    caller: &Caller,
    sent: &Row,
    (team, deed): (&Team, Deed),
) -> Result<(), Error> {
    let refused = |sentence: String| Err(Denial::management(400, sentence).into());
    if let Some(user_id) = sent.text("user_id").filter(|user_id| team.role_of(Some(user_id)).is_none()) {
        return refused(format!("User={user_id} not assigned to team={}", team.id()));
    }
    let role = team.role_of_caller(caller);
    let Some(name) = role else {
        return refused(format!("User={} not assigned to team={}", rights::user_name(caller), team.id()));
    };
    if let Some(roles) = rule.and_then(|rule| rule.roles.as_ref()).filter(|roles| !roles.iter().any(|r| r == name)) {
        return refused(format!("Team member role {name} not in allowed_team_member_roles={}", listed(roles)));
    }
    team.permits(role, deed)?;
    check_required(rule, sent)
}

fn check_personal(rule: Option<&Generation>, caller: &Caller, sent: &Row) -> Result<(), Error> {
    let Some(rule) = rule else { return Ok(()) };
    let role = rights::role_name(caller);
    if let Some(roles) = rule.roles.as_ref().filter(|roles| !roles.iter().any(|allowed| allowed == role)) {
        let sentence = format!(
            "Personal key creation has been restricted by admin. Allowed roles={}. Your role={role}",
            listed(roles)
        );
        return Err(Denial::management(400, sentence).into());
    }
    check_required(Some(rule), sent)
}

fn check_required(rule: Option<&Generation>, sent: &Row) -> Result<(), Error> {
    let required = rule.map(|rule| rule.required_params.as_slice()).unwrap_or_default();
    match required.iter().find(|name| !sent.contains_key(name.as_str())) {
        None => Ok(()),
        Some(name) => Err(Denial::management(400, format!("Required param {name} not in data")).into()),
    }
}

fn listed(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| crate::denial::python_text(name)).collect();
    format!("[{}]", names.join(", "))
}

/// What every new key has to pass, and its writing.
async fn make(app: &App, request: &Request, mut sent: Row, team: Option<Team>) -> Outcome {
    let (caller, rules) = (&request.caller, &app.governance.settings.keys);
    let now = app.governance.clock.now();
    if let Some(team) = &team {
        check::check_team_limits(app, team, &sent, None).await?;
    }
    rights::check_user(caller, sent.text("user_id"))?;
    rights::check_admins_fields(caller, &sent, None)?;
    check::check_budget_id(app, sent.text("end_user_budget_id"), "end_user_budget_id").await?;
    check::check_delegation(caller, &sent)?;
    money::apply_defaults(&mut sent, rules);
    money::check_bounds(&sent, rules, now)?;
    money::apply_bounds(&mut sent, rules);
    money::check_model_budgets(&sent)?;
    check::check_alias(app, sent.text("key_alias"), None).await?;
    if let Some(text) = sent.text("key") {
        check::check_text(text, rules)?;
    }
    check_organization(app, caller, &sent, team.as_ref()).await?;
    write(app, request, sent).await
}

async fn check_organization(app: &App, caller: &Caller, sent: &Row, team: Option<&Team>) -> Result<(), Error> {
    let Some(id) = sent.text("organization_id") else { return Ok(()) };
    let is_teams = team.is_some_and(|team| team.0.text("organization_id") == Some(id));
    if !is_teams {
        check::check_organization_member(app, caller, id).await?;
    }
    check::check_organization_limits(app, id, sent, None).await
}

async fn write(app: &App, request: &Request, mut sent: Row) -> Outcome {
    let now = app.governance.clock.now();
    let mut linked = check::check_budget_id(app, sent.text("budget_id"), "budget_id").await?;
    let text = sent.text("key").map_or_else(draft::new_text, str::to_owned);
    if app.gatekeeper.is_master(&text) {
        return Err(taken());
    }
    let mut changes = Vec::new();
    if let Some(soft_budget) = sent.number("soft_budget") {
        let budget = soft_budget_row(soft_budget, sent.get("model_max_budget"), request);
        let budget = schema::BUDGETS.complete(budget, now).map_err(|fault| failed(&fault))?;
        sent.insert("budget_id".to_owned(), budget.get("budget_id").cloned().unwrap_or(Value::Null));
        changes.push(Change::Insert(&schema::BUDGETS, budget.clone()));
        linked = Some(budget);
    }
    let mut row = draft::new_row(&text, &sent, &app.governance.settings.calendar, now)?;
    if let Some(change) = super::permission::make(&sent, &mut row) {
        changes.push(change);
    }
    if sent.get("key_type").is_none() {
        row.insert("key_type".to_owned(), "default".into());
    }
    for name in ["created_by", "updated_by"] {
        row.insert(name.to_owned(), request.caller.user_id().into());
    }
    let row = schema::KEYS.complete(row, now).map_err(|fault| failed(&fault))?;
    changes.push(Change::Insert(&schema::KEYS, row.clone()));
    changes.push(entry(request, now, Action::Created, (&schema::KEYS, &hash_of(&text)), (None, Some(&row))));
    match app.governance.write(changes).await {
        Ok(()) => {}
        Err(Fault::Taken { table, .. }) if table == schema::KEYS.name => return Err(taken()),
        Err(fault) => return Err(failed(&fault)),
    }
    let mut answer = answer::made(&text, &row, linked.as_ref());
    answer.insert("policies".to_owned(), Value::Null);
    Ok(Answer::ok(Value::Object(answer)))
}

/// With LiteLLM, a text that is in use is answered as if it were new, and nothing is written.
fn taken() -> Error {
    let sentence = "Key with this value already exists. Choose another one, or change it via `/key/update`.";
    Denial::new(400, "bad_request_error", sentence).about("key").into()
}

/// A budget that only warns.
pub fn soft_budget_row(soft_budget: f64, of_models: Option<&Value>, request: &Request) -> Row {
    let author = request.caller.user_id().unwrap_or_default();
    let mut row = Map::new();
    row.insert("budget_id".to_owned(), new_id().into());
    row.insert("soft_budget".to_owned(), soft_budget.into());
    let of_models = of_models.filter(|value| value.is_object()).cloned();
    row.insert("model_max_budget".to_owned(), of_models.unwrap_or_else(|| Value::Object(Map::new())));
    row.insert("created_by".to_owned(), author.into());
    row.insert("updated_by".to_owned(), author.into());
    row
}
