//! New users, with their first key and their places in teams and organizations: written together.

use serde_json::{Map, Value, json};

use super::shape::{self, Joined};
use crate::denial::Denial;
use crate::directory::{Change, Columns, Fault, Filter, Query, Row, moment_text, schema};
use crate::govern::{KeyRules, hash_of};
use crate::manage::audit::{Action, entry};
use crate::manage::keys::{answer, check_alias, draft, money, permission, rights};
use crate::manage::show;
use crate::manage::{Answer, Outcome, Request, failed, find};
use crate::upstream::BoxFuture;
use crate::{App, Error, new_id};

/// `POST /user/new`.
pub fn create<'a>(app: &'a App, request: Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        let fields = request.fields()?;
        if fields.any("password").is_some() {
            let sentence = "Value error, password cannot be set via /user/new. Users set their own password through an \
                            invitation link (POST /invitation/new).";
            fields.fault("password", "value_error", sentence);
        }
        let (mut sent, mut teams) = shape::sent(&fields)?;
        drop(fields);
        let (settings, now) = (&app.governance.settings, app.governance.clock.now());
        money::check_budgets(&sent, &settings.calendar, now)?;
        check_unique(app, &sent).await?;
        check_rights(&request, &sent)?;
        apply_defaults(&mut sent, &mut teams, &settings.keys);
        money::check_model_budgets(&sent)?;
        check_alias(app, sent.text("key_alias"), None).await?;
        if sent.text("user_id").is_none_or(str::is_empty) {
            sent.insert("user_id".to_owned(), new_id().into());
        }
        write(app, &request, &sent, teams).await
    })
}

async fn check_unique(app: &App, sent: &Row) -> Result<(), Error> {
    let conflict = |label: &str, value: &str| -> Error {
        Denial::management_error(409, &format!("User with {label} {value} already exists")).into()
    };
    if let Some(id) = sent.text("user_id").map(str::trim).filter(|id| !id.is_empty())
        && find::one(app, &schema::USERS, id).await?.is_some()
    {
        return Err(conflict("id", id));
    }
    let Some(email) = sent.text("user_email").map(str::trim).filter(|email| !email.is_empty()) else {
        return Ok(());
    };
    let query = Query::of(&schema::USERS).with(Filter::Contains("user_email", email.to_owned()));
    let found = find::all(app, &query).await?;
    let is_same = |known: &&str| known.to_lowercase() == email.to_lowercase();
    match found.iter().filter_map(|user| user.text("user_email")).find(is_same) {
        Some(known) => Err(conflict("email", known)),
        None => Ok(()),
    }
}

fn check_rights(request: &Request, sent: &Row) -> Result<(), Error> {
    let caller = &request.caller;
    let wanted = match sent.text("user_role") {
        Some("proxy_admin") => "LitellmUserRoles.PROXY_ADMIN",
        Some("proxy_admin_viewer") => "LitellmUserRoles.PROXY_ADMIN_VIEW_ONLY",
        _ => return rights::check_admins_fields(caller, sent, None),
    };
    if caller.is_admin() {
        return Ok(());
    }
    let sentence = format!(
        "Only proxy admins can create administrative users (proxy_admin, proxy_admin_viewer). Attempted to create user \
         with role: {wanted}. Your role: {}",
        rights::role_name(caller)
    );
    Err(Denial::management(403, sentence).into())
}

/// What the operator gives users that ask for nothing; admins are left as they are.
fn apply_defaults(sent: &mut Row, teams: &mut Option<Vec<Joined>>, rules: &KeyRules) {
    if sent.text("user_role") != Some("proxy_admin") {
        for (name, value) in rules.user_defaults.iter().filter(|(name, _)| *name != "available_teams") {
            if name == "teams" {
                let default = value.as_array().map(|items| shape::joined(items, |_| {}));
                *teams = teams.take().or(default);
                continue;
            }
            let is_missing = match sent.get(name) {
                None | Some(Value::Null) => true,
                Some(Value::Array(items)) => name == "models" && items.is_empty(),
                Some(_) => false,
            };
            if is_missing {
                sent.insert(name.clone(), value.clone());
            }
        }
    }
    if sent.text("user_role") == Some("internal_user") {
        fill(sent, "max_budget", rules.user_budget.map(Value::from));
        fill(sent, "budget_duration", rules.user_budget_duration.clone().map(Value::from));
    }
}

/// Gives a field a value where it has none.
pub fn fill(sent: &mut Row, name: &str, value: Option<Value>) {
    let Some(value) = value else { return };
    let slot = sent.entry(name).or_insert(Value::Null);
    if slot.is_null() {
        *slot = value;
    }
}

async fn write(app: &App, request: &Request, sent: &Row, teams: Option<Vec<Joined>>) -> Outcome {
    let now = app.governance.clock.now();
    let mut user = super::update::columns(sent, None, &app.governance.settings.calendar, now);
    user.retain(|_, value| !value.is_null());
    let user_id = sent.text("user_id").unwrap_or_default().to_owned();
    user.insert("user_id".to_owned(), user_id.as_str().into());
    for name in ["team_id", "sso_user_id"] {
        user.extend(sent.text(name).map(|value| (name.to_owned(), value.into())));
    }
    let mut changes = Vec::new();
    changes.extend(permission::make(sent, &mut user));
    let teams = match sent.text("team_id") {
        Some(team_id) => Some(vec![Joined { team_id: team_id.to_owned(), budget: None, role: "user" }]),
        None => teams,
    };
    let joined = join(app, request, &user, teams.as_deref().unwrap_or_default()).await?;
    user.insert("teams".to_owned(), joined.0.clone().into());
    let user = schema::USERS.complete(user, now).map_err(|fault| failed(&fault))?;
    changes.push(Change::Insert(&schema::USERS, user.clone()));
    changes.extend(joined.1);
    changes.extend(memberships(app, request, sent, &user).await?);
    changes.push(entry(request, now, Action::Created, (&schema::USERS, &user_id), (None, Some(&user))));
    let key = match sent.flag("auto_create_key") {
        Some(false) => None,
        _ => Some(first_key(app, sent, &user)?),
    };
    if let Some((text, row)) = &key {
        changes.push(Change::Insert(&schema::KEYS, row.clone()));
        changes.push(entry(request, now, Action::Created, (&schema::KEYS, &hash_of(text)), (None, Some(row))));
    }
    app.governance.write(changes).await.map_err(|fault| taken(&fault))?;
    let shown = shown(sent, &user, key.as_ref(), teams.map(|_| joined.0));
    Ok(Answer::ok(Value::Object(shown)))
}

fn taken(fault: &Fault) -> Error {
    match fault {
        Fault::Taken { table, columns } if *table == schema::USERS.name => {
            Denial::management_error(409, &format!("User with this {columns} already exists")).into()
        }
        fault => failed(fault),
    }
}

/// The user's first key: with the user's limits, and without the user's budget.
fn first_key(app: &App, sent: &Row, user: &Row) -> Result<(String, Row), Error> {
    let now = app.governance.clock.now();
    let mut of_key = sent.clone();
    for name in ["max_budget", "budget_duration", "object_permission"] {
        of_key.shift_remove(name);
    }
    if of_key.texts("models").is_empty() {
        of_key.insert("models".to_owned(), user.get("models").cloned().unwrap_or_else(|| json!([])));
    }
    let text = draft::new_text();
    let mut row = draft::new_row(&text, &of_key, &app.governance.settings.calendar, now)?;
    row.retain(|name, _| schema::KEYS.column(name).is_some());
    row.extend(user.get("object_permission_id").cloned().map(|id| ("object_permission_id".to_owned(), id)));
    let row = schema::KEYS.complete(row, now).map_err(|fault| failed(&fault))?;
    Ok((text, row))
}

/// The user's places in the teams that are there: the changes, and the teams' ids.
async fn join(app: &App, request: &Request, user: &Row, teams: &[Joined]) -> Result<(Vec<String>, Vec<Change>), Error> {
    let (user_id, now) = (user.get("user_id").cloned().unwrap_or(Value::Null), app.governance.clock.now());
    let (mut ids, mut changes) = (Vec::new(), Vec::new());
    for joined in teams {
        let Some(team) = find::one(app, &schema::TEAMS, &joined.team_id).await? else { continue };
        if ids.contains(&joined.team_id) {
            continue;
        }
        check_team(app, request, &team).await?;
        let mut members = team.get("members_with_roles").and_then(Value::as_array).cloned().unwrap_or_default();
        members.push(json!({ "user_id": user_id, "user_email": user.get("user_email"), "role": joined.role }));
        let mut membership = Map::new();
        membership.insert("user_id".to_owned(), user_id.clone());
        membership.insert("team_id".to_owned(), joined.team_id.as_str().into());
        if let Some(budget) = joined.budget {
            let row = member_budget(budget, request);
            membership.insert("budget_id".to_owned(), row.get("budget_id").cloned().unwrap_or(Value::Null));
            changes.push(Change::Insert(&schema::BUDGETS, row));
        }
        changes.extend(set_members(&team, members, &moment_text(now)));
        changes.push(Change::Put(&schema::TEAM_MEMBERSHIPS, membership));
        ids.push(joined.team_id.clone());
    }
    Ok((ids, changes))
}

/// Into a team, users are brought by its admins, its organization's, and admins of everything.
async fn check_team(app: &App, request: &Request, team: &Row) -> Result<(), Error> {
    let caller = &request.caller;
    let mut key_of_team = Row::new();
    key_of_team.insert("team_id".to_owned(), team.get("team_id").cloned().unwrap_or(Value::Null));
    if rights::administers(app, caller, &key_of_team).await? {
        return Ok(());
    }
    let sentence = rights::admins_only(caller, "/user/new (teams)");
    Err(Denial::management_error(403, &sentence).into())
}

/// Gives a team these members, unless it has changed since it was read.
pub fn set_members(team: &Row, members: Vec<Value>, now: &str) -> [Change; 2] {
    let of_team = Filter::Is("team_id", team.get("team_id").cloned().unwrap_or(Value::Null));
    let as_read = Filter::Is("updated_at", team.get("updated_at").cloned().unwrap_or(Value::Null));
    let mut set = Map::new();
    set.insert("members_with_roles".to_owned(), members.into());
    set.insert("updated_at".to_owned(), now.into());
    [
        Change::Expect(&schema::TEAMS, vec![of_team.clone(), as_read], 1),
        Change::Update(&schema::TEAMS, vec![of_team], set),
    ]
}

fn member_budget(budget: f64, request: &Request) -> Row {
    let author = request.caller.user_id().unwrap_or_default();
    let mut row = Map::new();
    row.insert("budget_id".to_owned(), new_id().into());
    row.insert("max_budget".to_owned(), budget.into());
    row.insert("created_by".to_owned(), author.into());
    row.insert("updated_by".to_owned(), author.into());
    row
}

/// The user's places in the organizations that are there.
async fn memberships(app: &App, request: &Request, sent: &Row, user: &Row) -> Result<Vec<Change>, Error> {
    let wanted = sent.texts("organizations");
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let own = app.governance.administered(&request.caller).await?;
    if let Some(stranger) = wanted.iter().find(|id| !request.caller.is_admin() && !own.contains(id)) {
        let sentence = format!("You do not have org_admin access to organization_id={stranger}");
        return Err(Denial::management_error(403, &sentence).into());
    }
    let query = Query::of(&schema::ORGANIZATIONS).with(Filter::In("organization_id", wanted));
    let rows = find::all(app, &query).await?;
    let role = user.text("user_role").unwrap_or("internal_user");
    let places = rows.iter().map(|organization| {
        let mut row = show::picked(organization, &["organization_id"]);
        row.insert("user_id".to_owned(), user.get("user_id").cloned().unwrap_or(Value::Null));
        row.insert("user_role".to_owned(), role.into());
        Change::Insert(&schema::ORGANIZATION_MEMBERSHIPS, row)
    });
    Ok(places.collect())
}

fn shown(sent: &Row, user: &Row, key: Option<&(String, Row)>, teams: Option<Vec<String>>) -> Row {
    let blank = Row::new();
    let (text, row) = key.map_or(("", &blank), |(text, row)| (text.as_str(), row));
    let mut shown = answer::made(text, row, None);
    if key.is_none() {
        let empty = [("permissions", json!({})), ("aliases", json!({})), ("config", json!({}))];
        shown.extend(empty.into_iter().map(|(name, value)| (name.to_owned(), value)));
        shown.insert("allowed_routes".to_owned(), json!([]));
        shown.insert("router_settings".to_owned(), Value::Null);
    }
    let of_user =
        ["models", "spend", "user_id", "team_id", "metadata", "max_parallel_requests", "allowed_cache_controls"];
    for name in of_user.into_iter().chain(["max_budget", "tpm_limit", "rpm_limit", "budget_duration"]) {
        shown.insert(name.to_owned(), user.get(name).cloned().unwrap_or(Value::Null));
    }
    show::add_nulls(&mut shown, &["token", "token_id", "key_type", "policies"]);
    for name in ["user_email", "user_role"] {
        shown.insert(name.to_owned(), user.get(name).cloned().unwrap_or(Value::Null));
    }
    shown.insert("teams".to_owned(), teams.into());
    shown.insert("user_alias".to_owned(), sent.get("user_alias").cloned().unwrap_or(Value::Null));
    shown
}
