//! `POST /global/spend/reset`: keys and teams begin anew. What was spent before stays in the records.

use serde_json::json;

use super::totals::ROWS_MAX;
use crate::directory::{Change, Columns, Filter, Query, Row, Table, schema};
use crate::manage::audit::{Action, entry};
use crate::manage::{Answer, Outcome, Request, find};
use crate::quota::accounts;
use crate::upstream::BoxFuture;
use crate::{App, Error};

/// The handler; only the master key comes here.
pub fn reset<'a>(app: &'a App, request: Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        let keys = spent(app, &schema::KEYS, "token").await?;
        let teams = spent(app, &schema::TEAMS, "team_id").await?;
        let mut nothing = Row::new();
        nothing.insert("spend".to_owned(), 0.0.into());
        let now = app.governance.clock.now();
        let mut changes = Vec::new();
        for table in [&schema::KEYS, &schema::TEAMS] {
            changes.push(Change::Update(table, Vec::new(), nothing.clone()));
            changes.push(entry(&request, now, Action::Updated, (table, "*"), (None, Some(&nothing))));
        }
        find::write(app, changes).await?;
        let names = keys.iter().map(|hash| accounts::key(hash)).chain(teams.iter().map(|id| accounts::team(id)));
        for account in names {
            app.governance.quota.rewritten(&account, 0);
        }
        Ok(Answer::ok(json!({
            "message": "Spend for all API Keys and Teams reset successfully",
            "status": "success",
        })))
    })
}

/// The ids of all that has spent anything.
async fn spent(app: &App, table: &'static Table, id: &'static str) -> Result<Vec<String>, Error> {
    let mut ids: Vec<String> = Vec::new();
    loop {
        let mut query = Query::of(table).only(&[id]).with(Filter::IsNot("spend", 0.0.into()));
        query.filters.extend(ids.last().map(|last| Filter::From(id, last.as_str().into())));
        query.filters.extend(ids.last().map(|last| Filter::IsNot(id, last.as_str().into())));
        let rows = find::all(app, &query.sorted(id, crate::directory::Direction::Up).page(0, ROWS_MAX)).await?;
        let is_last = (rows.len() as u64) < ROWS_MAX;
        ids.extend(rows.iter().filter_map(|row| row.text(id)).map(str::to_owned));
        if is_last {
            return Ok(ids);
        }
    }
}
