//! Removing users, with their keys and their places everywhere.

use serde_json::{Value, json};

use super::create::set_members;
use crate::denial::Denial;
use crate::directory::{Change, Columns, Filter, Query, Row, moment_text, schema};
use crate::manage::audit::{Action, entry};
use crate::manage::keys::end::ending;
use crate::manage::{Answer, Outcome, Request, find};
use crate::upstream::BoxFuture;
use crate::{App, Error};

/// How many users one request may remove.
const USERS_MAX: usize = 500;

fn refused(status: u16, sentence: &str) -> Error {
    Denial::detail_error(status, sentence).into()
}

/// `POST /user/delete`: answers how many.
pub fn delete<'a>(app: &'a App, request: Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        let fields = request.fields()?;
        if !fields.is_sent("user_ids") {
            fields.fault("user_ids", "missing", "Field required");
        }
        let mut ids = fields.texts("user_ids").unwrap_or_default();
        fields.check()?;
        ids.sort();
        ids.dedup();
        if ids.len() > USERS_MAX {
            return Err(refused(400, &format!("Maximum {USERS_MAX} users can be deleted at once.")));
        }
        let scope = scope(app, &request).await?;
        let mut users = Vec::with_capacity(ids.len());
        for id in &ids {
            let Some(user) = find::one(app, &schema::USERS, id).await? else {
                return Err(refused(404, &format!("User not found, passed user_id={id}")));
            };
            check_scope(app, id, scope.as_deref()).await?;
            users.push(user);
        }
        let changes = removal(app, &request, &users, ids.clone()).await?;
        find::write(app, changes).await?;
        Ok(Answer::ok(json!(ids.len())))
    })
}

/// The organizations whose users the caller may remove; all users for an admin.
async fn scope(app: &App, request: &Request) -> Result<Option<Vec<String>>, Error> {
    if request.caller.is_admin() {
        return Ok(None);
    }
    let administered = app.governance.administered(&request.caller).await?;
    if administered.is_empty() {
        return Err(refused(403, "Only PROXY_ADMIN or ORG_ADMIN users may delete users."));
    }
    Ok(Some(administered))
}

/// A user is within an admin's scope only with all their organizations.
async fn check_scope(app: &App, id: &str, scope: Option<&[String]>) -> Result<(), Error> {
    let Some(scope) = scope else { return Ok(()) };
    let places = find::all(app, &Query::of(&schema::ORGANIZATION_MEMBERSHIPS).is("user_id", id)).await?;
    let is_within = |place: &Row| place.text("organization_id").is_some_and(|id| scope.iter().any(|own| own == id));
    if !places.is_empty() && places.iter().all(is_within) {
        return Ok(());
    }
    let sentence = format!(
        "User {id} is not within your admin scope. Only PROXY_ADMIN may delete users outside your administered \
         organizations."
    );
    Err(refused(403, &sentence))
}

async fn removal(app: &App, request: &Request, users: &[Row], ids: Vec<String>) -> Result<Vec<Change>, Error> {
    let now = app.governance.clock.now();
    let of_users = || vec![Filter::In("user_id", ids.clone())];
    let mut changes = Vec::new();
    let teams = users.iter().flat_map(|user| user.texts("teams")).collect();
    for team in find::all(app, &Query::of(&schema::TEAMS).with(Filter::In("team_id", teams))).await? {
        let members = team.get("members_with_roles").and_then(Value::as_array).cloned().unwrap_or_default();
        let is_leaving = |member: &Value| {
            let id = member.get("user_id").and_then(Value::as_str);
            id.is_some_and(|id| ids.iter().any(|leaving| leaving == id))
        };
        let kept: Vec<Value> = members.iter().filter(|member| !is_leaving(member)).cloned().collect();
        if kept.len() != members.len() {
            changes.extend(set_members(&team, kept, &moment_text(now)));
        }
    }
    for key in find::all(app, &Query::of(&schema::KEYS).with(Filter::In("user_id", ids.clone()))).await? {
        changes.extend(ending(request, &key, now));
    }
    let links = ["user_id", "created_by", "updated_by"].map(|name| Filter::In(name, ids.clone()));
    changes.push(Change::Delete(&schema::INVITATIONS, vec![Filter::Any(links.to_vec())]));
    changes.push(Change::Delete(&schema::ORGANIZATION_MEMBERSHIPS, of_users()));
    changes.push(Change::Delete(&schema::TEAM_MEMBERSHIPS, of_users()));
    changes.push(Change::Delete(&schema::USERS, of_users()));
    for user in users {
        let id = user.text("user_id").unwrap_or_default();
        changes.push(entry(request, now, Action::Deleted, (&schema::USERS, id), (Some(user), None)));
    }
    Ok(changes)
}
