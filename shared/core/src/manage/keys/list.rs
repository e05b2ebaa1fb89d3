//! Lists of keys, and of their names: all for admins; their own, and their teams', for others.

use serde_json::{Value, json};

use super::team::{Deed, Team};
use super::{answer, rights};
use crate::denial::Denial;
use crate::directory::{Columns, Direction, Filter, Query, Row, Table, moment_text, schema};
use crate::govern::Caller;
use crate::manage::page::{Parameters, offset, pages};
use crate::manage::show::{self, Times};
use crate::manage::{Answer, Outcome, Request, find};
use crate::upstream::BoxFuture;
use crate::{App, Error};

/// The team of LiteLLM's sessions of its user interface, whose keys are not shown.
const SESSIONS: &str = "litellm-dashboard";

/// Where a faulty value of this route is reported: LiteLLM's `param` is the text `None`.
fn refused(status: u16, sentence: &str) -> Error {
    Denial::management_error(status, sentence).about("None").into()
}

/// `GET /key/list`.
pub fn list<'a>(app: &'a App, request: Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        let parameters = Parameters::of(&request);
        let (page, size) = (parameters.count("page", 1, None), parameters.count("size", 10, Some(100)));
        let is_full = parameters.flag("return_full_object");
        let scope = Scope {
            team_keys: parameters.flag("include_team_keys"),
            created_by: parameters.flag("include_created_by_keys"),
            substring: parameters.flag("substring_matching"),
        };
        parameters.check()?;
        check_status(&parameters)?;
        let sort = sort(&parameters, SORTED)?;
        let user = check_scope(app, &request.caller, &parameters).await?;
        let is_deleted = parameters.text("status") == Some("deleted");
        let table: &'static Table = if is_deleted { &schema::DELETED_KEYS } else { &schema::KEYS };
        let mut query = Query::of(table).with(not_sessions()).page(offset(page, size), size);
        query.sort = sort.unwrap_or_else(|| vec![("created_at", Direction::Down), ("token", Direction::Down)]);
        query.filters.extend(visible(app, &request.caller, &parameters, (scope, user.as_ref())).await?);
        query.filters.extend(wanted(&parameters, scope, &moment_text(app.governance.clock.now())));
        let (found, total) = (find::all(app, &query).await?, find::count(app, &query).await?);
        let with_users = request.parameters("expand").contains(&"user");
        let shown = match (is_full || with_users, is_deleted) {
            (false, _) => found.iter().map(|key| key.get("token").cloned().unwrap_or(Value::Null)).collect(),
            (true, true) => found.iter().map(|key| Value::Object(answer::deleted(key, Times::Zulu))).collect(),
            (true, false) => full(app, &found, with_users).await?,
        };
        Ok(Answer::ok(json!({
            "keys": Value::Array(shown),
            "total_count": total,
            "current_page": page,
            "total_pages": pages(total, size),
        })))
    })
}

/// How far a list reaches.
#[derive(Clone, Copy)]
struct Scope {
    team_keys: bool,
    created_by: bool,
    substring: bool,
}

const SORTED: &[&str] = &["spend", "max_budget", "created_at", "updated_at", "token", "key_alias"];

/// The order that is asked for.
fn sort(
    parameters: &Parameters<'_>,
    columns: &[&'static str],
) -> Result<Option<Vec<(&'static str, Direction)>>, Error> {
    let Some(asked) = parameters.text("sort_by") else { return Ok(None) };
    let Some(column) = columns.iter().find(|column| **column == asked) else {
        return Err(refused(400, &format!("Invalid sort column. Must be one of: {}", columns.join(", "))));
    };
    let direction = match parameters.text("sort_order").unwrap_or("desc").to_lowercase().as_str() {
        "asc" => Direction::Up,
        "desc" => Direction::Down,
        _ => return Err(refused(400, "Invalid sort order. Must be 'asc' or 'desc'")),
    };
    Ok(Some(vec![(*column, direction)]))
}

fn check_status(parameters: &Parameters<'_>) -> Result<(), Error> {
    if parameters.text("status").is_some_and(|s| !["active", "expired", "revoked", "deleted"].contains(&s)) {
        return Err(refused(400, "Invalid status value. Supported: 'active', 'expired', 'revoked', 'deleted'."));
    }
    if parameters.text("expires").is_some_and(|value| !["active", "expired"].contains(&value)) {
        return Err(refused(400, "Invalid expires value. Supported: 'active', 'expired'."));
    }
    Ok(())
}

/// The caller's own row, for whoever does not see all; what they may not ask for is refused.
async fn check_scope(app: &App, caller: &Caller, parameters: &Parameters<'_>) -> Result<Option<Row>, Error> {
    if caller.sees_all() {
        return Ok(None);
    }
    let refused = |sentence: &str, param: &'static str| -> Error {
        Denial::new(403, "bad_request_error", sentence).about(param).into()
    };
    let row = match caller.user_id() {
        Some(user_id) => find::one(app, &schema::USERS, user_id).await?,
        None => None,
    };
    let Some(user) = row else {
        let sentence = "You are not authorized to access this endpoint. No 'user_id' is associated with your API key.";
        return Err(refused(sentence, "user_id"));
    };
    if parameters.text("user_id").is_some_and(|asked| user.text("user_id") != Some(asked)) {
        return Err(refused("You are not authorized to check another user's keys", "user_id"));
    }
    let teams = user.texts("teams");
    if parameters.text("team_id").is_some_and(|asked| !teams.iter().any(|team| team == asked)) {
        return Err(refused("You are not authorized to check this team's keys", "team_id"));
    }
    if let (Some(asked), Some(user_id)) = (parameters.text("organization_id"), user.text("user_id"))
        && find::keyed(app, &schema::ORGANIZATION_MEMBERSHIPS, &[user_id, asked]).await?.is_none()
    {
        return Err(refused("You are not authorized to check this organization's keys", "organization_id"));
    }
    if let Some(hash) = parameters.text("key_hash") {
        let Some(key) = find::one(app, &schema::KEYS, hash).await? else {
            return Err(refused("Key Hash not found.", "key_hash"));
        };
        if !rights::may_see(app, caller, &key).await? {
            let role = rights::role_name(caller);
            let sentence = format!("You are not allowed to access this key's info. Your role={role}");
            return Err(Denial::management(403, sentence).about("None").into());
        }
    }
    Ok(Some(user))
}

fn not_sessions() -> Filter {
    Filter::IsNot("team_id", SESSIONS.into())
}

/// Whose keys: those of one user and, where that is asked for, of their teams: all of a team's for who leads it or may
/// list them, and its service accounts for its other members.
async fn visible(
    app: &App,
    caller: &Caller,
    parameters: &Parameters<'_>,
    (scope, user): (Scope, Option<&Row>),
) -> Result<Option<Filter>, Error> {
    let user_id = parameters.text("user_id").or_else(|| if caller.sees_all() { None } else { caller.user_id() });
    let mut own = Vec::new();
    if let Some(user_id) = user_id {
        own.push(match scope.substring && caller.sees_all() {
            true => Filter::Contains("user_id", user_id.to_owned()),
            false => Filter::Is("user_id", user_id.into()),
        });
    }
    own.extend(parameters.text("organization_id").map(|id| Filter::Is("organization_id", id.into())));
    let mut any = Vec::new();
    if !own.is_empty() {
        any.push(Filter::All(own));
    }
    if scope.team_keys || scope.created_by {
        let (led, joined) = teams(app, caller, user, scope).await?;
        if let Some(user_id) = user_id.filter(|_| scope.created_by) {
            let all: Vec<String> = led.iter().chain(&joined).cloned().collect();
            let where_still = Filter::Any(vec![Filter::Null("team_id"), Filter::In("team_id", all)]);
            any.push(Filter::All(vec![Filter::Is("created_by", user_id.into()), where_still]));
        }
        if scope.team_keys && !led.is_empty() {
            any.push(Filter::In("team_id", led));
        }
        if !joined.is_empty() {
            any.push(Filter::All(vec![Filter::In("team_id", joined), Filter::Null("user_id")]));
        }
    }
    Ok(if any.is_empty() { None } else { Some(Filter::Any(any)) })
}

/// The teams whose keys the caller may all see, and those it is in besides.
async fn teams(
    app: &App,
    caller: &Caller,
    user: Option<&Row>,
    scope: Scope,
) -> Result<(Vec<String>, Vec<String>), Error> {
    let ids = user.map(|user| user.texts("teams")).unwrap_or_default();
    let rows = find::all(app, &Query::of(&schema::TEAMS).with(Filter::In("team_id", ids))).await?;
    let (mut led, mut joined) = (Vec::new(), Vec::new());
    for team in rows.into_iter().map(Team) {
        let is_member = team.role_of(caller.user_id()).is_some();
        let sees_all = team.is_led_by(caller) || (is_member && team.lets_members(Deed::List));
        match (sees_all && scope.team_keys, is_member) {
            (true, _) => led.push(team.id().to_owned()),
            (false, true) => joined.push(team.id().to_owned()),
            (false, false) => {}
        }
    }
    Ok((led, joined))
}

/// What narrows the list, whosever the keys are.
fn wanted(parameters: &Parameters<'_>, scope: Scope, now: &str) -> Vec<Filter> {
    let is = |name: &'static str, parameter: &str| parameters.text(parameter).map(|v| Filter::Is(name, v.into()));
    let mut filters = Vec::new();
    filters.extend(parameters.text("key_alias").map(|alias| match scope.substring {
        true => Filter::Contains("key_alias", alias.to_owned()),
        false => Filter::Is("key_alias", alias.into()),
    }));
    filters.extend(is("token", "key_hash"));
    filters.extend(parameters.text("search").map(|search| {
        Filter::Any(vec![Filter::Is("token", search.into()), Filter::Contains("key_alias", search.to_owned())])
    }));
    for name in ["team_id", "project_id", "agent_id"] {
        filters.extend(is(name, name));
    }
    filters.extend(parameters.text("access_group_id").map(|id| Filter::Has("access_group_ids", id.to_owned())));
    filters.extend(parameters.text("expires").map(|value| lasting(value, now)));
    match parameters.text("status") {
        Some("revoked") => filters.push(Filter::Is("blocked", true.into())),
        Some(status @ ("active" | "expired")) => {
            filters.push(Filter::Any(vec![Filter::Null("blocked"), Filter::Is("blocked", false.into())]));
            filters.push(lasting(status, now));
        }
        _ => {}
    }
    filters
}

fn lasting(status: &str, now: &str) -> Filter {
    match status {
        "expired" => Filter::Below("expires", now.into()),
        _ => Filter::Any(vec![Filter::Null("expires"), Filter::From("expires", now.into())]),
    }
}

async fn full(app: &App, keys: &[Row], with_users: bool) -> Result<Vec<Value>, Error> {
    let mut ids: Vec<String> = keys.iter().filter_map(|key| key.text("budget_id")).map(str::to_owned).collect();
    let budgets = find::all(app, &Query::of(&schema::BUDGETS).with(Filter::In("budget_id", ids.clone()))).await?;
    ids.clear();
    for key in keys.iter().filter(|_| with_users) {
        ids.extend([key.text("user_id"), key.text("created_by")].into_iter().flatten().map(str::to_owned));
    }
    let users = match ids.is_empty() {
        true => Vec::new(),
        false => find::all(app, &Query::of(&schema::USERS).with(Filter::In("user_id", ids))).await?,
    };
    let user_of = |key: &Row, name: &str| {
        let id = key.text(name)?.to_owned();
        users.iter().find(|user| user.text("user_id") == Some(&id)).cloned()
    };
    let shown = keys.iter().map(|key| {
        let budget =
            budgets.iter().find(|budget| key.text("budget_id").is_some_and(|id| budget.text("budget_id") == Some(id)));
        let mut shown = answer::calling(key, budget, Times::Zulu);
        if let Some(user) = user_of(key, "user_id") {
            let mut user = show::row(&schema::USERS, &user, Times::Offset);
            user.shift_remove("password");
            shown.insert("user".to_owned(), Value::Object(user));
        }
        if let Some(maker) = user_of(key, "created_by") {
            let maker = show::picked(&maker, &["user_id", "user_email", "user_alias"]);
            shown.insert("created_by_user".to_owned(), Value::Object(maker));
        }
        Value::Object(shown)
    });
    Ok(shown.collect())
}

/// `GET /key/aliases`: the names of keys, in their order.
pub fn aliases<'a>(app: &'a App, request: Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        let parameters = Parameters::of(&request);
        let (page, size) = (parameters.count("page", 1, None), parameters.count("size", 50, Some(100)));
        parameters.check()?;
        let mut query = Query::of(&schema::KEYS)
            .only(&["key_alias"])
            .with(Filter::Given("key_alias"))
            .with(Filter::IsNot("key_alias", "".into()))
            .with(not_sessions())
            .sorted("key_alias", Direction::Up)
            .page(offset(page, size), size);
        query.filters.extend(own_aliases(app, &request.caller).await?);
        query.filters.extend(parameters.text("search").map(|text| Filter::Contains("key_alias", text.to_owned())));
        query.filters.extend(parameters.text("team_id").map(|id| Filter::Is("team_id", id.into())));
        let (found, total) = (find::all(app, &query).await?, find::count(app, &query).await?);
        let aliases: Vec<&str> = found.iter().filter_map(|key| key.text("key_alias")).collect();
        Ok(Answer::ok(json!({
            "aliases": aliases,
            "total_count": total,
            "current_page": page,
            "total_pages": pages(total, size),
            "size": size,
        })))
    })
}

async fn own_aliases(app: &App, caller: &Caller) -> Result<Option<Filter>, Error> {
    if caller.sees_all() {
        return Ok(None);
    }
    let Some(user_id) = caller.user_id() else { return Ok(Some(Filter::In("token", Vec::new()))) };
    let user = find::one(app, &schema::USERS, user_id).await?;
    let teams = user.map(|user| user.texts("teams")).unwrap_or_default();
    Ok(Some(Filter::Any(vec![Filter::Is("user_id", user_id.into()), Filter::In("team_id", teams)])))
}
