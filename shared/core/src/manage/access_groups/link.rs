//! Both ends of the links between access groups and what they are assigned to.

use super::{GROUPS, refusal};
use crate::directory::{Change, Columns, Filter, Query, Row, Table, schema};
use crate::manage::records;
use crate::{App, Error};

/// The teams that a group lists, and those that list it.
pub async fn teams_of(app: &App, group: &Row) -> Result<Vec<Row>, Error> {
    let id = group.text("access_group_id").unwrap_or_default();
    let listed = Filter::In("team_id", group.texts("assigned_team_ids"));
    let carrying = Filter::Has("access_group_ids", id.to_owned());
    records::all(app, &Query::of(&schema::TEAMS).with(Filter::Any(vec![listed, carrying]))).await
}

/// # Errors
/// 400 where one of these is no team.
pub async fn check_teams(app: &App, ids: &[String]) -> Result<(), Error> {
    let found = records::among(app, &schema::TEAMS, "team_id", ids.to_vec()).await?;
    let is_known = |id: &&String| found.iter().any(|team| team.text("team_id") == Some(id.as_str()));
    let mut missing: Vec<&str> = ids.iter().filter(|id| !is_known(id)).map(String::as_str).collect();
    if missing.is_empty() {
        return Ok(());
    }
    missing.sort_unstable();
    Err(refusal(400, format!("Unknown team ids: {}", missing.join(", "))))
}

/// What lists groups: a table, its key, and the column of its list.
pub type Side = (&'static Table, &'static str);

pub const TEAMS: Side = (&schema::TEAMS, "team_id");
pub const KEYS: Side = (&schema::KEYS, "token");

/// The changes by which exactly these list the group.
pub async fn assign(app: &App, (table, key): Side, ids: &[String], group: &str) -> Result<Vec<Change>, Error> {
    let meant = Filter::In(key, ids.to_vec());
    let carrying = Filter::Has("access_group_ids", group.to_owned());
    let rows = records::all(app, &Query::of(table).with(Filter::Any(vec![meant, carrying]))).await?;
    let mut changes = Vec::new();
    for row in rows {
        let id = row.text(key).unwrap_or_default();
        let mut groups = row.texts("access_group_ids");
        let (is_meant, is_inside) = (ids.iter().any(|each| each == id), groups.iter().any(|each| each == group));
        if is_meant == is_inside {
            continue;
        }
        if is_meant {
            groups.push(group.to_owned());
        } else {
            groups.retain(|each| each != group);
        }
        changes.push(set(table, key, id, ("access_group_ids", groups)));
    }
    Ok(changes)
}

/// The changes by which groups list a team, or no longer do, as the team's own list has been changed.
///
/// # Errors
/// Where the database cannot be reached.
pub async fn follow_team(app: &App, team_id: &str, groups: &[String]) -> Result<Vec<Change>, Error> {
    let meant = Filter::In("access_group_id", groups.to_vec());
    let carrying = Filter::Has("assigned_team_ids", team_id.to_owned());
    let rows = records::all(app, &Query::of(GROUPS).with(Filter::Any(vec![meant, carrying]))).await?;
    let mut changes = Vec::new();
    for row in rows {
        let id = row.text("access_group_id").unwrap_or_default();
        let mut teams = row.texts("assigned_team_ids");
        let (is_meant, is_inside) = (groups.iter().any(|each| each == id), teams.iter().any(|team| team == team_id));
        if is_meant == is_inside {
            continue;
        }
        if is_meant {
            teams.push(team_id.to_owned());
        } else {
            teams.retain(|team| team != team_id);
        }
        changes.push(set(GROUPS, "access_group_id", id, ("assigned_team_ids", teams)));
    }
    Ok(changes)
}

fn set(table: &'static Table, key: &'static str, id: &str, (column, list): (&str, Vec<String>)) -> Change {
    Change::Update(table, vec![Filter::Is(key, id.into())], records::row([(column, list.into())]))
}
