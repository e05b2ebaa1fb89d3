//! Budgets that keys, customers, members and tags are linked to: `/budget/*`.

mod settings;

use serde_json::Value;

pub use settings::settings;

use super::audit::{Action, entry};
use super::{Answer, Fields, Outcome, Request, failed, input, money, records};
use crate::denial::Denial;
use crate::directory::{Change, Columns, Fault, Filter, Query, Row, schema};
use crate::upstream::BoxFuture;
use crate::{App, Error};

const BUDGETS: &crate::directory::Table = &schema::BUDGETS;

/// `POST /budget/new`.
pub fn create(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let mut columns = read(app, &request.fields()?)?;
        columns.retain(|_, value| !value.is_null());
        money::schedule(app, &mut columns);
        let (budget, change) = money::create(app, &request, columns)?;
        let id = budget.text("budget_id").unwrap_or_default().to_owned();
        let now = app.governance.clock.now();
        let log = entry(&request, now, Action::Created, (BUDGETS, &id), (None, Some(&budget)));
        app.governance.write(vec![change, log]).await.map_err(|fault| match fault {
            Fault::Taken { .. } => detail(&format!("Budget with id '{id}' already exists.")),
            fault => failed(&fault),
        })?;
        Ok(Answer::ok(money::whole(&budget)))
    })
}

/// `POST /budget/update`: what is sent as null is cleared.
pub fn update(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let fields = request.fields()?;
        let mut columns = read(app, &fields)?;
        let id = columns.shift_remove("budget_id").and_then(|id| id.as_str().map(str::to_owned));
        let id = id.ok_or_else(|| detail("budget_id is required"))?;
        money::schedule(app, &mut columns);
        let Some(before) = records::one(app, BUDGETS, &id).await? else { return Ok(Answer::ok(Value::Null)) };
        let change = money::update(app, &request, &id, columns.clone());
        let mut after = before.clone();
        after.extend(columns);
        let now = app.governance.clock.now();
        let log = entry(&request, now, Action::Updated, (BUDGETS, &id), (Some(&before), Some(&after)));
        records::write(app, vec![change, log]).await?;
        let budget = records::one(app, BUDGETS, &id).await?;
        Ok(Answer::ok(budget.as_ref().map_or(Value::Null, money::whole)))
    })
}

/// `POST /budget/info`.
pub fn info(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let fields = request.fields()?;
        let ids = input::required_texts(&fields, "budgets");
        fields.check()?;
        if ids.is_empty() {
            return Err(detail("Specify list of budget id's to query. Passed in=[]"));
        }
        let budgets = records::among(app, BUDGETS, "budget_id", ids).await?;
        Ok(Answer::ok(budgets.iter().map(money::whole).collect()))
    })
}

/// `GET /budget/list`.
pub fn list(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        if !request.caller.sees_all() {
            return Err(not_admin(&request));
        }
        let budgets = records::all(app, &Query::of(BUDGETS)).await?;
        Ok(Answer::ok(budgets.iter().map(money::whole).collect()))
    })
}

/// `POST /budget/delete`: whatever was linked to it has no budget of its own from then on.
pub fn delete(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let fields = request.fields()?;
        let id = fields.required("id").to_owned();
        fields.check()?;
        if !request.caller.is_admin() {
            return Err(not_admin(&request));
        }
        let Some(budget) = records::one(app, BUDGETS, &id).await? else { return Ok(Answer::ok(Value::Null)) };
        let organizations = Query::of(&schema::ORGANIZATIONS).is("budget_id", id.as_str());
        if records::count(app, &organizations).await? > 0 {
            let sentence = format!("budget {id} is the budget of an organization: delete that, or change its budget");
            return Err(detail(&sentence));
        }
        let mut changes = unlink(&id);
        let now = app.governance.clock.now();
        changes.push(entry(&request, now, Action::Deleted, (BUDGETS, &id), (Some(&budget), None)));
        records::write(app, changes).await?;
        Ok(Answer::ok(money::whole(&budget)))
    })
}

fn unlink(id: &str) -> Vec<Change> {
    let linked = [
        &schema::KEYS,
        &schema::CUSTOMERS,
        &schema::TAGS,
        &schema::TEAM_MEMBERSHIPS,
        &schema::ORGANIZATION_MEMBERSHIPS,
        &schema::PROJECTS,
        &schema::MODEL_ACCESS_GROUP_BUDGETS,
    ];
    let is = || vec![Filter::Is("budget_id", id.into())];
    let nothing = records::row([("budget_id", Value::Null)]);
    let mut changes: Vec<Change> =
        linked.into_iter().map(|table| Change::Update(table, is(), nothing.clone())).collect();
    changes.push(Change::Expect(&schema::ORGANIZATIONS, is(), 0));
    changes.push(Change::Delete(BUDGETS, is()));
    changes
}

/// The columns that were sent, all of them such as a budget may have.
fn read(app: &App, fields: &Fields<'_>) -> Result<Row, Error> {
    let mut columns = input::columns(fields, BUDGETS, &["budget_id"]);
    columns.extend(money::columns(fields));
    fields.check()?;
    money::check(&columns, &["max_budget", "soft_budget"]).map_err(|sentence| detail(&sentence))?;
    records::check_duration(app, columns.text("budget_duration")).map_err(|sentence| detail(&sentence))?;
    Ok(columns)
}

fn detail(sentence: &str) -> Error {
    Denial::detail_error(400, sentence).into()
}

fn not_admin(request: &Request) -> Error {
    let role = records::role_of(&request.caller);
    detail(&format!("Admin-only endpoint. Not allowed to access this., your role={role}"))
}
