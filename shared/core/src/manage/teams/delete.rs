//! `POST /team/delete`: the team goes into the archive, and with it its keys.

use serde_json::{Value, json};

use super::access::denied_detail;
use super::enrol::set_teams;
use super::{ATTEMPTS_MAX, TEAMS, contended, logged, same, standing, untouched};
use crate::denial::Denial;
use crate::directory::{Change, Columns, Filter, Query, Row, schema};
use crate::manage::audit::Action;
use crate::manage::{Answer, Outcome, Request, access_groups, archive, input, records};
use crate::upstream::BoxFuture;
use crate::{App, Error};

/// `POST /team/delete`.
pub fn delete(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let fields = request.fields()?;
        let mut ids = input::required_texts(&fields, "team_ids");
        fields.check()?;
        let mut seen = std::collections::HashSet::new();
        ids.retain(|id| seen.insert(id.clone()));
        for _ in 0..ATTEMPTS_MAX {
            let mut changes = Vec::new();
            let teams = permitted(app, &request, &ids).await?;
            for team in &teams {
                changes.extend(removal(app, &request, team).await?);
            }
            changes.extend(leave(app, &ids).await?);
            if records::try_write(app, changes).await? {
                return Ok(Answer::ok(json!({ "deleted_teams": ids })));
            }
        }
        Err(contended())
    })
}

/// The teams, all of them such as the caller is an admin of.
async fn permitted(app: &App, request: &Request, ids: &[String]) -> Result<Vec<Row>, Error> {
    let mut teams = Vec::with_capacity(ids.len());
    for id in ids {
        let absent = || Denial::detail_error(404, &format!("Team not found, passed team_id={id}"));
        let team = records::one(app, TEAMS, id).await?.ok_or_else(absent)?;
        if standing(app, &request.caller, &team).await?.is_none() {
            return Err(denied_detail());
        }
        teams.push(team);
    }
    Ok(teams)
}

/// What has to be written to delete one team, and all that is its own.
pub async fn removal(app: &App, request: &Request, team: &Row) -> Result<Vec<Change>, Error> {
    let id = team.text("team_id").unwrap_or_default();
    let is_own = || Filter::Is("team_id", id.into());
    let keys = records::all(app, &Query::of(&schema::KEYS).with(is_own())).await?;
    let buried = archive::buried(app, request, &schema::DELETED_TEAMS, team);
    let mut changes = vec![untouched(TEAMS, team), Change::Insert(&schema::DELETED_TEAMS, buried)];
    changes.extend(archive::keys(app, request, &keys));
    changes.push(Change::Delete(&schema::TEAM_MEMBERSHIPS, vec![is_own()]));
    let models = Filter::Member("model_info", "team_id", id.to_owned());
    changes.push(Change::Delete(&schema::MODELS, vec![models]));
    changes.extend(access_groups::follow_team(app, id, &[]).await?);
    changes.push(Change::Delete(TEAMS, vec![same("team_id", team)]));
    changes.push(logged(app, request, Action::Deleted, (Some(team), None)));
    Ok(changes)
}

/// What has to be written so that no user is in any of these teams.
pub async fn leave(app: &App, ids: &[String]) -> Result<Vec<Change>, Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let inside = ids.iter().map(|id| Filter::Has("teams", id.clone())).collect();
    let users = records::all(app, &Query::of(&schema::USERS).with(Filter::Any(inside))).await?;
    let mut changes = Vec::with_capacity(users.len() * 2);
    for user in &users {
        let mut teams = user.texts("teams");
        teams.retain(|team| !ids.contains(team));
        changes.extend(set_teams(app, user, &teams));
    }
    Ok(changes)
}

/// A key as teams show theirs: with its hash, which is no secret, and nothing of what it is linked to.
pub fn shown_key(key: &Row) -> Value {
    const LINKS: &[&str] = &[
        "litellm_budget_table",
        "litellm_organization_table",
        "litellm_project_table",
        "object_permission",
        "jwt_key_mappings",
    ];
    Value::Object(records::with_nulls(records::shown(&schema::KEYS, key), LINKS))
}
