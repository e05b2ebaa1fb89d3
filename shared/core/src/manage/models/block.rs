//! `POST /model/block` and `POST /model/unblock`: whether a stored model rests.

use super::update::{missing, replace};
use super::{MODELS, audit::Action};
use crate::denial::Denial;
use crate::manage::{Outcome, Request, records};
use crate::upstream::BoxFuture;
use crate::{App, Error};

/// `POST /model/block`.
pub fn block(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(set(app, request, Action::Blocked))
}

/// `POST /model/unblock`.
pub fn unblock(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(set(app, request, Action::Unblocked))
}

async fn set(app: &App, request: Request, action: Action) -> Outcome {
    let fields = request.fields()?;
    let id = fields.required("model_id");
    fields.check()?;
    if !app.stored.is_on() {
        let sentence = "Model updates only supported for DB-stored models";
        return Err(Denial::new(400, "validation_error", sentence).into());
    }
    if !request.caller.is_admin() {
        let sentence = "Only proxy admins can change a model's blocked flag.";
        let denial: Error = Denial::new(403, "auth_error", sentence).about("blocked").into();
        return Err(denial);
    }
    let Some(row) = records::one(app, MODELS, id).await? else { return Err(missing(app, id)) };
    let mut after = row.clone();
    after.insert("blocked".to_owned(), (action == Action::Blocked).into());
    replace(app, &request, action, (&row, after), Vec::new()).await
}
