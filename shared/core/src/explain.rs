//! Explanations: which deployment would take this request, and why not another one?
//!
//! Tollgate's own. The same functions decide here and for a call, on the same state and with the same chance: nothing is
//! taken, nobody is asked.

use std::time::Instant;

use bytes::Bytes;
use serde_json::{Value, json};
use tollgate_wire::Operation;
use tollgate_wire::failure::FailureClass;

use crate::call::{Call, CallBody, Hints, Timeouts};
use crate::catalog::Found;
use crate::journey::Journey;
use crate::random::Random;
use crate::resilience::fallback::{Lists, Next, shown};
use crate::select::{self, Trace};
use crate::{App, Error};

/// A request that is not made.
pub struct Question {
    /// What would be sent: the body of a chat, an embedding, a message or a response.
    pub body: Bytes,
    pub hints: Hints,
    /// What chance depends on; a new one where none is given.
    pub seed: Option<u64>,
}

impl App {
    /// Explains the first attempt at this request.
    ///
    /// # Errors
    /// What the request itself would be refused for before any deployment is chosen.
    pub async fn explain(&self, question: Question) -> Result<Value, Error> {
        let seed = question.seed.unwrap_or_else(Random::seed);
        let operation = operation(&question.body);
        let call = Call {
            visitor: None,
            id: String::new(),
            operation,
            mode: None,
            path_model: None,
            pinned: None,
            timeouts: Timeouts::default(),
            forwarded: Vec::new(),
            hints: question.hints,
            seed: Some(seed),
            body: CallBody::Json(Bytes::new()),
            started: Instant::now(),
        };
        let ask = self.read(&call, &question.body).await?;
        let named = ask.named.clone().unwrap_or_default();
        let mut journey = Journey::new(self, &ask, None);
        let found = journey.resolve(&named).map_err(|error| match error {
            Error::UnknownModel { model, .. } => Error::UnknownModel { operation: Operation::ChatCompletion, model },
            error => error,
        })?;
        let group = found.group();
        let mut explained = match &found {
            Found::One(group) => only(group),
            Found::Group(group) => {
                let mut trace = Trace::detailed();
                let chosen = journey.preview(group, &mut trace).await;
                select::explain(group, &trace, &chosen)
            }
        };
        let lists = Lists::new(&self.resilience.fallback, &ask.controls.fallback);
        explained["model"] = named.clone().into();
        explained["seed"] = seed.into();
        explained["fallbacks"] = match lists.next(&group.name, FailureClass::InternalServer) {
            Next::Targets(targets) if !ask.controls.fallback.is_off => shown(&targets).into(),
            _ => Value::Array(Vec::new()),
        };
        Ok(explained)
    }
}

/// A deployment that was named by its id is asked whatever its state.
fn only(group: &crate::catalog::Group) -> Value {
    let id = group.deployments.first().map(|deployment| deployment.id.as_str());
    json!({
        "model_group": group.name,
        "routing_strategy": Value::Null,
        "candidates": [{ "model_id": id }],
        "removed": [],
        "scores": [],
        "summary": "named by its id: no filter is asked",
        "chosen": id,
    })
}

/// What kind of call a body is for, by the fields it has.
fn operation(body: &Bytes) -> Operation {
    let Ok(object) = tollgate_wire::json::Object::parse(body) else { return Operation::ChatCompletion };
    match () {
        () if object.given("messages").is_some() => Operation::ChatCompletion,
        () if object.given("contents").is_some() => Operation::GenerateContent,
        () if object.given("prompt").is_some() => Operation::TextCompletion,
        () if object.given("input").is_some() => Operation::Embedding,
        () => Operation::CountContentTokens,
    }
}
