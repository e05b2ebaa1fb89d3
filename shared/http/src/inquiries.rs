//! Questions about a call that is not made: how many tokens it has, which parameters its model takes, who would take it.
//!
//! Paths, answers and refusals are LiteLLM's `/utils/…`. Knows no provider, and asks none.

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};
use serde_json::{Map, Value, json};
use tollgate_core::explain;
use tollgate_core::{App, Error, FieldFault};
use tollgate_wire::json::Object;
use tollgate_wire::prepare::{Rules, Settings};
use tollgate_wire::{provider, tokens};

use crate::endpoints::{hints, parameter};
use crate::{GatewayBody, json as json_answer, read};

/// `POST /utils/token_counter`: tokens of a `prompt`, or of `messages` with their `tools` and their `system`.
///
/// # Errors
/// Where the body lacks what is to be counted, or holds it in a shape that has no count.
pub async fn count<B>(app: &App, headers: &HeaderMap, body: B) -> Result<Response<GatewayBody>, Error>
where
    B: http_body::Body<Data = bytes::Bytes>,
    B::Error: std::fmt::Display,
{
    let bytes = read::whole(&app.limits, headers, body).await?;
    let body: Map<String, Value> = serde_json::from_slice(&bytes)
        .map_err(|error| Error::BadBody(format!("the body is no JSON object: {error}")))?;
    let model = check(&body)?.to_owned();
    let model_used = model_used(app, &model);
    let (counted_as, question) = (model_used.clone(), question(body)?);
    // A long text takes its time: other calls must not wait for it.
    let count = tokio::task::spawn_blocking(move || tokens_of(&counted_as, &question)).await;
    let total_tokens = count.map_err(|error| Error::BadBody(format!("the count broke off: {error}")))??;
    let answer = json!({
        "total_tokens": total_tokens,
        "request_model": model,
        "model_used": model_used,
        "tokenizer_type": "openai_tokenizer",
        "count_source": "local_estimate",
        "original_response": null,
        "error": false,
        "error_message": null,
        "status_code": null,
    });
    Ok(json_answer(StatusCode::OK, answer.to_string().into_bytes()))
}

/// What is to be counted.
enum Question {
    Text(String),
    Chat(Value),
}

fn question(mut body: Map<String, Value>) -> Result<Question, Error> {
    let mut take = |name: &str| body.remove(name).unwrap_or_default();
    let (prompt, tools, system) = (take("prompt"), take("tools"), take("system"));
    let (messages, contents) = (take("messages"), take("contents"));
    if prompt.is_null() && messages.is_null() && contents.is_null() {
        return Err(Error::NothingToCount);
    }
    let no_chat = is_empty(&messages) && is_empty(&contents);
    let system = Some(system).filter(|system| !is_empty(system) && (system.is_string() || system.is_array()));
    let mut messages = match (prompt, messages) {
        // With tools or a system message a prompt is counted as what the user says first.
        (Value::String(text), _) if no_chat && !text.is_empty() => {
            if system.is_none() && is_empty(&tools) {
                return Ok(Question::Text(text));
            }
            vec![json!({ "role": "user", "content": text })]
        }
        (_, Value::Array(messages)) => messages,
        (Value::String(text), _) => return Ok(Question::Text(text)),
        _ => return Err(Error::BadBody("`contents` are not counted here: send `messages` or a `prompt`".to_owned())),
    };
    if let Some(system) = system {
        messages.insert(0, json!({ "role": "system", "content": system }));
    }
    Ok(Question::Chat(json!({ "messages": messages, "tools": tools })))
}

fn tokens_of(model: &str, question: &Question) -> Result<u64, Error> {
    let chat = match question {
        Question::Text(text) => return Ok(tokens::count_text(model, text)),
        Question::Chat(chat) => chat.to_string(),
    };
    let refuse = |reason: String| Error::BadBody(format!("the tokens cannot be counted: {reason}"));
    let chat = Object::parse(chat.as_bytes()).map_err(|error| refuse(error.to_string()))?;
    tokens::count_chat(model, &chat).map_err(|error| refuse(error.to_string()))
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

/// The model's name, where every field that counts has the type that LiteLLM's framework demands.
fn check(body: &Map<String, Value>) -> Result<&str, Error> {
    let fault = |fault, name, item| Err(Error::InvalidField { fault, place: "body", name, item });
    let model = match body.get("model") {
        Some(Value::String(model)) => model,
        Some(_) => return fault(FieldFault::NoString, "model", None),
        None => return fault(FieldFault::Missing, "model", None),
    };
    if body.get("prompt").is_some_and(|prompt| !prompt.is_null() && !prompt.is_string()) {
        return fault(FieldFault::NoString, "prompt", None);
    }
    for name in ["messages", "contents", "tools"] {
        match body.get(name) {
            None | Some(Value::Null) => {}
            Some(Value::Array(items)) => {
                if let Some(item) = items.iter().position(|item| !item.is_object()) {
                    return fault(FieldFault::NoObject, name, Some(item));
                }
            }
            Some(_) => return fault(FieldFault::NoList, name, None),
        }
    }
    Ok(model)
}

/// The provider's name of the model that would serve the call; the name itself where none would.
fn model_used(app: &App, name: &str) -> String {
    let selected = app.pick(name).ok().flatten();
    let catalog = app.catalog.get();
    let deployment = selected.or_else(|| catalog.deployments().find(|deployment| deployment.named == name).cloned());
    let Some(deployment) = deployment else { return name.to_owned() };
    deployment.named.split_once('/').map_or_else(|| deployment.named.clone(), |(_, model)| model.to_owned())
}

/// `GET /utils/supported_openai_params?model=`: the chat parameters that reach the model's provider.
///
/// # Errors
/// Where no model is named, or no provider can be told from it.
pub fn supported(app: &App, query: Option<&str>) -> Result<Response<GatewayBody>, Error> {
    let given = query.into_iter().flat_map(|query| query.split('&')).find_map(|pair| pair.strip_prefix("model="));
    let Some(given) = given else {
        return Err(Error::InvalidField { fault: FieldFault::Missing, place: "query", name: "model", item: None });
    };
    let model = crate::decode(&given.replace('+', " "));
    let names: Vec<&str> = match app.pick(&model).ok().flatten() {
        Some(deployment) => deployment.rules.parameters().collect(),
        None => match provider::resolve(&model, None, None) {
            Ok(resolved) => Rules::new(Settings::new(resolved.provider, resolved.model)).parameters().collect(),
            Err(_) => return Err(Error::UnmappedModel(model)),
        },
    };
    Ok(json_answer(StatusCode::OK, json!({ "supported_openai_params": names }).to_string().into_bytes()))
}

/// `POST /router/explain?seed=`: which deployment would take this request, what kept the others from it, and what would
/// follow its failure. The body is that of the call.
///
/// # Errors
/// What the call itself would be refused for, and a seed that is no number.
pub async fn explain<B>(app: &App, head: &http::request::Parts, body: B) -> Result<Response<GatewayBody>, Error>
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: std::fmt::Display,
{
    let seed = parameter(head.uri.query(), "seed").map(|text| text.parse::<u64>());
    let seed = seed.transpose().map_err(|_| Error::WrongType { name: "seed", expected: "a number from 0 on" })?;
    let body = read::whole(&app.limits, &head.headers, body).await?;
    let question = explain::Question { body, hints: hints(app, &head.headers)?, seed };
    let explained = app.explain(question).await?;
    Ok(json_answer(StatusCode::OK, explained.to_string().into_bytes()))
}
