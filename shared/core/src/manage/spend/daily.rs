//! `/{user,team,tag,customer,organization}/daily/activity`: totals by day and what they are made of.
//!
//! Page by page over the daily rows, as LiteLLM answers, or all of them added up in the database.

mod breakdown;
mod key_names;
mod metrics;
mod scope;

use serde_json::{Map, Value, json};

use self::breakdown::{Days as Shown, Naming};
pub use self::scope::TeamScope;
use self::scope::{Entity, Scope};
use super::totals::{self, sum};
use crate::denial::Denial;
use crate::directory::{Columns, Direction, Filter, Query};
use crate::manage::page::{Parameters, offset, pages};
use crate::manage::{Answer, Outcome, Request, find};
use crate::upstream::BoxFuture;
use crate::{App, Error};

/// Rows that a page may have, whatever is asked for.
const PAGE_MAX: u64 = 1000;
/// Keys that the aggregated answer tells apart, at most and in any case: those that cost the most.
const KEYS_SHOWN: std::ops::RangeInclusive<usize> = 10..=100;
/// Keys and days together: each is shown under every model, provider and endpoint, so that a hundred keys over a month
/// are 50 MB with LiteLLM. How many are shown is in the answer.
const KEY_DAYS_MAX: usize = 300;
/// Days that it may span.
const DAYS_MAX: i32 = 366;

macro_rules! routes {
    ($($paged:ident, $aggregated:ident, $entity:ident, $name:literal;)*) => {$(
        #[doc = concat!("`GET /", $name, "/daily/activity`.")]
        pub fn $paged<'a>(app: &'a App, request: Request) -> BoxFuture<'a, Outcome> {
            Box::pin(paged(app, request, Entity::$entity))
        }

        #[doc = concat!("`GET /", $name, "/daily/activity/aggregated`.")]
        pub fn $aggregated<'a>(app: &'a App, request: Request) -> BoxFuture<'a, Outcome> {
            Box::pin(aggregated(app, request, Entity::$entity))
        }
    )*};
}

routes! {
    users_daily, users_aggregated, User, "user";
    teams_daily, teams_aggregated, Team, "team";
    tags_daily, tags_aggregated, Tag, "tag";
    customers_daily, customers_aggregated, Customer, "customer";
    organizations_daily, organizations_aggregated, Organization, "organization";
}

async fn paged(app: &App, request: Request, entity: Entity) -> Outcome {
    let (page, size) = page_of(&request, entity)?;
    let scope = Scope::of(app, &request, entity).await?;
    let size = size.min(PAGE_MAX);
    let query = scope.query().sorted("date", Direction::Down).page(offset(page, size), size);
    let (rows, count) = (find::all(app, &query).await?, find::count(app, &query).await?);
    let mut shown = Shown::default();
    for row in &rows {
        shown.add_group(row);
        shown.add_key(row);
        shown.add_entity(row, entity.column());
        shown.add_key_of_entity(row, entity.column());
    }
    let naming = Naming::of(app, &shown, entity).await?;
    let mut about = shown.total().json_of_totals();
    about.insert("page".to_owned(), page.into());
    about.insert("total_pages".to_owned(), pages(count, size).into());
    about.insert("has_more".to_owned(), (page.saturating_mul(size) < count).into());
    finished(&shown, &naming, (about, None, Value::Null))
}

/// Users' pages have bounds that are checked; the others' have LiteLLM's defaults of its other routes.
fn page_of(request: &Request, entity: Entity) -> Result<(u64, u64), Error> {
    let parameters = Parameters::of(request);
    if entity == Entity::User {
        let (page, size) = (parameters.count("page", 1, None), parameters.count("page_size", 50, Some(PAGE_MAX)));
        parameters.check()?;
        return Ok((page, size));
    }
    let number = |name: &str, otherwise: i64| match request.parameter(name) {
        None => Ok(otherwise),
        Some(text) => text.trim().parse::<i64>().map_err(|_| {
            let sentence = "Input should be a valid integer, unable to parse string as an integer";
            let fault = json!({ "type": "int_parsing", "loc": ["query", name], "msg": sentence });
            Error::from(Denial::detail(422, json!([fault])))
        }),
    };
    let (page, size) = (number("page", 1)?, number("page_size", 10)?);
    match (u64::try_from(page), u64::try_from(size)) {
        (Ok(page @ 1..), Ok(size @ 1..)) => Ok((page, size)),
        _ => {
            let sentence = format!("page and page_size must be >= 1, got page={page}, page_size={size}");
            Err(Denial::detail(400, sentence.into()).into())
        }
    }
}

async fn aggregated(app: &App, request: Request, entity: Entity) -> Outcome {
    let days = super::dates::Days::bounded(&request, DAYS_MAX)?;
    let span = usize::try_from(days.count()).unwrap_or(0) + 1;
    let limit = (KEY_DAYS_MAX / span).clamp(*KEYS_SHOWN.start(), *KEYS_SHOWN.end());
    let scope = Scope::of(app, &request, entity).await?;
    let query = scope.query();
    let keys = sum(app, &totals::dearest(query.clone(), totals::GROUPS_MAX), &["api_key"], &["spend"]).await?;
    let dearest = keys.iter().take(limit).filter_map(|row| row.text("api_key")).map(str::to_owned);
    let of_keys = query.clone().with(Filter::In("api_key", dearest.collect()));
    let mut shown = Shown::default();
    for row in group(app, &query, GROUP).await? {
        shown.add_group(&row);
    }
    for row in group(app, &of_keys, GROUP_OF_KEY).await? {
        shown.add_key(&row);
    }
    let mut counts = Value::Null;
    // A user's own totals need no further division.
    if entity != Entity::User {
        for row in group(app, &query, &["date", entity.column()]).await? {
            shown.add_entity(&row, entity.column());
        }
        for row in group(app, &of_keys, &["date", entity.column(), "api_key"]).await? {
            shown.add_key_of_entity(&row, entity.column());
        }
        counts = keys_by_entity(app, query, entity).await?;
    }
    let naming = Naming::of(app, &shown, entity).await?;
    let mut about = shown.total().json_of_totals();
    about.insert("page".to_owned(), 1.into());
    about.insert("total_pages".to_owned(), 1.into());
    about.insert("has_more".to_owned(), false.into());
    finished(&shown, &naming, (about, Some((limit, keys.len())), counts))
}

const GROUP: &[&str] = &["date", "model", "model_group", "custom_llm_provider", "mcp_namespaced_tool_name", "endpoint"];
const GROUP_OF_KEY: &[&str] =
    &["date", "api_key", "model", "model_group", "custom_llm_provider", "mcp_namespaced_tool_name", "endpoint"];

async fn group(app: &App, query: &Query, by: &[&'static str]) -> Result<Vec<crate::directory::Row>, Error> {
    sum(app, &totals::dearest(query.clone(), GROUPS_MAX), by, metrics::COLUMNS).await
}

/// Groups of one division: more than days, keys and models together commonly make.
const GROUPS_MAX: u64 = 50_000;

/// How many keys each of the entities has used.
async fn keys_by_entity(app: &App, query: Query, entity: Entity) -> Result<Value, Error> {
    let rows = sum(app, &totals::dearest(query, GROUPS_MAX), &[entity.column(), "api_key"], &["spend"]).await?;
    let mut counts = Map::new();
    for row in rows {
        let count = counts.entry(breakdown::entity_name(&row, entity.column())).or_insert_with(|| 0.into());
        *count = (count.as_u64().unwrap_or(0) + 1).into();
    }
    Ok(Value::Object(counts))
}

fn finished(
    shown: &Shown,
    naming: &Naming,
    (mut about, keys, counts): (Map<String, Value>, Option<(usize, usize)>, Value),
) -> Outcome {
    about.insert("api_key_limit".to_owned(), keys.map(|(limit, _)| limit).into());
    about.insert("total_api_keys".to_owned(), keys.map(|(_, total)| total).into());
    about.insert("entity_total_api_keys".to_owned(), counts);
    Ok(Answer::ok(json!({ "results": shown.json(naming), "metadata": about })))
}
