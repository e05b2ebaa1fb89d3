//! Projects: `/project/*`. Parts of a team, each with models, limits and a budget of its own.

mod change;
mod read;

pub use change::{create, delete, update};
pub use read::{info, list};

use serde_json::Value;

use super::{Request, audit, money, permission, records};
use crate::denial::Denial;
use crate::directory::{Change, Columns, Row, Table, schema};
use crate::{App, Error};

const PROJECTS: &Table = &schema::PROJECTS;

fn refusal(status: u16, sentence: &str) -> Error {
    Denial::detail_error(status, sentence).into()
}

async fn existing(app: &App, id: &str) -> Result<Row, Error> {
    let absent = || refusal(404, &format!("Project not found, passed project_id={id}"));
    records::one(app, PROJECTS, id).await?.ok_or_else(absent)
}

/// A project with its budget and permission.
async fn shown(app: &App, project: &Row) -> Result<Value, Error> {
    let mut shown = records::shown(PROJECTS, project);
    let budget = records::linked(app, &schema::BUDGETS, project.text("budget_id")).await?;
    shown.insert("litellm_budget_table".to_owned(), money::brief(budget.as_ref()));
    let permission = permission::shown(app, project.text("object_permission_id")).await?;
    shown.insert("object_permission".to_owned(), permission);
    Ok(Value::Object(shown))
}

/// The entry of a project's change for the audit log.
fn logged(app: &App, request: &Request, action: audit::Action, change: (Option<&Row>, Option<&Row>)) -> Change {
    let id = change.0.or(change.1).and_then(|row| row.text("project_id")).unwrap_or_default().to_owned();
    audit::entry(request, app.governance.clock.now(), action, (PROJECTS, &id), change)
}
