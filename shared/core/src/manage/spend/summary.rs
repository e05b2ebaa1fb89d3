//! `/spend/logs`, summed up: what each day cost, by key, user and model.

use jiff::civil::Date;
use serde_json::{Map, Value, json};

use super::dates::Days;
use super::logs::Asked;
use super::totals::{self, GROUPS_MAX, sum, text, usd};
use crate::directory::{Filter, Row};
use crate::manage::{Answer, Outcome};
use crate::{App, Error};

/// The answer. As with LiteLLM the last day itself does not count, and days after the last that cost anything are empty.
pub async fn answer(app: &App, (first, end): (Date, Date), asked: &Asked) -> Outcome {
    let days = Days { first, last: end.yesterday().unwrap_or(Date::MIN) };
    let mut query = totals::everybody(days);
    query.filters.extend(asked.key.as_deref().map(|key| Filter::Is("api_key", key.into())));
    query.filters.extend(asked.user_id.as_deref().map(|id| Filter::Is("user_id", id.into())));
    let by = async |column: &'static str| -> Result<Vec<Row>, Error> {
        sum(app, &totals::dearest(query.clone(), GROUPS_MAX), &["date", column], &["spend"]).await
    };
    let (keys, users, models) = (by("api_key").await?, by("user_id").await?, by("model").await?);
    let mut dates: Vec<String> = models.iter().map(|row| text(row, "date")).collect();
    dates.sort_unstable();
    dates.dedup();
    let mut items: Vec<Value> = Vec::new();
    for date in &dates {
        let of_date = |rows: &[Row], column: &str| -> Map<String, Value> {
            let own = rows.iter().filter(|row| text(row, "date") == *date);
            own.map(|row| (text(row, column), usd(row, "spend").into())).collect()
        };
        let models_of = of_date(&models, "model");
        let total: f64 = models_of.values().filter_map(Value::as_f64).sum();
        let mut item = of_date(&keys, "api_key");
        item.insert("startTime".to_owned(), date.as_str().into());
        item.insert("spend".to_owned(), total.into());
        item.insert("users".to_owned(), of_date(&users, "user_id").into());
        item.insert("models".to_owned(), models_of.into());
        items.push(Value::Object(item));
    }
    if let Some(last) = dates.last().and_then(|date| super::dates::day(date)) {
        items.extend(padding(last, end));
    }
    Ok(Answer::ok(items.into()))
}

/// Days that are filled up, at most.
const PADDING_MAX: usize = 366;

fn padding(last: Date, end: Date) -> impl Iterator<Item = Value> {
    let days = std::iter::successors(last.tomorrow().ok(), |day| day.tomorrow().ok());
    days.take_while(move |day| *day <= end)
        .take(PADDING_MAX)
        .map(|day| json!({ "startTime": day.to_string(), "spend": 0, "users": {}, "models": {} }))
}
