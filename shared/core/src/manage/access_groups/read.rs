//! `GET /v1/access_group` and `GET /v1/access_group/{access_group_id}`.

use super::{GROUPS, existing, not_admin, shown};
use crate::App;
use crate::directory::{Direction, Query};
use crate::manage::{Answer, Outcome, Request, records};
use crate::upstream::BoxFuture;

/// `GET /v1/access_group`: the newest first.
pub fn list(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        if !request.caller.sees_all() {
            return Err(not_admin());
        }
        let groups = records::all(app, &Query::of(GROUPS).sorted("created_at", Direction::Down)).await?;
        let mut listed = Vec::with_capacity(groups.len());
        for group in &groups {
            listed.push(shown(app, group).await?);
        }
        Ok(Answer::ok(listed.into()))
    })
}

/// `GET /v1/access_group/{access_group_id}`.
pub fn info(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        if !request.caller.sees_all() {
            return Err(not_admin());
        }
        let group = existing(app, request.place("access_group_id")).await?;
        Ok(Answer::ok(shown(app, &group).await?))
    })
}
