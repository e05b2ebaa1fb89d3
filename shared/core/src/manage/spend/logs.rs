//! `/spend/logs`, `/spend/logs/v2` and `/spend/logs/ui`: records of calls, and what a user's interface asks of them.
//!
//! A page is found by an index and counted up to a limit: no answer takes longer because there are more records.

mod filters;
mod sessions;

use serde_json::{Value, json};

pub use filters::Asked;
pub use sessions::session;

use super::dates::{self, day, started};
use super::reach;
use super::totals::{ROWS_MAX, usd};
use crate::denial::Denial;
use crate::directory::{Columns, Direction, Filter, Query, Row, schema};
use crate::manage::keys::hash_if_needed;
use crate::manage::page::{Parameters, offset, pages};
use crate::manage::show::{self, Times};
use crate::manage::{Answer, Outcome, Request, find};
use crate::upstream::BoxFuture;
use crate::{App, Error};

/// What a page shows of a record: all but the bodies.
const LISTED: &[&str] = &[
    "request_id",
    "call_type",
    "api_key",
    "spend",
    "total_tokens",
    "prompt_tokens",
    "completion_tokens",
    "startTime",
    "endTime",
    "completionStartTime",
    "model",
    "model_id",
    "model_group",
    "custom_llm_provider",
    "api_base",
    "user",
    "metadata",
    "cache_hit",
    "cache_key",
    "request_tags",
    "team_id",
    "organization_id",
    "end_user",
    "requester_ip_address",
    "session_id",
    "status",
    "mcp_namespaced_tool_name",
    "agent_id",
    "litellm_call_id",
    "request_duration_ms",
];
/// Records that one page may have.
const PAGE_MAX: u64 = 1000;

/// `GET /spend/logs`: by day, unless `summarize` is false or no days are named.
pub fn list<'a>(app: &'a App, request: Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        let parameters = Parameters::of(&request);
        let is_summary = request.parameter("summarize").is_none() || parameters.flag("summarize");
        parameters.check()?;
        let asked = filters::Asked::of(&request);
        match (request.parameter("start_date"), request.parameter("end_date")) {
            (Some(first), Some(last)) => {
                let (Some(first), Some(last)) = (day(first), day(last)) else {
                    let sentence = "/spend/logs Errorstart_date and end_date must be valid YYYY-MM-DD dates";
                    return Err(Denial::new(500, "internal_error", sentence).about("None").into());
                };
                if is_summary && asked.request_id.is_none() {
                    return super::summary::answer(app, (first, last), &asked).await;
                }
                // As with LiteLLM, the last day's own records do not count, but for its first moment.
                let end = crate::clock::Moment(dates::moment(last.into()).0 + 1000);
                let mut query = asked.query();
                query.filters.extend(started(dates::moment(first.into()), end));
                whole(app, query).await
            }
            _ => whole(app, asked.query()).await,
        }
    })
}

/// Whole records, the latest first.
async fn whole(app: &App, query: Query) -> Outcome {
    let rows = find::all(app, &latest(query).page(0, ROWS_MAX)).await?;
    let shown = rows.iter().map(|row| Value::Object(show::row(&schema::SPEND_LOGS, row, Times::Zulu)));
    Ok(Answer::ok(shown.collect()))
}

fn latest(query: Query) -> Query {
    query.sorted("startTime", Direction::Down).sorted("request_id", Direction::Down)
}

/// `GET /spend/logs/v2` and `/spend/logs/ui`.
pub fn page<'a>(app: &'a App, request: Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        let parameters = Parameters::of(&request);
        let (page, size) = (parameters.count("page", 1, None), parameters.count("page_size", 50, Some(PAGE_MAX)));
        parameters.check()?;
        let sort = filters::sort(&request)?;
        let mut query = Query::of(&schema::SPEND_LOGS).only(LISTED);
        query.filters.extend(filters::of(app, &request).await?);
        query.sort = sort;
        let query = query.page(offset(page, size), size);
        let (rows, total) = (find::all(app, &query).await?, counted(app, &query).await?);
        let is_capped = total > ROWS_MAX;
        let total = total.min(ROWS_MAX);
        let mut data: Vec<Row> = rows.iter().map(listed).collect();
        if request.path.ends_with("/ui") {
            sessions::enrich(app, &mut data).await?;
        }
        Ok(Answer::ok(json!({
            "data": data,
            "total": total,
            "page": page,
            "page_size": size,
            "total_pages": pages(total, size),
            "total_is_capped": is_capped,
        })))
    })
}

/// One more than may be told: then there are more.
async fn counted(app: &App, query: &Query) -> Result<u64, Error> {
    find::count(app, &query.clone().counted(ROWS_MAX + 1)).await
}

fn listed(row: &Row) -> Row {
    let whole = show::row(&schema::SPEND_LOGS, row, Times::Offset);
    let mut shown = show::picked(&whole, LISTED);
    if shown.get("request_duration_ms").is_none_or(Value::is_null) {
        let took = row.moment("startTime").zip(row.moment("endTime"));
        let took = took.map(|(start, end)| end.0.saturating_sub(start.0) / 1000);
        shown.insert("request_duration_ms".to_owned(), took.into());
    }
    // The database writes times to the millisecond here.
    for name in ["startTime", "endTime", "completionStartTime"] {
        if let Some(moment) = row.moment(name) {
            let text = crate::directory::moment_text(moment);
            shown.insert(name.to_owned(), text.replace('Z', "+00:00").into());
        }
    }
    shown
}

/// `GET /spend/logs/ui/{request_id}`: what was asked and answered, where it is kept.
pub fn payload<'a>(app: &'a App, request: Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        let id = request.place("request_id");
        let named = Filter::Any(vec![Filter::Is("request_id", id.into()), Filter::Is("litellm_call_id", id.into())]);
        let query = Query::of(&schema::SPEND_LOGS).with(named).page(0, PAGE_MAX);
        let rows = find::all(app, &query).await?;
        let mut seen = None;
        for row in &rows {
            if reach::sees(app, &request.caller, row).await? {
                let is_named = row.text("request_id") == Some(id);
                seen = if is_named || seen.is_none() { Some(row) } else { seen };
            }
        }
        match seen {
            Some(row) => {
                let shown = show::picked(row, &["messages", "response", "proxy_server_request"]);
                Ok(Answer::ok(Value::Object(shown)))
            }
            None if request.caller.sees_all() => Ok(Answer::ok(Value::Null)),
            None => Err(reach::hidden(id)),
        }
    })
}

/// The sum of what records cost.
fn spent(rows: &[Row]) -> f64 {
    rows.iter().map(|row| usd(row, "spend")).sum()
}

/// The key of a request, by its text or its hash.
fn key_of(request: &Request) -> Option<String> {
    request.parameter("api_key").map(hash_if_needed)
}
