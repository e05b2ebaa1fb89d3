//! `POST /tag/new`, `/tag/update` and `/tag/delete`.

use serde_json::{Value, json};

use super::{TAGS, refusal, shown};
use crate::directory::{Change, Columns, Fault, Filter, Query, Row, schema};
use crate::manage::audit::{Action, entry};
use crate::manage::{Answer, Fields, Outcome, Request, failed, money, records};
use crate::upstream::BoxFuture;
use crate::{App, Error};

/// What a request says of a tag.
struct Sent {
    name: String,
    description: Value,
    models: Vec<String>,
    budget_id: Option<String>,
    budget: Row,
}

impl Sent {
    fn read(fields: &Fields<'_>) -> Self {
        Self {
            name: fields.required("name").to_owned(),
            description: fields.text("description").map_or(Value::Null, Value::from),
            models: fields.texts("models").unwrap_or_default(),
            budget_id: fields.text("budget_id").map(str::to_owned),
            budget: money::columns(fields),
        }
    }
}

/// `POST /tag/new`: with a budget of its own, a link to one, or without any.
pub fn create(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let fields = request.fields()?;
        let sent = Sent::read(&fields);
        fields.check()?;
        let mut columns = records::row([
            ("tag_name", sent.name.as_str().into()),
            ("description", sent.description.clone()),
            ("models", sent.models.clone().into()),
            ("model_info", names_of(app, &sent.models).await?),
            ("created_by", request.caller.user_id().map_or(Value::Null, Value::from)),
        ]);
        let mut changes = Vec::new();
        let budget_id = budget(app, &request, &sent, None, &mut changes).await?;
        columns.insert("budget_id".to_owned(), budget_id);
        let tag = records::complete(app, TAGS, columns)?;
        changes.push(Change::Insert(TAGS, tag.clone()));
        changes.extend(mark(app, &sent).await?);
        changes.push(logged(app, &request, Action::Created, (None, Some(&tag))));
        app.governance.write(changes).await.map_err(|fault| match fault {
            Fault::Taken { .. } => refusal(&format!("400: Tag {} already exists", sent.name)),
            fault => failed(&fault),
        })?;
        let message = format!("Tag {} created successfully", sent.name);
        Ok(Answer::ok(json!({ "message": message, "tag": shown(&tag) })))
    })
}

/// `POST /tag/update`: description and models are what is sent, the budget is changed where it is.
pub fn update(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let fields = request.fields()?;
        let sent = Sent::read(&fields);
        fields.check()?;
        let absent = || refusal(&format!("404: Tag {} not found", sent.name));
        let before = records::one(app, TAGS, &sent.name).await?.ok_or_else(absent)?;
        let mut changes = Vec::new();
        let budget_id = budget(app, &request, &sent, before.text("budget_id"), &mut changes).await?;
        let columns = records::row([
            ("description", sent.description.clone()),
            ("models", sent.models.clone().into()),
            ("model_info", names_of(app, &sent.models).await?),
            ("budget_id", budget_id),
            ("updated_at", records::now(app).into()),
        ]);
        let mut after = before.clone();
        after.extend(columns.clone());
        changes.push(Change::Update(TAGS, is(&sent.name), columns));
        changes.push(logged(app, &request, Action::Updated, (Some(&before), Some(&after))));
        records::write(app, changes).await?;
        let message = format!("Tag {} updated successfully", sent.name);
        Ok(Answer::ok(json!({ "message": message, "tag": shown(&after) })))
    })
}

/// `POST /tag/delete`.
pub fn delete(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let fields = request.fields()?;
        let name = fields.required("name").to_owned();
        fields.check()?;
        let absent = || refusal(&format!("404: Tag {name} not found"));
        let tag = records::one(app, TAGS, &name).await?.ok_or_else(absent)?;
        let log = logged(app, &request, Action::Deleted, (Some(&tag), None));
        records::write(app, vec![Change::Delete(TAGS, is(&name)), log]).await?;
        Ok(Answer::ok(json!({ "message": format!("Tag {name} deleted successfully") })))
    })
}

fn is(name: &str) -> Vec<Filter> {
    vec![Filter::Is("tag_name", name.into())]
}

/// The budget that the tag is linked to after this, and the changes that make it so.
async fn budget(
    app: &App,
    request: &Request,
    sent: &Sent,
    existing: Option<&str>,
    changes: &mut Vec<Change>,
) -> Result<Value, Error> {
    let mut columns = sent.budget.clone();
    if let Some(id) = sent.budget_id.as_deref().filter(|id| Some(*id) != existing) {
        if records::one(app, &schema::BUDGETS, id).await?.is_none() {
            return Err(refusal(&money::unknown_link("LiteLLM_TagTable", "budget_id")));
        }
        return Ok(id.into());
    }
    if columns.values().all(Value::is_null) && existing.is_none() {
        return Ok(Value::Null);
    }
    let duration = records::check_duration(app, columns.text("budget_duration"));
    duration.map_err(|sentence| refusal(&format!("400: {{'error': {}}}", crate::denial::python_text(&sentence))))?;
    money::schedule(app, &mut columns);
    match existing {
        Some(id) => {
            if !columns.is_empty() {
                changes.push(money::update(app, request, id, columns));
            }
            Ok(id.into())
        }
        None => {
            let (budget, change) = money::create(app, request, columns)?;
            changes.push(change);
            Ok(budget.get("budget_id").cloned().unwrap_or(Value::Null))
        }
    }
}

/// The names of stored models by these ids.
async fn names_of(app: &App, ids: &[String]) -> Result<Value, Error> {
    let models = records::among(app, &schema::MODELS, "model_id", ids.to_vec()).await?;
    let of = |model: &Row| Some((model.text("model_id")?.to_owned(), model.text("model_name")?.into()));
    Ok(Value::Object(models.iter().filter_map(of).collect()))
}

/// Puts the tag among those of stored models, named by id or by name, so that it leads to them.
async fn mark(app: &App, sent: &Sent) -> Result<Vec<Change>, Error> {
    if sent.models.is_empty() {
        return Ok(Vec::new());
    }
    let named = vec![Filter::In("model_id", sent.models.clone()), Filter::In("model_name", sent.models.clone())];
    let models = records::all(app, &Query::of(&schema::MODELS).with(Filter::Any(named))).await?;
    let mut changes = Vec::new();
    for model in models {
        let mut params = records::map_of(model.get("litellm_params"));
        let mut tags = params.texts("tags");
        if tags.contains(&sent.name) {
            continue;
        }
        tags.push(sent.name.clone());
        params.insert("tags".to_owned(), tags.into());
        let own = |name: &'static str| Filter::Is(name, model.get(name).cloned().unwrap_or(Value::Null));
        let columns = [("litellm_params", Value::Object(params)), ("updated_at", records::now(app).into())];
        changes.push(Change::Expect(&schema::MODELS, vec![own("model_id"), own("updated_at")], 1));
        changes.push(Change::Update(&schema::MODELS, vec![own("model_id")], records::row(columns)));
    }
    Ok(changes)
}

fn logged(app: &App, request: &Request, action: Action, change: (Option<&Row>, Option<&Row>)) -> Change {
    let name = change.0.or(change.1).and_then(|row| row.text("tag_name")).unwrap_or_default().to_owned();
    entry(request, app.governance.clock.now(), action, (TAGS, &name), change)
}
