//! `POST /model/new`.

use serde_json::{Map, Value, json};

use super::{MODELS, SWITCHES, check_is_on, given, logged, refused, rights, sealed, shown, team, write};
use crate::denial::Denial;
use crate::directory::{Change, Columns, Fault, Row};
use crate::manage::audit::Action;
use crate::manage::{Answer, Fields, Outcome, Request, records};
use crate::upstream::BoxFuture;
use crate::{App, Error};

/// `POST /model/new`.
pub fn create(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let Asked { name, params, mut info, is_blocked } = read(&request)?;
        let team_id = info.get("team_id").and_then(Value::as_str).map(str::to_owned);
        let team = rights::check(app, &request, team_id.as_deref()).await?;
        if is_blocked.is_some() && !request.caller.is_admin() {
            let sentence = "Only proxy admins can set a model's blocked flag.";
            return Err(Denial::new(403, "auth_error", sentence).about("blocked").into());
        }
        rights::check_parameters(&request, &params)?;
        check_is_on(app)?;
        let mut changes = Vec::new();
        let stored_name = match (&team, &team_id) {
            (Some(team), Some(team_id)) => {
                info.insert("team_public_model_name".to_owned(), name.clone().into());
                changes.extend(team::add_name(app, team, &name));
                team::internal_name(team_id)
            }
            _ => name,
        };
        let id = info.text("id").map_or_else(crate::new_id, str::to_owned);
        info.insert("id".to_owned(), id.clone().into());
        let actor = records::actor(&request);
        let row = records::row([
            ("model_id", id.into()),
            ("model_name", stored_name.into()),
            ("litellm_params", Value::Object(sealed(app, params)?)),
            ("model_info", Value::Object(info)),
            ("blocked", is_blocked.unwrap_or(false).into()),
            ("created_by", actor.clone().into()),
            ("updated_by", actor.into()),
        ]);
        let row = records::complete(app, MODELS, row)?;
        changes.push(Change::Insert(MODELS, row.clone()));
        changes.push(logged(app, &request, Action::Created, (None, Some(&row))));
        insert(app, changes).await?;
        Ok(Answer::ok(shown(&row)))
    })
}

async fn insert(app: &App, changes: Vec<Change>) -> Result<(), Error> {
    match app.governance.write(changes.clone()).await {
        Ok(()) => {
            super::put_in_force(app).await;
            Ok(())
        }
        Err(Fault::Taken { .. }) => {
            Err(refused(500, "Failed to add model to db. Check your server logs for more details."))
        }
        // Anything else is told as every write tells it.
        Err(_) => write(app, changes).await,
    }
}

struct Asked {
    name: String,
    params: Map<String, Value>,
    info: Row,
    is_blocked: Option<bool>,
}

fn read(request: &Request) -> Result<Asked, Error> {
    // LiteLLM's model of the request fails outside of its framework where one of these is missing.
    let broken = || Error::from(Denial::broken());
    let has = |name: &str| request.body.get(name).is_some();
    if request.body.is_null() || !has("model_name") || !has("litellm_params") {
        return Err(broken());
    }
    let fields = request.fields()?;
    let name = fields.required("model_name").to_owned();
    let params = parameters(&fields);
    let info = fields.map("model_info").map(given).unwrap_or_default();
    let is_blocked = fields.flag("blocked");
    fields.check()?;
    let mut whole: Row = params.unwrap_or_default();
    for switch in SWITCHES {
        whole.entry(*switch).or_insert(Value::Bool(false));
    }
    let mut completed = Row::new();
    completed.insert("db_model".to_owned(), false.into());
    completed.insert("member_auto_router".to_owned(), false.into());
    completed.extend(info);
    Ok(Asked { name, params: whole, info: completed, is_blocked })
}

fn parameters(fields: &Fields<'_>) -> Option<Map<String, Value>> {
    let params = given(fields.map("litellm_params")?);
    match params.get("model") {
        None => fields.fault_at(json!(["body", "litellm_params", "model"]), "missing", "Field required"),
        Some(Value::String(_)) => {}
        Some(_) => {
            let sentence = "Input should be a valid string";
            fields.fault_at(json!(["body", "litellm_params", "model"]), "string_type", sentence);
        }
    }
    Some(params)
}
