//! `DELETE /organization/delete`: its teams and all their keys go with it, into the archive.

use serde_json::Value;

use super::{MEMBERSHIPS, ORGANIZATIONS, logged, show};
use crate::denial::Denial;
use crate::directory::{Change, Columns, Filter, Query, Row, schema};
use crate::manage::audit::Action;
use crate::manage::{Answer, Outcome, Request, archive, input, records, teams};
use crate::upstream::BoxFuture;
use crate::{App, Error};

/// `DELETE /organization/delete`: all of them, or none.
pub fn delete(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let fields = request.fields()?;
        let ids = input::required_texts(&fields, "organization_ids");
        fields.check()?;
        if !request.caller.is_admin() {
            return Err(Denial::detail_error(401, "Only proxy admins can delete organizations").into());
        }
        let (mut changes, mut deleted) = (Vec::new(), Vec::new());
        for id in &ids {
            let absent = || Denial::detail_error(404, &format!("Organization={id} not found"));
            let organization = records::one(app, ORGANIZATIONS, id).await?.ok_or_else(absent)?;
            let mut shown = show::bare(app, &organization).await?;
            shown.insert("members".to_owned(), Value::Array(Vec::new()));
            shown.insert("teams".to_owned(), Value::Array(Vec::new()));
            deleted.push(Value::Object(shown));
            changes.extend(removal(app, &request, id).await?);
            changes.push(logged(app, &request, Action::Deleted, (Some(&organization), None)));
        }
        records::write(app, changes).await?;
        Ok(Answer::ok(deleted.into()))
    })
}

async fn removal(app: &App, request: &Request, id: &str) -> Result<Vec<Change>, Error> {
    let is_own = || Filter::Is("organization_id", id.into());
    let of_it = records::all(app, &Query::of(&schema::TEAMS).with(is_own())).await?;
    let team_ids: Vec<String> = of_it.iter().filter_map(|team| team.text("team_id")).map(str::to_owned).collect();
    let mut changes = Vec::new();
    for team in &of_it {
        changes.extend(teams::delete::removal(app, request, team).await?);
    }
    changes.extend(teams::delete::leave(app, &team_ids).await?);
    let mut keys = records::all(app, &Query::of(&schema::KEYS).with(is_own())).await?;
    let is_of_team = |key: &Row| key.text("team_id").is_some_and(|team| team_ids.iter().any(|id| id == team));
    keys.retain(|key| !is_of_team(key));
    changes.extend(archive::keys(app, request, &keys));
    changes.push(Change::Delete(MEMBERSHIPS, vec![is_own()]));
    changes.push(Change::Delete(ORGANIZATIONS, vec![is_own()]));
    Ok(changes)
}
