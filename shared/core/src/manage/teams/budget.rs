//! The budget that every member of a team has who has none of its own.

use serde_json::Value;

use super::settings::DEFAULT_BUDGET;
use crate::directory::{Change, Columns, Filter, Row, schema};
use crate::manage::{Fields, Request, money, records};
use crate::{App, Error};

/// Fields of a team's request, and the columns of a budget that they stand for.
const FIELDS: [(&str, &str); 4] = [
    ("team_member_budget", "max_budget"),
    ("team_member_rpm_limit", "rpm_limit"),
    ("team_member_tpm_limit", "tpm_limit"),
    ("team_member_budget_duration", "budget_duration"),
];

/// What was sent of it, by the columns of a budget.
pub fn sent(fields: &Fields<'_>) -> Row {
    let mut sent = Row::new();
    for (name, column) in FIELDS {
        if !fields.is_sent(name) {
            continue;
        }
        let value = match column {
            "max_budget" => fields.number(name).map_or(Value::Null, Value::from),
            "budget_duration" => fields.text(name).map_or(Value::Null, Value::from),
            _ => fields.whole(name).map_or(Value::Null, Value::from),
        };
        sent.insert(column.to_owned(), value);
    }
    sent
}

/// Whether a budget must be there for it.
pub fn is_wanted(sent: &Row) -> bool {
    sent.values().any(|value| !value.is_null())
}

/// A new one for a team of this name, whose own budget is reset so.
///
/// # Errors
/// Where a value does not fit.
pub fn create(
    app: &App,
    request: &Request,
    sent: &Row,
    (alias, duration): (Option<&str>, Option<&str>),
) -> Result<(Row, Change), Error> {
    let mut columns = sent.clone();
    if !columns.contains_key("budget_duration") {
        columns.insert("budget_duration".to_owned(), duration.map_or(Value::Null, Value::from));
    }
    if let Some(duration) = columns.text("budget_duration") {
        let reset_at = records::reset_at(app, duration);
        columns.insert("budget_reset_at".to_owned(), reset_at.into());
    }
    let unique = crate::new_id().replace('-', "");
    let id = match alias {
        Some(alias) => format!("team-{}-budget-{unique}", alias.replace(' ', "-")),
        None => format!("team-budget-{unique}"),
    };
    columns.insert("budget_id".to_owned(), id.into());
    money::create(app, request, columns)
}

/// The changes that set what was sent of the budget with this id.
pub fn update(app: &App, request: &Request, id: &str, sent: &Row) -> Change {
    let mut columns = sent.clone();
    if let Some(duration) = columns.get("budget_duration") {
        let reset_at = duration.as_str().map_or(Value::Null, |duration| records::reset_at(app, duration).into());
        columns.insert("budget_reset_at".to_owned(), reset_at);
    }
    money::update(app, request, id, columns)
}

/// Gives the budget to every member that has none.
pub fn hand_out(team: &Row, id: &str) -> Vec<Change> {
    let team_id = team.text("team_id").unwrap_or_default();
    let memberships = &schema::TEAM_MEMBERSHIPS;
    let without = vec![Filter::Is("team_id", team_id.into()), Filter::Null("budget_id")];
    let mut changes = vec![Change::Update(memberships, without, records::row([("budget_id", id.into())]))];
    for member in super::member::of(team) {
        let Some(user_id) = member.user_id else { continue };
        let columns = [("user_id", user_id.into()), ("team_id", team_id.into()), ("budget_id", Value::from(id))];
        changes.push(Change::Offer(memberships, records::row(columns)));
    }
    changes
}

/// The id of the team's default budget.
pub fn default_id(team: &Row) -> Option<&str> {
    team.object("metadata")?.text(DEFAULT_BUDGET)
}

/// The team's default budget, if there is one.
///
/// # Errors
/// Where the database cannot be reached.
pub async fn default_of(app: &App, team: &Row) -> Result<Option<Row>, Error> {
    records::linked(app, &schema::BUDGETS, default_id(team)).await
}

/// Where a member's budget comes from.
pub fn source(budget_id: Option<&str>, default_id: Option<&str>) -> &'static str {
    match (budget_id, default_id) {
        (Some(own), default) if default != Some(own) => "custom",
        (_, Some(_)) => "team_default",
        (_, None) => "none",
    }
}
