//! Stored credentials: `/credentials`. What providers are shown, by names that models give.
//!
//! Values are sealed one by one, and shown masked.

mod mask;

use serde_json::{Map, Value, json};

use super::{Answer, Fields, Outcome, Request, audit, input, records};
use crate::denial::Denial;
use crate::directory::{Change, Columns, Direction, Fault, Filter, Query, Row, Table, schema};
use crate::seal::SecretObject;
use crate::upstream::BoxFuture;
use crate::{App, Error};

const CREDENTIALS: &Table = &schema::CREDENTIALS;

/// `POST /credentials`: of values, or of those of a deployment.
pub fn create(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let fields = asked(&request)?;
        let name = fields.required("credential_name").to_owned();
        let (info, values) = (fields.map("credential_info").cloned(), fields.map("credential_values").cloned());
        let model_id = fields.text("model_id");
        let display_name = fields.text("display_name").map(str::to_owned);
        fields.check()?;
        let values = match (model_id, values) {
            (Some(id), _) => of_deployment(app, id)?,
            (None, Some(values)) => values,
            (None, None) => return Err(input::unfit("Either credential_values or model_id must be set")),
        };
        if of_file(app, &name) {
            let sentence = format!("Credential '{name}' is defined in config. Edit config.yaml to change it.");
            return Err(Denial::new(409, "validation_error", sentence).about("credential_name").into());
        }
        let actor = records::actor(&request);
        let row = records::row([
            ("credential_name", name.clone().into()),
            ("display_name", display_name.into()),
            ("credential_values", Value::Object(sealed(app, values)?)),
            ("credential_info", Value::Object(info.unwrap_or_default())),
            ("created_by", actor.clone().into()),
            ("updated_by", actor.into()),
        ]);
        let row = records::complete(app, CREDENTIALS, row)?;
        let changes = vec![
            Change::Insert(CREDENTIALS, row.clone()),
            logged(app, &request, audit::Action::Created, (None, Some(&row))),
        ];
        app.governance.write(changes).await.map_err(|fault| match fault {
            Fault::Taken { .. } => {
                let hint = format!("Update it with PATCH /credentials/{name}, or delete it first.");
                refused(409, &format!("Credential '{name}' already exists. {hint}"))
            }
            fault => super::failed(&fault),
        })?;
        done(app, "created").await
    })
}

/// `GET /credentials`.
pub fn list(app: &App, _request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let mut shown = Vec::new();
        for credential in app.stored.file().map(|file| file.credentials.as_slice()).unwrap_or_default() {
            shown.push(from_file(credential));
        }
        let rows = records::all(app, &Query::of(CREDENTIALS).sorted("created_at", Direction::Up)).await?;
        for row in &rows {
            shown.push(view(app, row)?);
        }
        Ok(Answer::ok(json!({ "success": true, "credentials": shown })))
    })
}

/// `GET /credentials/by_name/{credential_name}`.
pub fn by_name(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let name = request.place("credential_name");
        let files = app.stored.file().map(|file| file.credentials.as_slice()).unwrap_or_default();
        if let Some(credential) = files.iter().find(|credential| credential.name == name) {
            return Ok(Answer::ok(from_file(credential)));
        }
        let row = find(app, name).await?.ok_or_else(|| absent(name))?;
        Ok(Answer::ok(view(app, &row)?))
    })
}

/// `GET /credentials/by_model/{model_id}`: what a deployment shows its provider.
pub fn by_model(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let id = request.place("model_id");
        let values = of_deployment(app, id)?;
        let group = app.catalog.get().by_id(id).map_or_else(String::new, |found| found.group.clone());
        Ok(Answer::ok(json!({
            "credential_name": format!("{group}-credential-{id}"),
            "display_name": null,
            "credential_info": {},
            "credential_values": mask::masked(&values),
        })))
    })
}

/// `PATCH /credentials/{credential_name}`: values and information are added to what there is.
pub fn update(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let fields = asked(&request)?;
        if !fields.is_sent("credential_info") {
            fields.fault("credential_info", "missing", "Field required");
        }
        let (info, values) = (fields.map("credential_info").cloned(), fields.map("credential_values").cloned());
        let removed = fields.texts("credential_values_to_delete").unwrap_or_default();
        fields.check()?;
        let name = request.place("credential_name");
        let row = find(app, name).await?.ok_or_else(|| refused(404, "Credential not found in DB."))?;
        let mut after = row.clone();
        let mut stored = row.object("credential_values").cloned().unwrap_or_default();
        stored.retain(|key, _| !removed.contains(key));
        stored.extend(sealed(app, values.unwrap_or_default())?);
        after.insert("credential_values".to_owned(), stored.into());
        let mut told = row.object("credential_info").cloned().unwrap_or_default();
        told.extend(info.unwrap_or_default());
        after.insert("credential_info".to_owned(), told.into());
        let last = row.moment("updated_at").map(|last| last + std::time::Duration::from_millis(1));
        let now = last.map_or(app.governance.clock.now(), |last| last.max(app.governance.clock.now()));
        after.insert("updated_at".to_owned(), crate::directory::moment_text(now).into());
        after.insert("updated_by".to_owned(), records::actor(&request).into());
        let same = Filter::Is("updated_at", row.get("updated_at").cloned().unwrap_or_default());
        let columns = ["credential_values", "credential_info", "updated_at", "updated_by"];
        let changes = vec![
            Change::Expect(CREDENTIALS, vec![is_of(&row), same], 1),
            Change::Update(CREDENTIALS, vec![is_of(&row)], records::only(&after, &columns)),
            logged(app, &request, audit::Action::Updated, (Some(&row), Some(&after))),
        ];
        records::write(app, changes).await?;
        done(app, "updated").await
    })
}

/// `DELETE /credentials/{credential_name}`.
pub fn delete(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let name = request.place("credential_name");
        let row = find(app, name).await?.ok_or_else(|| absent(name))?;
        let changes = vec![
            Change::Delete(CREDENTIALS, vec![is_of(&row)]),
            logged(app, &request, audit::Action::Deleted, (Some(&row), None)),
        ];
        records::write(app, changes).await?;
        done(app, "deleted").await
    })
}

/// The fields of a body, of which no body has none.
fn asked(request: &Request) -> Result<Fields<'_>, Error> {
    static EMPTY: std::sync::LazyLock<Value> = std::sync::LazyLock::new(|| json!({}));
    if request.method == http::Method::POST && !has_content(&request.body) {
        return Err(input::unfit("Either credential_values or model_id must be set"));
    }
    Fields::of(if request.body.is_null() { &EMPTY } else { &request.body })
}

fn has_content(body: &Value) -> bool {
    body.get("credential_values").or_else(|| body.get("model_id")).is_some_and(|value| !value.is_null())
}

async fn done(app: &App, what: &str) -> Outcome {
    if let Err(fault) = app.stored.reload(app).await {
        tracing::warn!("what was stored is in force a little later: {fault}");
    }
    Ok(Answer::ok(json!({ "success": true, "message": format!("Credential {what} successfully") })))
}

async fn find(app: &App, name: &str) -> Result<Option<Row>, Error> {
    Ok(records::all(app, &Query::of(CREDENTIALS).is("credential_name", name)).await?.pop())
}

fn is_of(row: &Row) -> Filter {
    Filter::Is("credential_id", row.get("credential_id").cloned().unwrap_or_default())
}

fn of_file(app: &App, name: &str) -> bool {
    app.stored.file().is_some_and(|file| file.credentials.iter().any(|credential| credential.name == name))
}

/// What a deployment shows its provider: its key, its address, and the rest of what it is configured with.
fn of_deployment(app: &App, id: &str) -> Result<Map<String, Value>, Error> {
    let config = app.stored.config();
    let models = config.as_ref().map(|config| config.models.as_slice()).unwrap_or_default();
    let model = models.iter().find(|model| model.id == id).ok_or_else(|| refused(404, "Model not found"))?;
    let params = &model.params;
    let mut values = Map::new();
    let mut put = |name: &str, value: Option<&str>| {
        values.extend(value.map(|value| (name.to_owned(), Value::from(value))));
    };
    put("api_key", params.api_key.as_ref().map(crate::Secret::expose));
    put("api_base", params.api_base.as_deref());
    put("api_version", params.api_version.as_deref());
    for (name, secret) in &params.credentials {
        put(name, Some(secret.expose()));
    }
    Ok(values)
}

fn sealed(app: &App, values: Map<String, Value>) -> Result<Map<String, Value>, Error> {
    let given = values.into_iter().filter(|(_, value)| !value.is_null()).collect();
    let sealed = app.stored.sealer()?.seal_object(&SecretObject::new(given));
    sealed.map_err(|error| refused(400, &error.to_string()))
}

/// A stored credential as clients see it; where its values do not open, each says so.
fn view(app: &App, row: &Row) -> Result<Value, Error> {
    let stored = row.object("credential_values").cloned().unwrap_or_default();
    let values = match app.stored.sealer()?.open_object(&stored) {
        Ok(opened) => mask::masked(opened.expose()),
        Err(_) => stored.keys().map(|name| (name.clone(), "LITELLM_SALT_KEY does not match".into())).collect(),
    };
    Ok(json!({
        "credential_name": row.get("credential_name"),
        "display_name": row.get("display_name"),
        "credential_info": row.get("credential_info"),
        "credential_values": values,
        "source": "db",
    }))
}

fn from_file(credential: &crate::config::Credential) -> Value {
    let values: Map<String, Value> =
        credential.values.iter().map(|(name, value)| (name.clone(), value.expose().into())).collect();
    json!({
        "credential_name": credential.name,
        "display_name": null,
        "credential_info": {},
        "credential_values": mask::masked(&values),
        "source": "config",
    })
}

fn logged(app: &App, request: &Request, action: audit::Action, change: (Option<&Row>, Option<&Row>)) -> Change {
    let name = change.0.or(change.1).and_then(|row| row.text("credential_name")).unwrap_or_default().to_owned();
    audit::entry(request, app.governance.clock.now(), action, (CREDENTIALS, &name), change)
}

fn absent(name: &str) -> Error {
    refused(404, &format!("Credential not found. Got credential name: {name}"))
}

fn refused(status: u16, sentence: &str) -> Error {
    Denial::management(status, sentence).into()
}
