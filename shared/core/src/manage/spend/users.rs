//! `GET /team/spend/by_user`: what each user of some teams has spent in them, from the records of their calls.

use serde_json::{Value, json};

use super::daily::TeamScope;
use super::dates::Days;
use super::totals::{self, GROUPS_MAX, among, of_id, sum, text, usd, whole};
use crate::App;
use crate::denial::Denial;
use crate::directory::{Columns, Filter, Query, Row, schema};
use crate::manage::{Answer, Outcome, Request};
use crate::upstream::BoxFuture;

/// Days that it may span.
const DAYS_MAX: i32 = 366;
const SUMMED: &[&str] = &["spend", "prompt_tokens", "completion_tokens", "total_tokens"];

/// The handler.
pub fn by_user<'a>(app: &'a App, request: Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        let days = Days::bounded(&request, DAYS_MAX)?;
        if request.parameter("team_ids").is_none() {
            return Err(Denial::detail_error(400, "Please provide team_ids").into());
        }
        let scope = TeamScope::of(app, &request).await?;
        let mut query = Query::of(&schema::SPEND_LOGS).with(Filter::In("team_id", scope.team_ids.clone()));
        query.filters.extend(days.of_records());
        if scope.is_own {
            query = query.is("user", request.caller.user_id().unwrap_or_default());
        }
        let parts = sum(app, &totals::dearest(query, GROUPS_MAX), &["team_id", "user", "status"], SUMMED).await?;
        let teams = among(app, &schema::TEAMS, "team_id", scope.team_ids.iter().map(String::as_str)).await?;
        let users = among(app, &schema::USERS, "user_id", parts.iter().filter_map(|row| row.text("user"))).await?;
        let mut pairs: Vec<(String, String)> =
            parts.iter().map(|row| (text(row, "team_id"), text(row, "user"))).collect();
        pairs.sort();
        pairs.dedup();
        let mut shown: Vec<(f64, Value)> = pairs.iter().map(|pair| of_pair(pair, &parts, (&teams, &users))).collect();
        shown.sort_by(|left, right| right.0.total_cmp(&left.0));
        Ok(Answer::ok(json!({
            "start_date": days.first.to_string(),
            "end_date": days.last.to_string(),
            "results": shown.into_iter().map(|(_, shown)| shown).collect::<Vec<_>>(),
        })))
    })
}

fn of_pair((team, user): &(String, String), parts: &[Row], (teams, users): (&[Row], &[Row])) -> (f64, Value) {
    let own = || parts.iter().filter(|row| text(row, "team_id") == *team && text(row, "user") == *user);
    let count = |name: &str| own().map(|row| whole(row, name)).sum::<i64>();
    let failed: i64 = own().filter(|row| row.text("status") == Some("failure")).map(|row| whole(row, "rows")).sum();
    let spend: f64 = own().map(|row| usd(row, "spend")).sum();
    let shown = json!({
        "team_id": team,
        "team_alias": of_id(teams, ("team_id", team), "team_alias"),
        "user_id": user,
        "user_email": of_id(users, ("user_id", user), "user_email"),
        "user_alias": of_id(users, ("user_id", user), "user_alias"),
        "spend": spend,
        "prompt_tokens": count("prompt_tokens"),
        "completion_tokens": count("completion_tokens"),
        "total_tokens": count("total_tokens"),
        "api_requests": count("rows"),
        "successful_requests": count("rows") - failed,
        "failed_requests": failed,
    });
    (spend, shown)
}
