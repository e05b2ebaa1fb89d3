//! Customers, whom LiteLLM also calls end users: `/customer/*` and `/end_user/*`.

mod change;
mod create;
mod read;

pub use change::{block, delete, unblock, update};
pub use create::create;
pub use read::{info, list};

use serde_json::Value;

use super::{Request, audit, money, permission, records};
use crate::denial::Denial;
use crate::directory::{Change, Columns, Row, Table, schema};
use crate::{App, Error};

const CUSTOMERS: &Table = &schema::CUSTOMERS;
const REGIONS: [&str; 2] = ["eu", "us"];

/// A customer with its budget and permission.
async fn whole(app: &App, customer: &Row) -> Result<Value, Error> {
    const ORDER: &[&str] = &[
        "user_id",
        "blocked",
        "alias",
        "spend",
        "allowed_model_region",
        "default_model",
        "models",
        "budget_id",
        "litellm_budget_table",
        "object_permission_id",
        "object_permission",
    ];
    let mut shown = records::shown(CUSTOMERS, customer);
    let budget = records::linked(app, &schema::BUDGETS, customer.text("budget_id")).await?;
    shown.insert("litellm_budget_table".to_owned(), money::full(budget.as_ref()));
    let permission = permission::shown(app, customer.text("object_permission_id")).await?;
    shown.insert("object_permission".to_owned(), permission);
    Ok(Value::Object(records::only(&shown, ORDER)))
}

fn absent(id: &str, param: &'static str) -> Error {
    Denial::new(404, "not_found", format!("End User Id={id} does not exist in db")).about(param).into()
}

/// The entry of a customer's change for the audit log.
fn logged(app: &App, request: &Request, action: audit::Action, change: (Option<&Row>, Option<&Row>)) -> Change {
    let id = change.0.or(change.1).and_then(|row| row.text("user_id")).unwrap_or_default().to_owned();
    audit::entry(request, app.governance.clock.now(), action, (CUSTOMERS, &id), change)
}
