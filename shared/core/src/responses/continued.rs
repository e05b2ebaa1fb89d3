//! A response that goes on from an earlier one: whose deployment is asked, and what is said before.
//!
//! Knows where items stand in a request and an answer, and no provider.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tollgate_wire::json::{Object, raw};
use tracing::warn;

use super::kept::{Conversations, Kept};
use crate::deployment::Deployment;
use crate::{App, Error};

/// A store may hold back the end of an answer for so long; the client has waited for the model already.
const KEEP_TIMEOUT: Duration = Duration::from_secs(5);

/// What the client goes on from.
#[derive(Default)]
pub(crate) struct Continued {
    /// The deployment that made the earlier response, if the client may reach it by the name it uses now.
    pub deployment: Option<Arc<Deployment>>,
    /// The id as the client wrote it.
    shown: Option<String>,
    /// The provider's own id.
    own: Option<String>,
    kept: Option<Arc<Kept>>,
}

impl Continued {
    /// Finds the response that the request names.
    pub async fn find(app: &App, object: &Object<'_>, model: Option<&str>) -> Self {
        let Some(shown) = object.string("previous_response_id").map(|id| id.into_owned()) else {
            return Self::default();
        };
        let Some(opened) = app.responses.ids.open(&shown) else {
            return Self { own: Some(shown.clone()), shown: Some(shown), ..Self::default() };
        };
        let kept = app.responses.kept.get(&opened.id).await;
        let deployment = if kept.is_none() { reachable(app, &opened.deployment_id, model) } else { None };
        Self { deployment, shown: Some(shown), own: Some(opened.id), kept }
    }

    /// Puts what was said before into the request of this deployment; hands out how its answer is to be kept, where
    /// the provider does not keep it.
    ///
    /// # Errors
    /// [`Error::PreviousResponse`] where nobody knows the earlier response.
    pub fn apply(&self, app: &App, deployment: &Deployment, object: &mut Object<'_>) -> Result<Option<Keeping>, Error> {
        let speaks = deployment.rules.speaks(tollgate_wire::Operation::Responses);
        if let (Some(id), None, true) = (&self.own, &self.kept, speaks) {
            object.set("previous_response_id", raw(id));
            return Ok(None);
        }
        if let (Some(id), None) = (&self.shown, &self.kept) {
            return Err(Error::PreviousResponse(id.clone()));
        }
        let input: Arc<str> = items(object.given("input").unwrap_or("[]")).into();
        let mut before = Vec::new();
        if let Some(kept) = &self.kept {
            before.clone_from(&kept.before);
            before.extend([Arc::clone(&kept.input), Arc::clone(&kept.output)]);
            let all: Vec<&str> =
                before.iter().chain([&input]).map(|list| &**list).filter(|list| !list.is_empty()).collect();
            object.set_text("input", format!("[{}]", all.join(",")));
            if let (None, Some(instructions)) = (object.given("instructions"), &kept.instructions) {
                object.set("instructions", raw(instructions));
            }
            if speaks {
                // The provider has never heard of a response that was made of a chat.
                object.remove("previous_response_id");
            }
        }
        let is_kept = !speaks && object.given("store") != Some("false");
        let instructions = object.string("instructions").map(|text| text.into_owned());
        let store = Arc::clone(&app.responses.kept);
        Ok(is_kept.then_some(Keeping { id: String::new(), store, instructions, before, input }))
    }
}

/// The deployment of this id, if it is one of those that the model's name stands for.
fn reachable(app: &App, id: &str, model: Option<&str>) -> Option<Arc<Deployment>> {
    let deployment = app.catalog.get().by_id(id)?;
    let named = app.catalog.get().resolve(model?, None).ok()??;
    named.group().deployments.iter().any(|named| named.group == deployment.group).then_some(deployment)
}

/// The items of an input without the brackets around them; a text is one item.
fn items(input: &str) -> String {
    match input.strip_prefix('[').and_then(|list| list.strip_suffix(']')) {
        Some(list) => list.trim().to_owned(),
        None => format!("{{\"type\":\"message\",\"role\":\"user\",\"content\":{input}}}"),
    }
}

/// How an answer is to be kept once it is whole.
pub(crate) struct Keeping {
    /// The response's id before it was sealed.
    pub id: String,
    store: Arc<dyn Conversations>,
    instructions: Option<String>,
    before: Vec<Arc<str>>,
    input: Arc<str>,
}

impl Keeping {
    /// Keeps the response. What is no response is not kept.
    pub async fn keep(self, response: Bytes) {
        let Ok(object) = Object::parse(&response) else { return };
        let output: Arc<str> = items(object.given("output").unwrap_or("[]")).into();
        drop(object);
        let Self { id, store, instructions, before, input } = self;
        let put = store.put(id, Kept { response, instructions, before, input, output });
        if tokio::time::timeout(KEEP_TIMEOUT, put).await.is_err() {
            warn!("a response was not kept: its store took longer than {} s", KEEP_TIMEOUT.as_secs());
        }
    }
}

#[cfg(test)]
mod tests;
