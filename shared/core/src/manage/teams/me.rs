//! What a member is told of its own membership: `GET /team/{team_id}/members/me`.

use serde_json::{Value, json};

use super::members::absent;
use super::{TEAMS, member, member_update, show};
use crate::App;
use crate::denial::Denial;
use crate::directory::{Columns, Query, schema};
use crate::manage::{Answer, Outcome, Request, records};
use crate::upstream::BoxFuture;

/// `GET /team/{team_id}/members/me`.
pub fn me(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let id = request.place("team_id");
        let Some(user_id) = request.caller.user_id() else {
            let sentence = "API key has no associated user_id; cannot resolve 'me' for team membership.";
            return Err(Denial::detail_error(400, sentence).into());
        };
        let team = records::one(app, TEAMS, id).await?.ok_or_else(|| absent(id))?;
        let user = records::one(app, &schema::USERS, user_id).await?.unwrap_or_default();
        let email = user.text("user_email");
        let is_own = |member: &member::Member| {
            member.user_id.as_deref() == Some(user_id) || email.is_some() && member.user_email.as_deref() == email
        };
        let Some(own) = member::of(&team).into_iter().find(is_own) else {
            let sentence = format!("User user_id={user_id} is not a member of team_id={id}.");
            return Err(Denial::detail_error(404, &sentence).into());
        };
        let mut query = Query::of(&schema::TEAM_MEMBERSHIPS);
        query.filters = member_update::membership(user_id, id);
        let membership = records::all(app, &query).await?.pop().unwrap_or_default();
        let budget = records::linked(app, &schema::BUDGETS, membership.text("budget_id")).await?;
        let shown = show::membership(&membership, budget.as_ref());
        let amount = |name: &str| shown.number(name).unwrap_or_default();
        Ok(Answer::ok(json!({
            "user_id": user_id,
            "team_id": id,
            "team_alias": team.get("team_alias").unwrap_or(&Value::Null),
            "role": own.role,
            "user_email": email,
            "spend": amount("spend"),
            "total_spend": amount("total_spend"),
            "budget_id": shown.get("budget_id"),
            "litellm_budget_table": shown.get("litellm_budget_table"),
        })))
    })
}
