//! `POST /team/block` and `POST /team/unblock`.

use serde_json::Value;

use super::access::denied_detail;
use super::{TEAMS, again, change, logged, show, standing};
use crate::denial::Denial;
use crate::directory::Row;
use crate::manage::audit::Action;
use crate::manage::{Answer, Outcome, Request, records};
use crate::upstream::BoxFuture;
use crate::{App, Error};

/// `POST /team/block`: its keys are refused from then on.
pub fn block(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(set(app, request, Action::Blocked))
}

/// `POST /team/unblock`.
pub fn unblock(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(set(app, request, Action::Unblocked))
}

async fn set(app: &App, request: Request, action: Action) -> Outcome {
    let fields = request.fields()?;
    let id = fields.required("team_id").to_owned();
    fields.check()?;
    let team = permitted(app, &request, &id).await?;
    let columns = records::row([("blocked", (action == Action::Blocked).into())]);
    let mut after = team.clone();
    after.extend(columns.clone());
    let log = logged(app, &request, action, (Some(&team), Some(&after)));
    records::write(app, vec![change(app, &team, columns), log]).await?;
    Ok(Answer::ok(Value::Object(show::bare(&again(app, &id).await?))))
}

/// The team, if the caller is an admin of it.
///
/// # Errors
/// 404 and 403 as LiteLLM's framework answers them.
pub async fn permitted(app: &App, request: &Request, id: &str) -> Result<Row, Error> {
    let absent = || Denial::detail_error(404, &format!("Team not found, passed team_id={id}"));
    let team = records::one(app, TEAMS, id).await?.ok_or_else(absent)?;
    match standing(app, &request.caller, &team).await? {
        Some(_) => Ok(team),
        None => Err(denied_detail()),
    }
}
