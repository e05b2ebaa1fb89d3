//! A member's spend and budget, set back: `POST /team/{team_id}/member/{user_id}/reset_spend` and `…/reset_budget`.

use serde_json::{Value, json};

use super::access::denied_detail;
use super::member_update::membership as filters;
use super::members::absent;
use super::{TEAMS, budget as budgets, logged, standing};
use crate::denial::Denial;
use crate::directory::{Change, Columns, Filter, Query, Row, schema};
use crate::manage::audit::Action;
use crate::manage::{Answer, Outcome, Request, records};
use crate::upstream::BoxFuture;
use crate::{App, Error};

/// `…/reset_spend`: to `reset_to`, which is no more than it is.
pub fn spend(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let fields = request.fields()?;
        if fields.any("reset_to").is_some_and(serde_json::Value::is_boolean) {
            let sentence = "Value error, reset_to must be a number, not a boolean";
            fields.fault("reset_to", "value_error", sentence);
        } else if !fields.is_sent("reset_to") {
            fields.fault("reset_to", "missing", "Field required");
        }
        let reset_to = fields.number("reset_to").unwrap_or_default();
        fields.check()?;
        let team = team(app, &request).await?;
        let user_id = request.place("user_id");
        if request.caller.user_id() == Some(user_id) && !request.caller.is_admin() {
            return Err(refusal(403, "Cannot reset your own spend. Ask a proxy admin."));
        }
        let membership = membership(app, &request).await?;
        let spent = membership.number("spend").unwrap_or_default();
        let budget = records::linked(app, &schema::BUDGETS, membership.text("budget_id")).await?;
        let max_budget = budget.and_then(|budget| budget.number("max_budget"));
        check(reset_to, spent, max_budget)?;
        // Had more been spent meanwhile, it would be lost.
        let own = || filters(user_id, request.place("team_id"));
        let mut seen = own();
        seen.push(Filter::Is("spend", spent.into()));
        let columns = records::row([("spend", reset_to.into())]);
        let memberships = &schema::TEAM_MEMBERSHIPS;
        let mut changes = vec![Change::Expect(memberships, seen, 1), Change::Update(memberships, own(), columns)];
        changes.push(logged(app, &request, Action::Updated, (Some(&team), Some(&team))));
        records::write(app, changes).await?;
        Ok(Answer::ok(json!({
            "team_id": request.place("team_id"),
            "user_id": user_id,
            "spend": reset_to,
            "previous_spend": spent,
            "max_budget": max_budget,
        })))
    })
}

fn check(reset_to: f64, spent: f64, max_budget: Option<f64>) -> Result<(), Error> {
    if !reset_to.is_finite() || reset_to < 0.0 {
        return Err(refusal(400, "reset_to must be a finite number >= 0"));
    }
    if reset_to > spent {
        return Err(refusal(400, &format!("reset_to ({reset_to:?}) must be <= current spend ({spent:?})")));
    }
    match max_budget.filter(|max_budget| reset_to > *max_budget) {
        Some(max_budget) => Err(refusal(400, &format!("reset_to ({reset_to:?}) must be <= budget ({max_budget:?})"))),
        None => Ok(()),
    }
}

/// `…/reset_budget`: to the team's default, or to none.
pub fn budget(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let team = team(app, &request).await?;
        let membership = membership(app, &request).await?;
        let default = budgets::default_of(app, &team).await?;
        let default_id = default.as_ref().and_then(|budget| budget.text("budget_id"));
        let (team_id, user_id) = (request.place("team_id"), request.place("user_id"));
        let columns = records::row([("budget_id", default_id.map_or(Value::Null, Value::from))]);
        let change = Change::Update(&schema::TEAM_MEMBERSHIPS, filters(user_id, team_id), columns);
        let log = logged(app, &request, Action::Updated, (Some(&team), Some(&team)));
        records::write(app, vec![change, log]).await?;
        Ok(Answer::ok(json!({
            "team_id": team_id,
            "user_id": user_id,
            "budget_id": default_id,
            "previous_budget_id": membership.get("budget_id"),
            "budget_source": budgets::source(default_id, default_id),
        })))
    })
}

async fn team(app: &App, request: &Request) -> Result<Row, Error> {
    let id = request.place("team_id");
    let team = records::one(app, TEAMS, id).await?.ok_or_else(|| absent(id))?;
    match standing(app, &request.caller, &team).await? {
        Some(_) => Ok(team),
        None => Err(denied_detail()),
    }
}

async fn membership(app: &App, request: &Request) -> Result<Row, Error> {
    let (team_id, user_id) = (request.place("team_id"), request.place("user_id"));
    let mut query = Query::of(&schema::TEAM_MEMBERSHIPS);
    query.filters = filters(user_id, team_id);
    let found = records::all(app, &query).await?.pop();
    found.ok_or_else(|| refusal(404, &format!("User {user_id} is not a member of team {team_id}.")))
}

fn refusal(status: u16, sentence: &str) -> Error {
    Denial::detail_error(status, sentence).into()
}
