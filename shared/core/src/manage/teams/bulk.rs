//! `POST /team/bulk_member_add`.

use serde_json::{Value, json};

use super::enrol::Terms;
use super::members::{Added, BULK_MAX, add_all, failure};
use super::{Member, member, show};
use crate::denial::Denial;
use crate::directory::{Columns, Direction, Query, schema};
use crate::manage::{Answer, Outcome, Request, records};
use crate::upstream::BoxFuture;
use crate::{App, Error};

/// `POST /team/bulk_member_add`: all are added, or the answer says why none was.
pub fn add(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let fields = request.fields()?;
        let id = fields.required("team_id").to_owned();
        let listed = member::read_list(&fields, "members");
        let wants_all = fields.flag("all_users").unwrap_or(false);
        let terms = Terms { max_budget: fields.number("max_budget_in_team"), ..Terms::default() };
        fields.check()?;
        let members = if wants_all { everybody(app, &request).await? } else { listed };
        let refuse = |sentence: &str| -> Error { Denial::detail_error(400, sentence).into() };
        if members.is_empty() {
            return Err(refuse("At least one member is required"));
        }
        if members.len() > BULK_MAX {
            return Err(refuse(&format!("Maximum {BULK_MAX} members can be added at once")));
        }
        let body = match add_all(app, &request, &id, (members.clone(), true), terms).await {
            Ok(added) => succeeded(app, &id, &members, added).await?,
            Err(Error::Denied(denial)) => failed(&id, &members, &denial),
            Err(error) => return Err(error),
        };
        Ok(Answer::ok(body))
    })
}

async fn everybody(app: &App, request: &Request) -> Result<Vec<Member>, Error> {
    if !request.caller.is_admin() {
        let sentence =
            "`all_users=true` is restricted to PROXY_ADMIN. Org/team admins must specify explicit member lists.";
        return Err(Denial::detail_error(403, sentence).into());
    }
    let query = Query::of(&schema::USERS).sorted("created_at", Direction::Down).only(&["user_id", "user_email"]);
    let users = records::all(app, &query).await?;
    let of = |user: &crate::directory::Row| Member {
        user_id: user.text("user_id").map(str::to_owned),
        user_email: user.text("user_email").map(str::to_owned),
        role: "user".to_owned(),
    };
    Ok(users.iter().map(of).collect())
}

async fn succeeded(app: &App, id: &str, members: &[Member], added: Added) -> Result<Value, Error> {
    let mut results = Vec::with_capacity(members.len());
    for member in members {
        let is_meant = |user: &&Value| {
            member.user_id.is_some() && user["user_id"].as_str() == member.user_id.as_deref()
                || member.user_email.is_some() && user["user_email"].as_str() == member.user_email.as_deref()
        };
        let user = added.users.iter().find(is_meant);
        let membership = user.and_then(|user| added.memberships.iter().find(|each| each["user_id"] == user["user_id"]));
        results.push(json!({
            "user_id": member.user_id,
            "user_email": member.user_email,
            "success": true,
            "error": null,
            "updated_user": user,
            "updated_team_membership": membership,
        }));
    }
    let count = members.len();
    let mut team = show::whole(app, &added.team).await?;
    team.insert("updated_users".to_owned(), added.users.into());
    team.insert("updated_team_memberships".to_owned(), added.memberships.into());
    Ok(json!({
        "team_id": id,
        "results": results,
        "total_requested": count,
        "successful_additions": count,
        "failed_additions": 0,
        "updated_team": team,
    }))
}

fn failed(id: &str, members: &[Member], denial: &Denial) -> Value {
    let results: Vec<Value> = members.iter().map(|member| failure(member, &denial.message)).collect();
    json!({
        "team_id": id,
        "results": results,
        "total_requested": members.len(),
        "successful_additions": 0,
        "failed_additions": members.len(),
        "updated_team": null,
    })
}
