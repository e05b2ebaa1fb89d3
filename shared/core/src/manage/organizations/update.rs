//! `PATCH /organization/update`: metadata is added to, what is not sent stays.

use serde_json::Value;

use super::{ORGANIZATIONS, Sent, access, logged, show};
use crate::App;
use crate::denial::Denial;
use crate::directory::{Change, Columns, Filter};
use crate::manage::audit::Action;
use crate::manage::{Answer, Outcome, Request, money, permission, records};
use crate::upstream::BoxFuture;

/// `PATCH /organization/update`.
pub fn update(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let fields = request.fields()?;
        let sent = Sent::read(&fields);
        fields.check()?;
        sent.check(app)?;
        let Sent { mut columns, mut budget, metadata, permission } = sent;
        let Some(id) = columns.text("organization_id").map(str::to_owned) else {
            return Err(Denial::detail_error(400, "organization_id is required").into());
        };
        access::check(app, &request.caller, &id).await?;
        let absent = || Denial::detail_error(404, &format!("Organization not found for organization_id={id}"));
        let before = records::one(app, ORGANIZATIONS, &id).await?.ok_or_else(absent)?;
        if let Some(metadata) = metadata {
            let mut merged = records::map_of(before.get("metadata"));
            merged.extend(metadata);
            columns.insert("metadata".to_owned(), Value::Object(merged));
        }
        let mut changes = vec![Change::Expect(ORGANIZATIONS, unchanged(&id, before.get("updated_at")), 1)];
        if let Some((id, change)) = permission::store(app, permission.as_ref(), before.text("object_permission_id"))? {
            columns.insert("object_permission_id".to_owned(), id.into());
            changes.push(change);
        }
        if !budget.is_empty() {
            money::schedule(app, &mut budget);
            let budget_id = columns.text("budget_id").or_else(|| before.text("budget_id")).unwrap_or_default();
            changes.push(money::update(app, &request, budget_id, budget));
        }
        columns.insert("updated_at".to_owned(), records::now(app).into());
        columns.insert("updated_by".to_owned(), records::actor(&request).into());
        let mut after = before.clone();
        after.extend(columns.clone());
        let filter = vec![Filter::Is("organization_id", id.as_str().into())];
        changes.push(Change::Update(ORGANIZATIONS, filter, columns));
        changes.push(logged(app, &request, Action::Updated, (Some(&before), Some(&after))));
        records::write(app, changes).await?;
        let organization = records::one(app, ORGANIZATIONS, &id).await?.unwrap_or_default();
        let shown = show::whole(app, &organization, show::Users::Hidden).await?;
        Ok(Answer::ok(Value::Object(shown)))
    })
}

fn unchanged(id: &str, updated_at: Option<&Value>) -> Vec<Filter> {
    let mut filters = vec![Filter::Is("organization_id", id.into())];
    filters.extend(updated_at.filter(|at| !at.is_null()).map(|at| Filter::Is("updated_at", at.clone())));
    filters
}
