//! A budget that others share begins anew: everyone who has it, in one write with its next end.

use serde_json::Value;

use super::{BATCH, BATCHES_MAX, Resets, due, in_order, same, this};
use crate::directory::schema::{
    BUDGETS, CUSTOMERS, KEYS, MODEL_ACCESS_GROUP_BUDGETS, ORGANIZATIONS, PROJECTS, TAGS, TEAM_MEMBERSHIPS,
};
use crate::directory::{Change, Columns, Fault, Filter, Query, Row, Table};

/// Who may have a budget by its id.
static HOLDERS: [&Table; 7] =
    [&TEAM_MEMBERSHIPS, &KEYS, &ORGANIZATIONS, &TAGS, &MODEL_ACCESS_GROUP_BUDGETS, &PROJECTS, &CUSTOMERS];

impl Resets {
    pub(super) async fn budgets(&self) -> Result<u64, Fault> {
        let mut done = 0;
        for _ in 0..BATCHES_MAX {
            let budgets = self.directory.find(&due(&BUDGETS, self.clock.now())).await?;
            for budget in &budgets {
                match self.budget(budget).await {
                    Ok(()) => done += 1,
                    // Another instance has done it, or somebody has changed it: it is read again.
                    Err(Fault::Changed(_)) => {}
                    Err(fault) => return Err(fault),
                }
            }
            if (budgets.len() as u64) < BATCH {
                break;
            }
        }
        Ok(done)
    }

    pub(super) async fn budget(&self, budget: &Row) -> Result<(), Fault> {
        let _turn = self.turn.lock().await;
        self.directory.write(self.cascade(budget)).await?;
        for table in HOLDERS {
            self.tell_all(table, budget).await?;
        }
        Ok(())
    }

    fn cascade(&self, budget: &Row) -> Vec<Change> {
        let duration = budget.text("budget_duration").unwrap_or_default();
        let next = Value::from(self.next(duration));
        // Whoever comes second waits here until the first is done, and then sees that it is.
        let mut changes = vec![Change::Expect(&BUDGETS, same(&BUDGETS, budget), 1)];
        let limit = budget.number("max_budget").filter(|limit| self.rollover && limit.is_finite());
        for table in HOLDERS {
            let holders = self.holders(table, budget);
            let nothing = Row::from_iter([("spend".to_owned(), Value::from(0.0))]);
            let Some(limit) = limit else {
                changes.push(Change::Update(table, holders, nothing));
                continue;
            };
            // Those within the limit come first: what is taken off the others would put them among these.
            let (mut within, mut above) = (holders.clone(), holders);
            above.push(Filter::From("spend", next_up(limit).into()));
            within.push(Filter::Below("spend", next_up(limit).into()));
            changes.push(Change::Update(table, within, nothing));
            changes.push(Change::Add(table, above, vec![("spend", -limit)]));
        }
        let end = Row::from_iter([("budget_reset_at".to_owned(), next)]);
        changes.push(Change::Update(&BUDGETS, this(&BUDGETS, budget), end));
        changes
    }

    /// Who has this budget; a key with a period of its own keeps that.
    fn holders(&self, table: &'static Table, budget: &Row) -> Vec<Filter> {
        let id = budget.text("budget_id").unwrap_or_default();
        let linked = Filter::Is("budget_id", id.into());
        let is_default = table.name == CUSTOMERS.name && self.customer_budget.as_deref() == Some(id);
        let linked = if is_default { Filter::Any(vec![linked, Filter::Null("budget_id")]) } else { linked };
        let mut filters = vec![linked];
        if table.name == KEYS.name {
            filters.push(Filter::Null("budget_duration"));
        }
        filters
    }

    async fn tell_all(&self, table: &'static Table, budget: &Row) -> Result<(), Fault> {
        let columns: Vec<&'static str> = table.key.iter().copied().chain(["spend"]).collect();
        for page in 0.. {
            let query = Query { filters: self.holders(table, budget), ..Query::of(table) };
            let query = in_order(query).only(&columns).page(page * BATCH, BATCH);
            let rows = self.directory.find(&query).await?;
            rows.iter().for_each(|row| self.tell(table, row));
            if (rows.len() as u64) < BATCH {
                break;
            }
        }
        Ok(())
    }
}

/// The least number above: `Below` this is "at most the limit".
fn next_up(limit: f64) -> f64 {
    limit.next_up()
}
