//! `POST /organization/new`.

use serde_json::Value;

use super::{ORGANIZATIONS, Sent, logged, show};
use crate::denial::Denial;
use crate::directory::{Change, Columns, Fault, schema};
use crate::manage::audit::Action;
use crate::manage::{Answer, Outcome, Request, failed, money, permission, records};
use crate::upstream::BoxFuture;
use crate::{App, Error};

/// `POST /organization/new`: with a budget of its own, unless it is linked to one.
pub fn create(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let fields = request.fields()?;
        fields.required("organization_alias");
        let sent = Sent::read(&fields);
        fields.check()?;
        if !request.caller.is_admin() {
            let role = records::role_of(&request.caller);
            let sentence = format!("Only admins can create orgs. Your role is = {role}");
            return Err(Denial::detail_error(401, &sentence).into());
        }
        sent.check(app)?;
        let Sent { mut columns, mut budget, metadata, permission } = sent;
        let mut changes = Vec::new();
        match columns.text("budget_id") {
            Some(id) => check_budget(app, id).await?,
            None => {
                money::schedule(app, &mut budget);
                let (budget, change) = money::create(app, &request, budget)?;
                let id = budget.get("budget_id").cloned().unwrap_or(Value::Null);
                columns.insert("budget_id".to_owned(), id);
                changes.push(change);
            }
        }
        if let Some((id, change)) = permission::store(app, permission.as_ref(), None)? {
            columns.insert("object_permission_id".to_owned(), id.into());
            changes.push(change);
        }
        columns.insert("metadata".to_owned(), Value::Object(metadata.unwrap_or_default()));
        columns.insert("created_by".to_owned(), records::actor(&request).into());
        columns.insert("updated_by".to_owned(), records::actor(&request).into());
        let organization = records::complete(app, ORGANIZATIONS, columns)?;
        changes.push(Change::Insert(ORGANIZATIONS, organization.clone()));
        changes.push(logged(app, &request, Action::Created, (None, Some(&organization))));
        let id = organization.text("organization_id").unwrap_or_default();
        app.governance.write(changes).await.map_err(|fault| match fault {
            Fault::Taken { .. } => taken(id),
            fault => failed(&fault),
        })?;
        Ok(Answer::ok(Value::Object(show::bare(app, &organization).await?)))
    })
}

fn taken(id: &str) -> Error {
    let sentence = format!("Organization id = {id} already exists. Please use a different organization id.");
    Denial::detail_error(400, &sentence).into()
}

async fn check_budget(app: &App, id: &str) -> Result<(), Error> {
    match records::one(app, &schema::BUDGETS, id).await? {
        Some(_) => Ok(()),
        None => Err(Denial::detail_error(400, &format!("Budget not found for budget_id={id}")).into()),
    }
}
