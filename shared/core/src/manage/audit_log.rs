//! The audit log as it is read: `GET /audit` and `GET /audit/{id}`.

use serde_json::{Map, Value, json};

use super::page::{self, Parameters};
use super::show::Times;
use super::{Answer, Outcome, Request, records, show};
use crate::App;
use crate::denial::Denial;
use crate::directory::{Direction, Filter, Query, Row, Table, moment_of, moment_text, schema};
use crate::upstream::BoxFuture;

const LOGS: &Table = &schema::AUDIT_LOGS;
const PAGE_SIZE: u64 = 10;
const PAGE_SIZE_MAX: u64 = 100;
/// Columns that a query may ask for by their value.
const FILTERS: &[&str] = &["changed_by", "changed_by_api_key", "action", "table_name", "object_id"];

/// `GET /audit`: the latest first.
pub fn list(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let parameters = Parameters::of(&request);
        let number = parameters.count("page", 1, None);
        let size = parameters.count("page_size", PAGE_SIZE, Some(PAGE_SIZE_MAX));
        parameters.check()?;
        let mut query = Query::of(LOGS);
        for name in FILTERS {
            if let Some(value) = parameters.text(name) {
                query = query.is(name, value);
            }
        }
        let moment = |name: &str| parameters.text(name).and_then(moment_of).map(moment_text);
        if let Some(start) = moment("start_date") {
            query = query.with(Filter::From("updated_at", start.into()));
        }
        if let Some(end) = moment("end_date") {
            query = query.with(Filter::Below("updated_at", end.into()));
        }
        let column = LOGS.columns.iter().find(|column| Some(column.name) == parameters.text("sort_by"));
        let column =
            column.map(|column| column.name).filter(|name| !matches!(*name, "before_value" | "updated_values"));
        let is_up = parameters.text("sort_order").is_some_and(|order| order.eq_ignore_ascii_case("asc"));
        let direction = if is_up { Direction::Up } else { Direction::Down };
        let total = records::count(app, &query).await?;
        let query = query.sorted(column.unwrap_or("updated_at"), direction).page(page::offset(number, size), size);
        let logs: Vec<Value> = records::all(app, &query).await?.iter().map(shown).collect();
        Ok(Answer::ok(json!({
            "audit_logs": logs,
            "total": total,
            "page": number,
            "page_size": size,
            "total_pages": page::pages(total, size),
        })))
    })
}

/// `GET /audit/{id}`.
pub fn info(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let id = request.place("id");
        let found = records::one(app, LOGS, id).await?;
        let absent = || Denial::detail(404, json!({ "message": format!("Audit log with ID {id} not found") }));
        Ok(Answer::ok(shown(&found.ok_or_else(absent)?)))
    })
}

fn shown(row: &Row) -> Value {
    let mut shown: Map<String, Value> = show::row(LOGS, row, Times::Zulu);
    if shown.get("updated_values").is_none_or(Value::is_null) {
        shown.insert("updated_values".to_owned(), json!({}));
    }
    Value::Object(shown)
}
