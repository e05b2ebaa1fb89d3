//! What can be set of a budget, and what is: `GET /budget/settings`. A table, and little logic.

use serde_json::{Value, json};

use super::not_admin;
use crate::App;
use crate::directory::schema;
use crate::manage::{Answer, Outcome, Request, input, records};
use crate::upstream::BoxFuture;

/// Names, types and descriptions, in LiteLLM's order.
const SETTINGS: &[(&str, &str, &str)] = &[
    ("max_budget", "Float", "Requests will fail if this budget (in USD) is exceeded."),
    ("soft_budget", "Float", "Requests will NOT fail if this is exceeded. Will fire alerting though."),
    ("max_parallel_requests", "Integer", "Max concurrent requests allowed for this budget id."),
    ("tpm_limit", "Integer", "Max tokens per minute, allowed for this budget id."),
    ("rpm_limit", "Integer", "Max requests per minute, allowed for this budget id."),
    ("tpd_limit", "Integer", "Max tokens per day, charged by batch submissions, allowed for this budget id."),
    ("budget_duration", "String", "Max duration budget should be set for (e.g. '1hr', '1d', '28d')"),
    (
        "model_max_budget",
        "Object",
        "Max budget for each model (e.g. {'gpt-4o': {'max_budget': '0.0000001', 'budget_duration': '1d', 'tpm_limit': \
         1000, 'rpm_limit': 1000}})",
    ),
];

/// `GET /budget/settings`.
pub fn settings(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let id = input::required_parameter(&request, "budget_id")?;
        if !request.caller.sees_all() {
            return Err(not_admin(&request));
        }
        let budget = records::one(app, &schema::BUDGETS, id).await?.unwrap_or_default();
        let budget = records::shown(&schema::BUDGETS, &budget);
        let of = |(name, kind, description): &(&str, &str, &str)| {
            json!({
                "field_name": name,
                "field_type": kind,
                "field_description": description,
                "field_value": budget.get(*name).unwrap_or(&Value::Null),
                "stored_in_db": true,
                "field_default_value": null,
                "premium_field": false,
                "nested_fields": null,
                "field_options": null,
                "field_tab": null,
                "source": "unset",
                "editable": true,
            })
        };
        Ok(Answer::ok(SETTINGS.iter().map(of).collect()))
    })
}
