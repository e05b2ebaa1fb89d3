//! Which records a request asks for, and in which order.

use serde_json::Value;

use super::key_of;
use crate::clock::Moment;
use crate::denial::Denial;
use crate::directory::{Columns, Direction, Filter, Query, schema};
use crate::govern::Caller;
use crate::manage::spend::{dates, reach};
use crate::manage::{Request, find};
use crate::{App, Error};

/// What `/spend/logs` narrows records by.
pub struct Asked {
    pub key: Option<String>,
    pub user_id: Option<String>,
    pub request_id: Option<String>,
}

impl Asked {
    /// Internal users ask for their own, whatever they name.
    pub fn of(request: &Request) -> Self {
        let named = request.parameter("user_id").map(str::to_owned);
        let own = || request.caller.user_id().unwrap_or_default().to_owned();
        let user_id = if request.caller.sees_all() { named } else { Some(own()) };
        Self { key: key_of(request), user_id, request_id: request.parameter("request_id").map(str::to_owned) }
    }

    pub fn query(&self) -> Query {
        let mut query = Query::of(&schema::SPEND_LOGS);
        let is = |column, value: &Option<String>| value.as_deref().map(|value| Filter::Is(column, value.into()));
        query.filters.extend(is("api_key", &self.key));
        query.filters.extend(is("user", &self.user_id));
        query.filters.extend(self.request_id.as_deref().map(named));
        query
    }
}

/// By the id of the record, or of the call.
fn named(id: &str) -> Filter {
    Filter::Any(vec![Filter::Is("request_id", id.into()), Filter::Is("litellm_call_id", id.into())])
}

const SORTED: &[&str] = &["endTime", "model", "request_duration_ms", "spend", "startTime", "total_tokens"];

/// The order that is asked for.
///
/// # Errors
/// 400 with the words that can be sorted by.
pub fn sort(request: &Request) -> Result<Vec<(&'static str, Direction)>, Error> {
    let asked = request.parameter("sort_by").unwrap_or("startTime");
    let Some(column) = SORTED.iter().find(|column| **column == asked) else {
        let sentence = format!("Invalid sort_by: {asked}. Must be one of: {}", SORTED.join(", "));
        return Err(refused(sentence, "sort_by"));
    };
    let order = request.parameter("sort_order").unwrap_or("desc");
    let direction = match order.to_lowercase().as_str() {
        "asc" => Direction::Up,
        "desc" => Direction::Down,
        _ => return Err(refused(format!("Invalid sort_order: {order}. Must be one of: asc, desc"), "sort_order")),
    };
    // One direction: an index is read from either end.
    Ok(vec![(column, direction), ("request_id", direction)])
}

fn refused(sentence: impl Into<String>, param: &'static str) -> Error {
    Denial::new(400, "bad_request", sentence).about(param).into()
}

/// Every filter of a page, and what the caller may see.
///
/// # Errors
/// 400 for values that mean nothing, 403 for records of others.
pub async fn of(app: &App, request: &Request) -> Result<Vec<Filter>, Error> {
    let mut filters = window(request)?;
    filters.extend(texts(request));
    filters.extend(amounts(request)?);
    filters.extend(states(request)?);
    if let Some(alias) = request.parameter("key_alias") {
        filters.push(of_aliased(app, alias).await?);
    }
    filters.extend(visible(app, &request.caller, request).await?);
    Ok(filters)
}

/// A time window is needed, but for one record of the interface's.
fn window(request: &Request) -> Result<Vec<Filter>, Error> {
    let is_public = request.path.ends_with("/v2");
    let search = request.parameter("search");
    if request.parameter("request_id").is_some() && !is_public && search.is_none() {
        return Ok(Vec::new());
    }
    let (Some(start), Some(end)) = (request.parameter("start_date"), request.parameter("end_date")) else {
        return Err(refused("Start date and end date are required", "None"));
    };
    let (start, end) = (time(start, is_public)?, time(end, is_public)?);
    // The end is part of the window; records know milliseconds.
    let within = dates::started(start, Moment(end.0 + 1000)).to_vec();
    let Some(text) = search else { return Ok(within) };
    let columns = ["litellm_call_id", "api_key", "team_id", "user", "end_user", "session_id", "model_id"];
    let any = Filter::Any(columns.iter().map(|column| Filter::Is(column, text.into())).collect());
    let found = Filter::All(within.iter().cloned().chain([any]).collect());
    let everywhere = Filter::Any(vec![Filter::Is("request_id", text.into()), found]);
    Ok(if is_public { within.into_iter().chain([everywhere]).collect() } else { vec![everywhere] })
}

fn time(text: &str, is_public: bool) -> Result<Moment, Error> {
    let text = text.trim();
    let read = dates::time(text).filter(|_| is_public || dates::day(text).is_none());
    read.ok_or_else(|| {
        let expected = if is_public { "'YYYY-MM-DD' or 'YYYY-MM-DD HH:MM:SS'" } else { "'YYYY-MM-DD HH:MM:SS'" };
        Denial::management(400, format!("Invalid date format: {text}. Expected: {expected}")).into()
    })
}

fn texts(request: &Request) -> Vec<Filter> {
    let columns = [
        ("team_id", "team_id"),
        ("user", "user_id"),
        ("model", "model"),
        ("model_id", "model_id"),
        ("model_group", "model_group"),
        ("end_user", "end_user"),
        // LiteLLM also finds parts of an id, for which it reads every record.
        ("session_id", "session_id"),
    ];
    let is = |(column, parameter): (&'static str, &str)| {
        request.parameter(parameter).map(|value| Filter::Is(column, value.into()))
    };
    let mut filters: Vec<Filter> = columns.into_iter().filter_map(is).collect();
    filters.extend(key_of(request).map(|key| Filter::Is("api_key", key.into())));
    filters.extend(request.parameter("request_id").map(named));
    filters
}

fn amounts(request: &Request) -> Result<Vec<Filter>, Error> {
    let mut filters = Vec::new();
    for parameter in ["min_spend", "max_spend"] {
        let Some(text) = request.parameter(parameter) else { continue };
        let Some(amount) = text.trim().parse::<f64>().ok().filter(|amount| amount.is_finite()) else {
            let sentence = "Input should be a valid number, unable to parse string as a number";
            let fault = serde_json::json!({ "type": "float_parsing", "loc": ["query", parameter], "msg": sentence });
            return Err(Denial::detail(422, serde_json::json!([fault])).into());
        };
        let amount = Value::from(amount);
        filters.push(match parameter {
            "min_spend" => Filter::From("spend", amount),
            _ => Filter::Any(vec![Filter::Below("spend", amount.clone()), Filter::Is("spend", amount)]),
        });
    }
    Ok(filters)
}

const TOOLS: &[&str] = &["call_mcp_tool", "list_mcp_tools"];
const AGENT: &[&str] = &["asend_message"];
const BATCHES: &[&str] = &["acreate_batch", "create_batch", "aretrieve_batch", "retrieve_batch"];

pub fn is_tool(call_type: &str) -> bool {
    TOOLS.contains(&call_type)
}

pub fn is_agent(call_type: &str) -> bool {
    AGENT.contains(&call_type)
}

/// How calls ended, where they were answered from, and what they were.
fn states(request: &Request) -> Result<Vec<Filter>, Error> {
    let mut filters = Vec::new();
    filters.extend(request.parameter("status_filter").map(|status| match status {
        "success" => Filter::Any(vec![Filter::Is("status", status.into()), Filter::Null("status")]),
        _ => Filter::Is("status", status.into()),
    }));
    let is_hit = || ["True", "true"].map(|hit| Filter::Is("cache_hit", hit.into()));
    match request.parameter("cache_hit_filter") {
        None => {}
        Some("hit") => filters.push(Filter::Any(is_hit().to_vec())),
        Some("miss") => filters.extend(["True", "true"].map(|hit| Filter::IsNot("cache_hit", hit.into()))),
        Some(other) => {
            let sentence = format!("Invalid cache_hit_filter: {other}. Must be one of: hit, miss");
            return Err(refused(sentence, "cache_hit_filter"));
        }
    }
    let is_one_of = |types: &[&str]| Filter::In("call_type", types.iter().map(|kind| (*kind).to_owned()).collect());
    let others = || [TOOLS, AGENT, BATCHES].concat().into_iter().map(|kind| Filter::IsNot("call_type", kind.into()));
    match request.parameter("span_type") {
        None => {}
        Some("mcp") => filters.push(is_one_of(TOOLS)),
        Some("agent") => filters.push(is_one_of(AGENT)),
        Some("batch") => filters.push(is_one_of(BATCHES)),
        Some("llm") => filters.extend(others()),
        Some(other) => {
            let sentence = format!("Invalid span_type: {other}. Must be one of: llm, agent, mcp, batch");
            return Err(refused(sentence, "span_type"));
        }
    }
    for unknown in ["error_code", "error_message"] {
        if request.parameter(unknown).is_some() {
            let sentence = format!("{unknown} is not filtered by: ask for status_filter=failure");
            return Err(refused(sentence, unknown));
        }
    }
    Ok(filters)
}

/// Keys whose name holds this text: by their hashes, which an index knows.
async fn of_aliased(app: &App, alias: &str) -> Result<Filter, Error> {
    let mut hashes = Vec::new();
    for table in [&schema::KEYS, &schema::DELETED_KEYS] {
        let query = Query::of(table).with(Filter::Contains("key_alias", alias.to_owned())).page(0, KEYS_MAX);
        let keys = find::all(app, &query.only(&["token", "key_alias"])).await?;
        // Case counts here.
        let named = keys.iter().filter(|key| key.text("key_alias").is_some_and(|name| name.contains(alias)));
        hashes.extend(named.filter_map(|key| key.text("token")).map(str::to_owned));
    }
    hashes.sort_unstable();
    hashes.dedup();
    Ok(match hashes.as_slice() {
        [one] => Filter::Is("api_key", one.as_str().into()),
        _ => Filter::In("api_key", hashes),
    })
}

/// Keys that a part of a name may mean.
const KEYS_MAX: u64 = 1000;

async fn visible(app: &App, caller: &Caller, request: &Request) -> Result<Option<Filter>, Error> {
    if caller.sees_all() {
        return Ok(None);
    }
    let Some(team_id) = request.parameter("team_id") else { return reach::own(app, caller).await };
    if reach::sees_records_of(app, caller, team_id).await? {
        return Ok(None);
    }
    let sentence = format!("{{'error': 'Not authorized to view team spend for team_id={team_id}'}}");
    Err(Denial::management(403, sentence).into())
}
