//! Lists of models: what the caller may ask for, and the deployments behind it.
//!
//! Who may see what is decided in `core::govern::access`. Shows no key.

use std::sync::Arc;

use http::{Response, StatusCode};
use serde_json::{Map, Value, json};
use tollgate_core::catalog::Group;
use tollgate_core::deployment::{Deployment, describe_group};
use tollgate_core::govern::Caller;
use tollgate_core::manage::{Request, page};
use tollgate_core::{App, Error};

use crate::endpoints::parameter;
use crate::{GatewayBody, json as json_answer};

/// LiteLLM gives every model the same date.
const MODEL_CREATED_S: u64 = 1_677_610_602;
/// Which list of models is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum List {
    Names,
    Name,
    Deployments,
    DeploymentPages,
    Groups,
}

const PAGE_SIZE: u64 = 50;
const PAGE_SIZE_MAX: u64 = 1000;

impl List {
    /// `place`: the model in the path, and the query.
    ///
    /// # Errors
    /// Where there is nothing of the name that is asked for, or the directory cannot be reached.
    pub async fn answer(
        self,
        app: &App,
        caller: &Caller,
        (model, query): (Option<&str>, Option<&str>),
    ) -> Result<Response<GatewayBody>, Error> {
        match self {
            Self::Names => models(app, caller).await,
            Self::Name => self::model(app, caller, model.unwrap_or_default()).await,
            Self::Deployments => model_info(app, caller, query).await,
            Self::DeploymentPages => model_info_paged(app, caller, query).await,
            Self::Groups => group_info(app, caller, query).await,
        }
    }

    /// What the list is, in a few words.
    pub const fn summary(self) -> &'static str {
        match self {
            Self::Names => "The models that the caller may ask for",
            Self::Name => "One model that the caller may ask for",
            Self::Deployments => "Every deployment, without its secrets",
            Self::DeploymentPages => "Deployments, page by page",
            Self::Groups => "Model groups and what they can do",
        }
    }
}

async fn visible(app: &App, caller: &Caller) -> Result<Vec<(String, Arc<Group>)>, Error> {
    let catalog = app.catalog.get();
    app.governance.visible(&catalog, caller).await
}

/// `GET /v1/models`.
async fn models(app: &App, caller: &Caller) -> Result<Response<GatewayBody>, Error> {
    let visible = visible(app, caller).await?;
    let object = |(name, group): &(String, Arc<Group>)| Some(model_object(name, group.deployments.first()?));
    let data: Vec<Value> = visible.iter().filter_map(object).collect();
    Ok(ok(&json!({ "data": data, "object": "list" })))
}

/// `GET /v1/models/{model}`.
async fn model(app: &App, caller: &Caller, name: &str) -> Result<Response<GatewayBody>, Error> {
    let visible = visible(app, caller).await?;
    let found = visible.iter().find(|(group, _)| *group == name);
    let found = found.and_then(|(name, group)| Some((name, group.deployments.first()?)));
    let (name, deployment) = found.ok_or_else(|| Error::ModelNotListed(name.to_owned()))?;
    Ok(ok(&model_object(name, deployment)))
}

fn model_object(name: &str, deployment: &Deployment) -> Value {
    let mut object = Map::new();
    object.insert("id".to_owned(), name.into());
    object.insert("object".to_owned(), "model".into());
    object.insert("created".to_owned(), MODEL_CREATED_S.into());
    object.insert("owned_by".to_owned(), "openai".into());
    object.extend(deployment.facts());
    Value::Object(object)
}

/// Every deployment that the caller may reach, group by group, each once.
async fn deployments(app: &App, caller: &Caller) -> Result<Vec<Arc<Deployment>>, Error> {
    if caller.sees_all() {
        return Ok(app.catalog.get().deployments().cloned().collect());
    }
    let mut found: Vec<Arc<Deployment>> = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for (_, group) in visible(app, caller).await? {
        found.extend(group.deployments.iter().filter(|deployment| seen.insert(deployment.id.clone())).cloned());
    }
    Ok(found)
}

/// `GET /model/info`: all deployments or the one of `?litellm_model_id=`.
async fn model_info(app: &App, caller: &Caller, query: Option<&str>) -> Result<Response<GatewayBody>, Error> {
    if let Some(id) = parameter(query, "litellm_model_id") {
        let found = app.catalog.get().by_id(&id).ok_or_else(|| Error::DeploymentNotListed(id))?;
        return Ok(ok(&json!({ "data": [described(&found, caller)] })));
    }
    let found = deployments(app, caller).await?;
    let data: Vec<Value> = found.iter().map(|deployment| described(deployment, caller)).collect();
    Ok(ok(&json!({ "data": data })))
}

/// `GET /v2/model/info`: the same, page by page; `model`, `modelId` and `search` narrow it down.
async fn model_info_paged(app: &App, caller: &Caller, query: Option<&str>) -> Result<Response<GatewayBody>, Error> {
    let request = asked(caller, query);
    let parameters = page::Parameters::of(&request);
    let number = parameters.count("page", 1, None);
    let size = parameters.count("size", PAGE_SIZE, Some(PAGE_SIZE_MAX));
    parameters.check()?;
    let (model, id, search) = (parameter(query, "model"), parameter(query, "modelId"), parameter(query, "search"));
    let is_wanted = |deployment: &Arc<Deployment>| {
        let has = |part: &String| deployment.group.to_lowercase().contains(&part.to_lowercase());
        model.as_ref().is_none_or(|name| deployment.group == *name)
            && id.as_ref().is_none_or(|id| deployment.id == *id)
            && search.as_ref().is_none_or(has)
    };
    let found: Vec<_> = deployments(app, caller).await?.into_iter().filter(is_wanted).collect();
    let total = found.len() as u64;
    let start = usize::try_from(page::offset(number, size)).unwrap_or(usize::MAX);
    let count = usize::try_from(size).unwrap_or(usize::MAX);
    let data: Vec<Value> = found.iter().skip(start).take(count).map(|found| described(found, caller)).collect();
    Ok(ok(&json!({
        "data": data,
        "total_count": total,
        "current_page": number,
        "total_pages": page::pages(total, size),
        "size": size,
    })))
}

/// `GET /model_group/info`.
async fn group_info(app: &App, caller: &Caller, query: Option<&str>) -> Result<Response<GatewayBody>, Error> {
    let wanted = parameter(query, "model_group");
    let visible = visible(app, caller).await?;
    let is_wanted = |(name, _): &&(String, Arc<Group>)| wanted.as_ref().is_none_or(|wanted| wanted == name);
    let data: Vec<Value> =
        visible.iter().filter(is_wanted).map(|(name, group)| describe_group(name, &group.deployments)).collect();
    Ok(ok(&json!({ "data": data })))
}

fn described(deployment: &Deployment, caller: &Caller) -> Value {
    let mut described = deployment.describe();
    let sees_all = caller.sees_all();
    if sees_all {
        described["model_info"]["access_via_team_ids"] = json!([]);
    }
    described["model_info"]["direct_access"] = sees_all.into();
    described
}

/// The query as management calls read theirs.
fn asked(caller: &Caller, query: Option<&str>) -> Request {
    Request {
        caller: caller.clone(),
        method: http::Method::GET,
        path: String::new(),
        places: Vec::new(),
        query: crate::manage::parameters(query),
        body: Value::Null,
        changed_by: None,
    }
}

fn ok(value: &Value) -> Response<GatewayBody> {
    json_answer(StatusCode::OK, value.to_string().into_bytes())
}
