//! A call as a row of `LiteLLM_SpendLogs`, in the form in which LiteLLM writes it.
//!
//! Columns are borrowed from the call where that can be: a row is made for every call. Knows no total, no SQL.

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use serde_json::{Value, json};

use super::keep::{clean, kept};
use super::metadata::{self, written};
use super::posting::Rules;
use super::{Outcome, Spend};
use crate::directory::{Row, moment_text};

/// What stands in a column. A time is a text here, and JSON is written already.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell<'a> {
    Nothing,
    Text(Cow<'a, str>),
    Json(Cow<'a, str>),
    Whole(i64),
    Number(f64),
}

/// How many columns a row has.
pub const COLUMNS: usize = 36;

/// The row of one call, under the id that it gets.
#[derive(Clone, Debug)]
pub struct Log<'a> {
    pub spend: &'a Spend,
    pub request_id: Cow<'a, str>,
}

/// US dollars of an amount: the only place where money leaves the whole numbers.
pub fn usd(picousd: u64) -> f64 {
    picousd as f64 / 1e12
}

/// LiteLLM's `status`. Whether a call that lapsed was served nobody knows.
pub const fn is_success(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Served | Outcome::Left)
}

/// How long the call took, in milliseconds.
pub fn duration_ms(spend: &Spend) -> i64 {
    i64::try_from(spend.ended.since(spend.started).as_millis()).unwrap_or(i64::MAX)
}

impl<'a> Log<'a> {
    pub fn of(spend: &'a Spend) -> Self {
        Self { spend, request_id: request_id(spend) }
    }

    /// Every column, in the order of the table; what it says of the request and the answer as the rules have it.
    /// `now` is the time of the write, as rows show it.
    pub fn cells<'s>(&'s self, rules: &Rules, now: &'s str) -> [(&'static str, Cell<'s>); COLUMNS] {
        let (spend, payer) = (self.spend, &self.spend.payer);
        let duration_ms = i32::try_from(duration_ms(spend)).unwrap_or(i32::MAX);
        let [messages, response, request] = contents(spend, rules);
        [
            ("request_id", text(&self.request_id)),
            ("call_type", text(&spend.call_type)),
            ("api_key", text(&payer.key)),
            ("spend", Cell::Number(usd(spend.cost_picousd))),
            ("total_tokens", int(spend.tokens.total)),
            ("prompt_tokens", int(spend.tokens.prompt)),
            ("completion_tokens", int(spend.tokens.completion)),
            ("startTime", Cell::Text(moment_text(spend.started).into())),
            ("endTime", Cell::Text(moment_text(spend.ended).into())),
            ("request_duration_ms", Cell::Whole(duration_ms.into())),
            ("completionStartTime", Cell::Text(moment_text(spend.first.unwrap_or(spend.ended)).into())),
            ("model", text(&spend.model)),
            ("model_id", text(&spend.model_id)),
            ("model_group", text(&spend.model_group)),
            ("custom_llm_provider", text(&spend.provider)),
            ("api_base", text(&spend.api_base)),
            ("user", text(payer.user_id.as_deref().unwrap_or_default())),
            ("metadata", Cell::Json(metadata::of(spend, rules).into())),
            ("cache_hit", text(if spend.cache_hit { "True" } else { "False" })),
            ("cache_key", text(spend.cache_key.as_deref().unwrap_or("Cache OFF"))),
            ("request_tags", tags(&payer.tags)),
            ("team_id", text(payer.team_id.as_deref().unwrap_or_default())),
            ("organization_id", text(payer.organization_id.as_deref().unwrap_or_default())),
            ("end_user", text(payer.customer_id.as_deref().unwrap_or_default())),
            ("requester_ip_address", optional(spend.requester_ip.as_deref())),
            ("messages", messages),
            ("response", response),
            ("session_id", optional(spend.session_id.as_deref())),
            ("status", text(if is_success(spend.outcome) { "success" } else { "failure" })),
            ("mcp_namespaced_tool_name", Cell::Nothing),
            ("billing_agent_id", Cell::Nothing),
            ("agent_id", optional(payer.agent_id.as_deref())),
            ("proxy_server_request", request),
            ("litellm_call_id", text(&spend.call_id)),
            ("created_at", text(now)),
            ("updated_at", text(now)),
        ]
    }

    /// The same as a row.
    pub fn row(&self, rules: &Rules, now: &str) -> Row {
        let pairs = self.cells(rules, now).into_iter().map(|(name, cell)| (name.to_owned(), cell.value()));
        pairs.collect()
    }
}

impl Cell<'_> {
    fn value(self) -> Value {
        match self {
            Self::Nothing => Value::Null,
            Self::Text(text) => text.into(),
            Self::Json(text) => serde_json::from_str(&text).unwrap_or_default(),
            Self::Whole(number) => number.into(),
            Self::Number(number) => number.into(),
        }
    }
}

/// What clients know the call by; an answer from the cache has the id of the one that it repeats.
fn request_id(spend: &Spend) -> Cow<'_, str> {
    let known = if spend.request_id.is_empty() { &spend.id } else { &spend.request_id };
    if spend.cache_hit { clean(&format!("{known}_cache_hit{}", spend.id)).into_owned().into() } else { clean(known) }
}

fn int(number: u64) -> Cell<'static> {
    Cell::Whole(i32::try_from(number).unwrap_or(i32::MAX).into())
}

fn text(text: &str) -> Cell<'_> {
    Cell::Text(clean(text))
}

fn optional(value: Option<&str>) -> Cell<'_> {
    value.map_or(Cell::Nothing, text)
}

fn tags(tags: &[String]) -> Cell<'static> {
    Cell::Json(if tags.is_empty() { "[]".into() } else { written(&tags).into() })
}

/// What was said in the call: LiteLLM keeps the request's body beside the messages, and messages of realtime sessions
/// alone. The messages, the response and the request.
fn contents(spend: &Spend, rules: &Rules) -> [Cell<'static>; 3] {
    let is_realtime = spend.call_type == "_arealtime";
    let kept = |value: &Option<Value>| {
        let value = value.as_ref().filter(|_| rules.keeps_prompts)?;
        Some(kept(value, rules.text_chars_max))
    };
    let said = match kept(&spend.messages) {
        Some(Value::Array(messages)) if !is_realtime => Some(json!({"messages": messages})),
        other => other,
    };
    let (messages, request) = if is_realtime { (said, None) } else { (None, said) };
    [messages, kept(&spend.response), request].map(|value| match value {
        None => Cell::Json("{}".into()),
        Some(Value::Null) => Cell::Nothing,
        Some(value) => Cell::Json(written(&value).into()),
    })
}
