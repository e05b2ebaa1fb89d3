//! `POST /customer/update`, `block`, `unblock` and `delete`.

use serde_json::{Value, json};

use super::create::check_model;
use super::{CUSTOMERS, REGIONS, absent, logged, whole};
use crate::App;
use crate::denial::Denial;
use crate::directory::{Change, Columns, Filter, Query, Row};
use crate::manage::audit::Action;
use crate::manage::{Answer, Outcome, Request, input, money, permission, records};
use crate::upstream::BoxFuture;

/// `POST /customer/update`: what is sent as null stays.
pub fn update(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let fields = request.fields()?;
        let id = fields.required("user_id").to_owned();
        let mut columns =
            input::given(&fields, CUSTOMERS, &["alias", "blocked", "default_model", "models", "budget_id"]);
        let region = input::one_of(&fields, "allowed_model_region", &REGIONS);
        columns.extend(region.map(|region| ("allowed_model_region".to_owned(), region.into())));
        let max_budget = fields.number("max_budget");
        let sent = fields.map("object_permission").cloned();
        fields.check()?;
        check_model(app, columns.text("default_model"))?;
        let before = records::one(app, CUSTOMERS, &id).await?.ok_or_else(|| absent(&id, "user_id"))?;
        let mut changes = Vec::new();
        if let Some(amount) = max_budget {
            let limit = records::row([("max_budget", amount.into())]);
            match before.text("budget_id") {
                Some(id) => changes.push(money::update(app, &request, id, limit)),
                None => {
                    let (budget, change) = money::create(app, &request, limit)?;
                    columns.insert("budget_id".to_owned(), budget.get("budget_id").cloned().unwrap_or(Value::Null));
                    changes.push(change);
                }
            }
        } else {
            money::check_link(app, columns.text("budget_id"), "LiteLLM_EndUserTable").await?;
        }
        if let Some((id, change)) = permission::store(app, sent.as_ref(), before.text("object_permission_id"))? {
            columns.insert("object_permission_id".to_owned(), id.into());
            changes.push(change);
        }
        let mut after = before.clone();
        after.extend(columns.clone());
        changes.push(Change::Update(CUSTOMERS, vec![Filter::Is("user_id", id.as_str().into())], columns));
        changes.push(logged(app, &request, Action::Updated, (Some(&before), Some(&after))));
        records::write(app, changes).await?;
        let customer = records::one(app, CUSTOMERS, &id).await?.unwrap_or_default();
        Ok(Answer::ok(whole(app, &customer).await?))
    })
}

/// `POST /customer/block`: whoever is unknown is blocked before the first call.
pub fn block(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let fields = request.fields()?;
        let ids = input::required_texts(&fields, "user_ids");
        fields.check()?;
        let mut changes = Vec::with_capacity(ids.len() * 2);
        for id in &ids {
            let row = records::row([("user_id", id.as_str().into()), ("blocked", true.into())]);
            changes.push(logged(app, &request, Action::Blocked, (None, Some(&row))));
            changes.push(Change::Put(CUSTOMERS, row));
        }
        records::write(app, changes).await?;
        let mut blocked = Vec::with_capacity(ids.len());
        for id in &ids {
            let customer = records::one(app, CUSTOMERS, id).await?.unwrap_or_default();
            let shown = records::shown(CUSTOMERS, &customer);
            let links = ["litellm_budget_table", "object_permission"];
            blocked.push(Value::Object(records::with_nulls(shown, &links)));
        }
        Ok(Answer::ok(json!({ "blocked_users": blocked })))
    })
}

/// `POST /customer/unblock`: answers whoever is blocked still.
pub fn unblock(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let fields = request.fields()?;
        let ids = input::required_texts(&fields, "user_ids");
        fields.check()?;
        let columns = records::row([("blocked", false.into())]);
        let mut changes = vec![Change::Update(CUSTOMERS, vec![Filter::In("user_id", ids.clone())], columns.clone())];
        for id in &ids {
            let mut row = columns.clone();
            row.insert("user_id".to_owned(), id.as_str().into());
            changes.push(logged(app, &request, Action::Unblocked, (None, Some(&row))));
        }
        records::write(app, changes).await?;
        let left = records::all(app, &Query::of(CUSTOMERS).is("blocked", true).only(&["user_id"])).await?;
        let left: Vec<&str> = left.iter().filter_map(|row| row.text("user_id")).collect();
        Ok(Answer::ok(json!({ "blocked_users": left })))
    })
}

/// `POST /customer/delete`: all of them, or none.
pub fn delete(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let fields = request.fields()?;
        let ids = input::required_texts(&fields, "user_ids");
        fields.check()?;
        if ids.is_empty() {
            return Err(Denial::management(500, "user_id is required, passed user_id = []").into());
        }
        let found = records::among(app, CUSTOMERS, "user_id", ids.clone()).await?;
        let is_known = |id: &String| found.iter().any(|row| row.text("user_id") == Some(id));
        let missing: Vec<&str> = ids.iter().filter(|id| !is_known(id)).map(String::as_str).collect();
        if !missing.is_empty() {
            let sentence = format!("End User Id(s)={} do not exist in db", missing.join(", "));
            return Err(Denial::new(404, "not_found", sentence).about("user_ids").into());
        }
        let log = |row: &Row| logged(app, &request, Action::Deleted, (Some(row), None));
        let mut changes: Vec<Change> = found.iter().map(log).collect();
        changes.push(Change::Delete(CUSTOMERS, vec![Filter::In("user_id", ids.clone())]));
        records::write(app, changes).await?;
        Ok(Answer::ok(json!({
            "deleted_customers": found.len(),
            "message": format!("Successfully deleted customers with ids: {}", records::python_list(&ids)),
        })))
    })
}
