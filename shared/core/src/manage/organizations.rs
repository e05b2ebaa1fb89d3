//! Organizations: `/organization/*`. Teams together, with one budget over them and admins of their own.

mod access;
mod check;
mod create;
mod delete;
mod members;
mod read;
mod show;
mod update;

pub use check::{check_move, check_promise, check_team};
pub use create::create;
pub use delete::delete;
pub use members::{add as add_members, remove as remove_member, update as update_member};
pub use read::{info, info_of_many, list};
pub use update::update;

use super::{Fields, Request, audit, input, money, records};
use crate::directory::{Change, Columns, Row, Table, schema};
use crate::{App, Error};

const ORGANIZATIONS: &Table = &schema::ORGANIZATIONS;
const MEMBERSHIPS: &Table = &schema::ORGANIZATION_MEMBERSHIPS;
/// Fields that are kept in the metadata.
const FOLDED: [&str; 4] = ["model_rpm_limit", "model_tpm_limit", "model_itpm_limit", "model_otpm_limit"];

/// What a request sets of an organization.
struct Sent {
    columns: Row,
    budget: Row,
    metadata: Option<Row>,
    permission: Option<Row>,
}

impl Sent {
    fn read(fields: &Fields<'_>) -> Self {
        let names = ["organization_id", "organization_alias", "budget_id", "models"];
        let mut columns = input::columns(fields, ORGANIZATIONS, &names);
        columns.retain(|_, value| !value.is_null());
        let mut budget = money::columns(fields);
        budget.extend(input::columns(fields, &schema::BUDGETS, &["allowed_models"]));
        let folded = FOLDED.iter().filter_map(|name| Some(((*name).to_owned(), fields.any(name)?.clone())));
        let folded: Row = folded.collect();
        let mut metadata = fields.map("metadata").cloned();
        if !folded.is_empty() {
            metadata.get_or_insert_default().extend(folded);
        }
        Self { columns, budget, metadata, permission: fields.map("object_permission").cloned() }
    }

    /// # Errors
    /// 400 for amounts and durations that no budget can have.
    fn check(&self, app: &App) -> Result<(), Error> {
        let refuse = |sentence: String| -> Error { crate::denial::Denial::detail_error(400, &sentence).into() };
        money::check(&self.budget, &["max_budget", "soft_budget"]).map_err(refuse)?;
        records::check_duration(app, self.budget.text("budget_duration")).map_err(refuse)
    }
}

/// The entry of an organization's change for the audit log.
fn logged(app: &App, request: &Request, action: audit::Action, change: (Option<&Row>, Option<&Row>)) -> Change {
    let id = change.0.or(change.1).and_then(|row| row.text("organization_id")).unwrap_or_default().to_owned();
    audit::entry(request, app.governance.clock.now(), action, (ORGANIZATIONS, &id), change)
}
