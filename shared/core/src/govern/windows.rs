//! Budget windows: `budget_limits` of keys and teams, and budgets of models (`model_max_budget`).
//!
//! What is spent in a window is kept in `LiteLLM_BudgetWindowSpend`; a window that is over counts as nothing. Works out
//! which windows a call is paid from; counts nothing.

use std::sync::Arc;

use serde_json::Value;

use super::limits::{Claim, Kind, Scope, picousd};
use super::period::Calendar;
use super::{Governance, Profile};
use crate::clock::Moment;
use crate::directory::{Columns, Fault, Row, moment_of, schema};
use crate::quota::{Draw, Edge, Home, Measure, Money, Window, accounts};

/// A budget that begins anew again and again.
#[derive(Clone, Debug)]
pub struct Allowance {
    kind: Kind,
    /// What a refusal says of whose it is.
    name: String,
    /// The model whose calls it pays; `None`: all.
    model: Option<String>,
    limit_usd: f64,
    window: Window,
    seed_picousd: u64,
}

impl Allowance {
    /// The window that is now; it may have begun since the key was looked up.
    fn now(&self, calendar: &Calendar, now: Moment) -> (Window, u64) {
        if self.window.end > now {
            return (self.window.clone(), self.seed_picousd);
        }
        let (start, end) = calendar.window(&self.window.duration, None, now);
        (Window { start, end, ..self.window.clone() }, 0)
    }

    fn covers(&self, model: Option<&str>) -> bool {
        let Some(own) = &self.model else { return true };
        let Some(model) = model else { return false };
        own == model || model.split_once('/').is_some_and(|(_, bare)| bare == own)
    }

    fn claim(&self, window: Window, seed_picousd: u64) -> Arc<Claim> {
        let account = accounts::window(&window).into();
        let resets_at = Some(window.end);
        let money = Money {
            limit_picousd: picousd(Some(self.limit_usd)),
            edge: Edge::Reached,
            home: Arc::new(Home::Window(window)),
            seed_picousd,
        };
        let scope = Scope { kind: self.kind, name: self.name.clone(), resets_at, soft_picousd: None };
        Claim::new(Draw { account, measure: Measure::Money(money) }, scope)
    }
}

/// The windows that a call of this model is paid from now.
pub fn of_call(profile: &Profile, model: Option<&str>, calendar: &Calendar, now: Moment) -> Vec<(Arc<Claim>, Window)> {
    let has_own = |kind: Kind| profile.allowances.iter().any(|each| each.kind == kind && each.covers(model));
    let own_model = has_own(Kind::KeyModel);
    let applies = |each: &&Allowance| each.covers(model) && !(each.kind == Kind::TeamModel && own_model);
    let allowances = profile.allowances.iter().filter(applies);
    allowances
        .map(|each| {
            let (window, seed) = each.now(calendar, now);
            (each.claim(window.clone(), seed), window)
        })
        .collect()
}

impl Governance {
    /// The budget windows of everyone that the key was made for, with what is spent of them.
    pub(super) async fn allowances(&self, profile: &Profile, now: Moment) -> Result<Vec<Allowance>, Fault> {
        let mut allowances = Vec::new();
        let calendar = &self.settings.calendar;
        let alias = profile.key.text("key_alias").unwrap_or("None");
        let key = Owner { entity: "key", id: &profile.hash, row: &profile.key };
        key.windows(Kind::KeyWindow, (calendar, now), &mut allowances);
        let shown = format!("LiteLLM Virtual Key: {}, key_alias: {alias}", profile.hash);
        // Where the key has none of its own, those of the budget that it is linked to.
        let has_own = profile.key.object("model_max_budget").is_some_and(|budgets| !budgets.is_empty());
        let of_models = profile.key_budget.as_ref().filter(|_| !has_own).unwrap_or(&profile.key);
        let key = Owner { row: of_models, ..key };
        key.models(Kind::KeyModel, (&shown, "key_model"), (calendar, now), &mut allowances);
        if let (Some(row), Some(id)) = (&profile.team, profile.team_id()) {
            let team = Owner { entity: "team", id, row };
            team.windows(Kind::TeamWindow, (calendar, now), &mut allowances);
            let shown = format!("LiteLLM Team: {id}");
            team.models(Kind::TeamModel, (&shown, "team_model"), (calendar, now), &mut allowances);
        }
        if let (Some(row), Some(id)) = (&profile.user, profile.user_id()) {
            let user = Owner { entity: "user", id, row };
            let shown = format!("LiteLLM User: {id}");
            user.models(Kind::UserModel, (&shown, "user_model"), (calendar, now), &mut allowances);
        }
        self.seed(&mut allowances).await?;
        Ok(allowances)
    }

    /// The budgets of models that a customer's budget has, as the windows that a call of this model is paid from.
    pub(super) async fn customer_windows(
        &self,
        (id, budget): (&str, &Row),
        model: Option<&str>,
        now: Moment,
    ) -> Result<Vec<(Arc<Claim>, Window)>, Fault> {
        let (mut allowances, calendar) = (Vec::new(), &self.settings.calendar);
        let customer = Owner { entity: "end_user", id, row: budget };
        let shown = format!("LiteLLM End User: {id}");
        customer.models(Kind::CustomerModel, (&shown, "end_user_model"), (calendar, now), &mut allowances);
        allowances.retain(|each| each.covers(model));
        self.seed(&mut allowances).await?;
        let paid =
            allowances.iter().map(|each| (each.claim(each.window.clone(), each.seed_picousd), each.window.clone()));
        Ok(paid.collect())
    }

    async fn seed(&self, allowances: &mut [Allowance]) -> Result<(), Fault> {
        if allowances.is_empty() {
            return Ok(());
        }
        let key = |window: &Window| vec![window.entity_type.clone(), window.entity_id.clone(), window.duration.clone()];
        let wanted: Vec<_> = allowances.iter().map(|each| (&schema::WINDOW_SPEND, key(&each.window))).collect();
        let rows = self.directory.get(&wanted).await?;
        for (each, row) in allowances.iter_mut().zip(rows) {
            let Some(row) = row else { continue };
            // Rows show milliseconds.
            let is_current =
                row.moment("window_start").is_some_and(|start| start.0 / 1000 >= each.window.start.0 / 1000);
            if is_current {
                each.seed_picousd = picousd(row.number("spend")).unwrap_or(0);
            }
        }
        Ok(())
    }
}

/// Whose windows are looked for.
struct Owner<'a> {
    entity: &'static str,
    id: &'a str,
    row: &'a Row,
}

impl Owner<'_> {
    fn windows(&self, kind: Kind, (calendar, now): (&Calendar, Moment), allowances: &mut Vec<Allowance>) {
        let Some(value) = self.row.get("budget_limits") else { return };
        let packed: Option<Value> = value.as_str().and_then(|text| serde_json::from_str(text).ok());
        let windows = packed.as_ref().unwrap_or(value).as_array().map(Vec::as_slice).unwrap_or_default();
        for window in windows.iter().filter_map(Value::as_object) {
            let (Some(limit_usd), Some(duration)) = (window.number("max_budget"), window.text("budget_duration"))
            else {
                continue;
            };
            let reset_at = window.text("reset_at").and_then(moment_of);
            let window = self.window(self.entity, self.id.to_owned(), (duration, reset_at), (calendar, now));
            let name = self.id.to_owned();
            allowances.push(Allowance { kind, name, model: None, limit_usd, window, seed_picousd: 0 });
        }
    }

    fn models(
        &self,
        kind: Kind,
        (shown, entity): (&str, &str),
        (calendar, now): (&Calendar, Moment),
        allowances: &mut Vec<Allowance>,
    ) {
        for (model, budget) in self.row.object("model_max_budget").into_iter().flatten() {
            let Some(budget) = budget.as_object() else { continue };
            let limit = budget.number("budget_limit").or_else(|| budget.number("max_budget"));
            let duration = budget.text("time_period").or_else(|| budget.text("budget_duration"));
            let (Some(limit_usd), Some(duration)) = (limit, duration) else { continue };
            let window = self.window(entity, format!("{}:{model}", self.id), (duration, None), (calendar, now));
            let name = format!("{shown}, exceeded budget for model={model}");
            allowances.push(Allowance { kind, name, model: Some(model.clone()), limit_usd, window, seed_picousd: 0 });
        }
    }

    fn window(
        &self,
        entity: &str,
        entity_id: String,
        (duration, reset_at): (&str, Option<Moment>),
        (calendar, now): (&Calendar, Moment),
    ) -> Window {
        let (start, end) = calendar.window(duration, reset_at, now);
        Window { entity_type: entity.to_owned(), entity_id, duration: duration.to_owned(), start, end }
    }
}
