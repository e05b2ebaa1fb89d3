//! Who may give a team more money: admins of everything alone, and of its organization within the organization's budget.

use serde_json::Value;

use super::Standing;
use crate::denial::{Denial, python_text};
use crate::directory::{Columns, Row};
use crate::manage::records;
use crate::{App, Error};

/// # Errors
/// 403 in LiteLLM's words.
pub fn check(app: &App, standing: Standing, columns: &Row, team: &Row) -> Result<(), Error> {
    if standing == Standing::ProxyAdmin {
        return Ok(());
    }
    let refuse = |sentence: String| -> Error { Denial::management_error(403, &sentence).into() };
    if standing == Standing::TeamAdmin {
        check_budget(columns, team).map_err(refuse)?;
    }
    // Of models' budgets an organization has none: its admins are held here, too.
    check_models(app, columns, team).map_err(refuse)
}

fn check_budget(columns: &Row, team: &Row) -> Result<(), String> {
    let Some(current) = team.number("max_budget") else { return Ok(()) };
    match columns.get("max_budget") {
        Some(Value::Null) => {
            Err(format!("Only a proxy admin can remove a team's max_budget. Team's current max_budget={current:?}."))
        }
        Some(wanted) if wanted.as_f64().is_some_and(|wanted| wanted > current) => Err(format!(
            "Only a proxy admin can raise a team's max_budget. Team's current max_budget={current:?}, \
             requested={:?}.",
            wanted.as_f64().unwrap_or_default()
        )),
        _ => Ok(()),
    }
}

/// The budget of one model.
struct Cap<'a> {
    amount: Option<f64>,
    duration: Option<&'a str>,
}

impl<'a> Cap<'a> {
    fn of(budget: &'a Value) -> Option<Self> {
        let budget = budget.as_object()?;
        let amount = budget.number("budget_limit").or_else(|| budget.number("max_budget"));
        Some(Self { amount, duration: budget.text("time_period").or_else(|| budget.text("budget_duration")) })
    }

    fn shown(&self) -> (String, &str) {
        let amount = self.amount.map_or_else(|| "None".to_owned(), |amount| format!("{amount:?}"));
        (amount, self.duration.unwrap_or("None"))
    }
}

/// Such a budget is neither raised nor taken away, nor given another period.
fn check_models(app: &App, columns: &Row, team: &Row) -> Result<(), String> {
    let Some(sent) = columns.get("model_max_budget") else { return Ok(()) };
    let (wanted, existing) = (records::map_of(Some(sent)), records::map_of(team.get("model_max_budget")));
    for (model, budget) in &existing {
        let Some(amount) = Cap::of(budget).and_then(|cap| cap.amount) else { continue };
        if !wanted.contains_key(model) {
            return Err(format!(
                "Only a proxy admin can remove a team's model_max_budget for {}. Current max_budget={amount:?}.",
                python_text(model)
            ));
        }
    }
    for (model, budget) in &wanted {
        let Some((name, cap)) = governing(app, model, &existing) else { continue };
        let (Some(most), Some(asked)) = (cap.amount, Cap::of(budget)) else { continue };
        let is_within = asked.amount.is_some_and(|amount| amount <= most) && asked.duration == cap.duration;
        if !is_within {
            let ((most, period), (amount, duration)) = (cap.shown(), asked.shown());
            return Err(format!(
                "Only a proxy admin can raise a team's model_max_budget for {} or change its budget_duration. Current \
                 max_budget={most} per {period} (entry {}), requested={amount} per {duration}.",
                python_text(model),
                python_text(name)
            ));
        }
    }
    Ok(())
}

/// The budget that calls of a model are paid from: its own, or that of its name without the provider's.
fn governing<'a>(app: &App, model: &str, existing: &'a Row) -> Option<(&'a str, Cap<'a>)> {
    let bare = model.split_once('/').map(|(_, bare)| bare);
    let found = [Some(model), bare].into_iter().flatten().find_map(|name| {
        existing.get_key_value(name).filter(|(_, budget)| {
            let duration = Cap::of(budget).and_then(|cap| cap.duration.map(str::to_owned));
            duration.is_some() && records::check_duration(app, duration.as_deref()).is_ok()
        })
    });
    found.and_then(|(name, budget)| Some((name.as_str(), Cap::of(budget)?)))
}
