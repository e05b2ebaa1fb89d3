//! Changing users: one, several, or all.
//!
//! A user's own budget is not theirs to change, and a role is given by admins alone.

use serde_json::{Map, Value, json};

use super::{answer, shape};
use crate::clock::Moment;
use crate::denial::Denial;
use crate::directory::{Change, Columns, Direction, Filter, Query, Row, moment_text, schema};
use crate::govern::KeyRules;
use crate::govern::period::Calendar;
use crate::manage::audit::{Action, entry};
use crate::manage::keys::shape::IN_METADATA;
use crate::manage::keys::update::{as_auth_error, bad_body};
use crate::manage::keys::{draft, money, permission, reason, rights};
use crate::manage::{Answer, Fields, Outcome, Request, failed, find};
use crate::upstream::BoxFuture;
use crate::{App, Error, new_id};

/// How many users one request may change.
const USERS_MAX: usize = 500;

/// `POST /user/update`.
pub fn update<'a>(app: &'a App, request: Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        let sent = sent(&request.fields()?)?;
        change(app, &request, &sent).await.map(Answer::ok).map_err(as_auth_error)
    })
}

fn sent(fields: &Fields<'_>) -> Result<Row, Error> {
    if fields.any("user_id").is_none() && fields.any("user_email").is_none() {
        return Err(bad_body("Either user id or user email must be provided"));
    }
    check_password(fields)?;
    Ok(shape::sent(fields)?.0)
}

/// Nobody logs in here with a password: one that is set would only be forgotten.
fn check_password(fields: &Fields<'_>) -> Result<(), Error> {
    if fields.any("password").is_none() {
        return Ok(());
    }
    let sentence = "passwords cannot be set: there is no user interface to log in to; give the user a key";
    Err(Denial::new(400, "validation_error", sentence).about("password").into())
}

/// Changes one user, or makes one where an admin names one that is not there, as LiteLLM does.
async fn change(app: &App, request: &Request, sent: &Row) -> Result<Value, Error> {
    let (settings, now) = (&app.governance.settings, app.governance.clock.now());
    money::check_budgets(sent, &settings.calendar, now)?;
    let before = find_user(app, sent).await?;
    check_rights(request, sent, before.as_ref())?;
    money::check_model_budgets(sent)?;
    let sent = with_limits(sent, &settings.keys);
    let mut set = columns(&sent, before.as_ref(), &settings.calendar, now);
    set.insert("updated_at".to_owned(), moment_text(now).into());
    let mut changes = Vec::new();
    let blank = Row::new();
    changes.extend(permission::change(&sent, before.as_ref().unwrap_or(&blank), &mut set));
    let after = match &before {
        Some(before) => {
            let mut after = before.clone();
            after.extend(set.clone());
            let filters = vec![Filter::Is("user_id", before.get("user_id").cloned().unwrap_or(Value::Null))];
            changes.push(Change::Expect(&schema::USERS, as_read(before, set.contains_key("metadata")), 1));
            changes.push(Change::Update(&schema::USERS, filters, set));
            after
        }
        None => {
            let id = sent.text("user_id").map_or_else(new_id, str::to_owned);
            set.insert("user_id".to_owned(), id.into());
            let row = schema::USERS.complete(set, now).map_err(|fault| failed(&fault))?;
            changes.push(Change::Insert(&schema::USERS, row.clone()));
            row
        }
    };
    let id = after.text("user_id").unwrap_or_default();
    let action = if before.is_some() { Action::Updated } else { Action::Created };
    changes.push(entry(request, now, action, (&schema::USERS, id), (before.as_ref(), Some(&after))));
    find::write(app, changes).await?;
    Ok(json!({ "user_id": id, "data": answer::user(&after) }))
}

/// The user who was read; as they were, where what is written was made from that.
fn as_read(user: &Row, is_made_from_it: bool) -> Vec<Filter> {
    let value = |name: &str| user.get(name).cloned().unwrap_or(Value::Null);
    let mut filters = vec![Filter::Is("user_id", value("user_id"))];
    filters.extend(Some(Filter::Is("updated_at", value("updated_at"))).filter(|_| is_made_from_it));
    filters
}

async fn find_user(app: &App, sent: &Row) -> Result<Option<Row>, Error> {
    if let Some(id) = sent.text("user_id").filter(|id| !id.is_empty()) {
        return find::one(app, &schema::USERS, id).await;
    }
    let email = sent.text("user_email").unwrap_or_default();
    let query = Query::of(&schema::USERS).is("user_email", email).page(0, 1);
    match find::all(app, &query).await?.pop() {
        Some(user) => Ok(Some(user)),
        None => Err(Denial::management_error(404, &format!("User not found, passed user_email={email}")).into()),
    }
}

fn check_rights(request: &Request, sent: &Row, before: Option<&Row>) -> Result<(), Error> {
    let caller = &request.caller;
    if caller.is_admin() {
        return Ok(());
    }
    rights::check_admins_fields(caller, sent, before)?;
    if sent.get("user_role").is_some_and(|role| !role.is_null()) {
        return Err(Denial::management(403, "Only proxy admins can modify user roles.").into());
    }
    let Some(before) = before else {
        let sentence = "User not found. Only PROXY_ADMIN can create users via /user/update; use /user/new instead.";
        return Err(Denial::management_error(404, sentence).into());
    };
    if caller.user_id().is_none() || before.text("user_id") != caller.user_id() {
        let sentence = "User does not have permission to update this user. Only PROXY_ADMIN can update other users.";
        return Err(Denial::management_error(403, sentence).into());
    }
    let own = ["max_budget", "model_max_budget", "soft_budget", "spend", "object_permission", "budget_limits"];
    match own.iter().find(|name| sent.contains_key(**name)) {
        None => Ok(()),
        Some(name) => {
            let sentence =
                format!("Non-admin users cannot modify '{name}' on their own record. Contact your proxy admin.");
            Err(Denial::management_error(403, &sentence).into())
        }
    }
}

/// Whoever becomes an internal user gets an internal user's budget.
fn with_limits(sent: &Row, rules: &KeyRules) -> Row {
    let mut sent = sent.clone();
    if sent.text("user_role") == Some("internal_user") {
        for (name, value) in [
            ("max_budget", rules.user_budget.map(Value::from)),
            ("budget_duration", rules.user_budget_duration.clone().map(Value::from)),
        ] {
            if let Some(value) = value.filter(|_| !sent.contains_key(name)) {
                sent.insert(name.to_owned(), value);
            }
        }
    }
    sent
}

/// The columns that a request sets. Budgets and limits are taken away by null; everything else by nothing.
pub fn columns(sent: &Row, before: Option<&Row>, calendar: &Calendar, now: Moment) -> Row {
    let mut row = Map::new();
    for name in ["max_budget", "tpm_limit", "rpm_limit"] {
        row.extend(sent.get(name).map(|value| (name.to_owned(), value.clone())));
    }
    if let Some(duration) = sent.get("budget_duration") {
        row.extend(draft::resets(duration, calendar, now));
    }
    if let Some(budgets) = sent.get("model_max_budget") {
        let budgets = if budgets.is_null() { json!({}) } else { budgets.clone() };
        row.insert("model_max_budget".to_owned(), budgets);
    }
    for name in ["user_email", "user_alias", "user_role", "models", "spend", "max_parallel_requests"] {
        row.extend(given(sent, name));
    }
    row.extend(given(sent, "allowed_cache_controls"));
    row.extend(metadata(sent, before));
    row
}

fn given(sent: &Row, name: &str) -> Option<(String, Value)> {
    let value = sent.get(name).filter(|value| !value.is_null() && value.as_array().is_none_or(|v| !v.is_empty()))?;
    Some((name.to_owned(), value.clone()))
}

fn metadata(sent: &Row, before: Option<&Row>) -> Option<(String, Value)> {
    let folded: Vec<&&str> = IN_METADATA.iter().filter(|name| sent.get(**name).is_some_and(|v| !v.is_null())).collect();
    let own = sent.object("metadata").filter(|metadata| !metadata.is_empty());
    if own.is_none() && folded.is_empty() {
        return None;
    }
    let kept = || before.and_then(|before| before.object("metadata")).cloned().unwrap_or_default();
    let mut metadata = own.cloned().unwrap_or_else(kept);
    for name in folded {
        metadata.extend(sent.get(*name).map(|value| ((*name).to_owned(), value.clone())));
    }
    Some(("metadata".to_owned(), Value::Object(metadata)))
}

/// `POST /user/bulk_update`: several users, each by itself; or all of them.
pub fn bulk_update<'a>(app: &'a App, request: Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        let fields = request.fields()?;
        let (is_all, same) = (fields.flag("all_users").unwrap_or(false), fields.map("user_updates").cloned());
        let items = fields.list("users").cloned().unwrap_or_default();
        fields.check()?;
        let items = match same.filter(|_| is_all) {
            Some(same) => everyone(app, &request, &same).await?,
            None => items,
        };
        if items.is_empty() {
            return Err(refused(
                400,
                "No users provided for update. Use either 'users' list or 'all_users' with 'user_updates'.",
            ));
        }
        if items.len() > USERS_MAX {
            let sentence = format!("Maximum {USERS_MAX} users can be updated at once. Found {} users.", items.len());
            return Err(refused(400, &sentence));
        }
        let mut results = Vec::with_capacity(items.len());
        for item in &items {
            let outcome = match Fields::of(item).and_then(|fields| sent(&fields)) {
                Ok(sent) => change(app, &request, &sent).await,
                Err(error) => Err(error),
            };
            results.push(result(item, outcome));
        }
        let done = results.iter().filter(|result| result["success"] == true).count();
        Ok(Answer::ok(json!({
            "results": results,
            "total_requested": items.len(),
            "successful_updates": done,
            "failed_updates": items.len() - done,
        })))
    })
}

fn refused(status: u16, sentence: &str) -> Error {
    Denial::detail_error(status, sentence).into()
}

fn result(item: &Value, outcome: Result<Value, Error>) -> Value {
    let (updated, error) = match outcome {
        Ok(updated) => (updated, Value::Null),
        Err(error) => (Value::Null, reason(&error).into()),
    };
    let id = updated.get("user_id").or_else(|| item.get("user_id")).cloned();
    json!({
        "user_id": id,
        "user_email": item.get("user_email"),
        "success": error.is_null(),
        "error": error,
        "updated_user": updated,
    })
}

/// The same change for every user.
async fn everyone(app: &App, request: &Request, same: &Row) -> Result<Vec<Value>, Error> {
    if !request.caller.is_admin() {
        return Err(Denial::detail(403, "Only proxy admins can update all users at once.".into()).into());
    }
    let query = Query::of(&schema::USERS).only(&["user_id"]).sorted("created_at", Direction::Down);
    let users = find::all(app, &query.page(0, USERS_MAX as u64 + 1)).await?;
    if users.is_empty() {
        return Err(refused(400, "No users found to update"));
    }
    let of_user = |user: &Row| {
        let mut change = same.clone();
        change.shift_remove("user_email");
        change.insert("user_id".to_owned(), user.get("user_id").cloned().unwrap_or(Value::Null));
        Value::Object(change)
    };
    Ok(users.iter().map(of_user).collect())
}
