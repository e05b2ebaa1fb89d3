//! `POST /model/update` and `PATCH /model/{model_id}/update`: what is sent takes the place of what is stored.

use serde_json::{Map, Value};

use super::{MODELS, check_is_on, given, is_of, logged, refused, rights, sealed, shown, team, team_of, write};
use crate::denial::Denial;
use crate::directory::{Change, Columns, Filter, Row};
use crate::manage::audit::Action;
use crate::manage::{Answer, Outcome, Request, records};
use crate::upstream::BoxFuture;
use crate::{App, Error};

/// Fields that null takes away; elsewhere it says nothing, as in LiteLLM.
const CLEARABLE: &[&str] = &["cost", "litellm_credential_name"];

/// `POST /model/update`: parameters, and the name of what is no team's.
pub fn update(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let fields = request.fields()?;
        let name = fields.text("model_name").map(str::to_owned);
        let params = fields.map("litellm_params").cloned();
        let info = fields.map("model_info");
        fields.check()?;
        let Some(info) = info else { return Err(failed("model_info not provided")) };
        let Some(id) = info.text("id") else { return Err(failed("model_info.id not provided")) };
        let Some(row) = records::one(app, MODELS, id).await? else {
            return Err(match app.catalog.get().by_id(id) {
                Some(_) => {
                    refused(400, "Can't edit model. Model in config. Store model in db via `/model/new`. to edit.")
                }
                None => failed("model not found"),
            });
        };
        rights::check(app, &request, team_of(&row)).await?;
        let Some(params) = params else { return Err(failed("litellm_params not provided")) };
        check_is_on(app)?;
        rights::check_parameters(&request, &params)?;
        let mut after = row.clone();
        let merged = merged(app, row.object("litellm_params"), &params)?;
        after.insert("litellm_params".to_owned(), merged.into());
        if let Some(name) = name.filter(|_| team_of(&row).is_none()) {
            after.insert("model_name".to_owned(), name.into());
        }
        replace(app, &request, Action::Updated, (&row, after), Vec::new()).await
    })
}

/// `PATCH /model/{model_id}/update`: parameters, information, name, and whether the model rests.
pub fn patch(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let fields = request.fields()?;
        let name = fields.text("model_name").map(str::to_owned);
        let (params, info) = (fields.map("litellm_params"), fields.map("model_info"));
        let blocked = fields.flag("blocked");
        fields.check()?;
        let id = request.place("model_id");
        if !app.stored.is_on() {
            let sentence = "Model updates only supported for DB-stored models";
            return Err(Denial::new(400, "validation_error", sentence).into());
        }
        let Some(row) = records::one(app, MODELS, id).await? else { return Err(missing(app, id)) };
        let team = rights::check(app, &request, team_of(&row)).await?;
        if blocked.is_some() && !request.caller.is_admin() {
            let sentence = "Only proxy admins can change a model's blocked flag.";
            return Err(Denial::new(403, "auth_error", sentence).about("blocked").into());
        }
        let mut after = row.clone();
        if let Some(params) = params {
            rights::check_parameters(&request, params)?;
            after.insert("litellm_params".to_owned(), merged(app, row.object("litellm_params"), params)?.into());
        }
        let mut merged_info = row.object("model_info").cloned().unwrap_or_default();
        if let Some(info) = info {
            // Whose the model is does not change here: the rights that were checked were those of its owner.
            let sent = given(info).into_iter().filter(|(name, _)| !matches!(name.as_str(), "id" | "team_id"));
            merged_info.extend(sent);
        }
        let mut changes = Vec::new();
        match (&team, name) {
            (Some(team), Some(name)) if !team::is_internal(team.text("team_id").unwrap_or_default(), &name) => {
                changes.extend(team::add_name(app, team, &name));
                merged_info.insert("team_public_model_name".to_owned(), name.into());
            }
            (None, Some(name)) => {
                after.insert("model_name".to_owned(), name.into());
            }
            _ => {}
        }
        after.insert("model_info".to_owned(), merged_info.into());
        if let Some(blocked) = blocked {
            after.insert("blocked".to_owned(), blocked.into());
        }
        replace(app, &request, Action::Updated, (&row, after), changes).await
    })
}

/// Writes another row in the place of one that nobody has changed since it was read.
pub async fn replace(
    app: &App,
    request: &Request,
    action: Action,
    (before, mut after): (&Row, Row),
    mut changes: Vec<Change>,
) -> Outcome {
    let last = before.moment("updated_at").map(|last| last + std::time::Duration::from_millis(1));
    let now = last.map_or(app.governance.clock.now(), |last| last.max(app.governance.clock.now()));
    after.insert("updated_at".to_owned(), crate::directory::moment_text(now).into());
    after.insert("updated_by".to_owned(), records::actor(request).into());
    let same = Filter::Is("updated_at", before.get("updated_at").cloned().unwrap_or_default());
    let id = before.text("model_id").unwrap_or_default();
    let changed = after.iter().filter(|(name, value)| before.get(*name) != Some(value));
    let columns: Row = changed.map(|(name, value)| (name.clone(), value.clone())).collect();
    changes.push(Change::Expect(MODELS, vec![is_of(id), same], 1));
    changes.push(Change::Update(MODELS, vec![is_of(id)], columns));
    changes.push(logged(app, request, action, (Some(before), Some(&after))));
    write(app, changes).await?;
    Ok(Answer::ok(shown(&after)))
}

/// The stored parameters with those that are sent, sealed; null takes away what LiteLLM lets it take away.
fn merged(app: &App, stored: Option<&Row>, sent: &Map<String, Value>) -> Result<Map<String, Value>, Error> {
    let mut merged = stored.cloned().unwrap_or_default();
    merged.retain(|name, _| {
        let is_cleared = sent.get(name).is_some_and(Value::is_null);
        !is_cleared || !CLEARABLE.iter().any(|part| name.contains(part))
    });
    merged.extend(sealed(app, given(sent))?);
    Ok(merged)
}

/// The refusal where no model is stored under the id.
pub fn missing(app: &App, id: &str) -> Error {
    if app.catalog.get().by_id(id).is_some() {
        let sentence = "Cannot edit config-based model. Store model in DB via /model/new first.";
        return Denial::new(400, "validation_error", sentence).into();
    }
    Denial::new(404, "not_found_error", format!("Model {id} not found on proxy.")).into()
}

fn failed(sentence: &str) -> Error {
    Denial::auth(400, format!("Authentication Error, {sentence}")).into()
}
