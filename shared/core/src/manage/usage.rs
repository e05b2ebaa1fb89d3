//! What has been spent of budgets in their present periods: of single models' (`model_max_budget`), and of windows
//! (`budget_limits`).
//!
//! It is what the database knows: calls of the last seconds are missing.

use serde_json::{Value, json};

use super::{failed, records};
use crate::directory::{Columns, Row, moment_of, schema};
use crate::{App, Error};

/// Whose budgets: LiteLLM's name of the kind, and an id.
type Owner<'a> = (&'a str, &'a str);

/// One budget: its row of `LiteLLM_BudgetWindowSpend`, and when its present period has begun.
struct Period {
    key: Vec<String>,
    start_ms: u64,
}

/// `model_max_budget_usage`; nothing where there is no such budget.
///
/// # Errors
/// Where the database cannot be reached.
pub async fn of_models(app: &App, (kind, id): Owner<'_>, budgets: Option<&Row>) -> Result<Option<Value>, Error> {
    let Some(budgets) = budgets.filter(|budgets| !budgets.is_empty()) else { return Ok(None) };
    let (mut periods, mut shown) = (Vec::new(), Vec::new());
    for (model, budget) in budgets {
        let Some(budget) = budget.as_object() else { continue };
        let limit = budget.get("budget_limit").or_else(|| budget.get("max_budget"));
        let limit = limit.and_then(|limit| limit.as_f64().or_else(|| limit.as_str()?.parse().ok()));
        let duration = budget.text("time_period").or_else(|| budget.text("budget_duration"));
        // LiteLLM counts nothing of a budget without a period.
        let Some(duration) = duration.filter(|duration| records::check_duration(app, Some(duration)).is_ok()) else {
            continue;
        };
        periods.push(period(app, (kind, &format!("{id}:{model}")), (duration, None)));
        shown.push((model.clone(), json!({ "budget_limit": limit, "time_period": duration })));
    }
    let spent = spent(app, periods).await?;
    let of = |((model, budget), spent): ((String, Value), f64)| {
        let entry = json!({
            "current_spend": (spent * 1e4).round() / 1e4,
            "budget_limit": budget["budget_limit"],
            "time_period": budget["time_period"],
        });
        (model, entry)
    };
    Ok(Some(Value::Object(shown.into_iter().zip(spent).map(of).collect())))
}

/// `budget_limits_usage`; nothing where there are no windows.
///
/// # Errors
/// Where the database cannot be reached.
pub async fn of_windows(app: &App, owner: Owner<'_>, windows: Option<&Value>) -> Result<Option<Value>, Error> {
    let Some(windows) = windows.and_then(Value::as_array).filter(|windows| !windows.is_empty()) else {
        return Ok(None);
    };
    let windows: Vec<(&str, Option<&str>)> = windows
        .iter()
        .filter_map(|window| {
            Some((window.get("budget_duration")?.as_str()?, window.get("reset_at").and_then(Value::as_str)))
        })
        .collect();
    let spent = spent(app, windows.iter().map(|window| period(app, owner, *window)).collect()).await?;
    let of =
        |((duration, _), spent): ((&str, Option<&str>), f64)| (duration.to_owned(), json!({ "current_spend": spent }));
    Ok(Some(Value::Object(windows.into_iter().zip(spent).map(of).collect())))
}

fn period(app: &App, (kind, id): Owner<'_>, (duration, reset_at): (&str, Option<&str>)) -> Period {
    let reset_at = reset_at.and_then(moment_of);
    let (start, _) = app.governance.settings.calendar.window(duration, reset_at, app.governance.clock.now());
    // Rows show milliseconds.
    Period { key: [kind, id, duration].map(str::to_owned).to_vec(), start_ms: start.0 / 1000 }
}

/// What was spent in each period; an older one's spend does not count.
async fn spent(app: &App, periods: Vec<Period>) -> Result<Vec<f64>, Error> {
    if periods.is_empty() {
        return Ok(Vec::new());
    }
    let wanted: Vec<_> = periods.iter().map(|period| (&schema::WINDOW_SPEND, period.key.clone())).collect();
    let rows = app.governance.directory.get(&wanted).await.map_err(|fault| failed(&fault))?;
    let of = |(period, row): (&Period, Option<Row>)| {
        let row = row.filter(|row| row.moment("window_start").is_some_and(|start| start.0 / 1000 >= period.start_ms));
        row.and_then(|row| row.number("spend")).unwrap_or_default()
    };
    Ok(periods.iter().zip(rows).map(of).collect())
}
