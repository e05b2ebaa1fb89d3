//! `/global/activity`: how many calls were made, and of how many tokens.

use serde_json::{Value, json};

use super::dates::{Days, short};
use super::reach;
use super::totals::{self, GROUPS_MAX, REQUESTS, sum, text, whole};
use crate::denial::Denial;
use crate::directory::{Direction, Query, Row};
use crate::manage::{Answer, Outcome, Request};
use crate::upstream::BoxFuture;
use crate::{App, Error};

const COUNTED: &[&str] = &[REQUESTS, "prompt_tokens", "completion_tokens"];

/// The days' totals in their order; of internal users their own.
fn query(request: &Request) -> Result<Query, Error> {
    let query = totals::everybody(Days::of(request)?).sorted("date", Direction::Up).page(0, GROUPS_MAX);
    if !reach::is_internal(&request.caller) {
        return Ok(query);
    }
    match request.caller.user_id() {
        Some(id) => Ok(query.is("user_id", id)),
        None => Err(Denial::detail_error(400, "No user_id found").into()),
    }
}

fn requests(rows: &[&Row]) -> i64 {
    rows.iter().map(|row| whole(row, REQUESTS)).sum()
}

fn tokens(rows: &[&Row]) -> i64 {
    rows.iter().map(|row| totals::tokens(row)).sum()
}

/// `GET /global/activity`.
pub fn activity<'a>(app: &'a App, request: Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        let rows = sum(app, &query(&request)?, &["date"], COUNTED).await?;
        let rows: Vec<&Row> = rows.iter().collect();
        let days = rows.iter().map(|row| {
            json!({
                "date": short(&text(row, "date")),
                "api_requests": whole(row, REQUESTS),
                "total_tokens": totals::tokens(row),
            })
        });
        Ok(Answer::ok(json!({
            "daily_data": days.collect::<Vec<_>>(),
            "sum_api_requests": requests(&rows),
            "sum_total_tokens": tokens(&rows),
        })))
    })
}

/// Models that are shown: those that are called the most.
const MODELS_SHOWN: usize = 10;

/// `GET /global/activity/model`: the same by public name.
pub fn models_activity<'a>(app: &'a App, request: Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        let rows = sum(app, &query(&request)?, &["date", "model_group"], COUNTED).await?;
        let mut models: Vec<(String, Vec<&Row>)> = Vec::new();
        for row in &rows {
            let name = text(row, "model_group");
            match models.iter_mut().find(|(model, _)| *model == name) {
                Some((_, days)) => days.push(row),
                None => models.push((name, vec![row])),
            }
        }
        models.sort_by_key(|(_, days)| std::cmp::Reverse(requests(days)));
        models.truncate(MODELS_SHOWN);
        Ok(Answer::ok(models.iter().map(|(model, days)| of_model(model, days)).collect()))
    })
}

fn of_model(model: &str, rows: &[&Row]) -> Value {
    let days = rows.iter().map(|row| {
        json!({
            "model_group": model,
            "date": short(&text(row, "date")),
            "api_requests": whole(row, REQUESTS),
            "total_tokens": totals::tokens(row),
        })
    });
    json!({
        "model": model,
        "daily_data": days.collect::<Vec<_>>(),
        "sum_api_requests": requests(rows),
        "sum_total_tokens": tokens(rows),
    })
}

/// `GET /global/activity/exceptions`: of a table that neither LiteLLM nor we write any more.
pub fn exceptions<'a>(_: &'a App, request: Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        Days::of(&request)?;
        Ok(Answer::ok(json!({ "daily_data": [], "sum_num_rate_limit_exceptions": 0 })))
    })
}
