//! Teams: `/team/*`. Who is in one, what its members may use and spend.
//!
//! A member stands in three places, which every change keeps the same: `members_with_roles` of the team, `teams` of the
//! user, and a row of `LiteLLM_TeamMembership`.

mod access;
mod aliases;
mod authority;
mod block;
mod budget;
mod bulk;
mod callbacks;
mod create;
pub(super) mod delete;
pub(super) mod enrol;
mod info;
mod list;
mod me;
pub(super) mod member;
mod member_update;
mod members;
mod models;
mod permissions;
mod reset;
mod search;
mod settings;
pub(super) mod show;
mod update;

pub use access::{Standing, standing};
pub use block::{block, unblock};
pub use bulk::add as bulk_add;
pub use callbacks::{
    add as add_callback, disable as disable_logging, list as list_callbacks, remove as remove_callback,
};
pub use create::create;
pub use delete::delete;
pub use info::info;
pub use list::{available, list, list_paged};
pub use me::me;
pub use member::Member;
pub use member_update::update as update_member;
pub use members::{add as add_members, remove as remove_member};
pub use models::{add as add_models, remove as remove_models};
pub use permissions::{bulk_update as bulk_permissions, list as list_permissions, update as update_permissions};
pub use reset::{budget as reset_budget, spend as reset_spend};
pub use search::search;
pub use show::model as shown;
pub use update::{patch, update};

use super::{Request, records};
use crate::directory::{Change, Columns, Filter, Row, Table, schema};
use crate::{App, Error};

const TEAMS: &Table = &schema::TEAMS;
/// How often a change is tried again that somebody else has come before.
const ATTEMPTS_MAX: usize = 8;

/// The rule that nobody has changed the row since it was read.
fn untouched(table: &'static Table, row: &Row) -> Change {
    let mut filters: Vec<Filter> = table.key.iter().map(|key| same(key, row)).collect();
    filters.push(same("updated_at", row));
    Change::Expect(table, filters, 1)
}

fn same(column: &'static str, row: &Row) -> Filter {
    match row.get(column).filter(|value| !value.is_null()) {
        Some(value) => Filter::Is(column, value.clone()),
        None => Filter::Null(column),
    }
}

/// A time of change that is certainly later than the row's last.
fn touched(app: &App, row: &Row) -> String {
    let now = app.governance.clock.now();
    let last = row.moment("updated_at").map_or(now, |last| last + std::time::Duration::from_millis(1));
    crate::directory::moment_text(now.max(last))
}

/// The change of some columns of a team.
fn change(app: &App, team: &Row, mut columns: Row) -> Change {
    columns.insert("updated_at".to_owned(), touched(app, team).into());
    Change::Update(TEAMS, vec![same("team_id", team)], columns)
}

/// What somebody else's changes have made impossible, time after time.
fn contended() -> Error {
    crate::denial::Denial::detail_error(409, "the team is being changed by somebody else: try again").into()
}

/// The entry of a team's change for the audit log.
fn logged(app: &App, request: &Request, action: super::audit::Action, change: (Option<&Row>, Option<&Row>)) -> Change {
    let id = change.0.or(change.1).and_then(|row| row.text("team_id")).unwrap_or_default().to_owned();
    super::audit::entry(request, app.governance.clock.now(), action, (TEAMS, &id), change)
}

/// The team as it is read back after a change.
async fn again(app: &App, id: &str) -> Result<Row, Error> {
    Ok(records::one(app, TEAMS, id).await?.unwrap_or_default())
}
