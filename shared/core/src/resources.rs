//! Resources: files, batches, fine-tuning jobs and vector stores, which live in a provider's account.
//!
//! Finds the account, has it asked, and hands the answer on. What was made for a model is handed out under an id that
//! names it (`wire::resource_id`), so that every later call finds the same account. Knows no route.

mod account;
mod action;
mod anthropic;
mod ask;
mod bedrock;
mod charge;
mod foreign;
mod form;
mod rename;
mod vertex;
mod video;

pub use account::Accounts;
pub use action::{Action, Family, Input, Row};

use std::time::Instant;

use bytes::Bytes;
use http::HeaderValue;
use tollgate_wire::json::Object;
use tollgate_wire::resource_id::{self, Routed};

use crate::bill::Bill;
use crate::call::Visitor;
use crate::call::{Reply, ReplyBody, ServedBy, Timeouts};
use crate::dispatch::Failed;
use crate::record::Record;
use crate::{App, Error, body};
use account::Wanted;
pub(crate) use ask::{Asked, encode, request_to};
use foreign::{Foreign, Site};

/// What a client asks of a resource; its key has been checked.
pub struct ResourceCall {
    /// The client's own id, or a new one.
    pub id: String,
    pub visitor: Option<Visitor>,
    pub action: Action,
    /// The ids of the path, in its order.
    pub ids: Vec<String>,
    /// The provider in the path, as in `/azure/v1/files`.
    pub path_provider: Option<String>,
    /// The provider in the header `custom-llm-provider`.
    pub header_provider: Option<String>,
    /// The model in the header `x-litellm-model`.
    pub header_model: Option<String>,
    /// Parameters of the query, decoded.
    pub query: Vec<(String, String)>,
    pub timeouts: Timeouts,
    pub body: ResourceBody,
    pub started: Instant,
}

/// What came with the request, whole.
pub enum ResourceBody {
    Nothing,
    Json(Bytes),
    Form { boundary: String, bytes: Bytes },
}

/// Files may be listed this many at a time; OpenAI's bound and LiteLLM's.
const FILE_LIMIT_MAX: i64 = 10_000;
/// What steers the gateway in a body, and is not sent.
const STEERING: [&str; 5] =
    ["custom_llm_provider", "litellm_metadata", "target_model_names", "litellm_call_id", "provider"];

impl App {
    /// Serves one call about a resource.
    ///
    /// # Errors
    /// Everything that [`Error`] names; the call has been logged either way.
    pub async fn serve_resource(&self, call: ResourceCall) -> Result<Reply, Failed> {
        let action = call.action;
        let call_type = action.row().call_type;
        let mut record = Record::of(call.id.clone(), call_type, call.started);
        match self.admit_other(call.visitor.as_ref(), (&call.id, call_type), None).await {
            Ok(bill) => record.bill = bill.map(|bill| Bill { job: charge::work(call.action).into(), ..bill }),
            Err(error) => return Err(*crate::dispatch::refused(error, record).await),
        }
        let mut asked = Asked {
            app: self,
            record: Some(record),
            served_by: ServedBy::default(),
            timeouts: call.timeouts,
            scheme: None,
        };
        let outcome = serve(&mut asked, call).await;
        let mut served_by = std::mem::take(&mut asked.served_by);
        match outcome {
            Ok((content_type, body)) => {
                let answer = if let ReplyBody::Whole(bytes) = &body { Some(bytes) } else { None };
                if let Some(record) = asked.record.take() {
                    charge::finish(action, record, answer, &mut served_by).await;
                }
                Ok(Reply { served_by, content_type, body })
            }
            Err(error) => {
                asked.finish(error.status()).await;
                Err(Failed { error, served_by })
            }
        }
    }
}

type Answered = Result<(HeaderValue, ReplyBody), Error>;

async fn serve(asked: &mut Asked<'_>, mut call: ResourceCall) -> Answered {
    if call.action.row().family == Family::Responses {
        return crate::responses::serve(asked, &mut call).await;
    }
    check_limit(&call)?;
    match std::mem::replace(&mut call.body, ResourceBody::Nothing) {
        came if call.action == Action::CreateVideo => video::create(asked, &call, &came).await,
        ResourceBody::Form { boundary, bytes } => form::upload(asked, &call, &boundary, &bytes).await,
        ResourceBody::Json(bytes) => json(asked, &call, &bytes).await,
        ResourceBody::Nothing => json(asked, &call, b"").await,
    }
}

/// A call with JSON, or with nothing, in its body.
async fn json(asked: &mut Asked<'_>, call: &ResourceCall, bytes: &[u8]) -> Answered {
    let row = call.action.row();
    let mut object = body::parse(bytes)?;
    for name in row.required {
        if object.given(name).is_none() {
            let message = format!("{}: Missing required parameter: '{name}'.", row.call_type);
            return Err(Error::Invalid { param: Some(name), message });
        }
    }
    let Named { ids, mut routed, provider } = path_ids(asked.app, call)?;
    for name in ["input_file_id", "training_file", "validation_file", "file_id"] {
        if let Some(found) = original(&mut object, name)? {
            routed.get_or_insert(found);
        }
    }
    let told = |name: &str| object.string(name).map(std::borrow::Cow::into_owned);
    // A fine-tuning job's model is the one to train, not one of the gateway's.
    let body_model = if row.family == Family::FineTuning { None } else { told("model") };
    let wanted = Wanted {
        model: routed.map(|routed| routed.model).or(body_model),
        provider: provider.or_else(|| told("custom_llm_provider")),
        kind: row.family,
    };
    let (account, model) = account::find(asked.app, call, wanted)?;
    STEERING.iter().for_each(|name| drop(object.remove(name)));
    if row.family != Family::FineTuning {
        object.remove("model");
    }
    asked.choose(&account, model.as_deref());
    if let Some(foreign) = Foreign::of(account.provider, row.family) {
        let site = Site { account: &account, model: model.as_deref() };
        return foreign.serve(asked, call, &site, (&ids, &object)).await;
    }
    let content = if row.input == Input::Json { Some(object.to_vec()) } else { None };
    let request = ask::request(&account, call, &ids, content)?;
    if matches!(call.action, Action::FileContent | Action::VideoContent) {
        return asked.stream(&account, request).await;
    }
    let bytes = asked.whole(&account, request).await?;
    let bytes = match &model {
        model if row.family == Family::Videos => video::named(call.action, account.provider, model.as_deref(), bytes),
        Some(model) => rename::answer(call, model, bytes),
        None => bytes,
    };
    Ok((HeaderValue::from_static("application/json"), ReplyBody::Whole(bytes)))
}

/// What the ids of a path say.
#[derive(Default)]
struct Named {
    /// The provider's own.
    ids: Vec<String>,
    /// The model that one of them names.
    routed: Option<Routed>,
    /// The provider that a video's id names.
    provider: Option<String>,
}

/// The provider's own ids of the path, and what they name.
fn path_ids(app: &App, call: &ResourceCall) -> Result<Named, Error> {
    let mut named = Named::default();
    for id in &call.ids {
        if call.action.row().family == Family::Videos {
            let (id, model, provider) = video::original(app, id);
            named.routed = model.map(|model| Routed { id: id.clone(), model });
            named.provider = provider;
            named.ids.push(id);
            continue;
        }
        if resource_id::is_managed(id) {
            return Err(managed(id));
        }
        match resource_id::decode(id) {
            Some(routed) => {
                named.ids.push(routed.id.clone());
                named.routed.get_or_insert(routed);
            }
            None => named.ids.push(id.clone()),
        }
    }
    Ok(named)
}

/// Puts the provider's own id in the place of one that names its model.
fn original(object: &mut Object<'_>, name: &str) -> Result<Option<Routed>, Error> {
    let Some(id) = object.string(name).map(std::borrow::Cow::into_owned) else { return Ok(None) };
    if resource_id::is_managed(&id) {
        return Err(managed(&id));
    }
    let routed = resource_id::decode(&id);
    if let Some(routed) = &routed {
        object.set(name, tollgate_wire::json::raw(&routed.id));
    }
    Ok(routed)
}

fn managed(id: &str) -> Error {
    let message = format!(
        "`{id}` is an id of LiteLLM's managed files, which need its database: upload the file again with `model` in place of `target_model_names`"
    );
    Error::Invalid { param: None, message }
}

/// LiteLLM checks the limit of files only; of anything else the provider says what it makes of it.
fn check_limit(call: &ResourceCall) -> Result<(), Error> {
    if call.action != Action::ListFiles {
        return Ok(());
    }
    let Some((_, text)) = call.query.iter().find(|(name, _)| name == "limit") else { return Ok(()) };
    let refuse = |message: String| Err(Error::Invalid { param: Some("limit"), message });
    let Ok(limit) = text.parse::<i64>() else {
        return refuse(format!("Invalid 'limit': expected an integer, but got '{text}' instead."));
    };
    let (bound, expected) = match limit {
        ..1 => ("below minimum", ">= 1".to_owned()),
        _ if limit > FILE_LIMIT_MAX => ("above maximum", format!("<= {FILE_LIMIT_MAX}")),
        _ => return Ok(()),
    };
    refuse(format!("Invalid 'limit': integer {bound} value. Expected a value {expected}, but got {limit} instead."))
}
