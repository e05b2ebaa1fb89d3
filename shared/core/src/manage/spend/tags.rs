//! What calls of each tag have cost: `/spend/tags`, `/global/spend/tags`.

use serde_json::{Value, json};

use super::dates::Days;
use super::reach;
use super::totals::{self, GROUPS_MAX, REQUESTS, rounded, sum, text, usd, whole};
use crate::denial::Denial;
use crate::directory::{Direction, Filter, Query, schema};
use crate::manage::{Answer, Outcome, Request};
use crate::upstream::BoxFuture;
use crate::{App, Error};

/// Days where both are named, and understood.
fn days(request: &Request) -> Result<Option<Days>, Error> {
    match (request.parameter("start_date"), request.parameter("end_date")) {
        (Some(_), Some(_)) => Days::of(request).map(Some),
        _ => Ok(None),
    }
}

/// `GET /spend/tags`: of internal users what their own keys have cost.
pub fn by_tag<'a>(app: &'a App, request: Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        let mut query = Query::of(&schema::DAILY_TAG);
        query.filters.extend(days(&request)?.map(Days::filters).into_iter().flatten());
        if !request.caller.sees_all() {
            query.filters.push(Filter::In("api_key", reach::own_keys(app, &request.caller).await?));
        }
        let rows = sum(app, &totals::dearest(query, GROUPS_MAX), &["tag"], &["spend", REQUESTS]).await?;
        let shown = rows.iter().map(|row| {
            json!({
                "individual_request_tag": text(row, "tag"),
                "log_count": whole(row, REQUESTS),
                "total_spend": usd(row, "spend"),
            })
        });
        Ok(Answer::ok(shown.collect()))
    })
}

/// `GET /global/spend/tags`: the dearest first, of those that are named.
pub fn within<'a>(app: &'a App, request: Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        let Some(days) = days(&request)? else {
            return Err(Denial::new(400, "bad_request", super::dates::MISSING).into());
        };
        let mut query = totals::of(&schema::DAILY_TAG, days);
        let named: Vec<String> =
            request.parameter("tags").into_iter().flat_map(|tags| tags.split(',')).map(str::to_owned).collect();
        if !named.is_empty() && !named.iter().any(|tag| tag == "all-tags") {
            query.filters.push(Filter::In("tag", named));
        }
        let rows = sum(app, &totals::dearest(query, GROUPS_MAX), &["tag"], &["spend", REQUESTS]).await?;
        let shown: Vec<Value> = rows
            .iter()
            .map(|row| {
                json!({
                    "name": text(row, "tag"),
                    "spend": rounded(usd(row, "spend"), 4),
                    "log_count": whole(row, REQUESTS),
                })
            })
            .collect();
        Ok(Answer::ok(json!({ "spend_per_tag": shown })))
    })
}

/// `GET /global/spend/all_tag_names`.
pub fn all_names<'a>(app: &'a App, _: Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        let query = Query::of(&schema::DAILY_TAG).sorted("tag", Direction::Up).page(0, GROUPS_MAX);
        let rows = sum(app, &query, &["tag"], &[]).await?;
        let names: Vec<String> = rows.iter().map(|row| text(row, "tag")).collect();
        Ok(Answer::ok(json!({ "tag_names": names })))
    })
}
