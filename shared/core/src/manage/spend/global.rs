//! `/global/spend/*`: what everybody has spent in the last thirty days.
//!
//! Internal users come here by permission alone, and see their own where LiteLLM narrows it.

use serde_json::{Map, Value, json};

use super::dates::Days;
use super::reach;
use super::totals::{self, GROUPS_MAX, among, of_id, rounded, sum, text, usd};
use crate::denial::Denial;
use crate::directory::{Direction, Filter, Query, Row, schema};
use crate::govern::Caller;
use crate::manage::{Answer, Outcome, Request};
use crate::upstream::BoxFuture;
use crate::{App, Error};

/// `GET /global/spend`.
pub fn total<'a>(app: &'a App, _: Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        let rows = sum(app, &totals::everybody(Days::last_month(app)), &[], &["spend"]).await?;
        let spend = rows.first().map(|row| usd(row, "spend"));
        let max_budget = app.governance.settings.proxy_budget.as_ref().map_or(0.0, |budget| budget.max_usd);
        Ok(Answer::ok(json!({ "spend": spend, "max_budget": max_budget })))
    })
}

/// `GET /global/spend/logs`: by day, of one key where it is named.
pub fn logs<'a>(app: &'a App, request: Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        let mut query = narrowed(app, &request.caller)?;
        let key = request.parameter("api_key");
        query.filters.extend(key.map(|key| Filter::Is("api_key", key.into())));
        let is_internal = reach::is_internal(&request.caller);
        let by: &[&'static str] = match (is_internal, key) {
            (true, _) => &["date", "api_key"],
            (false, _) => &["date"],
        };
        let query = query.sorted("date", Direction::Up).page(0, GROUPS_MAX);
        let rows = sum(app, &query, by, &["spend"]).await?;
        let shown = rows.iter().map(|row| {
            let mut day = Map::new();
            day.insert("date".to_owned(), text(row, "date").into());
            day.insert("spend".to_owned(), usd(row, "spend").into());
            if is_internal {
                day.insert("api_key".to_owned(), text(row, "api_key").into());
                day.insert("user".to_owned(), request.caller.user_id().into());
            } else if let Some(key) = key {
                day.insert("api_key".to_owned(), key.into());
            }
            Value::Object(day)
        });
        Ok(Answer::ok(shown.collect()))
    })
}

/// The last month's totals; of internal users their own.
fn narrowed(app: &App, caller: &Caller) -> Result<Query, Error> {
    let query = totals::everybody(Days::last_month(app));
    if !reach::is_internal(caller) {
        return Ok(query);
    }
    match caller.user_id() {
        Some(id) => Ok(query.is("user_id", id)),
        None => Err(Denial::detail_error(500, "No user_id found").into()),
    }
}

/// How many are asked for.
fn limit(request: &Request, otherwise: u64) -> Result<u64, Error> {
    let Some(asked) = request.parameter("limit") else { return Ok(otherwise) };
    let Ok(number) = asked.trim().parse::<i64>() else {
        let sentence = "Input should be a valid integer, unable to parse string as an integer";
        let fault = json!({ "type": "int_parsing", "loc": ["query", "limit"], "msg": sentence });
        return Err(Denial::detail(422, json!([fault])).into());
    };
    match u64::try_from(number) {
        Ok(number @ 1..) => Ok(number.min(GROUPS_MAX)),
        _ => {
            let sentence = format!("Invalid limit: {number}, error: Limit must be greater than 0");
            Err(Denial::detail_error(422, &sentence).into())
        }
    }
}

/// `GET /global/spend/keys`: the dearest first.
pub fn keys<'a>(app: &'a App, request: Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        let is_internal = reach::is_internal(&request.caller);
        let limit = if is_internal { 10 } else { limit(&request, GROUPS_MAX)? };
        let query = totals::dearest(narrowed(app, &request.caller)?, limit);
        let rows = sum(app, &query, &["api_key"], &["spend"]).await?;
        let hashes: Vec<String> = rows.iter().map(|row| text(row, "api_key")).collect();
        let known = among(app, &schema::KEYS, "token", hashes.iter().map(String::as_str)).await?;
        let by_hash: std::collections::HashMap<String, &Row> =
            known.iter().map(|key| (text(key, "token"), key)).collect();
        let shown = rows.iter().zip(&hashes).map(|(row, hash)| {
            let of = |name: &str| by_hash.get(hash).and_then(|key| key.get(name)).cloned().unwrap_or(Value::Null);
            json!({
                "api_key": hash,
                "key_alias": of("key_alias"),
                "key_name": of("key_name"),
                "total_spend": usd(row, "spend"),
            })
        });
        Ok(Answer::ok(shown.collect()))
    })
}

/// `GET /global/spend/models`: the dearest first.
pub fn models<'a>(app: &'a App, request: Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        let is_internal = reach::is_internal(&request.caller);
        let query = narrowed(app, &request.caller)?.with(Filter::IsNot("model", "".into()));
        let query = totals::dearest(query, limit(&request, 10)?);
        let rows = sum(app, &query, &["model"], &["spend", "prompt_tokens", "completion_tokens"]).await?;
        let shown = rows.iter().map(|row| {
            let mut model = Map::new();
            model.insert("model".to_owned(), text(row, "model").into());
            model.insert("total_spend".to_owned(), usd(row, "spend").into());
            if is_internal {
                model.insert("total_tokens".to_owned(), totals::tokens(row).into());
            }
            Value::Object(model)
        });
        Ok(Answer::ok(shown.collect()))
    })
}

/// `GET /global/spend/provider`.
pub fn providers<'a>(app: &'a App, request: Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        let days = Days::of(&request)?;
        let mut query = totals::everybody(days).with(Filter::IsNot("custom_llm_provider", "".into()));
        if reach::is_internal(&request.caller) {
            query = query.is("user_id", request.caller.user_id().unwrap_or_default());
        }
        let rows = sum(app, &totals::dearest(query, GROUPS_MAX), &["custom_llm_provider"], &["spend"]).await?;
        let shown =
            rows.iter().map(|row| json!({ "provider": text(row, "custom_llm_provider"), "spend": usd(row, "spend") }));
        Ok(Answer::ok(shown.collect()))
    })
}

/// A date, and what each team spent.
type Day = (String, Map<String, Value>);

/// Teams whose sums are shown beside the days.
const TEAMS_SHOWN: usize = 10;

/// `GET /global/spend/teams`: by day, to the cent, and the ten dearest.
pub fn teams<'a>(app: &'a App, _: Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        let query = totals::of(&schema::DAILY_TEAM, Days::last_month(app));
        let query = query.sorted("date", Direction::Up).page(0, GROUPS_MAX);
        let rows = sum(app, &query, &["date", "team_id"], &["spend"]).await?;
        let ids: Vec<String> = rows.iter().map(|row| text(row, "team_id")).collect();
        let known = among(app, &schema::TEAMS, "team_id", ids.iter().map(String::as_str)).await?;
        // Teams of one name are one, as with LiteLLM.
        let (mut days, mut aliases): (Vec<Day>, Vec<String>) = (Vec::new(), Vec::new());
        for (row, id) in rows.iter().zip(&ids) {
            let alias = of_id(&known, ("team_id", id), "team_alias").as_str().unwrap_or("Unassigned").to_owned();
            if !aliases.contains(&alias) {
                aliases.push(alias.clone());
            }
            let date = text(row, "date");
            if days.last().is_none_or(|(last, _)| *last != date) {
                days.push((date, Map::new()));
            }
            if let Some((_, day)) = days.last_mut() {
                let spend = day.get(&alias).and_then(Value::as_f64).unwrap_or(0.0) + usd(row, "spend");
                day.insert(alias, spend.into());
            }
        }
        Ok(Answer::ok(teams_shown(days, &aliases)))
    })
}

fn teams_shown(days: Vec<Day>, aliases: &[String]) -> Value {
    let cents = |spend: &Value| rounded(spend.as_f64().unwrap_or(0.0), 2);
    let mut sums: Vec<(&String, f64)> = aliases
        .iter()
        .map(|alias| (alias, days.iter().filter_map(|(_, day)| day.get(alias)).map(cents).sum()))
        .collect();
    sums.sort_by(|left, right| right.1.total_cmp(&left.1));
    let dearest: Vec<Value> = sums
        .into_iter()
        .take(TEAMS_SHOWN)
        .map(|(alias, spend)| json!({ "team_id": alias, "total_spend": spend }))
        .collect();
    let daily = days.iter().map(|(date, day)| {
        let mut shown = Map::new();
        shown.insert("date".to_owned(), date.as_str().into());
        shown.extend(day.iter().map(|(alias, spend)| (alias.clone(), cents(spend).into())));
        Value::Object(shown)
    });
    json!({ "daily_spend": daily.collect::<Vec<_>>(), "teams": aliases, "total_spend_per_team": dearest })
}
