//! `POST /model/delete`.

use serde_json::json;

use super::{MODELS, check_is_on, is_of, logged, refused, rights, team, team_of, write};
use crate::App;
use crate::directory::Change;
use crate::manage::audit::Action;
use crate::manage::{Answer, Outcome, Request, records};
use crate::upstream::BoxFuture;

/// `POST /model/delete`. Calls that are under way end as they began.
pub fn delete(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let empty = json!({});
        let body = if request.body.is_null() { &empty } else { &request.body };
        let fields = crate::manage::Fields::of(body)?;
        let id = fields.required("id").to_owned();
        fields.check()?;
        let absent = || refused(400, &format!("Model with id={id} not found in db"));
        let row = records::one(app, MODELS, &id).await?;
        let Some(row) = row else {
            rights::check(app, &request, None).await?;
            return Err(absent());
        };
        let team = rights::check_removal(app, &request, team_of(&row)).await?;
        check_is_on(app)?;
        let mut changes = vec![Change::Expect(MODELS, vec![is_of(&id)], 1), Change::Delete(MODELS, vec![is_of(&id)])];
        if let Some(team) = &team {
            changes.extend(team::remove_name(app, team, &row).await?);
        }
        changes.push(logged(app, &request, Action::Deleted, (Some(&row), None)));
        write(app, changes).await?;
        Ok(Answer::ok(json!({ "message": format!("Model: {id} deleted successfully") })))
    })
}
