//! `GET /global/activity/cache_hits`: how many calls the cache has answered, from the records of calls.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::dates::Days;
use super::totals::{self, GROUPS_MAX, among, sum, text, whole};
use crate::directory::{Columns, Direction, Filter, Query, Row, schema};
use crate::manage::{Answer, Outcome, Request, find};
use crate::upstream::BoxFuture;
use crate::{App, Error};

/// Failures whose reasons are told: the latest.
const FAILURES_MAX: u64 = 1000;
const NAMELESS: &str = "Unnamed Key";

/// Calls of one kind.
#[derive(Default)]
struct Calls {
    answered: i64,
    hits: i64,
    failed: i64,
    cached_tokens: i64,
    generated_tokens: i64,
}

impl Calls {
    fn add(&mut self, row: &Row) {
        let (count, tokens) = (whole(row, "rows"), whole(row, "completion_tokens"));
        let is_hit = row.text("cache_hit") == Some("True");
        let is_failed = row.text("status") == Some("failure");
        self.hits += if is_hit { count } else { 0 };
        self.failed += if is_failed { count } else { 0 };
        self.answered += if is_hit || is_failed { 0 } else { count };
        self.cached_tokens += if is_hit { tokens } else { 0 };
        self.generated_tokens += if is_hit { 0 } else { tokens };
    }

    const fn all(&self) -> i64 {
        self.answered + self.hits + self.failed
    }
}

/// The handler.
pub fn cache_hits<'a>(app: &'a App, request: Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        let days = Days::of(&request)?;
        let (aliases, models) = options(app, days).await?;
        let mut query = Query::of(&schema::SPEND_LOGS);
        query.filters.extend(days.of_records());
        query.filters.extend(asked(&request, &aliases));
        let failures = failures(app, &query).await?;
        let by = ["call_type", "cache_hit", "status"];
        let rows = sum(app, &query.page(0, GROUPS_MAX), &by, &["completion_tokens"]).await?;
        let mut groups: BTreeMap<String, Calls> = BTreeMap::new();
        rows.iter().for_each(|row| groups.entry(kind(row)).or_default().add(row));
        let mut names: Vec<&str> = aliases.iter().map(|(_, alias)| alias.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        Ok(Answer::ok(json!({
            "groups": shown(&groups),
            "totals": total(&groups),
            "filter_options": { "key_aliases": names, "models": models },
            "error_breakdown": failures,
        })))
    })
}

fn kind(row: &Row) -> String {
    row.text("call_type").filter(|kind| !kind.is_empty()).unwrap_or("Unknown").to_owned()
}

/// What can be narrowed by: the keys with their names, and the models.
async fn options(app: &App, days: Days) -> Result<(Vec<(String, String)>, Vec<String>), Error> {
    let used = sum(app, &totals::dearest(totals::everybody(days), GROUPS_MAX), &["api_key"], &["spend"]).await?;
    let hashes: Vec<String> = used.iter().map(|row| text(row, "api_key")).collect();
    let keys = among(app, &schema::KEYS, "token", hashes.iter().map(String::as_str)).await?;
    let named: BTreeMap<String, String> =
        keys.iter().filter_map(|key| Some((text(key, "token"), key.text("key_alias")?.to_owned()))).collect();
    let aliases = hashes.into_iter().map(|hash| {
        let alias = named.get(&hash).cloned().unwrap_or_else(|| NAMELESS.to_owned());
        (hash, alias)
    });
    let query = totals::everybody(days).with(Filter::IsNot("model", "".into()));
    let models = sum(app, &query.sorted("model", Direction::Up).page(0, GROUPS_MAX), &["model"], &[]).await?;
    Ok((aliases.collect(), models.iter().map(|row| text(row, "model")).collect()))
}

fn asked(request: &Request, aliases: &[(String, String)]) -> Vec<Filter> {
    let mut filters = Vec::new();
    let wanted = request.parameters("key_aliases");
    if !wanted.is_empty() {
        let keys = aliases.iter().filter(|(_, alias)| wanted.contains(&alias.as_str()));
        filters.push(Filter::In("api_key", keys.map(|(hash, _)| hash.clone()).collect()));
    }
    let models = request.parameters("models");
    if !models.is_empty() {
        filters.push(Filter::In("model", models.into_iter().map(str::to_owned).collect()));
    }
    filters
}

async fn failures(app: &App, query: &Query) -> Result<Value, Error> {
    let query = query.clone().is("status", "failure").only(&["call_type", "metadata"]);
    let rows = find::all(app, &query.sorted("startTime", Direction::Down).page(0, FAILURES_MAX)).await?;
    let mut counts: BTreeMap<(String, String, String), i64> = BTreeMap::new();
    for row in &rows {
        let information = row.get("metadata").and_then(|metadata| metadata.get("error_information"));
        let of = |name: &str| {
            let text = information.and_then(|information| information.get(name)?.as_str());
            text.filter(|text| !text.is_empty()).unwrap_or("Unknown").to_owned()
        };
        *counts.entry((kind(row), of("error_code"), of("error_class"))).or_default() += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let shown = counts.iter().map(|((kind, code, class), count)| {
        json!({ "call_type": kind, "error_code": code, "error_class": class, "count": count })
    });
    Ok(shown.collect())
}

fn shown(groups: &BTreeMap<String, Calls>) -> Vec<Value> {
    let mut groups: Vec<(&String, &Calls)> = groups.iter().collect();
    groups.sort_by_key(|(_, calls)| std::cmp::Reverse(calls.all()));
    let shown = groups.into_iter().map(|(kind, calls)| {
        json!({
            "call_type": kind,
            "api_requests": calls.answered,
            "cache_hits": calls.hits,
            "failed_requests": calls.failed,
            "cached_completion_tokens": calls.cached_tokens,
            "generated_completion_tokens": calls.generated_tokens,
        })
    });
    shown.collect()
}

fn total(groups: &BTreeMap<String, Calls>) -> Value {
    let of = |count: fn(&Calls) -> i64| groups.values().map(count).sum::<i64>();
    let (hits, all) = (of(|calls| calls.hits), of(Calls::all));
    let ratio = if all > 0 { hits as f64 / all as f64 * 100.0 } else { 0.0 };
    json!({
        "api_requests": of(|calls| calls.answered),
        "cache_hits": hits,
        "failed_requests": of(|calls| calls.failed),
        "cached_completion_tokens": of(|calls| calls.cached_tokens),
        "cache_hit_ratio": ratio,
    })
}
