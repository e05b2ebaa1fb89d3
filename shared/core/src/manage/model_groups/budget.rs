//! `/access_group/{access_group}/budget`: the one budget of all who use a group.

use serde_json::{Value, json};

use super::{GROUPS, account, check_exists, refused, shown_account};
use crate::directory::{Change, Columns, Filter, Row};
use crate::manage::audit::{Action, entry};
use crate::manage::{Answer, Fields, Outcome, Request, money, records};
use crate::upstream::BoxFuture;
use crate::{App, Error};

const FIELDS: &[&str] = &["max_budget", "soft_budget", "budget_duration"];
const LINK: &str = "budget_id";

/// `GET /access_group/{access_group}/budget`.
pub fn info(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let name = request.place("access_group");
        check_exists(app, name).await?;
        shown(app, name).await
    })
}

/// `PUT /access_group/{access_group}/budget`.
pub fn set(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let name = request.place("access_group");
        let fields = request.fields()?;
        let (budget, link) = read(&fields)?;
        if budget.is_empty() && link.is_none() {
            return Err(refused(400, "One of max_budget, soft_budget, budget_duration or budget_id is required"));
        }
        let duration = records::check_duration(app, budget.text("budget_duration"));
        duration.map_err(|sentence| refused(400, &sentence))?;
        check_exists(app, name).await?;
        money::check_link(app, link.as_deref(), GROUPS.name).await?;
        let before = records::one(app, GROUPS, name).await?;
        let changes = changes(app, &request, (name, before.as_ref()), budget, link)?;
        records::write(app, changes).await?;
        shown(app, name).await
    })
}

/// `DELETE /access_group/{access_group}/budget`: what was spent goes with it.
pub fn delete(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let name = request.place("access_group");
        check_exists(app, name).await?;
        let before = records::one(app, GROUPS, name).await?;
        if let Some(before) = &before {
            let log = logged(app, &request, Action::Deleted, (name, Some(before), None));
            records::write(app, vec![Change::Delete(GROUPS, is(name)), log]).await?;
        }
        let message = match before {
            Some(_) => format!("Budget for access group '{name}' deleted successfully"),
            None => format!("Access group '{name}' has no budget to delete"),
        };
        Ok(Answer::ok(json!({ "access_group": name, "budget_deleted": before.is_some(), "message": message })))
    })
}

async fn shown(app: &App, name: &str) -> Outcome {
    let (row, budget) = account(app, name).await?;
    let (spend, budget) = shown_account(row.as_ref(), budget.as_ref());
    Ok(Answer::ok(json!({ "access_group": name, "spend": spend, "budget": budget })))
}

/// The columns of a budget that are given, and the budget that is linked.
fn read(fields: &Fields<'_>) -> Result<(Row, Option<String>), Error> {
    let mut budget = Row::new();
    for name in ["max_budget", "soft_budget"] {
        let Some(amount) = fields.number(name) else { continue };
        if !amount.is_finite() || amount < 0.0 {
            fields.fault(name, "greater_than_equal", "Input should be greater than or equal to 0");
        }
        budget.insert(name.to_owned(), amount.into());
    }
    budget.extend(fields.text("budget_duration").map(|duration| ("budget_duration".to_owned(), duration.into())));
    let link = fields.text(LINK).map(str::to_owned);
    for name in fields.object().keys().filter(|name| *name != LINK && !FIELDS.contains(&name.as_str())) {
        fields.fault(name, "extra_forbidden", "Extra inputs are not permitted");
    }
    fields.check()?;
    Ok((budget, link))
}

/// A new budget, a link to one, or a change of the one that is linked.
fn changes(
    app: &App,
    request: &Request,
    (name, before): (&str, Option<&Row>),
    mut budget: Row,
    link: Option<String>,
) -> Result<Vec<Change>, Error> {
    money::schedule(app, &mut budget);
    let mut changes = Vec::new();
    let existing = before.and_then(|row| row.text(LINK));
    let budget_id = match (existing, link) {
        (Some(existing), link) => {
            if !budget.is_empty() {
                changes.push(money::update(app, request, existing, budget));
            }
            link.unwrap_or_else(|| existing.to_owned())
        }
        (None, Some(link)) => link,
        (None, None) => {
            let (row, change) = money::create(app, request, budget)?;
            changes.push(change);
            row.text(LINK).unwrap_or_default().to_owned()
        }
    };
    let actor: Value = records::actor(request).into();
    let mut columns = records::row([(LINK, budget_id.into()), ("updated_by", actor.clone())]);
    let action = match before {
        Some(_) => {
            columns.insert("updated_at".to_owned(), records::now(app).into());
            changes.push(Change::Update(GROUPS, is(name), columns.clone()));
            Action::Updated
        }
        None => {
            columns.insert("access_group_name".to_owned(), name.into());
            columns.insert("created_by".to_owned(), actor);
            columns = records::complete(app, GROUPS, columns)?;
            changes.push(Change::Insert(GROUPS, columns.clone()));
            Action::Created
        }
    };
    let mut after = before.cloned().unwrap_or_default();
    after.extend(columns);
    changes.push(logged(app, request, action, (name, before, Some(&after))));
    Ok(changes)
}

fn is(name: &str) -> Vec<Filter> {
    vec![Filter::Is("access_group_name", name.into())]
}

fn logged(
    app: &App,
    request: &Request,
    action: Action,
    (name, before, after): (&str, Option<&Row>, Option<&Row>),
) -> Change {
    entry(request, app.governance.clock.now(), action, (GROUPS, name), (before, after))
}
