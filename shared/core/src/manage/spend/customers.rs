//! `POST /global/spend/end_users`: the customers that have cost the most.

use serde_json::{Value, json};

use super::dates::{Days, day, today};
use super::totals::{self, REQUESTS, sum, text, usd, whole};
use crate::denial::Denial;
use crate::directory::{Filter, Query, Row, schema};
use crate::manage::{Answer, Fields, Outcome, Request};
use crate::upstream::BoxFuture;
use crate::{App, Error};

/// Customers that are shown.
const SHOWN: u64 = 100;

/// The handler. Who names no customer counts as one without a name.
pub fn end_users<'a>(app: &'a App, request: Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        let empty = json!({});
        let fields = Fields::of(if request.body.is_null() { &empty } else { &request.body })?;
        let (key, start, end) = (fields.text("api_key"), fields.text("startTime"), fields.text("endTime"));
        fields.check()?;
        let days = days(app, start, end)?;
        let narrowed = |mut query: Query| {
            query.filters.extend(key.map(|key| Filter::Is("api_key", key.into())));
            query
        };
        let columns = ["spend", REQUESTS];
        let customers = narrowed(totals::of(&schema::DAILY_CUSTOMER, days));
        let named = sum(app, &totals::dearest(customers.clone(), SHOWN), &["end_user_id"], &columns).await?;
        let all_named = sum(app, &customers, &[], &columns).await?;
        let all = sum(app, &narrowed(totals::everybody(days)), &[], &columns).await?;
        let mut shown: Vec<(f64, Value)> = named.iter().map(|row| entry(&text(row, "end_user_id"), row)).collect();
        shown.extend(rest(&all, &all_named));
        shown.sort_by(|left, right| right.0.total_cmp(&left.0));
        Ok(Answer::ok(shown.into_iter().take(SHOWN as usize).map(|(_, shown)| shown).collect()))
    })
}

fn entry(name: &str, row: &Row) -> (f64, Value) {
    let spend = usd(row, "spend");
    (spend, json!({ "end_user": name, "total_count": whole(row, REQUESTS), "total_spend": spend }))
}

/// What belongs to no customer.
fn rest(all: &[Row], named: &[Row]) -> Option<(f64, Value)> {
    let sum = |rows: &[Row]| rows.first().map_or((0, 0.0), |row| (whole(row, REQUESTS), usd(row, "spend")));
    let ((all_count, all_spend), (named_count, named_spend)) = (sum(all), sum(named));
    let (count, spend) = (all_count - named_count, (all_spend - named_spend).max(0.0));
    // What two sums of floating-point numbers differ by is nothing that was spent.
    let spend = totals::rounded(spend, 12);
    (count > 0).then(|| (spend, json!({ "end_user": "", "total_count": count, "total_spend": spend })))
}

/// The last thirty days, where nothing is named. A last day without a time does not count, as with LiteLLM.
fn days(app: &App, start: Option<&str>, end: Option<&str>) -> Result<Days, Error> {
    let read = |text: &str, name: &str| {
        let found = text.get(..10).and_then(day);
        found.ok_or_else(|| {
            let fault = json!({
                "type": "datetime_from_date_parsing",
                "loc": ["body", name],
                "msg": "Input should be a valid datetime or date",
            });
            Error::from(Denial::detail(422, json!([fault])))
        })
    };
    let month = Days::last_month(app);
    let first = start.map_or(Ok(month.first), |text| read(text, "startTime"))?;
    let last = match end {
        None => today(app),
        Some(text) => {
            let day = read(text, "endTime")?;
            let is_midnight = text.get(11..19).is_none_or(|time| time == "00:00:00");
            if is_midnight { day.yesterday().unwrap_or(day) } else { day }
        }
    };
    Ok(Days { first, last })
}
