//! What plain members of a team may do with its keys: `GET /team/permissions_list`, `POST /team/permissions_update`.

use serde_json::{Value, json};

use super::access::members_denied;
use super::members::absent;
use super::{TEAMS, again, change, logged, show, standing};
use crate::App;
use crate::directory::Columns;
use crate::manage::audit::Action;
use crate::manage::{Answer, Outcome, Request, input, records};
use crate::upstream::BoxFuture;

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
