//! An organization as answers hold it.

use serde_json::{Value, json};

use super::{MEMBERSHIPS, ORGANIZATIONS};
use crate::directory::{Columns, Row, schema};
use crate::manage::{money, permission, records, teams};
use crate::{App, Error};

const ORDER: &[&str] = &[
    "organization_id",
    "organization_alias",
    "budget_id",
    "spend",
    "metadata",
    "models",
    "model_spend",
    "created_by",
    "updated_by",
    "users",
    "litellm_budget_table",
    "object_permission",
    "object_permission_id",
    "created_at",
    "updated_at",
];

/// An organization, its budget and its permission.
///
/// # Errors
/// Where the database cannot be reached.
pub async fn bare(app: &App, organization: &Row) -> Result<Row, Error> {
    let mut shown = records::shown(ORGANIZATIONS, organization);
    let budget = records::linked(app, &schema::BUDGETS, organization.text("budget_id")).await?;
    shown.insert("litellm_budget_table".to_owned(), money::brief(budget.as_ref()));
    let permission = permission::shown(app, organization.text("object_permission_id")).await?;
    shown.insert("object_permission".to_owned(), permission);
    Ok(records::only(&shown, ORDER))
}

/// Whether members are shown with all that is known of their users.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Users {
    Shown,
    Hidden,
}

/// The same, with its members and teams.
///
/// # Errors
/// Where the database cannot be reached.
pub async fn whole(app: &App, organization: &Row, users: Users) -> Result<Row, Error> {
    let id = organization.text("organization_id").unwrap_or_default().to_owned();
    let mut shown = bare(app, organization).await?;
    let memberships = records::among(app, MEMBERSHIPS, "organization_id", vec![id.clone()]).await?;
    let teams = records::among(app, &schema::TEAMS, "organization_id", vec![id]).await?;
    let ids = memberships.iter().filter_map(|row| row.text("user_id")).map(str::to_owned).collect();
    let rows = match users {
        Users::Shown => records::among(app, &schema::USERS, "user_id", ids).await?,
        Users::Hidden => Vec::new(),
    };
    let of = |row: &Row| {
        let user = rows.iter().find(|user| user.text("user_id") == row.text("user_id"));
        let mut shown = member(row, None);
        if let Some(user) = user {
            shown.insert("user_email".to_owned(), user.get("user_email").cloned().unwrap_or(Value::Null));
            shown.insert("user".to_owned(), Value::Object(user_with_nulls(user)));
        }
        Value::Object(shown)
    };
    shown.insert("members".to_owned(), memberships.iter().map(of).collect());
    let teams = teams.iter().map(|team| Value::Object(teams::shown(team, None, Value::Null)));
    shown.insert("teams".to_owned(), teams.collect());
    Ok(shown)
}

/// A membership, with its budget where that is asked for.
pub fn member(row: &Row, budget: Option<&Row>) -> Row {
    let mut shown = records::shown(MEMBERSHIPS, row);
    shown.insert("user".to_owned(), Value::Null);
    shown.insert("litellm_budget_table".to_owned(), money::brief(budget));
    shown.insert("user_email".to_owned(), Value::Null);
    shown
}

fn user_with_nulls(user: &Row) -> Row {
    const LINKS: &[&str] = &[
        "verified_subjects",
        "litellm_organization_table",
        "organization_memberships",
        "invitations_created",
        "invitations_updated",
        "invitations_user",
        "object_permission",
    ];
    let mut shown = records::shown(&schema::USERS, user);
    shown.insert("password".to_owned(), Value::Null);
    records::with_nulls(shown, LINKS)
}

/// An organization as LiteLLM's database client answers it.
pub fn client(organization: &Row, budget: Option<&Row>) -> Value {
    let mut shown = records::shown(ORGANIZATIONS, organization);
    shown.insert("litellm_budget_table".to_owned(), budget.map_or(json!(null), money::whole));
    Value::Object(records::with_nulls(shown, &["teams", "users", "keys", "members", "object_permission"]))
}
