//! Budget windows of keys and teams: `budget_limits`, and the rows of `LiteLLM_BudgetWindowSpend`.
//!
//! No call waits for this: what an older window has spent counts as nothing. It keeps the rows as LiteLLM does, and
//! carries overspend.

use serde_json::Value;

use super::{BATCH, Resets, in_order, picousd, this};
use crate::clock::Moment;
use crate::directory::schema::{KEYS, WINDOW_SPEND};
use crate::directory::{Change, Columns, Fault, Filter, Query, Row, Table, moment_of, moment_text};
use crate::govern::period::length;
use crate::quota::{Window, accounts};

impl Resets {
    /// Walks all rows that have windows, in the order of their keys.
    pub(super) async fn windows(&self, table: &'static Table) -> Result<u64, Fault> {
        let Some(key) = table.key.first().copied() else { return Ok(0) };
        let (mut done, mut from) = (0, String::new());
        loop {
            let query = Query::of(table).with(Filter::Given("budget_limits"));
            let query = query.with(Filter::From(key, from.as_str().into())).only(&[key, "budget_limits", "updated_at"]);
            let rows = self.directory.find(&in_order(query).page(0, BATCH)).await?;
            // The last row of a page is the first of the next.
            for row in rows.iter().filter(|row| row.text(key) != Some(&from)) {
                done += self.windows_of(table, row).await?;
            }
            match rows.last().and_then(|row| row.text(key)) {
                Some(last) if rows.len() as u64 == BATCH => last.clone_into(&mut from),
                _ => return Ok(done),
            }
        }
    }

    async fn windows_of(&self, table: &'static Table, row: &Row) -> Result<u64, Fault> {
        let Some(Value::Array(mut windows)) = row.get("budget_limits").and_then(unpacked) else { return Ok(0) };
        let entity = if table.name == KEYS.name { "key" } else { "team" };
        let id = table.key.first().and_then(|key| row.text(key)).unwrap_or_default();
        let (mut changes, mut begun) = (Vec::new(), Vec::new());
        for window in windows.iter_mut().filter_map(Value::as_object_mut) {
            let Some(new) = self.renewed(window, (entity, id)) else { continue };
            let carried = self.carried_window(&new, window.number("max_budget")).await?;
            window.insert("reset_at".to_owned(), moment_text(new.end).into());
            changes.push(roll(&new, carried));
            begun.push((new, carried));
        }
        if begun.is_empty() {
            return Ok(0);
        }
        let mut unchanged = this(table, row);
        unchanged.push(match row.get("updated_at").filter(|value| !value.is_null()) {
            Some(value) => Filter::Is("updated_at", value.clone()),
            None => Filter::Null("updated_at"),
        });
        changes.push(Change::Expect(table, unchanged, 1));
        let limits = Row::from_iter([("budget_limits".to_owned(), Value::Array(windows))]);
        changes.push(Change::Update(table, this(table, row), limits));
        let _turn = self.turn.lock().await;
        match self.directory.write(changes).await {
            Ok(()) => {}
            // Somebody has changed the row: the next run reads it anew.
            Err(Fault::Changed(_)) => return Ok(0),
            Err(fault) => return Err(fault),
        }
        for (window, carried) in begun.iter().filter(|(_, carried)| *carried > 0.0) {
            self.quota.rewritten(&accounts::window(window), picousd(*carried));
        }
        Ok(begun.len() as u64)
    }

    /// The window that is now, where the one that is written is over.
    fn renewed(&self, window: &Row, (entity, id): (&str, &str)) -> Option<Window> {
        let now = self.clock.now();
        let end = moment_of(window.text("reset_at")?)?;
        let duration = window.text("budget_duration")?;
        length(duration, now).filter(|length| !length.is_zero() && end <= now)?;
        let (start, end) = self.calendar.window(duration, None, now);
        let duration = duration.to_owned();
        Some(Window { entity_type: entity.to_owned(), entity_id: id.to_owned(), duration, start, end })
    }

    /// What was overspent in the window that is over; nothing where the one that is now has begun already.
    async fn carried_window(&self, new: &Window, limit: Option<f64>) -> Result<f64, Fault> {
        let Some(limit) = limit.filter(|_| self.rollover) else { return Ok(0.0) };
        let key = vec![new.entity_type.clone(), new.entity_id.clone(), new.duration.clone()];
        let rows = self.directory.get(&[(&WINDOW_SPEND, key)]).await?;
        let old = rows.into_iter().flatten().find(|row| is_before(row.moment("window_start"), new.start));
        Ok(old.map_or(0.0, |row| self.carried(row.number("spend").unwrap_or(0.0), Some(limit))))
    }
}

fn is_before(moment: Option<Moment>, start: Moment) -> bool {
    moment.is_some_and(|moment| moment < start)
}

/// Begins the window's row anew, unless it has begun.
fn roll(window: &Window, carried: f64) -> Change {
    let filters = vec![
        Filter::Is("entity_type", window.entity_type.as_str().into()),
        Filter::Is("entity_id", window.entity_id.as_str().into()),
        Filter::Is("window_duration", window.duration.as_str().into()),
        Filter::Below("window_start", moment_text(window.start).into()),
    ];
    let start = moment_text(window.start);
    let row = [("window_start".to_owned(), Value::from(start)), ("spend".to_owned(), Value::from(carried))];
    Change::Update(&WINDOW_SPEND, filters, Row::from_iter(row))
}

/// LiteLLM writes the list as JSON, and in older versions as a text of JSON.
fn unpacked(limits: &Value) -> Option<Value> {
    match limits {
        Value::String(text) => serde_json::from_str(text).ok(),
        other => Some(other.clone()),
    }
}
