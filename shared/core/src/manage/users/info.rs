//! Showing users: one with keys and teams, one alone, all page by page, and the roles there are.

use serde_json::{Value, json};

use super::answer;
use crate::denial::Denial;
use crate::directory::{Columns, Direction, Filter, Query, Row, schema};
use crate::govern::Caller;
use crate::manage::keys::{answer as key_answer, rights, team::Team};
use crate::manage::page::{Parameters, offset, pages};
use crate::manage::show::{self, Times};
use crate::manage::{Answer, Outcome, Request, find, usage};
use crate::upstream::BoxFuture;
use crate::{App, Error};

/// The team of sessions of a user interface, whose keys are not shown.
const SESSIONS: &str = "litellm-dashboard";

/// `GET /user/info`: the user that is named, or the caller; for admins that name nobody, all keys and teams.
pub fn info<'a>(app: &'a App, request: Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        let caller = &request.caller;
        let named = request.parameter("user_id");
        if let Some(named) = named.filter(|id| !caller.sees_all() && caller.user_id() != Some(id)) {
            let own = rights::user_name(caller);
            let sentence = format!("key not allowed to access this user's info. user_id={named}, key's user_id={own}");
            return Err(Denial::auth(403, sentence).into());
        }
        if named.is_none() && caller.sees_all() {
            return everything(app, caller).await;
        }
        let id = named.or_else(|| caller.user_id());
        let row = match id {
            Some(id) => find::one(app, &schema::USERS, id).await?,
            None => None,
        };
        let (Some(id), Some(user)) = (id, row) else {
            return Err(Denial::management(404, format!("User {} not found", id.unwrap_or("None"))).into());
        };
        one(app, id, &user).await
    })
}

async fn one(app: &App, id: &str, user: &Row) -> Outcome {
    let keys = find::all(app, &keys().is("user_id", id)).await?;
    let ids = user.texts("teams");
    let mut rows = find::all(app, &Query::of(&schema::TEAMS).with(Filter::In("team_id", ids))).await?;
    rows.sort_by(|left, right| left.text("team_alias").cmp(&right.text("team_alias")));
    let mut teams = Vec::with_capacity(rows.len());
    for team in &rows {
        let mut shown = answer::team(team, Times::Zulu);
        let team_id = team.text("team_id").unwrap_or_default();
        let place = find::keyed(app, &schema::TEAM_MEMBERSHIPS, &[id, team_id]).await?;
        let places: Vec<Value> = place.iter().map(membership).collect();
        shown.insert("team_memberships".to_owned(), places.into());
        shown.insert("keys".to_owned(), json!([]));
        teams.push(Value::Object(shown));
    }
    let mut shown = with_organizations(app, id, user).await?;
    shown.insert("model_max_budget_usage".to_owned(), usage_of(app, user).await?);
    let keys: Vec<Value> = keys.iter().map(|key| with_team(key_answer::of_user(key), key, &rows)).collect();
    Ok(Answer::ok(json!({ "user_id": id, "user_info": shown, "keys": keys, "teams": teams })))
}

async fn with_organizations(app: &App, id: &str, user: &Row) -> Result<Row, Error> {
    let mut shown = answer::user(user);
    let places = find::all(app, &Query::of(&schema::ORGANIZATION_MEMBERSHIPS).is("user_id", id)).await?;
    let places: Vec<Value> =
        places.iter().map(|row| show::row(&schema::ORGANIZATION_MEMBERSHIPS, row, Times::Zulu).into()).collect();
    shown.insert("organization_memberships".to_owned(), places.into());
    Ok(shown)
}

fn membership(row: &Row) -> Value {
    let mut shown = show::picked(row, &["user_id", "team_id", "budget_id", "spend", "total_spend"]);
    shown.insert("litellm_budget_table".to_owned(), Value::Null);
    Value::Object(shown)
}

fn keys() -> Query {
    Query::of(&schema::KEYS).with(Filter::IsNot("team_id", SESSIONS.into())).sorted("created_at", Direction::Up)
}

/// A key with its team's name; with LiteLLM, a key of no team is of one called `None`.
fn with_team(mut shown: Row, key: &Row, teams: &[Row]) -> Value {
    let alias = match key.text("team_id") {
        None => "None".into(),
        Some(id) => {
            let team = teams.iter().find(|team| team.text("team_id") == Some(id));
            team.and_then(|team| team.get("team_alias")).cloned().unwrap_or(Value::Null)
        }
    };
    shown.insert("team_alias".to_owned(), alias);
    Value::Object(shown)
}

async fn everything(app: &App, caller: &Caller) -> Outcome {
    let keys = find::all(app, &keys()).await?;
    let mut teams = find::all(app, &Query::of(&schema::TEAMS)).await?;
    teams.sort_by(|left, right| left.text("team_alias").cmp(&right.text("team_alias")));
    let id = caller.user_id().unwrap_or_default();
    let user = match find::one(app, &schema::USERS, id).await? {
        Some(user) => Some(with_organizations(app, id, &user).await?),
        None => None,
    };
    let shown: Vec<Value> =
        keys.iter().map(|key| with_team(key_answer::known(key, None, Times::Bare), key, &teams)).collect();
    let of_teams: Vec<Value> = teams.iter().map(|team| answer::team(team, Times::Bare).into()).collect();
    Ok(Answer::ok(json!({ "user_id": caller.user_id(), "user_info": user, "keys": shown, "teams": of_teams })))
}

/// `GET /v2/user/info`: a user alone, for admins, themselves, and admins of their teams.
pub fn brief<'a>(app: &'a App, request: Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        let caller = &request.caller;
        let Some(id) = request.parameter("user_id").or_else(|| caller.user_id()) else {
            let sentence =
                "user_id is required. Either pass it as a query parameter or authenticate with a user-bound key.";
            return Err(Denial::management(400, sentence).into());
        };
        let missing = || Denial::management(404, format!("User not found: {id}")).into();
        let user = find::one(app, &schema::USERS, id).await?.ok_or_else(missing)?;
        if !caller.sees_all() && caller.user_id() != Some(id) && !leads(app, caller, &user).await? {
            return Err(missing());
        }
        let permission = match user.text("object_permission_id") {
            Some(id) => find::one(app, &schema::OBJECT_PERMISSIONS, id).await?,
            None => None,
        };
        let mut shown = answer::brief(&user, permission.as_ref());
        shown.insert("model_max_budget_usage".to_owned(), usage_of(app, &user).await?);
        Ok(Answer::ok(Value::Object(shown)))
    })
}

/// What has been spent of the budgets of single models.
async fn usage_of(app: &App, user: &Row) -> Result<Value, Error> {
    let owner = ("user_model", user.text("user_id").unwrap_or_default());
    let usage = usage::of_models(app, owner, user.object("model_max_budget")).await?;
    Ok(usage.unwrap_or_else(|| json!({})))
}

async fn leads(app: &App, caller: &Caller, user: &Row) -> Result<bool, Error> {
    let query = Query::of(&schema::TEAMS).with(Filter::In("team_id", user.texts("teams")));
    Ok(find::all(app, &query).await?.into_iter().any(|team| Team(team).is_led_by(caller)))
}

fn refused(status: u16, sentence: &str) -> Error {
    Denial::detail_error(status, sentence).into()
}

const SORTED: &[&str] = &["user_id", "user_email", "created_at", "spend", "user_alias", "user_role"];

/// `GET /user/list`: for admins, and for admins of organizations those of their own.
pub fn list<'a>(app: &'a App, request: Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        let parameters = Parameters::of(&request);
        let (page, size) = (parameters.count("page", 1, None), parameters.count("page_size", 25, Some(100)));
        parameters.check()?;
        let organizations = organizations(app, &request.caller, &parameters).await?;
        let mut query = Query::of(&schema::USERS).page(offset(page, size), size);
        query.sort = vec![sort(&parameters)?];
        query.filters = wanted(&parameters);
        if let Some(ids) = organizations {
            let of_them = Query::of(&schema::ORGANIZATION_MEMBERSHIPS).with(Filter::In("organization_id", ids));
            let places = find::all(app, &of_them).await?;
            let ids = places.iter().filter_map(|place| place.text("user_id")).map(str::to_owned).collect();
            query = query.with(Filter::In("user_id", ids));
        }
        let (found, total) = (find::all(app, &query).await?, find::count(app, &query).await?);
        let counts = key_counts(app, &found).await?;
        let count_of = |user: &Row| {
            let count = counts.iter().find(|count| count.get("user_id") == user.get("user_id"));
            count.and_then(|count| count.get("rows")?.as_u64()).unwrap_or(0)
        };
        let users: Vec<Value> = found.iter().map(|user| answer::listed(user, count_of(user)).into()).collect();
        Ok(Answer::ok(json!({
            "users": users,
            "total": total,
            "page": page,
            "page_size": size,
            "total_pages": pages(total, size),
        })))
    })
}

fn sort(parameters: &Parameters<'_>) -> Result<(&'static str, Direction), Error> {
    let Some(asked) = parameters.text("sort_by") else { return Ok(("created_at", Direction::Down)) };
    let Some(column) = SORTED.iter().find(|column| **column == asked) else {
        return Err(refused(400, &format!("Invalid sort column. Must be one of: {}", SORTED.join(", "))));
    };
    match parameters.text("sort_order").unwrap_or("asc").to_lowercase().as_str() {
        "asc" => Ok((*column, Direction::Up)),
        "desc" => Ok((*column, Direction::Down)),
        _ => Err(refused(400, "Invalid sort order. Must be 'asc' or 'desc'")),
    }
}

fn separated(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

fn wanted(parameters: &Parameters<'_>) -> Vec<Filter> {
    let mut filters = Vec::new();
    filters.extend(parameters.text("role").map(|role| Filter::Is("user_role", role.into())));
    filters.extend(parameters.text("user_ids").map(|ids| match separated(ids).as_slice() {
        [one] => Filter::Contains("user_id", one.clone()),
        many => Filter::In("user_id", many.to_vec()),
    }));
    filters.extend(parameters.text("user_email").map(|email| Filter::Contains("user_email", email.to_owned())));
    filters.extend(parameters.text("team").map(|team| Filter::Has("teams", team.to_owned())));
    filters.extend(parameters.text("sso_user_ids").map(|ids| Filter::In("sso_user_id", separated(ids))));
    filters.extend(parameters.text("search").map(|text| {
        let columns = ["user_id", "user_email"];
        Filter::Any(columns.into_iter().map(|name| Filter::Contains(name, text.to_owned())).collect())
    }));
    filters
}

/// The organizations whose users are asked for; none where all are.
async fn organizations(app: &App, caller: &Caller, parameters: &Parameters<'_>) -> Result<Option<Vec<String>>, Error> {
    let asked = parameters.text("organization_ids").map(separated).filter(|ids| !ids.is_empty());
    if caller.sees_all() {
        return Ok(asked);
    }
    let mut own = app.governance.administered(caller).await?;
    if own.is_empty() {
        return Err(refused(403, "Only proxy admins and organization admins can list users."));
    }
    if let Some(asked) = asked {
        own.retain(|id| asked.contains(id));
        if own.is_empty() {
            return Err(refused(403, "You do not have org_admin access to the requested organization(s)."));
        }
    }
    Ok(Some(own))
}

async fn key_counts(app: &App, users: &[Row]) -> Result<Vec<Row>, Error> {
    let ids = users.iter().filter_map(|user| user.text("user_id")).map(str::to_owned).collect();
    let query =
        Query::of(&schema::KEYS).with(Filter::In("user_id", ids)).with(Filter::IsNot("team_id", SESSIONS.into()));
    let counted = app.governance.directory.sum(&query, &["user_id"], &[]).await;
    counted.map_err(|fault| crate::manage::failed(&fault))
}

/// `GET /user/available_roles`.
pub fn roles<'a>(_: &'a App, _: Request) -> BoxFuture<'a, Outcome> {
    let role = |description: &str, label: &str| json!({ "description": description, "ui_label": label });
    let roles = json!({
        "proxy_admin": role("admin over litellm proxy, has all permissions", "Admin (All Permissions)"),
        "proxy_admin_viewer": role("view all keys, view all spend", "Admin (View Only)"),
        "internal_user":
            role("view/create/delete their own keys, view their own spend", "Internal User (Create/Delete/View)"),
        "internal_user_viewer": role("view their own keys, view their own spend", "Internal User (View Only)"),
    });
    Box::pin(async move { Ok(Answer::ok(roles)) })
}
