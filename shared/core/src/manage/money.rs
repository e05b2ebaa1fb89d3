//! Budgets inside requests: amounts, durations and limits of single models.

use serde_json::{Value, json};

use super::{Fields, Request, records};
use crate::denial::Denial;
use crate::directory::{Change, Columns, Filter, Row, schema};
use crate::{App, Error};

/// What a budget of its own is made of, wherever it is written inline.
/// Except for `model_max_budget`, which is read by itself.
pub const BUDGET: &[&str] = &[
    "max_budget",
    "soft_budget",
    "max_parallel_requests",
    "tpm_limit",
    "rpm_limit",
    "tpd_limit",
    "budget_duration",
    "budget_reset_at",
];

/// What a budget is related to, which LiteLLM's database client answers as nulls.
pub const RELATIONS: &[&str] = &[
    "organization",
    "projects",
    "keys",
    "end_users",
    "tags",
    "model_access_groups",
    "team_membership",
    "organization_membership",
];

/// A budget as most answers hold it.
const BRIEF: &[&str] = &[
    "budget_id",
    "soft_budget",
    "max_budget",
    "max_parallel_requests",
    "tpm_limit",
    "rpm_limit",
    "tpd_limit",
    "model_max_budget",
    "budget_duration",
    "allowed_models",
    "temp_budget_increase",
    "temp_budget_expiry",
];

/// LiteLLM's sentence for an amount that no budget can be.
///
/// # Errors
/// The sentence.
pub fn check(row: &Row, names: &[&str]) -> Result<(), String> {
    for name in names {
        if let Some(amount) = row.number(name).filter(|amount| !amount.is_finite() || *amount < 0.0) {
            return Err(format!("{name} must be a non-negative finite number. Received: {amount:?}"));
        }
    }
    Ok(())
}

/// The columns of a budget that a request gives inline; null where that was sent.
pub fn columns(fields: &Fields<'_>) -> Row {
    let mut columns = super::input::columns(fields, &schema::BUDGETS, BUDGET);
    if fields.is_sent("model_max_budget") {
        columns.insert("model_max_budget".to_owned(), of_models(fields).unwrap_or(Value::Null));
    }
    columns
}

/// Sets when a budget with a duration is reset, unless the request says so itself.
pub fn schedule(app: &App, columns: &mut Row) {
    if let Some(duration) = columns.get("budget_duration") {
        let reset_at = duration.as_str().map_or(Value::Null, |duration| records::reset_at(app, duration).into());
        columns.entry("budget_reset_at").or_insert(reset_at);
    }
}

/// `model_max_budget` of a request with LiteLLM's older names written as its newer.
pub fn of_models(fields: &Fields<'_>) -> Option<Value> {
    let models = fields.map("model_max_budget")?;
    let mut budgets = Row::new();
    for (model, budget) in models {
        let Some(budget) = budget.as_object() else {
            let place = json!(["body", "model_max_budget", model]);
            fields.fault_at(place, "model_type", "Input should be a valid dictionary or instance of BudgetConfig");
            continue;
        };
        let named = |old: &str, new: &str| budget.get(new).or_else(|| budget.get(old)).cloned().unwrap_or(Value::Null);
        let amount = named("budget_limit", "max_budget");
        let amount = amount.as_str().and_then(|text| text.parse::<f64>().ok()).or_else(|| amount.as_f64());
        let of = |name: &str| budget.get(name).cloned().unwrap_or(Value::Null);
        budgets.insert(
            model.clone(),
            json!({
                "rpm_limit": of("rpm_limit"),
                "tpm_limit": of("tpm_limit"),
                "max_budget": amount,
                "budget_duration": named("time_period", "budget_duration"),
            }),
        );
    }
    Some(Value::Object(budgets))
}

/// A budget as customers, organizations and members show it.
pub fn brief(budget: Option<&Row>) -> Value {
    budget.map_or(Value::Null, |budget| Value::Object(records::only(&records::shown(&schema::BUDGETS, budget), BRIEF)))
}

/// The same with the times that LiteLLM keeps by itself, as memberships and customers show it.
pub fn full(budget: Option<&Row>) -> Value {
    let Some(budget) = budget else { return Value::Null };
    let whole = records::shown(&schema::BUDGETS, budget);
    let mut shown = records::only(&whole, BRIEF);
    shown.extend(records::only(&whole, &["budget_reset_at", "created_at"]));
    Value::Object(shown)
}

/// A whole budget as LiteLLM's database client answers it.
pub fn whole(budget: &Row) -> Value {
    Value::Object(records::with_nulls(records::shown(&schema::BUDGETS, budget), RELATIONS))
}

/// A new row of a budget, and the change that makes it.
///
/// # Errors
/// Where a value does not fit.
pub fn create(app: &App, request: &Request, mut columns: Row) -> Result<(Row, Change), Error> {
    columns.retain(|_, value| !value.is_null());
    let actor = records::actor(request);
    columns.insert("created_by".to_owned(), actor.clone().into());
    columns.insert("updated_by".to_owned(), actor.into());
    let budget = records::complete(app, &schema::BUDGETS, columns)?;
    Ok((budget.clone(), Change::Insert(&schema::BUDGETS, budget)))
}

/// The change of some columns of a budget.
pub fn update(app: &App, request: &Request, budget_id: &str, mut columns: Row) -> Change {
    columns.insert("updated_at".to_owned(), records::now(app).into());
    columns.insert("updated_by".to_owned(), records::actor(request).into());
    Change::Update(&schema::BUDGETS, vec![Filter::Is("budget_id", budget_id.into())], columns)
}

/// LiteLLM's refusal of a link to a budget that does not exist; `table` and `column` name the link.
pub fn unknown_link(table: &str, column: &str) -> String {
    format!("Foreign key constraint failed on the field: `{table}_{column}_fkey (index)`")
}

/// # Errors
/// Where the request links a budget that does not exist.
pub async fn check_link(app: &App, budget_id: Option<&str>, table: &str) -> Result<(), Error> {
    if budget_id.is_none() || records::linked(app, &schema::BUDGETS, budget_id).await?.is_some() {
        return Ok(());
    }
    Err(Denial::management(500, unknown_link(table, "budget_id")).into())
}
