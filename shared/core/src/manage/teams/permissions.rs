//! What plain members of a team may do with its keys: `GET /team/permissions_list`, `POST /team/permissions_update` and
//! `/team/permissions_bulk_update`.

use serde_json::{Value, json};

use super::access::members_denied;
use super::members::absent;
use super::{ATTEMPTS_MAX, TEAMS, again, change, contended, logged, show, standing, untouched};
use crate::denial::Denial;
use crate::directory::{Columns, Direction, Query, Row};
use crate::manage::audit::Action;
use crate::manage::{Answer, Outcome, Request, input, records};
use crate::upstream::BoxFuture;
use crate::{App, Error};

/// Every permission that there is, as LiteLLM lists them.
const ALL: &[&str] = &[
    "/key/generate",
    "/key/update",
    "/key/delete",
    "/key/info",
    "/key/regenerate",
    "/key/service-account/generate",
    "/key/{key_id}/regenerate",
    "/key/list",
    "/key/block",
    "/key/unblock",
    "/key/bulk_update",
    "/team/key/bulk_update",
    "/team/daily/activity",
    "/team/daily/activity/aggregated",
    "/team/daily/activity/aggregated/keys",
    "/team/daily/activity/aggregated/search",
    "/team/daily/activity/aggregated/model_top_keys",
    "/team/daily/activity/export",
    "/spend/logs",
    "/spend/logs/v2",
    "/key/{key_id}/reset_spend",
    "/key/aliases",
    "/key/access_group_assignment",
    "/auto_router/manage",
];

/// `GET /team/permissions_list`.
pub fn list(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let id = request.parameter("team_id").unwrap_or("None");
        let team = records::one(app, TEAMS, id).await?.ok_or_else(|| absent(id))?;
        let is_open = app.governance.settings.available_teams.iter().any(|available| available == id);
        let may_look = request.caller.sees_all() || is_open || standing(app, &request.caller, &team).await?.is_some();
        if !may_look {
            return Err(members_denied("/team/member_add", id));
        }
        Ok(Answer::ok(json!({
            "team_id": id,
            "team_member_permissions": team.texts("team_member_permissions"),
            "all_available_permissions": ALL,
        })))
    })
}

/// `POST /team/permissions_update`.
pub fn update(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let fields = request.fields()?;
        let id = fields.required("team_id").to_owned();
        let permissions = input::required_texts(&fields, "team_member_permissions");
        fields.check()?;
        let team = records::one(app, TEAMS, &id).await?.ok_or_else(|| absent(&id))?;
        if standing(app, &request.caller, &team).await?.is_none() {
            return Err(members_denied("/team/permissions_update", &id));
        }
        let columns = records::row([("team_member_permissions", permissions.into())]);
        let mut after = team.clone();
        after.extend(columns.clone());
        let log = logged(app, &request, Action::Updated, (Some(&team), Some(&after)));
        records::write(app, vec![change(app, &team, columns), log]).await?;
        let team = again(app, &id).await?;
        Ok(Answer::ok(Value::Object(show::model(&team, None, Value::Null))))
    })
}

/// How many teams are changed in one write.
const BATCH: u64 = 500;

/// `POST /team/permissions_bulk_update`: permissions for teams in addition to those they have.
pub fn bulk_update(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let fields = request.fields()?;
        let permissions = input::required_texts(&fields, "permissions");
        for (place, _) in permissions.iter().enumerate().filter(|(_, name)| !ALL.contains(&name.as_str())) {
            fields.fault_at(json!(["body", "permissions", place]), "enum", &input::expected(ALL));
        }
        let ids = fields.texts("team_ids").unwrap_or_default();
        let is_for_all = fields.flag("apply_to_all_teams").unwrap_or_default();
        fields.check()?;
        let refuse = |status: u16, sentence: &str| -> Error { Denial::detail_error(status, sentence).into() };
        if !request.caller.is_admin() {
            return Err(refuse(403, "Only proxy admins can bulk-update team permissions"));
        }
        if permissions.is_empty() {
            let nothing =
                json!({ "message": "No permissions provided", "teams_updated": 0, "permissions_appended": null });
            return Ok(Answer::ok(nothing));
        }
        match (is_for_all, ids.is_empty()) {
            (false, true) => return Err(refuse(400, "Must provide team_ids or set apply_to_all_teams=true")),
            (true, false) => return Err(refuse(400, "Cannot set both apply_to_all_teams=true and team_ids")),
            _ => {}
        }
        let updated = if is_for_all {
            append_to_all(app, &request, &permissions).await?
        } else {
            append_to(app, &request, &ids, &permissions).await?
        };
        Ok(Answer::ok(json!({
            "message": "Team permissions updated successfully",
            "teams_updated": updated,
            "permissions_appended": permissions,
        })))
    })
}

async fn append_to(app: &App, request: &Request, ids: &[String], permissions: &[String]) -> Result<usize, Error> {
    let teams = records::among(app, TEAMS, "team_id", ids.to_vec()).await?;
    let is_known = |id: &&String| teams.iter().any(|team| team.text("team_id") == Some(id.as_str()));
    let mut missing: Vec<&String> = ids.iter().filter(|id| !is_known(id)).collect();
    missing.sort_unstable();
    missing.dedup();
    if !missing.is_empty() {
        let sentence = format!("Team(s) not found: {}", records::python_list(&missing));
        return Err(Denial::detail_error(404, &sentence).into());
    }
    append(app, request, teams, permissions).await
}

async fn append_to_all(app: &App, request: &Request, permissions: &[String]) -> Result<usize, Error> {
    let (mut updated, mut first) = (0, 0);
    loop {
        let query = Query::of(TEAMS).sorted("team_id", Direction::Up).page(first, BATCH);
        let teams = records::all(app, &query).await?;
        let is_last = (teams.len() as u64) < BATCH;
        updated += append(app, request, teams, permissions).await?;
        if is_last {
            return Ok(updated);
        }
        first += BATCH;
    }
}

/// Adds the permissions where they are missing; how many teams that were.
async fn append(app: &App, request: &Request, mut teams: Vec<Row>, permissions: &[String]) -> Result<usize, Error> {
    for _ in 0..ATTEMPTS_MAX {
        let mut changes = Vec::new();
        let mut updated = 0;
        for team in &teams {
            let own = team.texts("team_member_permissions");
            let mut merged = own.clone();
            merged.extend(permissions.iter().filter(|name| !own.contains(name)).cloned());
            if merged.len() == own.len() {
                continue;
            }
            merged.sort_unstable();
            merged.dedup();
            let columns = records::row([("team_member_permissions", merged.into())]);
            let mut after = team.clone();
            after.extend(columns.clone());
            changes.push(untouched(TEAMS, team));
            changes.push(change(app, team, columns));
            changes.push(logged(app, request, Action::Updated, (Some(team), Some(&after))));
            updated += 1;
        }
        if changes.is_empty() || records::try_write(app, changes).await? {
            return Ok(updated);
        }
        let ids = teams.iter().filter_map(|team| team.text("team_id")).map(str::to_owned).collect();
        teams = records::among(app, TEAMS, "team_id", ids).await?;
    }
    Err(contended())
}
