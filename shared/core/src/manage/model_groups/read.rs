//! `GET /access_group/list` and `GET /access_group/{access_group}/info`.

use serde_json::{Value, json};

use super::{GROUPS, absent, account, members, shown_account};
use crate::App;
use crate::directory::{Columns, Query, Row, schema};
use crate::manage::{Answer, Outcome, Request, records};
use crate::upstream::BoxFuture;

/// `GET /access_group/list`: by name.
pub fn list(app: &App, _: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let rows = records::all(app, &Query::of(GROUPS)).await?;
        let ids = rows.iter().filter_map(|row| row.text("budget_id")).map(str::to_owned).collect();
        let budgets = records::among(app, &schema::BUDGETS, "budget_id", ids).await?;
        let of = |(name, models): (String, Vec<String>)| {
            let row = rows.iter().find(|row| row.text("access_group_name") == Some(&name));
            let linked = row.and_then(|row| row.text("budget_id"));
            let budget = budgets.iter().find(|budget| linked.is_some() && budget.text("budget_id") == linked);
            shown(&name, models, row, budget)
        };
        let groups: Vec<Value> = members(app).await?.into_iter().map(of).collect();
        Ok(Answer::ok(json!({ "access_groups": groups })))
    })
}

/// `GET /access_group/{access_group}/info`.
pub fn info(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let name = request.place("access_group");
        let models = members(app).await?.remove(name).ok_or_else(|| absent(name))?;
        let (row, budget) = account(app, name).await?;
        Ok(Answer::ok(shown(name, models, row.as_ref(), budget.as_ref())))
    })
}

fn shown(name: &str, mut models: Vec<String>, row: Option<&Row>, budget: Option<&Row>) -> Value {
    let count = models.len();
    models.sort_unstable();
    models.dedup();
    let (spend, budget) = shown_account(row, budget);
    json!({
        "access_group": name,
        "model_names": models,
        "deployment_count": count,
        "spend": spend,
        "budget": budget,
    })
}
