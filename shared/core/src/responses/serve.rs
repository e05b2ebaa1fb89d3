//! Calls about a response: asked of the provider that made it, or answered from what is kept here.
//!
//! Knows no route.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderValue, Uri};
use serde_json::{Value, json};
use tollgate_wire::dialect::Mode;
use tollgate_wire::json::{Object, raw};
use tollgate_wire::tokens::Estimator;
use tollgate_wire::{Operation, prepare};

use super::id::Opened;
use crate::call::ReplyBody;
use crate::deployment::Deployment;
use crate::resources::{Action, Asked, ResourceBody, ResourceCall, request_to};
use crate::{Error, body};

type Answered = Result<(HeaderValue, ReplyBody), Error>;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
/// Items of one page where the client names no number, and the most there are.
const PAGE_DEFAULT: usize = 20;
const PAGE_MAX: usize = 100;

pub(crate) async fn serve(asked: &mut Asked<'_>, call: &mut ResourceCall) -> Answered {
    match std::mem::replace(&mut call.body, ResourceBody::Nothing) {
        ResourceBody::Json(bytes) => with_model(asked, call, &bytes).await,
        _ => of_response(asked, call).await,
    }
}

/// A call about a response that there is already.
async fn of_response(asked: &mut Asked<'_>, call: &ResourceCall) -> Answered {
    let shown = call.ids.first().map(String::as_str).unwrap_or_default();
    let missing = || Error::NoResponse(shown.to_owned());
    let opened = asked.app.responses.ids.open(shown).ok_or_else(missing)?;
    if let Some(answer) = kept(asked, call, shown, &opened).await? {
        return whole(answer.into_bytes().into());
    }
    let deployment = asked.app.catalog.get().by_id(&opened.deployment_id).ok_or_else(missing)?;
    if !deployment.rules.speaks(Operation::Responses) {
        return Err(missing());
    }
    asked.choose(&deployment, Some(&deployment.group));
    let uri = address(&deployment, call.action, &opened.id)?;
    let request = request_to(&deployment, call, uri, None)?;
    let bytes = asked.whole(&deployment, request).await?;
    whole(renamed(bytes, shown))
}

/// What is kept here answers for itself.
async fn kept(asked: &Asked<'_>, call: &ResourceCall, shown: &str, opened: &Opened) -> Result<Option<String>, Error> {
    let store = Arc::clone(&asked.app.responses.kept);
    let Some(kept) = store.get(&opened.id).await else { return Ok(None) };
    Ok(Some(match call.action {
        Action::DeleteResponse => {
            store.delete(&opened.id).await;
            json!({ "id": shown, "object": "response", "deleted": true }).to_string()
        }
        Action::CancelResponse => {
            let message = "Only responses created with `background: true` can be cancelled".to_owned();
            return Err(Error::Invalid { param: None, message });
        }
        Action::ResponseInputItems => page(call, &kept.input),
        _ => String::from_utf8_lossy(&kept.response).into_owned(),
    }))
}

/// One page of items, each with an id: the newest first unless the client wants it otherwise.
fn page(call: &ResourceCall, items: &str) -> String {
    let parameter = |name: &str| call.query.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str());
    let mut items: Vec<Value> = serde_json::from_str(&format!("[{items}]")).unwrap_or_default();
    for (place, item) in items.iter_mut().enumerate() {
        if let Some(fields) = item.as_object_mut() {
            fields.entry("id").or_insert_with(|| format!("item_{place}").into());
            fields.entry("type").or_insert_with(|| "message".into());
        }
    }
    if parameter("order") != Some("asc") {
        items.reverse();
    }
    let place = |id: &str| items.iter().position(|item| item["id"] == id);
    let start = parameter("after").and_then(place).map_or(0, |place| place + 1);
    let limit = parameter("limit").and_then(|text| text.parse().ok()).unwrap_or(PAGE_DEFAULT).clamp(1, PAGE_MAX);
    let rest = items.get(start..).unwrap_or_default();
    let data = &rest[..rest.len().min(limit)];
    let id = |item: Option<&Value>| item.map(|item| item["id"].clone()).unwrap_or_default();
    json!({
        "object": "list",
        "data": data,
        "first_id": id(data.first()),
        "last_id": id(data.last()),
        "has_more": rest.len() > data.len(),
    })
    .to_string()
}

/// A call that names a model: compaction, or a count of tokens.
async fn with_model(asked: &mut Asked<'_>, call: &ResourceCall, bytes: &Bytes) -> Answered {
    let mut object = body::parse(bytes)?;
    let Some(model) = object.string("model").map(|model| model.into_owned()) else {
        let message = format!("{}: Missing required parameter: 'model'.", call.action.row().call_type);
        return Err(Error::Invalid { param: Some("model"), message });
    };
    let operation = Operation::Responses;
    let found = asked.app.pick_for(&model, call.visitor.as_ref())?;
    let deployment = found.ok_or_else(|| Error::UnknownModel { operation, model: model.clone() })?;
    asked.choose(&deployment, Some(&model));
    if let Some(variables) = &deployment.missing_key {
        return Err(Error::NoProviderKey { provider: deployment.provider, variables: variables.clone() });
    }
    if !deployment.rules.speaks(operation) {
        if call.action == Action::CountResponseTokens {
            let tokens = Estimator::new(&deployment.model, bytes, &object).prompt_tokens();
            let count = json!({ "object": "response.input_tokens", "input_tokens": tokens });
            return whole(count.to_string().into_bytes().into());
        }
        return Err(Error::NotOffered { provider: deployment.provider, operation });
    }
    if let Some(opened) = object.string("previous_response_id").and_then(|id| asked.app.responses.ids.open(&id)) {
        object.set("previous_response_id", raw(&opened.id));
    }
    let prepared = prepare::prepare(&deployment.rules, operation, object);
    let prepared = prepared.map_err(|refusal| crate::fault::refused(&refusal))?.body;
    let uri = address(&deployment, call.action, "")?;
    let request = request_to(&deployment, call, uri, Some(prepared))?;
    whole(asked.whole(&deployment, request).await?)
}

fn whole(bytes: Bytes) -> Answered {
    Ok((JSON, ReplyBody::Whole(bytes)))
}

/// The answer under the id that the client knows the response by.
fn renamed(bytes: Bytes, shown: &str) -> Bytes {
    let Ok(mut object) = Object::parse(&bytes) else { return bytes };
    let kind = object.string("object").map(|kind| kind.into_owned()).unwrap_or_default();
    if !kind.starts_with("response") {
        return bytes;
    }
    object.set("id", raw(&shown));
    object.to_vec().into()
}

/// Where the call goes: below the address at which responses are made.
fn address(deployment: &Deployment, action: Action, id: &str) -> Result<Uri, Error> {
    let base = deployment.uri(Operation::Responses, Mode::Whole)?.to_string();
    let (path, query) = base.split_once('?').map_or((base.as_str(), None), |(path, query)| (path, Some(query)));
    let mut address = path.to_owned();
    let below = action.row().path.strip_prefix("/responses").unwrap_or_default();
    for (place, literal) in below.split("{}").enumerate() {
        if place > 0 {
            crate::resources::encode(id, &mut address);
        }
        address.push_str(literal);
    }
    if let Some(query) = query {
        address.push('?');
        address.push_str(query);
    }
    address.parse().map_err(|_| Error::NoResponse(id.to_owned()))
}
