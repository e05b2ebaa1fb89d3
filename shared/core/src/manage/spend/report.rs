//! Spend reports: by day and team or customer, or by key and model.
//!
//! LiteLLM sells them; here they are free.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::dates::Days;
use super::totals::{self, among, of_id, sum, text, usd, whole};
use crate::denial::Denial;
use crate::directory::{Columns, Filter, Query, Row, schema};
use crate::govern::Caller;
use crate::manage::keys::hash_if_needed;
use crate::manage::{Answer, Outcome, Request, find};
use crate::upstream::BoxFuture;
use crate::{App, Error};

/// Days that a report of one's own may span.
const DAYS_MAX: i32 = 366;
/// Groups that a report by day may have.
const GROUPS_MAX: u64 = 50_000;
const SUMMED: &[&str] = &["spend", "prompt_tokens", "completion_tokens"];

/// `GET /global/spend/report`.
pub fn report<'a>(app: &'a App, request: Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        let days = Days::of(&request)?;
        let group = request.parameter("group_by").unwrap_or("team");
        if !["team", "customer", "api_key"].contains(&group) {
            let msg = "Input should be 'team', 'customer' or 'api_key'";
            let fault = json!({ "type": "literal_error", "loc": ["query", "group_by"], "msg": msg });
            return Err(Denial::detail(422, json!([fault])).into());
        }
        if let Some(key) = request.parameter("api_key") {
            let query = totals::everybody(days).is("api_key", hash_if_needed(key));
            return by_key(app, query).await;
        }
        if let Some(user_id) = request.parameter("internal_user_id") {
            return by_key(app, totals::everybody(days).is("user_id", user_id)).await;
        }
        match (request.parameter("team_id"), request.parameter("customer_id"), group) {
            (Some(team), Some(customer), _) => of_team_and_customer(app, days, (team, customer)).await,
            (_, _, "api_key") => by_key(app, totals::everybody(days)).await,
            (_, _, "customer") => by_customer(app, days).await,
            (team, _, _) => by_team(app, days, team).await,
        }
    })
}

/// What each key has cost, the dearest first, and which models it was.
async fn by_key(app: &App, query: Query) -> Outcome {
    let rows = sum(app, &totals::dearest(query, GROUPS_MAX), &["api_key", "model"], SUMMED).await?;
    Ok(Answer::ok(keyed(&rows, |_| None)))
}

/// Rows by key and model as a report; `team` names the team of a key, where that is asked for.
fn keyed(rows: &[Row], team: impl Fn(&str) -> Option<Value>) -> Value {
    let mut keys: BTreeMap<String, Vec<&Row>> = BTreeMap::new();
    for row in rows {
        keys.entry(text(row, "api_key")).or_default().push(row);
    }
    let total = |rows: &[&Row]| rows.iter().map(|row| usd(row, "spend")).sum::<f64>();
    let mut keys: Vec<(String, Vec<&Row>)> = keys.into_iter().collect();
    keys.sort_by(|left, right| total(&right.1).total_cmp(&total(&left.1)));
    let shown = keys.iter().map(|(key, rows)| {
        let count = |name: &str| rows.iter().map(|row| whole(row, name)).sum::<i64>();
        let details = rows.iter().map(|row| {
            let mut detail = Map::new();
            detail.extend(team(key).map(|team| ("team_id".to_owned(), team)));
            detail.insert("model".to_owned(), text(row, "model").into());
            detail.insert("total_cost".to_owned(), usd(row, "spend").into());
            detail.insert("total_input_tokens".to_owned(), whole(row, "prompt_tokens").into());
            detail.insert("total_output_tokens".to_owned(), whole(row, "completion_tokens").into());
            Value::Object(detail)
        });
        json!({
            "api_key": key,
            "total_cost": total(rows),
            "total_input_tokens": count("prompt_tokens"),
            "total_output_tokens": count("completion_tokens"),
            "model_details": details.collect::<Vec<_>>(),
        })
    });
    shown.collect()
}

async fn by_team(app: &App, days: Days, team: Option<&str>) -> Outcome {
    let mut query = totals::of(&schema::DAILY_TEAM, days);
    query.filters.extend(team.map(|id| Filter::Is("team_id", id.into())));
    let by = ["date", "team_id", "model", "api_key"];
    let mut rows = sum(app, &totals::dearest(query, GROUPS_MAX), &by, SUMMED).await?;
    let ids: Vec<String> = rows.iter().map(|row| text(row, "team_id")).collect();
    let known = among(app, &schema::TEAMS, "team_id", ids.iter().map(String::as_str)).await?;
    let names: BTreeMap<String, String> =
        known.iter().map(|team| (text(team, "team_id"), text(team, "team_alias"))).collect();
    for row in &mut rows {
        let name = names.get(&text(row, "team_id")).filter(|name| !name.is_empty()).cloned();
        row.insert("name".to_owned(), name.unwrap_or_else(|| "Unassigned Team".to_owned()).into());
    }
    Ok(Answer::ok(by_day(&rows, ("teams", "team_name"))))
}

async fn by_customer(app: &App, days: Days) -> Outcome {
    let query = totals::of(&schema::DAILY_CUSTOMER, days);
    let by = ["date", "end_user_id", "model", "api_key"];
    let mut rows = sum(app, &totals::dearest(query, GROUPS_MAX), &by, SUMMED).await?;
    for row in &mut rows {
        row.insert("name".to_owned(), text(row, "end_user_id").into());
    }
    Ok(Answer::ok(by_day(&rows, ("customers", "customer"))))
}

/// Rows with a date, a name, a model and a key, as days of names of models.
fn by_day(rows: &[Row], (list, name): (&str, &str)) -> Value {
    let mut days: BTreeMap<String, BTreeMap<String, Vec<&Row>>> = BTreeMap::new();
    for row in rows {
        days.entry(text(row, "date")).or_default().entry(text(row, "name")).or_default().push(row);
    }
    let shown = days.iter().map(|(date, names)| {
        let entries = names.iter().map(|(each, rows)| {
            let mut rows = rows.clone();
            rows.sort_by_key(|row| (text(row, "model"), text(row, "api_key")));
            let parts = rows.iter().map(|row| {
                json!({
                    "model": text(row, "model"),
                    "spend": usd(row, "spend"),
                    "api_key": text(row, "api_key"),
                    "total_tokens": totals::tokens(row),
                })
            });
            let mut entry = Map::new();
            entry.insert("metadata".to_owned(), parts.collect());
            entry.insert(name.to_owned(), each.as_str().into());
            entry.insert("total_spend".to_owned(), rows.iter().map(|row| usd(row, "spend")).sum::<f64>().into());
            Value::Object(entry)
        });
        let mut day = Map::new();
        day.insert("group_by_day".to_owned(), format!("{date}T00:00:00+00:00").into());
        day.insert(list.to_owned(), entries.collect());
        Value::Object(day)
    });
    shown.collect()
}

/// No daily table knows both: the records are added up, of one day after the other.
async fn of_team_and_customer(app: &App, days: Days, (team, customer): (&str, &str)) -> Outcome {
    let name = find::one(app, &schema::TEAMS, team).await?;
    let name = name.as_ref().and_then(|team| team.text("team_alias")).unwrap_or("Unassigned Team");
    let mut query = Query::of(&schema::SPEND_LOGS).is("end_user", customer).is("team_id", team);
    query.filters.extend(days.of_records());
    let columns = ["startTime", "model", "api_key", "spend", "prompt_tokens", "completion_tokens"];
    let query = query.only(&columns).sorted("startTime", crate::directory::Direction::Down);
    let mut groups: BTreeMap<(String, String, String), Row> = BTreeMap::new();
    for row in find::all(app, &query.page(0, totals::ROWS_MAX)).await? {
        let date = text(&row, "startTime").get(..10).unwrap_or_default().to_owned();
        let group = groups.entry((date.clone(), text(&row, "model"), text(&row, "api_key"))).or_insert_with(|| {
            let mut group = row.clone();
            group.insert("date".to_owned(), date.into());
            group.insert("name".to_owned(), name.into());
            SUMMED.iter().for_each(|column| _ = group.insert((*column).to_owned(), 0.0.into()));
            group
        });
        for column in SUMMED {
            group.insert((*column).to_owned(), (usd(group, column) + usd(&row, column)).into());
        }
    }
    let rows: Vec<Row> = groups.into_values().collect();
    let mut shown = by_day(&rows, ("teams_customers", "team_name"));
    for day in shown.as_array_mut().into_iter().flatten() {
        let entries = day.get_mut("teams_customers").and_then(Value::as_array_mut);
        for entry in entries.into_iter().flatten().filter_map(Value::as_object_mut) {
            entry.insert("customer".to_owned(), customer.into());
        }
    }
    Ok(Answer::ok(shown))
}

/// The days of a report of one's own.
fn days(request: &Request) -> Result<Days, Error> {
    let refused = |sentence: String| Error::from(Denial::detail(400, sentence.into()));
    let (Some(first), Some(last)) = (request.parameter("start_date"), request.parameter("end_date")) else {
        return Err(refused(super::dates::MISSING.to_owned()));
    };
    let days = Days::parse(first, last)
        .ok_or_else(|| refused("start_date and end_date must be in YYYY-MM-DD format".to_owned()))?;
    if days.last < days.first {
        return Err(refused("start_date must be on or before end_date".to_owned()));
    }
    match days.count() > DAYS_MAX {
        true => Err(refused(format!("Date range too large; maximum is {DAYS_MAX} days"))),
        false => Ok(days),
    }
}

/// Whose report: the caller's own, or, for who sees all, anyone's.
fn of_whom(caller: &Caller, asked: Option<String>, own: Option<&str>, name: &str) -> Result<String, Error> {
    match (asked, own) {
        (Some(asked), own) if own == Some(asked.as_str()) || caller.sees_all() => Ok(asked),
        (Some(_), _) => {
            let sentence = format!("Not authorized to view spend for a {name} other than your own");
            Err(Denial::detail(403, sentence.into()).into())
        }
        (None, Some(own)) => Ok(own.to_owned()),
        (None, None) => {
            let sentence = format!("No {name} associated with this API key; pass a {name} query param");
            Err(Denial::detail(400, sentence.into()).into())
        }
    }
}

/// `GET /key/spend/report`.
pub fn of_key<'a>(app: &'a App, request: Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        let query = totals::everybody(days(&request)?);
        let asked = request.parameter("api_key").map(hash_if_needed);
        let key = of_whom(&request.caller, asked, Some(request.caller.key_hash()), "api_key")?;
        by_key(app, query.is("api_key", key)).await
    })
}

/// `GET /user/spend/report`.
pub fn of_user<'a>(app: &'a App, request: Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        let query = totals::everybody(days(&request)?);
        let asked = request.parameter("internal_user_id").map(str::to_owned);
        let user = of_whom(&request.caller, asked, request.caller.user_id(), "internal_user_id")?;
        by_key(app, query.is("user_id", user)).await
    })
}

/// `GET /team/spend/report`.
pub fn of_team<'a>(app: &'a App, request: Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        let query = totals::of(&schema::DAILY_TEAM, days(&request)?);
        let asked = request.parameter("team_id").map(str::to_owned);
        let team = of_whom(&request.caller, asked, request.caller.team_id(), "team_id")?;
        by_key(app, query.is("team_id", team)).await
    })
}

/// `GET /organization/spend/report`: for admins of the organization.
pub fn of_organization<'a>(app: &'a App, request: Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        let query = totals::of(&schema::DAILY_ORGANIZATION, days(&request)?);
        let asked = request.parameter("organization_id").or_else(|| request.caller.organization_id());
        let Some(id) = asked else {
            let sentence = "No organization_id associated with this API key; pass an organization_id query param";
            return Err(Denial::detail(400, sentence.into()).into());
        };
        let administers = || app.governance.administered(&request.caller);
        if !request.caller.sees_all() && !administers().await?.iter().any(|own| own == id) {
            return Err(Denial::detail(403, "You do not have access to this organization".into()).into());
        }
        let query = totals::dearest(query.is("organization_id", id), GROUPS_MAX);
        let rows = sum(app, &query, &["api_key", "model"], SUMMED).await?;
        let hashes: Vec<String> = rows.iter().map(|row| text(row, "api_key")).collect();
        let keys = among(app, &schema::KEYS, "token", hashes.iter().map(String::as_str)).await?;
        Ok(Answer::ok(keyed(&rows, |hash| Some(of_id(&keys, ("token", hash), "team_id")))))
    })
}
