//! `POST /customer/new`.

use serde_json::Value;

use super::{CUSTOMERS, REGIONS, logged, whole};
use crate::clock::Moment;
use crate::denial::Denial;
use crate::directory::{Change, Columns, Fault, Row, moment_text};
use crate::govern::period;
use crate::manage::audit::Action;
use crate::manage::{Answer, Outcome, Request, failed, input, money, permission, records};
use crate::upstream::BoxFuture;
use crate::{App, Error};

/// `POST /customer/new`: with a budget of its own, a link to one, or without any.
pub fn create(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let fields = request.fields()?;
        let id = fields.required("user_id").to_owned();
        let names = ["alias", "blocked", "spend", "default_model", "models", "budget_id"];
        let mut columns = input::columns(&fields, CUSTOMERS, &names);
        columns.insert("user_id".to_owned(), id.as_str().into());
        let region = input::one_of(&fields, "allowed_model_region", &REGIONS);
        columns.insert("allowed_model_region".to_owned(), region.map_or(Value::Null, Value::from));
        columns.retain(|_, value| !value.is_null());
        let mut budget = money::columns(&fields);
        budget.retain(|_, value| !value.is_null());
        let sent = fields.map("object_permission").cloned();
        fields.check()?;
        if budget.contains_key("max_budget") && columns.contains_key("budget_id") {
            return Err(input::unfit("Set either 'max_budget' or 'budget_id', not both."));
        }
        check_model(app, columns.text("default_model"))?;
        let mut changes = Vec::new();
        if !budget.is_empty() {
            schedule(app, &mut budget)?;
            let (budget, change) = money::create(app, &request, budget)?;
            columns.insert("budget_id".to_owned(), budget.get("budget_id").cloned().unwrap_or(Value::Null));
            changes.push(change);
        } else {
            money::check_link(app, columns.text("budget_id"), "LiteLLM_EndUserTable").await?;
        }
        if let Some((id, change)) = permission::store(app, sent.as_ref(), None)? {
            columns.insert("object_permission_id".to_owned(), id.into());
            changes.push(change);
        }
        let customer = records::complete(app, CUSTOMERS, columns)?;
        changes.push(Change::Insert(CUSTOMERS, customer.clone()));
        changes.push(logged(app, &request, Action::Created, (None, Some(&customer))));
        app.governance.write(changes).await.map_err(|fault| match fault {
            Fault::Taken { .. } => taken(&id),
            fault => failed(&fault),
        })?;
        Ok(Answer::ok(whole(app, &customer).await?))
    })
}

fn taken(id: &str) -> Error {
    let sentence = format!("Customer already exists, passed user_id={id}. Please pass a new user_id.");
    Denial::new(400, "bad_request", sentence).about("user_id").into()
}

/// # Errors
/// 422 where the default model is none of this gateway's.
pub fn check_model(app: &App, model: Option<&str>) -> Result<(), Error> {
    let catalog = app.catalog.get();
    let Some(model) = model.filter(|model| !catalog.holds(model)) else { return Ok(()) };
    let mut names: Vec<String> = catalog.names().map(|(name, _)| crate::denial::python_text(name)).collect();
    names.sort_unstable();
    let sentence = format!(
        "Default Model not on proxy. Configure via `/model/new` or config.yaml. Default_model={model}, \
         proxy_model_names={{{}}}",
        names.join(", ")
    );
    Err(Denial::management_error(422, &sentence).into())
}

/// A customer's first period begins now, and is not aligned to the calendar.
fn schedule(app: &App, budget: &mut Row) -> Result<(), Error> {
    let Some(duration) = budget.text("budget_duration").map(str::to_owned) else { return Ok(()) };
    let checked = records::check_duration(app, Some(&duration));
    checked.map_err(|sentence| Denial::management_error(400, &sentence))?;
    let now = app.governance.clock.now();
    let end = period::length(&duration, now).map_or(now, |length| -> Moment { now + length });
    budget.entry("budget_reset_at").or_insert_with(|| moment_text(end).into());
    Ok(())
}
