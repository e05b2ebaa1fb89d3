//! Budgets begin anew when their period ends.
//!
//! What LiteLLM's job does, over the directory: spend is set to nothing, or with `budget_rollover` to what was
//! overspent, and the next end is written down. Every write holds only while the row still has the end that was read, so
//! several instances may do it at the same time: one of them does. Whoever meets a row that is due before the job does
//! begins its budget anew at once, with [`Resets::row`]: nobody is refused for a period that is over.

mod cascade;
mod proxy;
#[cfg(test)]
mod tests;
mod windows;

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::Mutex;

pub use proxy::ProxyBudget;

use super::period::Calendar;
use crate::clock::{Clock, Moment};
use crate::directory::schema::{BUDGETS, KEYS, TEAMS, USERS};
use crate::directory::{Change, Columns, Direction, Directory, Fault, Filter, Query, Row, Table, moment_text};
use crate::quota::{Quota, accounts};

/// How often the job runs, as LiteLLM's.
pub const EVERY: Duration = Duration::from_secs(600);

/// Rows of one read and one write.
const BATCH: u64 = 500;

/// Batches of one kind in one run; what is left waits for the next.
const BATCHES_MAX: usize = 100;

/// What begins budgets anew.
pub struct Resets {
    pub directory: Arc<dyn Directory>,
    pub quota: Arc<dyn Quota>,
    pub clock: Clock,
    pub calendar: Calendar,
    /// `litellm_settings.budget_rollover`: overspend is carried into the next period.
    pub rollover: bool,
    /// `litellm_settings.max_end_user_budget_id`: the budget of customers that have none.
    pub customer_budget: Option<String>,
    /// The budget of everything together.
    pub proxy_budget: Option<ProxyBudget>,
    /// Held while a reset is written and told to the accounts. Whoever writes spend records holds it, too, from the
    /// write until [`Quota::committed`]: else accounts in memory hear of both in the wrong order.
    pub turn: Arc<Mutex<()>>,
}

/// How many began anew in one run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// Keys, users and teams with a period of their own.
    pub rows: u64,
    pub budgets: u64,
    pub windows: u64,
}

/// Whether the row's period is over: of a key, a user, a team or a budget.
pub fn is_due(table: &'static Table, row: &Row, now: Moment) -> bool {
    let is_over = match row.moment("budget_reset_at") {
        Some(end) => end <= now,
        // LiteLLM begins with these, too; only a key without an end never has one.
        None => table.name != KEYS.name,
    };
    let is_expired = table.name == KEYS.name && row.moment("expires").is_some_and(|expires| expires <= now);
    row.text("budget_duration").is_some() && is_over && !is_expired
}

/// The rows whose period is over.
fn due(table: &'static Table, now: Moment) -> Query {
    // Rows show milliseconds: what ends in this one has ended.
    let past = Value::from(moment_text(now + Duration::from_millis(1)));
    let over = Filter::Below("budget_reset_at", past);
    let query = Query::of(table).with(Filter::Given("budget_duration"));
    let query = if table.name == KEYS.name {
        let now = Value::from(moment_text(now));
        query.with(over).with(Filter::Any(vec![Filter::Null("expires"), Filter::From("expires", now)]))
    } else {
        query.with(Filter::Any(vec![Filter::Null("budget_reset_at"), over]))
    };
    in_order(query).page(0, BATCH)
}

fn in_order(query: Query) -> Query {
    let key = query.table.key;
    key.iter().fold(query, |query, column| query.sorted(column, Direction::Up))
}

impl Resets {
    /// Begins everything anew that is due.
    ///
    /// # Errors
    /// The first [`Fault`] of the directory; what was done until then stays done, and the rest stays due.
    pub async fn run(&self) -> Result<Done, Fault> {
        self.keep_proxy_row().await?;
        let mut done = Done::default();
        for table in [&KEYS, &USERS, &TEAMS] {
            done.rows += self.rows(table).await?;
        }
        done.budgets = self.budgets().await?;
        for table in [&KEYS, &TEAMS] {
            done.windows += self.windows(table).await?;
        }
        Ok(done)
    }

    /// Begins this row's budget anew, if it is due: for whoever meets it before the job does. The row has to be read
    /// again afterwards, as does everything that a budget is for.
    ///
    /// # Errors
    /// As [`run`](Self::run). [`Fault::Changed`]: somebody else does it now.
    pub async fn row(&self, table: &'static Table, row: &Row) -> Result<(), Fault> {
        if !is_due(table, row, self.clock.now()) {
            return Ok(());
        }
        if table.name == BUDGETS.name { self.budget(row).await } else { self.renew(table, &[row]).await }
    }

    async fn rows(&self, table: &'static Table) -> Result<u64, Fault> {
        let mut done = 0;
        for _ in 0..BATCHES_MAX {
            let rows = self.directory.find(&due(table, self.clock.now())).await?;
            self.renew(table, &rows.iter().collect::<Vec<_>>()).await?;
            done += rows.len() as u64;
            if (rows.len() as u64) < BATCH {
                break;
            }
        }
        Ok(done)
    }

    async fn renew(&self, table: &'static Table, rows: &[&Row]) -> Result<(), Fault> {
        if rows.is_empty() {
            return Ok(());
        }
        let _turn = self.turn.lock().await;
        self.directory.write(rows.iter().flat_map(|row| self.changes(table, row)).collect()).await?;
        // Who did it, and what was spent since, the rows say.
        let keys: Vec<_> = rows.iter().map(|row| (table, key_of(table, row))).collect();
        for row in self.directory.get(&keys).await?.into_iter().flatten() {
            self.tell(table, &row);
        }
        Ok(())
    }

    /// Takes off what was spent, so that what others add at the same time stays; then the next end is written, and what
    /// comes second finds nothing that has the old one.
    fn changes(&self, table: &'static Table, row: &Row) -> [Change; 2] {
        let spend = row.number("spend").unwrap_or(0.0);
        let carried = self.carried(spend, row.number("max_budget"));
        let next = self.next(row.text("budget_duration").unwrap_or_default());
        let same = same(table, row);
        let end = Row::from_iter([("budget_reset_at".to_owned(), next.into())]);
        [Change::Add(table, same.clone(), vec![("spend", carried - spend)]), Change::Update(table, same, end)]
    }

    /// The next end. Never one that is over: the row would be due for ever.
    fn next(&self, duration: &str) -> String {
        let now = self.clock.now();
        let next = self.calendar.next(duration, now);
        let next = if next > now { next } else { self.calendar.next("1d", now) };
        moment_text(next)
    }

    fn carried(&self, spend: f64, limit: Option<f64>) -> f64 {
        match limit.filter(|limit| self.rollover && limit.is_finite()) {
            Some(limit) => (spend - limit).max(0.0),
            None => 0.0,
        }
    }

    /// Tells the accounts what the row says now.
    fn tell(&self, table: &'static Table, row: &Row) {
        if let Some(account) = account(table, row) {
            self.quota.rewritten(&account, picousd(row.number("spend").unwrap_or(0.0)));
        }
    }
}

/// The row, as long as it has the end that it has.
fn same(table: &'static Table, row: &Row) -> Vec<Filter> {
    let end = match row.text("budget_reset_at") {
        Some(end) => Filter::Is("budget_reset_at", end.into()),
        None => Filter::Null("budget_reset_at"),
    };
    let mut filters = this(table, row);
    filters.push(end);
    filters
}

fn this(table: &'static Table, row: &Row) -> Vec<Filter> {
    let value = |name: &&'static str| Filter::Is(name, row.get(*name).cloned().unwrap_or(Value::Null));
    table.key.iter().map(value).collect()
}

fn key_of(table: &Table, row: &Row) -> Vec<String> {
    table.key.iter().map(|name| row.text(name).unwrap_or_default().to_owned()).collect()
}

/// What a change says of what was spent: of which account, and how much.
pub(super) fn said_spent(change: &Change) -> Option<(String, u64)> {
    let Change::Update(table, filters, said) = change else { return None };
    let spend = said.number("spend")?;
    let key = |filter: &Filter| match filter {
        Filter::Is(name, value) => Some(((*name).to_owned(), value.clone())),
        _ => None,
    };
    let row: Row = filters.iter().filter_map(key).collect();
    let is_one = table.key.iter().all(|name| row.contains_key(*name));
    if is_one { Some((account(table, &row)?, picousd(spend))) } else { None }
}

/// The account whose home the row is.
fn account(table: &'static Table, row: &Row) -> Option<String> {
    let key = key_of(table, row);
    Some(match (table.name, key.as_slice()) {
        ("LiteLLM_VerificationToken", [token]) => accounts::key(token),
        ("LiteLLM_UserTable", [id]) => accounts::user(id),
        ("LiteLLM_TeamTable", [id]) => accounts::team(id),
        ("LiteLLM_TeamMembership", [user_id, team_id]) => accounts::team_member(user_id, team_id),
        ("LiteLLM_OrganizationTable", [id]) => accounts::organization(id),
        ("LiteLLM_ProjectTable", [id]) => accounts::project(id),
        ("LiteLLM_TagTable", [name]) => accounts::tag(name),
        ("LiteLLM_EndUserTable", [id]) => accounts::customer(id),
        ("LiteLLM_ModelAccessGroupBudgetTable", [name]) => accounts::access_group(name),
        _ => return None,
    })
}

fn picousd(spend_usd: f64) -> u64 {
    (spend_usd * 1e12).round().max(0.0) as u64
}
