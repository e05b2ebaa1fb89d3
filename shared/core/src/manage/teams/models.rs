//! The models that a team may use: `POST /team/model/add` and `POST /team/model/delete`.

use serde_json::Value;

use super::{ATTEMPTS_MAX, TEAMS, again, change, contended, logged, show, standing, untouched};
use crate::denial::Denial;
use crate::directory::{Columns, Row};
use crate::manage::audit::Action;
use crate::manage::{Answer, Outcome, Request, input, records};
use crate::upstream::BoxFuture;
use crate::{App, Error};

/// What stands for every model, where nothing is listed.
const EVERYTHING: &str = "all-proxy-models";

/// `POST /team/model/add`. A team without a list, which may use everything, still may.
pub fn add(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(set(app, request, |mut models, named| {
        if models.is_empty() {
            models.push(EVERYTHING.to_owned());
        }
        models.extend(named);
        models.sort_unstable();
        models.dedup();
        models
    }))
}

/// `POST /team/model/delete`.
pub fn remove(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(set(app, request, |mut models, named| {
        models.retain(|model| !named.contains(model));
        models
    }))
}

async fn permitted(app: &App, request: &Request, id: &str) -> Result<Row, Error> {
    let absent = || Denial::detail_error(404, &format!("Team not found, passed team_id={id}"));
    let team = records::one(app, TEAMS, id).await?.ok_or_else(absent)?;
    match standing(app, &request.caller, &team).await? {
        Some(_) => Ok(team),
        None => Err(Denial::detail_error(403, "Only proxy admin or team admin can modify team models").into()),
    }
}

async fn set(app: &App, request: Request, compute: fn(Vec<String>, Vec<String>) -> Vec<String>) -> Outcome {
    let fields = request.fields()?;
    let id = fields.required("team_id").to_owned();
    let named = input::required_texts(&fields, "models");
    fields.check()?;
    for _ in 0..ATTEMPTS_MAX {
        let team = permitted(app, &request, &id).await?;
        let models = compute(team.texts("models"), named.clone());
        let columns = records::row([("models", models.into())]);
        let mut after = team.clone();
        after.extend(columns.clone());
        let log = logged(app, &request, Action::Updated, (Some(&team), Some(&after)));
        if records::try_write(app, vec![untouched(TEAMS, &team), change(app, &team, columns), log]).await? {
            let team = again(app, &id).await?;
            return Ok(Answer::ok(Value::Object(show::client(app, &team).await?)));
        }
    }
    Err(contended())
}
