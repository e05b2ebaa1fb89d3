//! `POST /tag/info` and `GET /tag/list`.

use serde_json::{Map, Value, json};

use super::{TAGS, refusal, shown};
use crate::denial::Denial;
use crate::directory::{Columns, Filter, Query, Row, schema};
use crate::govern::Role;
use crate::manage::show::{self, Times};
use crate::manage::{Answer, Outcome, Request, input, money, records};
use crate::upstream::BoxFuture;
use crate::{App, Error};

/// `POST /tag/info`: tags by their names.
pub fn info(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let fields = request.fields()?;
        let names = input::required_texts(&fields, "names");
        fields.check()?;
        let tags = records::among(app, TAGS, "tag_name", names.clone()).await?;
        let is_known = |name: &String| tags.iter().any(|tag| tag.text("tag_name") == Some(name));
        let missing: Vec<&String> = names.iter().filter(|name| !is_known(name)).collect();
        if !missing.is_empty() {
            return Err(refusal(&format!("404: Tags not found: {}", records::python_list(&missing))));
        }
        let mut found = Map::new();
        for tag in &tags {
            let name = tag.text("tag_name").unwrap_or_default().to_owned();
            found.insert(name, Value::Object(with_budget(app, tag).await?));
        }
        Ok(Answer::ok(Value::Object(found)))
    })
}

async fn with_budget(app: &App, tag: &Row) -> Result<Row, Error> {
    let mut shown = shown(tag);
    if let Some(budget) = records::linked(app, &schema::BUDGETS, tag.text("budget_id")).await? {
        shown.insert("litellm_budget_table".to_owned(), money::whole(&budget));
    }
    Ok(shown)
}

/// `GET /tag/list`: stored tags, and those that calls have had; internal users see those of their own calls.
pub fn list(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let dates = dates(&request)?;
        let own_keys = own_keys(app, &request).await?;
        let used = used(app, dates, own_keys.as_deref()).await?;
        let names: Vec<String> = used.iter().filter_map(|row| row.text("tag")).map(str::to_owned).collect();
        let stored = match own_keys {
            Some(_) => records::among(app, TAGS, "tag_name", names).await?,
            None => records::all(app, &Query::of(TAGS)).await?,
        };
        let mut listed = Vec::with_capacity(stored.len() + used.len());
        for tag in &stored {
            listed.push(Value::Object(with_budget(app, tag).await?));
        }
        let is_stored = |name: &str| stored.iter().any(|tag| tag.text("tag_name") == Some(name));
        listed.extend(used.iter().filter(|row| !row.text("tag").is_some_and(is_stored)).map(dynamic));
        Ok(Answer::ok(listed.into()))
    })
}

fn dynamic(row: &Row) -> Value {
    json!({
        "name": row.get("tag"),
        "description": "This is just a spend tag that was passed dynamically in a request. It does not control any LLM \
                        models.",
        "models": null,
        "created_at": row.get("created_at"),
        "updated_at": row.get("updated_at"),
    })
}

type Dates<'a> = Option<(&'a str, &'a str)>;

fn dates(request: &Request) -> Result<Dates<'_>, Error> {
    let refuse = |sentence: &str| -> Error { Denial::detail(400, sentence.into()).into() };
    let (start, end) = match (request.parameter("start_date"), request.parameter("end_date")) {
        (None, None) => return Ok(None),
        (Some(start), Some(end)) => (start, end),
        _ => return Err(refuse("start_date and end_date must be provided together")),
    };
    for date in [start, end] {
        if date.parse::<jiff::civil::Date>().is_err() {
            let sentence = format!(
                "Invalid date format, expected YYYY-MM-DD: time data {} does not match format '%Y-%m-%d'",
                crate::denial::python_text(date)
            );
            return Err(refuse(&sentence));
        }
    }
    if start > end { Err(refuse("start_date must be on or before end_date")) } else { Ok(Some((start, end))) }
}

/// The hashes of an internal user's keys; nothing where the caller sees all.
async fn own_keys(app: &App, request: &Request) -> Result<Option<Vec<String>>, Error> {
    let caller = &request.caller;
    if !matches!(caller.role(), Role::InternalUser | Role::InternalUserViewer | Role::None) || caller.is_master() {
        return Ok(None);
    }
    let mut hashes = vec![caller.key_hash().to_owned()];
    if let Some(user_id) = caller.user_id() {
        let keys = records::all(app, &Query::of(&schema::KEYS).is("user_id", user_id).only(&["token"])).await?;
        hashes.extend(keys.iter().filter_map(|key| key.text("token")).map(str::to_owned));
    }
    hashes.sort_unstable();
    hashes.dedup();
    Ok(Some(hashes))
}

/// The tags that calls have had, with the first and last time of each.
async fn used(app: &App, dates: Dates<'_>, keys: Option<&[String]>) -> Result<Vec<Row>, Error> {
    let mut query = Query::of(&schema::DAILY_TAG).with(Filter::Given("tag"));
    if let Some(keys) = keys {
        query = query.with(Filter::In("api_key", keys.to_vec()));
    }
    if let Some((start, end)) = dates {
        query = query.with(Filter::From("date", start.into()));
        // The end is inside: the next text after a date is the date and a blank.
        query = query.with(Filter::Below("date", format!("{end} ").into()));
    }
    let mut found: Vec<Row> = Vec::new();
    for row in app
        .governance
        .directory
        .sum(&query, &["tag"], &["spend"])
        .await
        .map_err(|fault| crate::manage::failed(&fault))?
    {
        let tag = row.text("tag").unwrap_or_default().to_owned();
        let edge = |column, direction| {
            Query::of(&schema::DAILY_TAG).is("tag", tag.as_str()).sorted(column, direction).page(0, 1)
        };
        let first = records::all(app, &edge("created_at", crate::directory::Direction::Up)).await?;
        let last = records::all(app, &edge("updated_at", crate::directory::Direction::Down)).await?;
        let time = |rows: &[Row], name: &str| {
            rows.first().and_then(|row| row.get(name)).map_or(Value::Null, |at| show::time(at, Times::Zulu))
        };
        found.push(records::row([
            ("tag", tag.as_str().into()),
            ("created_at", time(&first, "created_at")),
            ("updated_at", time(&last, "updated_at")),
        ]));
    }
    Ok(found)
}
