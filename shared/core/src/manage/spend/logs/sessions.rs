//! Records that belong together.

use serde_json::{Value, json};

use super::{LISTED, PAGE_MAX, counted, listed, spent};
use crate::directory::{Columns, Direction, Filter, Query, Row, schema};
use crate::manage::page::{Parameters, offset, pages};
use crate::manage::spend::reach;
use crate::manage::spend::totals::{self, ROWS_MAX};
use crate::manage::{Answer, Outcome, Request, find, input};
use crate::upstream::BoxFuture;
use crate::{App, Error};

/// `GET /spend/logs/session/ui`: the records of a session, in their order.
pub fn session<'a>(app: &'a App, request: Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        let id = input::required_parameter(&request, "session_id")?;
        let parameters = Parameters::of(&request);
        let (page, size) = (parameters.count("page", 1, None), parameters.count("page_size", 50, Some(PAGE_MAX)));
        parameters.check()?;
        let mut query = Query::of(&schema::SPEND_LOGS).only(LISTED).is("session_id", id);
        query.filters.extend(reach::own(app, &request.caller).await?);
        let query =
            query.sorted("startTime", Direction::Up).sorted("request_id", Direction::Up).page(offset(page, size), size);
        let (rows, total) = (find::all(app, &query).await?, counted(app, &query).await?.min(ROWS_MAX));
        let data: Vec<Row> = rows.iter().map(listed).collect();
        Ok(Answer::ok(json!({
            "data": data,
            "total": total,
            "page": page,
            "page_size": size,
            "total_pages": pages(total, size),
        })))
    })
}

/// Adds to each record what its whole session came to.
///
/// # Errors
/// The directory's, as an answer.
pub async fn enrich(app: &App, data: &mut [Row]) -> Result<(), Error> {
    let mut ids: Vec<String> = data.iter().filter_map(|row| row.text("session_id")).map(str::to_owned).collect();
    ids.retain(|id| !id.is_empty());
    ids.sort_unstable();
    ids.dedup();
    let query = Query::of(&schema::SPEND_LOGS).with(Filter::In("session_id", ids)).page(0, ROWS_MAX);
    let columns = ["spend", "request_duration_ms", "prompt_tokens", "completion_tokens", "total_tokens"];
    let sums =
        totals::sum(app, &query, &["session_id", "api_key", "model", "cache_hit", "call_type"], &columns).await?;
    for row in data {
        let is_own =
            |sum: &&Row| sum.get("session_id") == row.get("session_id") && sum.get("api_key") == row.get("api_key");
        let own: Vec<Row> = sums.iter().filter(is_own).cloned().collect();
        row.extend(shown(&own));
    }
    Ok(())
}

/// Models that are named of a session.
const MODELS_MAX: usize = 20;

fn shown(parts: &[Row]) -> Row {
    let total = |name: &str| parts.iter().map(|part| totals::whole(part, name)).sum::<i64>();
    let calls = |is: &dyn Fn(&Row) -> bool| {
        parts.iter().filter(|part| is(part)).map(|part| totals::whole(part, "rows")).sum::<i64>()
    };
    let kind = |part: &Row| totals::text(part, "call_type");
    let is_tool = |part: &Row| super::filters::is_tool(&kind(part));
    let is_agent = |part: &Row| super::filters::is_agent(&kind(part));
    let is_hit = |part: &Row| part.text("cache_hit").is_some_and(|hit| hit.eq_ignore_ascii_case("true"));
    let mut shown = Row::new();
    let mut set = |name: &str, value: Value| shown.insert(name.to_owned(), value);
    set("session_total_count", calls(&|_| true).max(1).into());
    if parts.is_empty() {
        return shown;
    }
    set("session_total_spend", spent(parts).into());
    set("session_total_duration_ms", total("request_duration_ms").into());
    if calls(&is_tool) > 0 {
        let tools: Vec<Row> = parts.iter().filter(|part| is_tool(part)).cloned().collect();
        set("mcp_tool_call_count", calls(&is_tool).into());
        set("mcp_tool_call_spend", spent(&tools).into());
    }
    set("session_cache_hit_count", calls(&is_hit).into());
    set("session_llm_count", calls(&|part| !is_tool(part) && !is_agent(part)).into());
    set("session_agent_count", calls(&is_agent).into());
    set("session_total_prompt_tokens", total("prompt_tokens").into());
    set("session_total_completion_tokens", total("completion_tokens").into());
    set("session_total_tokens", total("total_tokens").into());
    let mut models: Vec<&str> = parts.iter().filter_map(|part| part.text("model")).filter(|m| !m.is_empty()).collect();
    models.sort_unstable();
    models.dedup();
    set("session_models_truncated", (models.len() > MODELS_MAX).into());
    models.truncate(MODELS_MAX);
    set("session_models", json!(models));
    shown
}
