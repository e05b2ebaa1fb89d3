//! `GET /organization/list`, `GET /organization/info` and the older `POST /organization/info`.

use serde_json::Value;

use super::{MEMBERSHIPS, ORGANIZATIONS, access, show};
use crate::App;
use crate::denial::Denial;
use crate::directory::{Columns, Filter, Query, schema};
use crate::manage::{Answer, Outcome, Request, input, records};
use crate::upstream::BoxFuture;

/// `GET /organization/list`: all, or those that the caller is a member of.
pub fn list(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let mut query = Query::of(ORGANIZATIONS);
        if let Some(id) = request.parameter("org_id") {
            query = query.is("organization_id", id);
        }
        if let Some(alias) = request.parameter("org_alias") {
            query = query.with(Filter::Contains("organization_alias", alias.to_owned()));
        }
        if !request.caller.sees_all() {
            let user_id = request.caller.user_id().unwrap_or_default();
            let own = records::all(app, &Query::of(MEMBERSHIPS).is("user_id", user_id)).await?;
            let ids = own.iter().filter_map(|row| row.text("organization_id")).map(str::to_owned).collect();
            query = query.with(Filter::In("organization_id", ids));
        }
        let mut shown = Vec::new();
        for organization in records::all(app, &query).await? {
            let whole = show::whole(app, &organization, show::Users::Hidden).await?;
            shown.push(Value::Object(whole));
        }
        Ok(Answer::ok(shown.into()))
    })
}

/// `GET /organization/info`.
pub fn info(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let id = input::required_parameter(&request, "organization_id")?;
        access::check(app, &request.caller, id).await?;
        let absent = || Denial::detail_error(404, "Organization not found");
        let organization = records::one(app, ORGANIZATIONS, id).await?.ok_or_else(absent)?;
        let shown = show::whole(app, &organization, show::Users::Shown).await?;
        Ok(Answer::ok(Value::Object(shown)))
    })
}

/// `POST /organization/info`.
pub fn info_of_many(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let fields = request.fields()?;
        let ids = input::required_texts(&fields, "organizations");
        fields.check()?;
        if ids.is_empty() {
            let sentence = "Specify list of organization id's to query. Passed in=[]";
            return Err(Denial::detail_error(400, sentence).into());
        }
        for id in &ids {
            access::check(app, &request.caller, id).await?;
        }
        let mut shown = Vec::new();
        for organization in records::among(app, ORGANIZATIONS, "organization_id", ids).await? {
            let budget = records::linked(app, &schema::BUDGETS, organization.text("budget_id")).await?;
            shown.push(show::client(&organization, budget.as_ref()));
        }
        Ok(Answer::ok(shown.into()))
    })
}
