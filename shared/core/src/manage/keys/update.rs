//! Changing a key: one, several, or all of a team's.
//!
//! What is not sent stays as it is; what is sent as null is taken away.

use serde_json::{Value, json};

use super::team::{Deed, Team};
use super::{answer, as_read, check, draft, generate, hash_if_needed, money, permission, rights, shape};
use crate::denial::{Denial, Form};
use crate::directory::{Change, Columns, Filter, Query, Row, moment_text, schema};
use crate::govern::Caller;
use crate::manage::audit::{Action, entry};
use crate::manage::read::read;
use crate::manage::show::Times;
use crate::manage::{Answer, Fields, Outcome, Request, find};
use crate::upstream::BoxFuture;
use crate::{App, Error};

/// `POST /key/update`.
pub fn update<'a>(app: &'a App, request: Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        let sent = sent(&request.fields()?)?;
        let done = change(app, &request, &sent).await.map_err(as_auth_error)?;
        let key = sent.text("key").or_else(|| done.text("token")).unwrap_or_default();
        let mut shown = serde_json::Map::new();
        shown.insert("key".to_owned(), key.into());
        shown.extend(answer::whole(&done, Times::Offset));
        Ok(Answer::ok(Value::Object(shown)))
    })
}

/// The fields of an update, which names its key by its text, its hash or its alias.
pub fn sent(fields: &Fields<'_>) -> Result<Row, Error> {
    let mut sent = read(fields, &[shape::BASE, shape::KEY, shape::CHANGED])?;
    if fields.any("team_id").is_some_and(|value| value.as_str() == Some("")) {
        sent.shift_remove("team_id");
    }
    let has = |name: &str| sent.get(name).is_some_and(|value| !value.is_null());
    if has("temp_budget_increase") != has("temp_budget_expiry") {
        return Err(bad_body("temp_budget_increase and temp_budget_expiry must be set together"));
    }
    if !has("key") && !has("key_alias") {
        return Err(bad_body("either key or key_alias must be provided"));
    }
    Ok(sent)
}

/// A fault of the whole body.
pub fn bad_body(sentence: &str) -> Error {
    let fault = json!({ "type": "value_error", "loc": ["body"], "msg": format!("Value error, {sentence}") });
    Denial::detail(422, json!([fault])).into()
}

/// LiteLLM answers what fails in an update as if it were about who calls.
pub fn as_auth_error(error: Error) -> Error {
    match error {
        Error::Denied(mut denial) if denial.kind == "internal_server_error" && denial.form == Form::Envelope => {
            (denial.kind, denial.param) = ("auth_error", Some("None".into()));
            if denial.status == 500 {
                denial.status = 400;
                denial.message = format!("Authentication Error, {}", denial.message);
            }
            Error::Denied(denial)
        }
        other => other,
    }
}

/// Changes one key, and shows it as it is then.
///
/// # Errors
/// 404 for a key that is not there, and whatever refuses the change.
pub async fn change(app: &App, request: &Request, sent: &Row) -> Result<Row, Error> {
    let (settings, now) = (&app.governance.settings, app.governance.clock.now());
    money::check_budgets(sent, &settings.calendar, now)?;
    let key = find_key(app, sent).await?;
    let hash = key.text("token").unwrap_or_default();
    check_rights(app, &request.caller, sent, &key).await?;
    check_groups(app, &request.caller, sent, &key).await?;
    money::check_bounds(sent, &settings.keys, now)?;
    money::check_model_budgets(sent)?;
    check::check_alias(app, sent.text("key_alias"), Some(hash)).await?;
    check::check_budget_id(app, sent.text("budget_id"), "budget_id").await?;
    let mut set = draft::changes(sent, &key, &settings.calendar, now)?;
    let mut changes = Vec::new();
    changes.extend(soft_budget(request, sent, &key, &mut set));
    changes.extend(permission::change(sent, &key, &mut set));
    for name in ["updated_at", "settings_updated_at"] {
        set.insert(name.to_owned(), moment_text(now).into());
    }
    let mut after = key.clone();
    after.extend(set.clone());
    let filters = vec![Filter::Is("token", hash.into())];
    changes.push(Change::Expect(&schema::KEYS, as_read(&key), 1));
    changes.push(Change::Update(&schema::KEYS, filters, set));
    changes.push(entry(request, now, Action::Updated, (&schema::KEYS, hash), (Some(&key), Some(&after))));
    find::write(app, changes).await?;
    Ok(after)
}

async fn find_key(app: &App, sent: &Row) -> Result<Row, Error> {
    if let Some(key) = sent.text("key") {
        let missing = || Denial::new(404, "not_found_error", "Key not found.").about("key").into();
        return find::one(app, &schema::KEYS, &hash_if_needed(key)).await?.ok_or_else(missing);
    }
    let alias = sent.text("key_alias").unwrap_or_default();
    let mut found = find::all(app, &Query::of(&schema::KEYS).is("key_alias", alias).page(0, 2)).await?;
    if found.len() > 1 {
        let sentence = format!("Multiple keys share key_alias='{alias}', so it cannot be used as an identifier.");
        return Err(Denial::new(400, "bad_request_error", sentence).about("key_alias").into());
    }
    found.pop().ok_or_else(|| {
        let sentence = format!("Key not found. No key with key_alias='{alias}'.");
        Denial::new(404, "not_found_error", sentence).about("key_alias").into()
    })
}

async fn check_rights(app: &App, caller: &Caller, sent: &Row, key: &Row) -> Result<(), Error> {
    rights::check_changed_routes(caller, sent, key)?;
    rights::check_new_owner(caller, sent, key)?;
    if sent.text("project_id").is_some_and(|new| key.text("project_id") != Some(new)) {
        let sentence = "Project reassignment is not supported. Use null to detach the key.";
        return Err(Denial::management(400, sentence).into());
    }
    if leads_others(app, caller, key).await? {
        return Err(Denial::management(403, MEMBERS_BUDGETS).into());
    }
    rights::check_user(caller, key.text("user_id"))?;
    rights::check_member(app, caller, key, Deed::Update).await?;
    rights::check_admins_fields(caller, sent, Some(key))?;
    let is_budget = is_budget_change(sent, key);
    let is_own = caller.user_id().is_some() && key.text("user_id") == caller.user_id();
    let is_makers = is_own && key.text("created_by") == caller.user_id();
    let is_moved = sent.contains_key("project_id") && sent.get("project_id") != key.get("project_id");
    let may_skip = (is_makers || key.text("team_id").is_some()) && !is_budget && !is_moved;
    if may_skip || rights::administers(app, caller, key).await? {
        return Ok(());
    }
    let route = if is_budget { "/key/update (max_budget/spend)" } else { "/key/update" };
    Err(Denial::management_error(403, &rights::admins_only(caller, route)).into())
}

const MEMBERS_BUDGETS: &str = "Team admins on this proxy cannot update budgets on other members' keys. Ask a proxy admin \
                               to enable 'member_key_budgets' under Settings > UI > Team admin editable fields.";

/// Whether the caller leads the team of a key that is another member's.
async fn leads_others(app: &App, caller: &Caller, key: &Row) -> Result<bool, Error> {
    let is_others = key.text("user_id").is_some_and(|owner| caller.user_id() != Some(owner));
    if caller.is_admin() || !is_others {
        return Ok(false);
    }
    Ok(rights::team_of(app, key).await?.is_some_and(|team| team.is_led_by(caller)))
}

/// Money is for admins to change, also where the key is the caller's own.
fn is_budget_change(sent: &Row, key: &Row) -> bool {
    let is_raised = sent.number("max_budget").is_some_and(|budget| key.number("max_budget") != Some(budget))
        || sent.get("max_budget").is_some_and(|sent| sent.is_null() && key.number("max_budget").is_some());
    let metadata = sent.object("metadata");
    let is_temporary = sent.contains_key("temp_budget_increase")
        || metadata.is_some_and(|metadata| metadata.contains_key("temp_budget_increase"));
    let is_reset = sent.get("spend").is_some_and(|spend| !spend.is_null());
    is_raised
        || is_temporary
        || is_reset
        || ["budget_limits", "soft_budget"].iter().any(|name| sent.contains_key(*name))
}

/// The team, project and organization that the key has then.
async fn check_groups(app: &App, caller: &Caller, sent: &Row, key: &Row) -> Result<(), Error> {
    let hash = key.text("token");
    let new_team = sent.text("team_id");
    let team_id = new_team.or_else(|| key.text("team_id"));
    let team = match team_id {
        None => None,
        Some(id) => Team::find(app, id).await?,
    };
    if let (Some(id), None) = (new_team, &team) {
        let sentence = format!("Team doesn't exist in db. Team={id}. Create team via `/team/new` call.");
        return Err(Denial::management_error(404, &sentence).into());
    }
    if let Some(team) = &team {
        check::check_team_limits(app, team, sent, hash).await?;
        if new_team.is_some() && new_team != key.text("team_id") {
            check_move(caller, key, team)?;
        }
    }
    rights::check_access_groups(caller, sent, team.as_ref())?;
    let project_id = if sent.contains_key("project_id") { sent.text("project_id") } else { key.text("project_id") };
    if let Some(id) = project_id.filter(|_| sent.contains_key("models") || sent.contains_key("max_budget")) {
        check::check_project(app, id, sent).await?;
    }
    let organization_id = sent.text("organization_id");
    if let Some(id) = organization_id.filter(|id| key.text("organization_id") != Some(id)) {
        check::check_organization_member(app, caller, id).await?;
    }
    let names = ["organization_id", "tpm_limit", "rpm_limit", "tpm_limit_type", "rpm_limit_type"];
    let is_about = names.iter().any(|name| sent.get(*name).is_some_and(|value| !value.is_null()));
    match organization_id.or_else(|| key.text("organization_id")).filter(|_| is_about) {
        Some(id) => check::check_organization_limits(app, id, sent, hash).await,
        None => Ok(()),
    }
}

/// A key goes to a team only whose member its user is, whose limits hold it, and whose admin asks for it.
fn check_move(caller: &Caller, key: &Row, team: &Team) -> Result<(), Error> {
    let refused = |sentence: String| Err(Denial::management(403, sentence).into());
    let (hash, id) = (key.text("token").unwrap_or_default(), team.id());
    let models = team.0.texts("models");
    let has_all = models.is_empty() || models.iter().any(|model| model == "all-proxy-models" || model == "*");
    let stranger = key.texts("models").into_iter().find(|model| model != "all-team-models" && !models.contains(model));
    if let Some(model) = stranger.filter(|_| !has_all) {
        return refused(format!(
            "team not allowed to access model. This team can only access models={models:?}. Tried to access {model}"
        ));
    }
    for name in ["tpm_limit", "rpm_limit"] {
        let over = key.whole(name).zip(team.0.whole(name)).filter(|(own, most)| *most != 0 && own > most);
        if let Some((own, most)) = over {
            return refused(format!("Key={hash} has a {name}={own} which is greater than the team's {name}={most}."));
        }
    }
    let role = team.role_of(key.text("user_id"));
    if let Some(user_id) = key.text("user_id").filter(|_| role.is_none()) {
        let sentence = format!("User={user_id} is not a member of the team={id}. Check team members via `/team/info`.");
        return refused(sentence);
    }
    let is_admin = caller.is_admin() || team.is_led_by(caller);
    if is_admin || (role.is_some() && team.permits(team.role_of_caller(caller), Deed::Update)?) {
        return Ok(());
    }
    let sentence = format!(
        "User={} is not a Proxy Admin or Team Admin for team={id}. Please ask your Proxy Admin to allow this action under \
         'Member Permissions' for this team.",
        rights::user_name(caller)
    );
    refused(sentence)
}

/// A budget that only warns is a row of its own, made when it is first asked for.
fn soft_budget(request: &Request, sent: &Row, key: &Row, set: &mut Row) -> Option<Change> {
    let asked = sent.get("soft_budget")?;
    if let Some(id) = sent.text("budget_id").or_else(|| key.text("budget_id")) {
        let mut row = Row::new();
        row.insert("soft_budget".to_owned(), asked.clone());
        row.insert("updated_by".to_owned(), request.caller.user_id().unwrap_or_default().into());
        return Some(Change::Update(&schema::BUDGETS, vec![Filter::Is("budget_id", id.into())], row));
    }
    let mut row = generate::soft_budget_row(asked.as_f64()?, None, request);
    row.shift_remove("model_max_budget");
    set.insert("budget_id".to_owned(), row.get("budget_id").cloned().unwrap_or(Value::Null));
    Some(Change::Insert(&schema::BUDGETS, row))
}

/// A row as bulk updates answer it.
pub fn shown(row: &Row) -> Value {
    let mut shown = answer::whole(row, Times::Zulu);
    shown.shift_remove("token");
    Value::Object(shown)
}
