//! `GET /project/info` and `GET /project/list`: admins see all, others those of their teams.

use super::{PROJECTS, existing, refusal, shown};
use crate::directory::{Columns, Filter, Query, schema};
use crate::manage::{Answer, Outcome, Request, input, records};
use crate::upstream::BoxFuture;
use crate::{App, Error};

/// The teams that the caller is in; nothing where it sees all.
async fn own_teams(app: &App, request: &Request) -> Result<Option<Vec<String>>, Error> {
    let caller = &request.caller;
    if caller.sees_all() {
        return Ok(None);
    }
    let user = records::linked(app, &schema::USERS, caller.user_id()).await?;
    let mut teams = user.map(|user| user.texts("teams")).unwrap_or_default();
    teams.extend(caller.team_id().map(str::to_owned));
    Ok(Some(teams))
}

/// `GET /project/info`.
pub fn info(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let id = input::required_parameter(&request, "project_id")?;
        let project = existing(app, id).await?;
        let own = own_teams(app, &request).await?;
        let is_inside =
            |teams: Vec<String>| project.text("team_id").is_some_and(|id| teams.iter().any(|team| team == id));
        if own.is_some_and(|teams| !is_inside(teams)) {
            return Err(refusal(403, &format!("You do not have access to this project: project_id={id}")));
        }
        Ok(Answer::ok(shown(app, &project).await?))
    })
}

/// `GET /project/list`.
pub fn list(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let mut query = Query::of(PROJECTS);
        if let Some(teams) = own_teams(app, &request).await? {
            query = query.with(Filter::In("team_id", teams));
        }
        if let Some(team) = request.parameter("team_id") {
            query = query.is("team_id", team);
        }
        let mut listed = Vec::new();
        for project in records::all(app, &query).await? {
            listed.push(shown(app, &project).await?);
        }
        Ok(Answer::ok(listed.into()))
    })
}
