//! Whose records a caller may see: admins all, internal users their own and those of teams that let them.

use crate::denial::Denial;
use crate::directory::{Columns, Filter, Query, Row, schema};
use crate::govern::{Caller, Role};
use crate::manage::find;
use crate::manage::keys::team::Team;
use crate::{App, Error};

/// The permission of members that lets them see the records of their team.
const LOGS: &str = "/spend/logs";
/// The permission of members that lets them see the totals of their team.
pub const ACTIVITY: &str = "/team/daily/activity";

/// Whoever may only see what is their own.
pub fn is_internal(caller: &Caller) -> bool {
    matches!(caller.role(), Role::InternalUser | Role::InternalUserViewer)
}

/// Whether the caller may see what the team has spent: who leads it, and members that this permission lets.
pub fn sees_team(caller: &Caller, team: &Team, permission: &str) -> bool {
    let may = || team.0.texts("team_member_permissions").iter().any(|granted| granted == permission);
    match team.role_of(caller.user_id()) {
        None => false,
        Some("admin") => true,
        Some(_) => may(),
    }
}

/// Whether the caller may see the records of the team of this id.
///
/// # Errors
/// The directory's, as an answer.
pub async fn sees_records_of(app: &App, caller: &Caller, team_id: &str) -> Result<bool, Error> {
    let team = Team::find(app, team_id).await?;
    Ok(team.is_some_and(|team| sees_team(caller, &team, LOGS)))
}

/// What narrows records to those that the caller may see; nothing for who sees all.
///
/// # Errors
/// The directory's, as an answer.
pub async fn own(app: &App, caller: &Caller) -> Result<Option<Filter>, Error> {
    if caller.sees_all() {
        return Ok(None);
    }
    let Some(user_id) = caller.user_id() else { return Ok(Some(Filter::In("request_id", Vec::new()))) };
    let own = Filter::Is("user", user_id.into());
    let joined = match find::one(app, &schema::USERS, user_id).await? {
        Some(user) => user.texts("teams"),
        None => Vec::new(),
    };
    let mut teams = Vec::new();
    if !joined.is_empty() {
        let rows = find::all(app, &Query::of(&schema::TEAMS).with(Filter::In("team_id", joined))).await?;
        let seen = rows.into_iter().map(Team).filter(|team| sees_team(caller, team, LOGS));
        teams.extend(seen.map(|team| team.id().to_owned()));
    }
    let filter = if teams.is_empty() { own } else { Filter::Any(vec![own, Filter::In("team_id", teams)]) };
    Ok(Some(filter))
}

/// Whether the caller may see this record.
///
/// # Errors
/// The directory's, as an answer.
pub async fn sees(app: &App, caller: &Caller, record: &Row) -> Result<bool, Error> {
    if caller.sees_all() || caller.user_id().is_some_and(|id| record.text("user") == Some(id)) {
        return Ok(true);
    }
    match record.text("team_id").filter(|id| !id.is_empty()) {
        Some(team_id) => sees_records_of(app, caller, team_id).await,
        None => Ok(false),
    }
}

/// The refusal of whoever asks for another's record.
pub fn hidden(request_id: &str) -> Error {
    Denial::detail_error(403, &format!("Not authorized to view spend log for request_id={request_id}")).into()
}

/// The hashes of the caller's own keys.
///
/// # Errors
/// The directory's, as an answer.
pub async fn own_keys(app: &App, caller: &Caller) -> Result<Vec<String>, Error> {
    let Some(user_id) = caller.user_id() else { return Ok(Vec::new()) };
    let query = Query::of(&schema::KEYS).is("user_id", user_id).only(&["token"]).page(0, super::totals::ROWS_MAX);
    let keys = find::all(app, &query).await?;
    Ok(keys.iter().filter_map(|key| key.text("token")).map(str::to_owned).collect())
}
