//! `GET /customer/info` and `GET /customer/list`.

use super::{CUSTOMERS, absent, whole};
use crate::App;
use crate::denial::Denial;
use crate::directory::Query;
use crate::manage::{Answer, Outcome, Request, input, records};
use crate::upstream::BoxFuture;

/// `GET /customer/info`.
pub fn info(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let id = input::required_parameter(&request, "end_user_id")?;
        let customer = records::one(app, CUSTOMERS, id).await?.ok_or_else(|| absent(id, "end_user_id"))?;
        Ok(Answer::ok(whole(app, &customer).await?))
    })
}

/// `GET /customer/list`.
pub fn list(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        if !request.caller.sees_all() {
            let role = records::role_of(&request.caller);
            let sentence = format!("Admin-only endpoint. Your user role={role}");
            return Err(Denial::detail_error(401, &sentence).into());
        }
        let mut shown = Vec::new();
        for customer in records::all(app, &Query::of(CUSTOMERS)).await? {
            shown.push(whole(app, &customer).await?);
        }
        Ok(Answer::ok(shown.into()))
    })
}
