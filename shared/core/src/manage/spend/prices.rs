//! `POST /spend/calculate`: what a chat or an answer costs.

use serde_json::{Value, json};
use tollgate_wire::json::Object;
use tollgate_wire::provider::resolve;
use tollgate_wire::{Usage, tokens};

use crate::denial::Denial;
use crate::manage::{Answer, Outcome, Request};
use crate::price::Quoted;
use crate::upstream::BoxFuture;
use crate::{App, Error};

/// The handler.
pub fn calculate<'a>(app: &'a App, request: Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        let fields = request.fields()?;
        let (model, messages) = (fields.text("model"), fields.list("messages"));
        let answer = fields.map("completion_response");
        fields.check()?;
        let cost = match (model, messages, answer) {
            (Some(model), Some(messages), _) => of_messages(app, model, &Value::Array(messages.clone())),
            (Some(_), None, _) => Err(bad("Bad Request - messages must be provided if 'model' is provided")),
            (None, _, Some(answer)) => {
                let named = answer.get("model").and_then(Value::as_str).unwrap_or_default();
                let usage = answer.get("usage").map(Value::to_string).and_then(|usage| Usage::parse(&usage));
                of_model(app, named, &usage.unwrap_or_default())
            }
            (None, _, None) => Err(bad("Bad Request - Either 'model' or 'completion_response' must be provided")),
        }?;
        Ok(Answer::ok(json!({ "cost": cost })))
    })
}

fn bad(sentence: &str) -> Error {
    Denial::new(400, "None", sentence).about("None").into()
}

/// A question that is not answered: only its tokens count.
fn of_messages(app: &App, model: &str, messages: &Value) -> Result<f64, Error> {
    let text = json!({ "messages": messages }).to_string();
    let count = |model: &str| {
        let object = Object::parse(text.as_bytes()).map_err(|error| bad(&error.to_string()))?;
        let prompt_tokens = tokens::count_chat(model, &object).map_err(|error| bad(&error.to_string()))?;
        Ok::<_, Error>(Usage { prompt_tokens, total_tokens: prompt_tokens, ..Usage::default() })
    };
    if !app.catalog.get().holds(model) {
        return of_model(app, model, &count(model)?);
    }
    match app.catalog.get().first(model)? {
        Some(deployment) => cost(app, Quoted::Deployment(&deployment), &count(&deployment.model)?),
        None => of_model(app, model, &count(model)?),
    }
}

fn of_model(app: &App, name: &str, usage: &Usage) -> Result<f64, Error> {
    let resolved = resolve(name, None, None).map_err(|error| {
        Error::from(Denial::new(400, "invalid_request_error", format!("litellm.BadRequestError: {error}")))
    })?;
    cost(app, Quoted::Model { provider: resolved.provider.name, model: &resolved.model }, usage)
}

fn cost(app: &App, asked: Quoted<'_>, usage: &Usage) -> Result<f64, Error> {
    let quoted = app.governance.prices.quote(asked, usage, app.governance.clock.now());
    quoted
        .map(|cost| cost.total.usd())
        .map_err(|error| Denial::new(400, "invalid_request_error", error.to_string()).about("model").into())
}
