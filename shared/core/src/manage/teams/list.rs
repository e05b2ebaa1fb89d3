//! `GET /team/list`, `GET /v2/team/list` and `GET /team/available`.

use serde_json::{Value, json};

use super::delete::shown_key;
use super::info::{AccessGroups, budgets_of};
use super::{TEAMS, aliases, member, show};
use crate::denial::Denial;
use crate::directory::{Columns, Direction, Filter, Query, Row, schema};
use crate::manage::{Answer, Outcome, Request, input, records};
use crate::upstream::BoxFuture;
use crate::{App, Error};

/// `GET /team/list`: every team that the caller may see, with its keys.
pub fn list(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let user_id = request.parameter("user_id");
        let mut teams = visible(app, &request, user_id).await?;
        match request.parameter("organization_id") {
            Some("default_organization") => teams.retain(|team| team.text("organization_id").is_none()),
            Some(id) => teams.retain(|team| team.text("organization_id") == Some(id)),
            None => {}
        }
        teams.sort_by_key(|team| team.text("team_alias").unwrap_or_default().to_owned());
        let ids: Vec<String> = teams.iter().filter_map(|team| team.text("team_id")).map(str::to_owned).collect();
        let keys = records::among(app, &schema::KEYS, "team_id", ids.clone()).await?;
        let mut memberships = records::among(app, &schema::TEAM_MEMBERSHIPS, "team_id", ids).await?;
        memberships.retain(|row| user_id.is_none() || row.text("user_id") == user_id);
        let budgets = budgets_of(app, &memberships).await?;
        let names = aliases::of_all(app, &teams).await?;
        let is_of = |row: &&Row, team: &Row| row.text("team_id") == team.text("team_id");
        let of = |team: &Row| {
            let mut shown = show::model(team, named(&names, team), Value::Null);
            let own = memberships.iter().filter(|row| is_of(row, team)).map(|row| {
                let id = row.text("budget_id");
                let budget = budgets.iter().find(|budget| id.is_some() && budget.text("budget_id") == id);
                Value::Object(show::membership(row, budget))
            });
            shown.insert("team_memberships".to_owned(), own.collect());
            let own: Value = keys.iter().filter(|key| is_of(key, team)).map(shown_key).collect();
            shown.insert("keys".to_owned(), own);
            Value::Object(shown)
        };
        Ok(Answer::ok(teams.iter().map(of).collect()))
    })
}

fn named<'a>(names: &'a [Row], team: &Row) -> Option<&'a Row> {
    let id = team.whole("model_id")?;
    names.iter().find(|row| row.whole("id") == Some(id))
}

async fn visible(app: &App, request: &Request, user_id: Option<&str>) -> Result<Vec<Row>, Error> {
    let caller = &request.caller;
    let is_own = user_id.is_some() && caller.user_id() == user_id;
    let mut query = Query::of(TEAMS);
    if !caller.sees_all() && !is_own {
        let organizations = app.governance.administered(caller).await?;
        if organizations.is_empty() {
            return Err(admins_only(request));
        }
        query = query.with(Filter::In("organization_id", organizations));
    }
    let mut teams = records::all(app, &query).await?;
    if let Some(user_id) = user_id {
        teams.retain(|team| member::of(team).iter().any(|member| member.user_id.as_deref() == Some(user_id)));
    }
    Ok(teams)
}

fn admins_only(request: &Request) -> Error {
    let role = records::role_of(&request.caller);
    let sentence = format!("Only admin users can query all teams/other teams. Your user role={role}");
    Denial::detail_error(401, &sentence).into()
}

/// Whose teams a paged list may show.
struct Scope {
    user_id: Option<String>,
    /// Teams of these organizations, and these teams.
    organizations: Option<(Vec<String>, Vec<String>)>,
}

/// `GET /v2/team/list`.
pub fn list_paged(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let page = input::whole_parameter(&request, "page", 1, (1, u64::from(u32::MAX)))?;
        let size = input::whole_parameter(&request, "page_size", 10, (1, 100))?;
        let scope = scope(app, &request).await?;
        let is_deleted = match request.parameter("status") {
            None => false,
            Some("deleted") => true,
            Some(_) => {
                let sentence = "Invalid status value. Currently only 'deleted' is supported.";
                return Err(Denial::detail_error(400, sentence).into());
            }
        };
        let table = if is_deleted { &schema::DELETED_TEAMS } else { TEAMS };
        let Some(filters) = filters(app, &request, &scope, is_deleted).await? else {
            return Ok(Answer::ok(paged(Vec::new(), 0, (page, size))));
        };
        let (column, direction) = order(&request);
        let mut query = Query::of(table).sorted(column, direction);
        query.filters = filters;
        let total = records::count(app, &query).await?;
        let teams = records::all(app, &query.page((page - 1) * size, size)).await?;
        let shown = if is_deleted { buried(&teams) } else { items(app, &teams).await? };
        Ok(Answer::ok(paged(shown, total, (page, size))))
    })
}

fn paged(teams: Vec<Value>, total: u64, (page, size): (u64, u64)) -> Value {
    json!({
        "teams": teams,
        "total": total,
        "page": page,
        "page_size": size,
        "total_pages": total.div_ceil(size),
    })
}

fn order(request: &Request) -> (&'static str, Direction) {
    const COLUMNS: [&str; 3] = ["team_id", "team_alias", "created_at"];
    let wanted = request.parameter("sort_by");
    match COLUMNS.into_iter().find(|column| Some(*column) == wanted) {
        Some(column) if request.parameter("sort_order").is_some_and(|order| order.eq_ignore_ascii_case("desc")) => {
            (column, Direction::Down)
        }
        Some(column) => (column, Direction::Up),
        None => ("created_at", Direction::Down),
    }
}

async fn scope(app: &App, request: &Request) -> Result<Scope, Error> {
    let caller = &request.caller;
    let user_id = request.parameter("user_id");
    let of = |user_id: Option<&str>| user_id.map(str::to_owned);
    if caller.sees_all() {
        return Ok(Scope { user_id: of(user_id), organizations: None });
    }
    let organizations = app.governance.administered(caller).await?;
    if !organizations.is_empty() {
        if request.parameter("organization_id").is_some_and(|id| !organizations.iter().any(|own| own == id)) {
            let sentence = "You can only view teams within your organizations.";
            return Err(Denial::detail_error(403, sentence).into());
        }
        let is_own = user_id.is_none() || user_id == caller.user_id();
        let own = if is_own { teams_of(app, caller.user_id()).await? } else { Vec::new() };
        let user_id = if is_own { None } else { of(user_id) };
        return Ok(Scope { user_id, organizations: Some((organizations, own)) });
    }
    // Whoever is no admin sees the teams of one user: its own, and must say so.
    if user_id.is_none() || user_id != caller.user_id() {
        return Err(admins_only(request));
    }
    Ok(Scope { user_id: of(user_id), organizations: None })
}

async fn teams_of(app: &App, user_id: Option<&str>) -> Result<Vec<String>, Error> {
    let user = records::linked(app, &schema::USERS, user_id).await?;
    Ok(user.map(|user| user.texts("teams")).unwrap_or_default())
}

/// What must hold for the teams; `None` where no team can.
async fn filters(app: &App, request: &Request, scope: &Scope, is_deleted: bool) -> Result<Option<Vec<Filter>>, Error> {
    let team_id = request.parameter("team_id");
    let mut filters: Vec<Filter> = team_id.map(|id| Filter::Is("team_id", id.into())).into_iter().collect();
    let alias = request.parameter("team_alias").map(|alias| Filter::Contains("team_alias", alias.to_owned()));
    filters.extend(alias);
    if let Some(text) = request.parameter("search") {
        let id = Filter::Is("team_id", text.into());
        filters.push(Filter::Any(vec![id, Filter::Contains("team_alias", text.to_owned())]));
    }
    match (request.parameter("organization_id"), &scope.organizations) {
        (Some(id), _) => filters.push(Filter::Is("organization_id", id.into())),
        (None, Some((organizations, own))) => {
            let organizations = Filter::In("organization_id", organizations.clone());
            filters.push(Filter::Any(vec![organizations, Filter::In("team_id", own.clone())]));
        }
        (None, None) => {}
    }
    let Some(user_id) = &scope.user_id else { return Ok(Some(filters)) };
    let refuse = |sentence: String| -> Error { Denial::detail_error(404, &sentence).into() };
    let Some(user) = records::one(app, &schema::USERS, user_id).await? else {
        return Err(refuse(format!("User not found, passed user_id={user_id}")));
    };
    let teams = user.texts("teams");
    if is_deleted {
        filters.push(Filter::Has("members", user_id.clone()));
        return Ok(Some(filters));
    }
    if teams.is_empty() {
        return Ok(None);
    }
    match team_id {
        Some(id) if !teams.iter().any(|team| team == id) => {
            Err(refuse(format!("User is not a member of team_id={id}")))
        }
        Some(_) => Ok(Some(filters)),
        None => {
            filters.push(Filter::In("team_id", teams));
            Ok(Some(filters))
        }
    }
}

async fn items(app: &App, teams: &[Row]) -> Result<Vec<Value>, Error> {
    let names = aliases::of_all(app, teams).await?;
    let groups: Vec<String> = teams.iter().flat_map(|team| team.texts("access_group_ids")).collect();
    let groups = AccessGroups::of(app, &groups).await?;
    let mut items = Vec::with_capacity(teams.len());
    for team in teams {
        let mut item = show::model(team, named(&names, team), Value::Null);
        let keys = Query::of(&schema::KEYS).is("team_id", team.text("team_id").unwrap_or_default());
        item.insert("members_count".to_owned(), member::of(team).len().into());
        item.insert("keys_count".to_owned(), records::count(app, &keys).await?.into());
        groups.only(&team.texts("access_group_ids")).put_into(&mut item);
        items.push(Value::Object(item));
    }
    Ok(items)
}

fn buried(teams: &[Row]) -> Vec<Value> {
    let of = |team: &Row| {
        let mut shown = show::model(team, None, Value::Null);
        let own = records::shown(&schema::DELETED_TEAMS, team);
        let columns = ["id", "deleted_at", "deleted_by", "deleted_by_api_key", "litellm_changed_by"];
        shown.extend(records::only(&own, &columns));
        Value::Object(shown)
    };
    teams.iter().map(of).collect()
}

/// `GET /team/available`: teams that everybody may join, and the caller has not.
pub fn available(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let mut ids = app.governance.settings.available_teams.clone();
        if ids.is_empty() {
            return Ok(Answer::ok(json!([])));
        }
        let user = records::linked(app, &schema::USERS, request.caller.user_id()).await?;
        let user = user.ok_or_else(|| Denial::detail_error(404, "User not found"))?;
        let own = user.texts("teams");
        ids.retain(|id| !own.contains(id));
        let teams = records::among(app, TEAMS, "team_id", ids).await?;
        Ok(Answer::ok(teams.iter().map(|team| Value::Object(show::model(team, None, Value::Null))).collect()))
    })
}
